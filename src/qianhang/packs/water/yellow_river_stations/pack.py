"""Flow at stations along a river a day ahead: a contract, tried on a simulated river."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Windows
from qianhang.packs.water.yellow_river_stations.reach import LEVELS, StationForecaster, simulated

__all__ = ["LEVELS"]

Floats = NDArray[np.float64]
_TRAVEL_H = 12


def fit(history: pd.DataFrame, *, spec: Spec) -> StationForecaster:
    """A forecaster that has seen `history` alone."""
    return StationForecaster.learn(history, spec=spec)


def predict_windows(model: StationForecaster, windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon, levels) flow, m3/s."""
    return model.predict(windows)


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon) the last flow for ever."""
    last = np.nan_to_num(windows.of("flow")[..., -1:])
    return np.repeat(last, windows.horizon, axis=-1)


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, g, horizon) the change of the station before, twelve hours later; the first persists.

    Stations follow one another in the order of their names.
    """
    flow = np.nan_to_num(windows.of("flow"))
    out = np.repeat(flow[..., -1:], windows.horizon, axis=-1)
    above = flow[:, :-1]
    for h in range(windows.horizon):
        late = min(h - _TRAVEL_H, -1)
        out[:, 1:, h] += above[..., late] - above[..., -1 - _TRAVEL_H]
    return np.maximum(out, 0.0)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Error of flow avoided against the station before, m3/s."""
    return trial.practice.get("mae", float("nan")) - trial.scores.get("mae", float("nan"))


def sample(seed: int) -> Inputs:
    """A hundred days of a simulated river with six stations: synthetic, never evidence."""
    return Inputs({"table": simulated(seed, days=100)})
