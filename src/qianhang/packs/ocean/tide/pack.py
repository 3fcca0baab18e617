"""Sea level at ports: a year of tides ahead, and a day with what the weather leaves."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Windows
from qianhang.packs.ocean.tide import practice, waters
from qianhang.packs.ocean.tide.ports import LEVELS, PortForecaster

__all__ = ["LEVELS"]

Floats = NDArray[np.float64]
_HOUR = pd.Timedelta(hours=1)


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """The table on full hours: of finer or shifted readings the one nearest to each, within 15
    minutes; readings further apart than an hour stay as they are."""
    table = inputs.table
    stamps = pd.DatetimeIndex(table.index)
    full = stamps.round("h")
    off = np.abs((stamps - full) / pd.Timedelta(minutes=1))
    if not off.any():
        return inputs
    near = table.assign(_full=full, _off=off)[off <= 15].dropna(subset=["level"])
    keys = ["_full", "port"] if "port" in near else ["_full"]
    near = near.sort_values([*keys, "_off"]).drop_duplicates(keys).set_index("_full")
    return inputs.replace(table=near.drop(columns="_off").rename_axis(str(table.index.name)))


def fit(history: pd.DataFrame, *, spec: Spec) -> PortForecaster:
    """A forecaster that has seen `history` alone."""
    return PortForecaster.learn(history, spec=spec)


def predict_windows(model: PortForecaster, windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon, levels) sea level, m above the gauge's datum."""
    return model.predict(windows)


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon) the level a tidal day (24 h 50 min) before."""
    return practice.a_tidal_day_before(windows)


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon) a tide table of 37 constituents from the lookback."""
    return practice.tide_table(windows, latitude=float(spec.params["latitude"]))


def score(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """Errors by tidal range, at 6 and 24 hours, and of time and height of high water."""
    return waters.scores(answers)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Median error of the time of high water, minutes."""
    return trial.scores.get("high_water_min", float("nan"))


def tables(trial: Trial, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """Constituents, and the high and low waters of the week after the last reading."""
    if not isinstance(trial.model, PortForecaster):
        return {}
    return waters.tables_of_model(trial.model)


def answer_tables(answers: pd.DataFrame, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """Root mean squared error of each port at the first, a middle and the last lead, m."""
    leads = sorted({1, int(answers["lead"].max() // 4) or 1, int(answers["lead"].max())})
    square = answers.assign(square=(answers["p50"] - answers["actual"]) ** 2)
    part = square[square["lead"].isin(leads)]
    found = part.pivot_table(index="series", columns="lead", values="square") ** 0.5
    found["rmse"] = np.sqrt(square.groupby("series")["square"].mean())
    return {"ports": found.rename(columns=str).rename_axis(columns=None).reset_index()}


def sample(seed: int) -> Inputs:
    """Four months of two made-up ports: four constituents each, a surge that passes from one to
    the other in twelve hours, noise of 2 cm."""
    rng = np.random.default_rng(seed)
    times = pd.date_range("2023-01-01", periods=120 * 24, freq="1h", tz="UTC", name="time")
    hours = np.arange(len(times))
    surge = np.zeros(len(times) + 12)
    for i in range(1, len(surge)):
        surge[i] = 0.97 * surge[i - 1] + rng.normal(0, 0.03)
    parts = []
    for port, size, late in (("east", 1.8, 0), ("west", 0.6, 12)):
        tide = size * np.cos(2 * np.pi * hours / 12.4206) + 0.4 * size * np.cos(np.pi * hours / 6)
        tide += 0.3 * np.cos(2 * np.pi * hours / 23.9345 + late) + 0.2 * np.cos(hours / 4.1098)
        level = 3 + tide + surge[12 - late : 12 - late + len(times)]
        table = pd.DataFrame({"port": port, "level": level, "latitude": 29.9}, index=times)
        parts.append(table.assign(level=level + rng.normal(0, 0.02, len(times))))
    return Inputs({"table": pd.concat(parts).sort_index(kind="stable")})
