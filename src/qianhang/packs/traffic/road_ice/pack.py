"""Road surface temperature for the next three hours, and when it falls to freezing."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Panel, Windows
from qianhang.packs.traffic.road_ice.leads import Leads
from qianhang.packs.traffic.road_ice.road import made_up

LEVELS = (0.1, 0.5, 0.9)
Floats = NDArray[np.float64]


def fit(history: pd.DataFrame, *, spec: Spec) -> Leads:
    """One straight line for each lead, and the band of its misses on the last fifth."""
    p = spec.params
    try:
        return Leads.fitted(
            Panel.of(history),
            lookback=int(p["lookback"]), horizon=spec.horizon, ridge=float(p["ridge"]),
        )  # fmt: skip
    except ValueError as cause:
        raise ContractError("QH132", f"column surface: {cause}") from None


def predict_windows(model: Leads, windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon, 3) surface temperature at 10, 50 and 90 %, degC."""
    return model.predict(windows)


def baseline_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon): the last reading."""
    return np.repeat(windows.of("surface")[..., -1:], windows.horizon, axis=2)


def practice_windows(windows: Windows, *, spec: Spec) -> Floats:
    """(n, 1, horizon): the air's forecast plus the present difference."""
    apart = windows.of("surface")[..., -1:] - windows.of("air")[..., -1:]
    return np.asarray(windows.told("air") + apart)


def score(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """Share of freezing readings that the middle forecast had told."""
    frozen = answers["actual"] <= 0
    return {"recall": float((answers["p50"] <= 0)[frozen].mean()) if frozen.any() else 1.0}


def headline(trial: Trial, *, spec: Spec) -> float:
    """Hours of freezing told ahead a year."""
    return float(spec.params["freezing_hours_a"]) * trial.scores["recall"]


def sample(seed: int) -> Inputs:
    """Forty made-up winter days."""
    return Inputs({"table": made_up(seed)})
