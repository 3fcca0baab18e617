"""A seasonal series with its clock and what is known ahead, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qianhang.engines.forecast.clock import DayClock

__all__ = ["SeasonalSeries", "crop", "fold_days", "known_mean"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SeasonalSeries:
    """A series on its clock.

    values : (n,) readings, NaN where unknown or ahead
    clock : the local calendar of the n steps
    drivers : (n, k) what is known ahead (temperature and the like), k may be 0, NaN where unknown
    """

    values: Floats
    clock: DayClock
    drivers: Floats

    def __post_init__(self) -> None:
        n = len(self.values)
        if self.clock.day.shape != (n,) or self.drivers.shape[:1] != (n,) or self.drivers.ndim != 2:
            raise ValueError(
                f"values ({n},), clock {self.clock.day.shape} and drivers {self.drivers.shape} "
                "must have the same number of steps"
            )

    def day_starts(self) -> NDArray[np.int64]:
        """(days,) first row of each local day; the row after the last for days without rows."""
        return np.searchsorted(self.clock.day, np.arange(len(self.clock.kind)))

    def with_values(self, values: Floats) -> SeasonalSeries:
        """The same clock and drivers with other values."""
        return replace(self, values=values)


def fold_days(values: Floats, clock: DayClock) -> Floats:
    """(days, slots) table of `values`; slots that a clock change skipped are interpolated.

    Of two readings in one slot (the hour that comes twice in autumn) the later stays.
    """
    table = np.full((len(clock.kind), clock.length), np.nan)
    table[clock.day, clock.slot] = values
    hole = np.zeros(table.shape, dtype=bool)
    hole[np.unique(clock.day)] = True
    hole[clock.day, clock.slot] = False
    first, last = clock.day[0], clock.day[-1]
    hole[first, : clock.slot[0]] = False
    hole[last, clock.slot[-1] :] = False
    for day in np.flatnonzero(hole.any(axis=1)):
        known = np.flatnonzero(np.isfinite(table[day]))
        gaps = np.flatnonzero(hole[day])
        if len(known):
            table[day, gaps] = np.interp(gaps, known, table[day, known])
    return table


def crop(
    series: SeasonalSeries, *, origin: int, since: int, days: int
) -> tuple[SeasonalSeries, int, int]:
    """The end of `series` that a forecast at `origin` needs; `origin` and first judged row in it.

    since : number of the first day that is judged again, days since 1970-01-01; misses older than
        the memory count next to nothing, so at most `days` days are judged
    days : memory before the first judged day
    """
    clock = series.clock
    origin_day = int(clock.day[origin])
    judged_day = min(max(since - clock.first, origin_day - days, 0), origin_day)
    begin_day = max(judged_day - days, 0)
    begin, judged = np.searchsorted(clock.day, [begin_day, judged_day])
    cut = DayClock(
        clock.day[begin:] - begin_day,
        clock.slot[begin:],
        clock.kind[begin_day:],
        clock.calendar[begin_day:],
        clock.length,
        clock.first + begin_day,
    )
    short = SeasonalSeries(series.values[begin:], cut, series.drivers[begin:])
    return short, origin - int(begin), int(judged) - int(begin)


def known_mean(values: ArrayLike, axis: int) -> Floats:
    """Mean of the known values along `axis`; NaN, without a warning, where there is none."""
    table = np.asarray(values, dtype=np.float64)
    known = np.isfinite(table)
    count = known.sum(axis=axis)
    total = np.where(known, table, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)
