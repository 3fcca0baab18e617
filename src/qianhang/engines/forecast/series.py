"""A seasonal series with its clock and what is known ahead, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.forecast.clock import DayClock

__all__ = ["SeasonalSeries", "crop", "fold_days"]

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
    series: SeasonalSeries, *, origin: int, since: int | None, days: int
) -> tuple[SeasonalSeries, int, int]:
    """The end of `series` that a forecast at `origin` needs, with `origin` and `since` inside it.

    since : first row that is judged again, or None; days : memory before it, whole days
    """
    clock = series.clock
    judged = origin if since is None else min(since, origin)
    # Misses older than the memory would count next to nothing.
    first_judged = max(int(clock.day[min(judged, len(clock.day) - 1)]), int(clock.day[origin]) - days)
    begin_day = max(first_judged - days, 0)
    begin = int(np.searchsorted(clock.day, begin_day))
    judged = max(judged, int(np.searchsorted(clock.day, first_judged)))
    cut = DayClock(
        clock.day[begin:] - begin_day,
        clock.slot[begin:],
        clock.kind[begin_day:],
        clock.calendar[begin_day:],
        clock.length,
    )
    short = SeasonalSeries(series.values[begin:], cut, series.drivers[begin:])
    return short, origin - begin, judged - begin
