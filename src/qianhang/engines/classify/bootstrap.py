"""How far a score would move with other subjects drawn from the same population."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["interval", "limits", "resamples"]

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
    return limits([statistic(rows) for rows in draws], level=level)


def limits(values: Sequence[float], *, level: float = 0.95) -> tuple[float, float]:
    """Percentile limits of bootstrap values (k,); those that are NaN are left out."""
    finite = np.asarray(values, dtype=float)
    finite = finite[np.isfinite(finite)]
    if not len(finite):
        return float("nan"), float("nan")
    tail = (1.0 - level) / 2.0
    low, high = np.quantile(finite, [tail, 1.0 - tail])
    return float(low), float(high)
