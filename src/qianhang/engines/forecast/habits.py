"""What a series usually reads at a time of day: working days and weekends apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = ["habit_marks", "habits", "likest"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_DAY_S = 86400


def habit_marks(times: pd.DatetimeIndex, *, step: pd.Timedelta) -> Ints:
    """(n,) place of each instant in a working day, or, one day's steps on, in a weekend.

    times : (n,) in the zone whose habits drive the series; step : spacing of rows
    Raises ValueError where a day is not a whole number of steps.
    """
    step_s = round(step.total_seconds())
    if step_s <= 0 or _DAY_S % step_s:
        raise ValueError(f"a day is not a whole number of steps of {step}")
    local = times.tz_localize(None) if times.tz is not None else times
    second = np.asarray(local.hour * 3600 + local.minute * 60 + local.second, dtype=np.int64)
    weekend = np.asarray(local.dayofweek, dtype=np.int64) >= 5
    return second // step_s + weekend * (_DAY_S // step_s)


def habits(values: ArrayLike, marks: ArrayLike, *, slots: int, smooth: int = 3) -> Floats:
    """(2 * slots, g) usual reading of each series at each mark, shrunk where few days are known.

    values : (t, g), NaN where unknown; marks : (t,) as `habit_marks` gives them
    slots : steps of a day; smooth : steps on each side that lend their readings
    """
    table, place = np.asarray(values, dtype=np.float64), np.asarray(marks, dtype=np.int64)
    level = _levels(table)
    total, count = _sums(table, place, 2 * slots)
    every = _around(
        _means(total[:slots] + total[slots:], count[:slots] + count[slots:], level), smooth
    )
    kinds = [
        _around(_means(total[at], count[at], every), smooth)
        for at in (slice(0, slots), slice(slots, None))
    ]
    return np.concatenate(kinds)


def likest(values: ArrayLike, *, count: int) -> Ints:
    """(g, k) numbers of the series whose readings run most like each one's, the likest first.

    values : (t, g), NaN where unknown; k is `count`, or all others where there are fewer
    """
    table = np.asarray(values, dtype=np.float64)
    middle = _levels(table)
    away = np.where(np.isfinite(table), table - middle, 0.0)
    size = np.sqrt((away**2).sum(axis=0))
    alike = (away.T @ away) / np.maximum(np.outer(size, size), 1e-12)
    np.fill_diagonal(alike, -np.inf)
    k = min(count, table.shape[1] - 1)
    return np.argsort(-alike, axis=1, kind="stable")[:, :k].astype(np.int64)


def _sums(table: Floats, place: Ints, marks: int) -> tuple[Floats, Floats]:
    """(marks, g) sums of the readings at each mark, and how many there are."""
    known = np.isfinite(table)
    total, count = np.zeros((marks, table.shape[1])), np.zeros((marks, table.shape[1]))
    np.add.at(total, place, np.where(known, table, 0.0))
    np.add.at(count, place, known.astype(np.float64))
    return total, count


def _levels(table: Floats) -> Floats:
    """(g,) mean of each series; of one that never reads the mean of all."""
    known = np.isfinite(table)
    total, count = np.where(known, table, 0.0).sum(axis=0), known.sum(axis=0)
    whole = total.sum() / max(int(count.sum()), 1)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), whole), dtype=np.float64)


def _means(total: Floats, count: Floats, towards: Floats) -> Floats:
    """Means drawn towards `towards` as if one reading had been that."""
    return np.asarray((total + towards) / (count + 1), dtype=np.float64)


def _around(table: Floats, smooth: int) -> Floats:
    """(slots, g) means over neighbouring slots around the clock."""
    shifted = [np.roll(table, s, axis=0) for s in range(-smooth, smooth + 1)]
    return np.asarray(np.mean(shifted, axis=0), dtype=np.float64)
