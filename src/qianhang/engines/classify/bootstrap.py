"""How far a score would move with other subjects drawn from the same population."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["interval", "resamples"]

Ints = NDArray[np.int64]


def resamples(groups: ArrayLike, times: int, *, seed: int) -> list[Ints]:
    """`times` arrays of row numbers: whole groups drawn with replacement.

    groups : (n,) labels of rows that belong together
    """
    labels, index = np.unique(np.asarray(groups), return_inverse=True)
    rng = np.random.default_rng(seed)
    if len(labels) == len(index):
        return [rng.integers(0, len(index), len(index)) for _ in range(times)]
    rows = np.argsort(index, kind="stable")
    stops = np.cumsum(np.bincount(index))
    parts = np.split(rows, stops[:-1])
    draws = (rng.integers(0, len(labels), len(labels)) for _ in range(times))
    return [np.concatenate([parts[g] for g in draw]) for draw in draws]


def interval(
    statistic: Callable[[Ints], float], draws: list[Ints], *, level: float = 0.95
) -> tuple[float, float]:
    """Percentile interval of `statistic` over the draws; NaN draws are left out.

    statistic : takes row numbers (m,), returns one number
    Returns two NaN where nothing could be computed.
    """
    values = np.asarray([statistic(rows) for rows in draws], dtype=float)
    values = values[np.isfinite(values)]
    if not len(values):
        return float("nan"), float("nan")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)
