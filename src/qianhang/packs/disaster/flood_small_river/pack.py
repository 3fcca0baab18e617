"""Floods of a small river up to a day ahead, from rain, with the chance of passing a level."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Windows
from qianhang.packs.disaster.flood_small_river import alarms, practice
from qianhang.packs.disaster.flood_small_river.river import LEVELS, RiverForecaster

__all__ = ["LEVELS"]

Floats = NDArray[np.float64]


def fit(history: pd.DataFrame, *, spec: Spec) -> RiverForecaster:
    """A forecaster that has seen `history` alone."""
    return RiverForecaster.learn(history, spec=spec)


def predict_windows(model: RiverForecaster, windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon, levels) flow, in the unit of the target."""
    return model.predict(windows)


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon) the last flow for ever."""
    return practice.persistence(windows)


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon) recession and unit hydrograph, told the same rain as ours."""
    return practice.unit_hydrograph(windows, rain_ahead=bool(spec.params["rain_ahead"]))


def score(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """Efficiency and critical success by lead, Brier score, floods warned and hours of warning."""
    return alarms.scores(answers, spec=spec)


def answer_tables(answers: pd.DataFrame, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """Alarms with their outcome, chances against what came, the greatest flood, skill by lead."""
    return alarms.tables(answers, spec=spec)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Mean hours between the first right alarm and the river passing the warning level."""
    return trial.scores.get("warning_h", float("nan"))


def sample(seed: int) -> Inputs:
    """Five months of a made-up hill river: showers in storms, two stores, noise in the gauge."""
    from qianhang.engines.forecast.hydrology import Forcing, RainfallRunoff, sun_evaporation

    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-03-01", periods=150 * 24, freq="1h", tz="Asia/Shanghai")
    storm = np.repeat(rng.random(len(times) // 12) < 0.12, 12)
    rain = np.where(storm, rng.gamma(0.6, 4.0, len(times)), 0.0).round(2)
    river = RainfallRunoff(1.0)
    river.start_ = (0.6, 0.5)
    river.values_ = {
        "production": np.log(120.0), "exchange": 0.0, "routing": np.log(40.0),
        "reach": np.log(3.0), "evaporation": np.log(0.3),
    }  # fmt: skip
    sun = sun_evaporation(times, latitude=28.0, longitude=115.0)
    flow = river.predict(Forcing(rain[None], sun[None]))[0]
    flow = flow * np.exp(rng.normal(0, 0.03, len(times))) * 10.0 / 3.6  # 10 km2, m3/s
    table = pd.DataFrame({"rain": rain, "flow": flow.round(4)}, index=times.rename("time"))
    return Inputs({"table": table})
