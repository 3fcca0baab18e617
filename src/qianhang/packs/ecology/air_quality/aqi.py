"""The individual air quality index of PM2.5 and its six levels."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["iaqi", "level_of"]

# HJ 633-2012, table 1: 24 h mean of PM2.5 in ug/m3 and the index at it.
_MEANS = (0, 35, 75, 115, 150, 250, 350, 500)
_INDEX = (0, 50, 100, 150, 200, 300, 400, 500)
# Table 2: the last index of the levels excellent, good, light, moderate, heavy; above it severe.
_LEVELS = (50, 100, 150, 200, 300)


def iaqi(pm25_ug_m3: ArrayLike) -> NDArray[np.float64]:
    """Index of PM2.5, whole, rounded up; 500 above 500 ug/m3.

    pm25_ug_m3 : (n,) means over 24 h, ug/m3, not below 0
    Source: HJ 633-2012, clause 4.1, formula 1.
    """
    index = np.interp(np.asarray(pm25_ug_m3, dtype=np.float64), _MEANS, _INDEX)
    return np.ceil(np.round(index, 9))


def level_of(pm25_ug_m3: ArrayLike) -> NDArray[np.int64]:
    """Level 1 (excellent) to 6 (severe) of 24 h means, ug/m3 (n,)."""
    return np.searchsorted(_LEVELS, iaqi(pm25_ug_m3), side="left").astype(np.int64) + 1
