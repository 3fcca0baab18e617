"""Sequential statistics for a change of mean: CUSUM and EWMA."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Chart", "cusum", "ewma"]

Array = NDArray[np.float64]


class Chart(NamedTuple):
    """statistic : (n,) ; alarm : (n,) whether it lies past the limit ; limit : (n,)."""

    statistic: Array
    alarm: NDArray[np.bool_]
    limit: Array


def cusum(values: Array, *, slack: float = 0.5, limit: float = 5.0, reset: bool = True) -> Chart:
    """Larger of the two one-sided cumulative sums of standardised values, with its alarms.

    values : (n,) in standard deviations, NaN carries the sum on; slack : half the shift looked for
    reset : start again from zero after each alarm
    Source: Page (1954), Continuous inspection schemes.
    """
    up = down = 0.0
    statistic = np.zeros(len(values))
    for i, value in enumerate(np.asarray(values, dtype=float).tolist()):
        if not math.isnan(value):
            up, down = max(0.0, up + value - slack), max(0.0, down - value - slack)
        statistic[i] = max(up, down)
        if reset and statistic[i] > limit:
            up = down = 0.0
    return Chart(statistic, statistic > limit, np.full(len(statistic), limit))


def ewma(values: Array, *, weight: float = 0.2, width: float = 3.0) -> Chart:
    """Exponentially weighted mean of standardised values, with limits that widen as it settles.

    values : (n,) in standard deviations, NaN carries the mean on
    weight : of the newest value, in (0, 1]; width : of the limits, standard deviations
    Source: Roberts (1959), Control chart tests based on geometric moving averages.
    """
    if not 0 < weight <= 1:
        raise ValueError(f"weight is {weight}, expected above 0 and at most 1")
    mean = 0.0
    statistic = np.zeros(len(values))
    for i, value in enumerate(np.asarray(values, dtype=float).tolist()):
        mean = mean if math.isnan(value) else (1 - weight) * mean + weight * value
        statistic[i] = mean
    steps = np.arange(1, len(statistic) + 1)
    limit = width * np.sqrt(weight / (2 - weight) * (1 - (1 - weight) ** (2 * steps)))
    return Chart(statistic, np.abs(statistic) > limit, limit)
