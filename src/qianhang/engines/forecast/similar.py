"""The similar day: what a dispatcher does by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.forecast.series import SeasonalSeries, fold_days, known_mean

__all__ = ["similar_day"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_LOOK_BACK_DAYS = 42
_NEAREST = 3


def similar_day(series: SeasonalSeries, *, origin: int) -> Floats:
    """(steps ahead,) the days most like the one ahead, at the level at which yesterday stood.

    Like: of the same kind (working, Saturday, resting) within six weeks; then nearest in the mean
    of the first driver, or without drivers the same weekday, latest first. Level: yesterday over
    the days most like yesterday.
    series : history with values, then the rows ahead with drivers only; origin : first row ahead
    """
    clock = series.clock
    table = fold_days(
        np.where(np.arange(len(series.values)) < origin, series.values, np.nan), clock
    )
    mean = known_mean(table, axis=1)
    driver = series.drivers[:, 0] if series.drivers.shape[1] else None
    warmth = _daily(driver, clock.day, len(clock.kind)) if driver is not None else None
    last = int(clock.day[origin]) - 1
    out = np.empty(len(series.values) - origin)
    before = _alike(last, last - 1, clock.kind, warmth)
    level = mean[last] / float(known_mean(mean[before], axis=0))
    for day in np.unique(clock.day[origin:]):
        rows = clock.day[origin:] == day
        alike = _alike(int(day), last, clock.kind, warmth)
        shape = known_mean(table[alike], axis=0)[clock.slot[origin:][rows]]
        # Half of yesterday's departure is expected to last: the habit in dispatch rooms.
        out[rows] = shape * np.sqrt(level) if mean[last] > 0 and level > 0 else shape
    return out


def _alike(day: int, last: int, kind: Ints, warmth: Floats | None) -> Ints:
    """The days up to `last` that are most like `day`."""
    days = np.arange(max(last - _LOOK_BACK_DAYS, 0), last + 1)
    same = days[kind[days] == kind[day]]
    if not len(same):
        return np.array([last])
    if warmth is None or not np.isfinite(warmth[day]):
        weekday = same[(day - same) % 7 == 0]
        return np.asarray(weekday[-1:] if len(weekday) else same[-1:], dtype=np.int64)
    far = np.abs(warmth[same] - warmth[day])
    order = np.argsort(np.where(np.isfinite(far), far, np.inf), kind="stable")
    return np.asarray(same[order[:_NEAREST]], dtype=np.int64)


def _daily(values: Floats, day: Ints, days: int) -> Floats:
    known = np.isfinite(values)
    total = np.bincount(day[known], values[known], minlength=days)
    count = np.bincount(day[known], minlength=days)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
