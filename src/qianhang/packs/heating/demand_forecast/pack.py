"""Heat that each substation will take in the coming hours, with a band."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core import units
from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Panel, Windows
from qianhang.packs.heating.demand_forecast import practised, stacking
from qianhang.packs.heating.demand_forecast.demand import HeatForecaster, Settings

Floats = NDArray[np.float64]
LEVELS = (0.1, 0.5, 0.9)


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """One table of all substations, by the hour."""
    return stacking.one_table(inputs, spec=spec)


def fit(history: pd.DataFrame, *, spec: Spec) -> HeatForecaster:
    """A forecaster of every substation in `history`."""
    p = spec.params
    settings = Settings(
        rounds=int(p["rounds"]), lookback=int(p["lookback"]), horizon=spec.horizon,
        seeds=int(p["seeds"]), share=float(p["share"]), ahead=practised.granted(spec),
        seed=spec.seed,
    )  # fmt: skip
    panel = Panel.of(history, group="substation")
    return HeatForecaster.fitted(panel, heat=str(spec.target), settings=settings)


def predict_windows(model: HeatForecaster, windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon, 3) low, expected and high heat of each hour, kWh."""
    return model.quantiles(practised.without(windows, spec))


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon) heat at the same hour of the last day that is known, kWh."""
    return practised.yesterday(windows, heat=str(spec.target))


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon) the duty engineer's weather curve of the last weeks, kWh."""
    return practised.weather_curve(practised.without(windows, spec), heat=str(spec.target))


def score(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """R2 of the first hour and of the last step, mean over substations and pooled; heat missed."""
    return practised.skill(answers, last=spec.horizon)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Heat sent in excess that the weather curve would send and this does not, MWh a season."""
    unit = spec.columns[str(spec.target)].unit or "kWh"
    spared = trial.practice["excess_season"] - trial.scores["excess_season"]
    return units.convert(spared, from_=unit, to="MWh")


def tables(trial: Trial, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """Heat over- and under-supplied in a season by each method, and what the excess costs."""
    price = float(spec.params["price_cny_kwh"])
    methods = {"ours": trial.scores, "practice": trial.practice, "trivial": trial.trivial}
    rows = [
        {
            "method": name,
            "excess_mwh": scores["excess_season"] / 1000,
            "short_mwh": scores["short_season"] / 1000,
            "excess_cny": scores["excess_season"] * price,
            "r2_1h": scores["r2_1h"],
            "r2_24h": scores["r2_24h"],
        }
        for name, scores in methods.items()
    ]
    return {"season": pd.DataFrame(rows)}


def sample(seed: int) -> Inputs:
    """Two made-up substations in five weeks of winter: night setback, weather curve, noise."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-01-01", periods=35 * 24, freq="1h", tz="Asia/Shanghai")
    hour = times.hour.to_numpy()
    days = np.repeat(rng.normal(0, 6, 35), 24)
    warm = -8 + days + 4 * np.sin((hour - 9) / 24 * 2 * np.pi)
    on = np.where((hour >= 6) & (hour <= 22), 1.0, 0.1) + 0.6 * (hour == 6)
    parts = []
    for name, size in (("east", 8.0), ("west", 15.0)):
        heat = np.maximum(size * (20 - warm) * on + rng.normal(0, 2 * size, len(times)), 0)
        columns = {"substation": name, "heat": heat, "t_amb": warm}
        parts.append(pd.DataFrame(columns, index=times.rename("time")))
    return Inputs({"table": pd.concat(parts).sort_index(kind="stable")})
