"""Local time as arrays: the day that a step belongs to, its place in it, what kind of day it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["CALENDAR", "DayClock", "read_clock", "steps_per_day"]

Ints = NDArray[np.int64]
Flags = NDArray[np.bool_]

WORKING, SATURDAY, RESTING = 0, 1, 2
CALENDAR = ("weekday", "kind", "kind_before", "kind_week_ago", "holiday", "day_of_year",
            "since_holiday", "rest_run")  # fmt: skip
_LONGEST_MEMORY = 15


@dataclass(frozen=True, slots=True)
class DayClock:
    """Where each step stands in local time.

    day : (n,) days since the first, counted on the local calendar
    slot : (n,) step of the day, 0 .. length - 1; clock changes repeat or skip slots
    kind : (days,) 0 working day, 1 Saturday, 2 Sunday or holiday
    calendar : (days, 8) what the calendar says of each day, columns as in CALENDAR
    length : steps of an ordinary day
    first : number of day 0, days since 1970-01-01
    """

    day: Ints
    slot: Ints
    kind: Ints
    calendar: NDArray[np.float64]
    length: int
    first: int = 0


def steps_per_day(times: pd.Index[Any]) -> int:
    """Steps of an ordinary day, from the spacing that occurs most often in `times`.

    Raises ValueError where a day is not a whole number of steps.
    """
    gaps, counts = np.unique(np.diff(_seconds(pd.DatetimeIndex(times))), return_counts=True)
    if not len(gaps):
        raise ValueError("two times or more are needed to know the step")
    step_s = int(gaps[np.argmax(counts)])
    if step_s <= 0 or 86400 % step_s:
        raise ValueError(f"a day is not a whole number of steps of {step_s} s")
    return 86400 // step_s


def read_clock(
    times: pd.DatetimeIndex, *, length: int, holiday: Flags | None, workday: Flags | None = None
) -> DayClock:
    """The local calendar of `times`.

    times : (n,) sorted, in the zone whose habits drive the series
    length : steps of a day
    holiday, workday : (n,) flags or None; workday wins, since it also knows make-up working days
    """
    local = times.tz_localize(None) if times.tz is not None else times
    midnight = local.normalize()
    number = _seconds(midnight) // 86400
    day = (number - number[0]).astype(np.int64)
    second = _seconds(local) - _seconds(midnight)
    slot = (second * length // 86400).astype(np.int64)
    days = int(day[-1]) + 1
    weekday = (int(number[0]) + 3 + np.arange(days)) % 7  # 1970-01-01 was a Thursday
    off = _by_day(holiday, day, days)
    kind = np.select([off | (weekday == 6), weekday == 5], [RESTING, SATURDAY], WORKING)
    if workday is not None:
        works = _by_day(workday, day, days)
        kind = np.where(works, WORKING, np.where(weekday == 5, SATURDAY, RESTING))
        off = off | (~works & (weekday < 5))
    calendar = _calendar(kind, weekday, off, int(number[0]))
    return DayClock(day, slot, kind.astype(np.int64), calendar, length, int(number[0]))


def _seconds(times: pd.DatetimeIndex) -> Ints:
    """(n,) whole seconds since 1970."""
    return np.asarray(times.as_unit("s").astype("int64"), dtype=np.int64)


def _by_day(flags: Flags | None, day: Ints, days: int) -> Flags:
    """(days,) whether any step of the day is flagged."""
    found = np.zeros(days, dtype=bool)
    if flags is not None:
        found[day[np.asarray(flags, dtype=bool)]] = True
    return found


def _calendar(kind: Ints, weekday: Ints, off: Flags, first: int) -> NDArray[np.float64]:
    days = len(kind)
    number = np.arange(days)
    dates = (first + number).astype("datetime64[D]")
    year_start = dates.astype("datetime64[Y]").astype("datetime64[D]")
    last_off = np.maximum.accumulate(np.where(off, number, -_LONGEST_MEMORY))
    since = np.minimum(number - last_off, _LONGEST_MEMORY)
    last_work = np.maximum.accumulate(np.where(kind == WORKING, number, -1))
    columns = [
        weekday,
        kind,
        kind[np.maximum(number - 1, 0)],
        kind[np.maximum(number - 7, 0)],
        off,
        (dates - year_start).astype(np.int64),
        since,
        np.minimum(number - last_work, _LONGEST_MEMORY),
    ]
    return np.column_stack(columns).astype(np.float64)
