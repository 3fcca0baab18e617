"""Power of a photovoltaic plant over the next four hours, every quarter of an hour."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Windows, clear_sky, sun_position
from qianhang.packs.energy.pv_forecast.plant import LEVELS, Plant, clear_index_persistence
from qianhang.packs.energy.pv_forecast.scores import (
    by_day_kind,
    by_lead,
    checked_by_day,
    score_by_day,
)

__all__ = ["LEVELS"]

Floats = NDArray[np.float64]


def fit(history: pd.DataFrame, *, spec: Spec) -> Plant:
    """A plant known from `history` alone."""
    return Plant.learn(history, spec=spec)


def predict_windows(model: Plant, windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon, 3) low, middle (the mean) and high power, MW."""
    return model.predict(windows)


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon) the last reading, kept up."""
    return np.repeat(windows.of(str(spec.target))[..., -1:], windows.horizon, axis=-1)


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon) the clear-sky index kept up."""
    return clear_index_persistence(windows, target=str(spec.target))


def score(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """By day: RMSE at each hour ahead and mean deviation, % of capacity; coverage, %."""
    return score_by_day(answers, spec=spec)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Deviation avoided a year against keeping up the clear-sky index, MWh."""
    return _mwh_a(trial.practice) - _mwh_a(trial.scores)


def tables(trial: Trial, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """RMSE by lead and by kind of day, a year's deviation and its cost, checks of the band."""
    methods = {"ours": trial.scores, "practice": trial.practice, "trivial": trial.trivial}
    cost = pd.DataFrame({"method": list(methods)})
    cost["imbalance_mwh_a"] = [_mwh_a(scores) for scores in methods.values()]
    cost["cost_cny_a"] = cost["imbalance_mwh_a"] * float(spec.params["price_cny_mwh"])
    forecast = trial.tables["forecast"]
    found = {"imbalance": cost, "leads": by_lead(methods)}
    found["day_kinds"] = by_day_kind(forecast, spec=spec)
    return found | checked_by_day(forecast, spec=spec)


def _mwh_a(scores: Mapping[str, float]) -> float:
    return scores.get("mae", float("nan")) * 8760


def sample(seed: int) -> Inputs:
    """Twenty days of a made-up plant: clear sky times clouds that come and go."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-04-01", periods=20 * 96, freq="15min", tz="Asia/Shanghai")
    sky = clear_sky(sun_position(times, latitude=35.0, longitude=112.0).elevation).horizontal
    cloud = np.zeros(len(times))
    for i in range(1, len(times)):
        cloud[i] = 0.97 * cloud[i - 1] + rng.normal(0, 0.12)
    share = np.clip(1.0 - np.abs(cloud), 0.1, 1.0)
    power = 40 * np.clip(sky * share / 1000 + rng.normal(0, 0.004, len(times)), 0, 1)
    table = pd.DataFrame({"power": power, "irradiance": sky * share}, index=times.rename("time"))
    return Inputs({"table": table})
