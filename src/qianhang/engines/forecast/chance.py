"""How likely a limit is passed, read from a few quantiles."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["chance_above"]


def chance_above(
    quantiles: ArrayLike, levels: Sequence[float], *, limit: float
) -> NDArray[np.float64]:
    """(n,) chance of more than `limit`, on straight lines between quantiles and beyond them.

    quantiles : (n, q) at `levels` (q,), both rising; beyond the outer ones the nearest line goes on
    """
    table = np.maximum.accumulate(np.asarray(quantiles, dtype=np.float64), axis=1)
    heights = np.asarray(levels, dtype=np.float64)
    at = np.clip((table < limit).sum(axis=1), 1, len(heights) - 1)
    row = np.arange(len(table))
    low, high = table[row, at - 1], table[row, at]
    step = (limit - low) / np.maximum(high - low, 1e-9)
    below = heights[at - 1] + step * (heights[at] - heights[at - 1])
    return np.asarray(1 - np.clip(below, 0.0, 1.0), dtype=np.float64)
