"""What a traffic control room asks of a forecast: error by step, and jams seen coming."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.forecast import chance_above

__all__ = ["score"]

Floats = NDArray[np.float64]
_FREE = 85  # percentile of a detector's speeds that is taken as free


def score(answers: pd.DataFrame, *, slow_share: float, chance: float) -> dict[str, float]:
    """RMSE of the last step, and of jams that begin: found, right, F1.

    A jam begins where the last reading was not slow and the one at the last step is. Slow is below
    `slow_share` of the detector's free speed, the 85th percentile of its readings in the test.
    answers : columns time, origin, lead, series, actual, p50, and p10, p90 where there is a band
    chance : of a slow reading from which a warning is given, where there is a band
    """
    last = answers["lead"] == answers["lead"].max()
    part = answers[last]
    actual, middle = part["actual"].to_numpy(float), part["p50"].to_numpy(float)
    found = {"rmse_last": float(np.sqrt(np.mean((actual - middle) ** 2)))}
    limit = _limits(answers, part, slow_share)
    before = _before(answers, part)
    open_road = before >= limit  # False where nothing was read before
    warned = middle < limit
    if {"p10", "p90"} <= set(part.columns):
        ahead = part[["p10", "p50", "p90"]].to_numpy(float)
        warned = chance_above(limit[:, None] - ahead[:, ::-1], (0.1, 0.5, 0.9), limit=0.0) >= chance
    begins = (actual < limit) & open_road
    warned &= open_road
    both = int((begins & warned).sum())
    found["onset_found"] = _share(both, int(begins.sum()))
    found["onset_right"] = _share(both, int(warned.sum()))
    total = int(begins.sum() + warned.sum())
    found["onset_f1"] = 2 * both / total if total else float("nan")
    return found


def _limits(answers: pd.DataFrame, part: pd.DataFrame, share: float) -> Floats:
    """(n,) speed below which the detector of each row is slow."""
    free = answers.groupby("series", observed=True)["actual"].quantile(_FREE / 100)
    return share * part["series"].map(free).to_numpy(float)


def _before(answers: pd.DataFrame, part: pd.DataFrame) -> Floats:
    """(n,) the reading just before each row's origin, NaN where it was not among the answers."""
    once = answers.drop_duplicates(["time", "series"])
    table = once.pivot(index="time", columns="series", values="actual").sort_index()
    if len(table) < 2:
        return np.full(len(part), np.nan)
    step = pd.Series(table.index).diff().min()
    asked = pd.DatetimeIndex(part["time"]) - part["lead"].to_numpy() * step
    row = table.index.get_indexer(asked)
    found = table.to_numpy(float)[row, table.columns.get_indexer(pd.Index(part["series"]))]
    return np.where(row >= 0, found, np.nan)


def _share(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 0.0
