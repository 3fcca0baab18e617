"""What a day-ahead model sees of each step: readings before its origin, and what is known ahead.

Every feature of a step is defined by the last whole day before the origin and the step's own day,
so that a model trained on all origins at once sees exactly what it will see in service.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.forecast.clock import CALENDAR
from qianhang.engines.forecast.series import SeasonalSeries, fold_days, known_mean

__all__ = ["MEMORY_DAYS", "DayAheadRows", "day_ahead_rows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

MEMORY_DAYS = 56
_ALIKE = 4
# Windows of the smoothed drivers, as shares of a day: buildings answer in hours and in days.
_WINDOWS = (1 / 8, 1 / 4, 1 / 2, 1.0, 2.0, 3.0, 7.0)
_DELAYS = (1 / 24, 1 / 8, 1 / 4)


@dataclass(frozen=True, slots=True)
class DayAheadRows:
    """One row for each step that is forecast.

    X : (r, p) features, NaN where unknown; names : their names
    anchor : (r,) mean of the same slot over the last seven known days, in the unit of the values
    row : (r,) place of the step in the series; origin : (r,) place of its origin
    """

    X: Floats
    names: tuple[str, ...]
    anchor: Floats
    row: Ints
    origin: Ints

    def take(self, rows: NDArray[np.bool_]) -> DayAheadRows:
        """The flagged rows alone."""
        return DayAheadRows(
            self.X[rows], self.names, self.anchor[rows], self.row[rows], self.origin[rows]
        )


@dataclass(frozen=True, slots=True)
class _Frame:
    """Table of days and, for each row asked for, its day, slot and last whole known day."""

    table: Floats
    kind: Ints
    day: Ints
    slot: Ints
    last: Ints
    length: int


def day_ahead_rows(series: SeasonalSeries, *, origins: Ints, ends: Ints) -> DayAheadRows:
    """The features of all steps from each origin up to its end.

    origins, ends : (o,) rows; each origin is the first step of a local day, `ends` is exclusive
    Raises ValueError for an origin inside a day, since the day before would not be whole.
    """
    clock = series.clock
    starts = series.day_starts()
    if not np.isin(origins, starts).all():
        raise ValueError("an origin must be the first step of a local day")
    row = np.concatenate([np.arange(a, b) for a, b in zip(origins, ends, strict=True)])
    origin = np.repeat(origins, ends - origins)
    frame = _Frame(
        fold_days(series.values, clock),
        clock.kind,
        clock.day[row],
        clock.slot[row],
        clock.day[origin] - 1,
        clock.length,
    )
    columns: dict[str, Floats | Ints] = {"slot": frame.slot, "lead_day": frame.day - frame.last}
    for j, name in enumerate(CALENDAR):
        columns[name] = clock.calendar[frame.day, j]
    alike_one, alike = _alike(frame, frame.table, 1), _alike(frame, frame.table, _ALIKE)
    anchor = known_mean([_at(frame, frame.table, frame.last - k) for k in range(7)], 0)
    columns |= _levels(frame, alike_one, alike, anchor)
    columns |= _departures(frame)
    for k in range(series.drivers.shape[1]):
        columns |= _driver(series, k, frame, origins, ends)
    X = np.column_stack([np.asarray(c, dtype=np.float64) for c in columns.values()])
    return DayAheadRows(X, tuple(columns), anchor, row, origin)


def _at(frame: _Frame, table: Floats, day: Ints) -> Floats:
    """Values of `table` on the given days at each row's slot; NaN before the first day."""
    return np.where(day >= 0, table[np.maximum(day, 0), frame.slot], np.nan)


def _alike_table(kind: Ints, table: Floats, count: int) -> Floats:
    """(kinds, days + 1, slots): mean of the last `count` days of a kind before each day."""
    days, slots = table.shape
    out = np.full((3, days + 1, slots), np.nan)
    for k in range(3):
        rows = np.flatnonzero(kind == k)
        if len(rows) < count:
            continue
        windows = np.lib.stride_tricks.sliding_window_view(table[rows], count, axis=0)
        means = windows.mean(axis=-1)
        seen = np.searchsorted(rows, np.arange(days + 1))  # days of this kind before each day
        enough = seen >= count
        out[k, enough] = means[seen[enough] - count]
    return out


def _alike(frame: _Frame, table: Floats, count: int) -> Floats:
    """(r,) mean of the last known days of the row's kind, same slot."""
    tables = _alike_table(frame.kind, table, count)
    found = tables[frame.kind[frame.day], frame.last + 1, frame.slot]
    return np.asarray(found, dtype=np.float64)


def _levels(frame: _Frame, one: Floats, four: Floats, anchor: Floats) -> dict[str, Floats]:
    week = frame.day - 7 * ((frame.day - frame.last + 6) // 7)  # latest same weekday that is known
    weekly = [_at(frame, frame.table, week - 7 * k) for k in range(4)]
    yesterday = frame.table[frame.last]
    mean = known_mean(frame.table, axis=1)
    return {
        "alike": one,
        "alike_4": four,
        "yesterday": _at(frame, frame.table, frame.last),
        "day_before": _at(frame, frame.table, frame.last - 1),
        "week_ago": weekly[0],
        "two_weeks_ago": weekly[1],
        "weekly_mean": known_mean(weekly, axis=0),
        "seven_days": anchor,
        "day_mean": mean[frame.last],
        "week_ago_mean": np.where(week >= 0, mean[np.maximum(week, 0)], np.nan),
        "last_reading": yesterday[:, -1],
        "last_high": yesterday.max(axis=1),
        "last_low": yesterday.min(axis=1),
    }


def _departures(frame: _Frame) -> dict[str, Floats]:
    """How far the last days stood from the days that they should have been like."""
    days = np.arange(len(frame.kind))
    usual = _alike_table(frame.kind, frame.table, _ALIKE)[frame.kind, days]
    off = frame.table - usual
    mean = known_mean(off, axis=1)
    quarters = [known_mean(q, axis=1) for q in np.array_split(off, 4, axis=1)]
    tail = known_mean(off[:, -max(frame.length // 12, 1) :], axis=1)
    week = frame.day - 7 * ((frame.day - frame.last + 6) // 7)
    last = frame.last
    columns = {
        "off_yesterday": _at(frame, off, last),
        "off_day_before": _at(frame, off, last - 1),
        "off_week_ago": _at(frame, off, week),
        "off_mean": mean[last],
        "off_mean_before": mean[np.maximum(last - 1, 0)],
        "off_tail": tail[last],
        "off_seven_days": known_mean([mean[np.maximum(last - k, 0)] for k in range(7)], axis=0),
    }
    return columns | {f"off_quarter{i}": q[last] for i, q in enumerate(quarters)}


def _driver(
    series: SeasonalSeries, k: int, frame: _Frame, origins: Ints, ends: Ints
) -> dict[str, Floats]:
    """One driver now, before, smoothed, and against the days that the levels above come from."""
    values, name = series.drivers[:, k], f"driver{k}"
    row = np.concatenate([np.arange(a, b) for a, b in zip(origins, ends, strict=True)])
    columns = {name: values[row]}
    for share in _DELAYS:
        steps = max(round(share * frame.length), 1)
        columns[f"{name}_{share * 24:.0f}h_ago"] = values[np.maximum(row - steps, 0)]
    for share in _WINDOWS:
        smooth = _trailing_mean(values, max(round(share * frame.length), 1))
        columns[f"{name}_{share * 24:.0f}h_mean"] = smooth[row]
    table = fold_days(values, series.clock)
    week = frame.day - 7 * ((frame.day - frame.last + 6) // 7)
    columns[f"{name}_on_yesterday"] = values[row] - _at(frame, table, frame.last)
    columns[f"{name}_on_week_ago"] = values[row] - _at(frame, table, week)
    columns[f"{name}_on_alike"] = values[row] - _alike(frame, table, _ALIKE)
    spans = [values[a:b] for a, b in zip(origins, ends, strict=True)]
    for part, reduce in (("high", np.max), ("low", np.min), ("mean", np.mean)):
        columns[f"{name}_{part}"] = np.repeat([float(reduce(s)) for s in spans], ends - origins)
    return columns


def _trailing_mean(values: Floats, steps: int) -> Floats:
    """(n,) mean of the last `steps` known values up to and including each."""
    known = np.isfinite(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    end = np.arange(1, len(values) + 1)
    begin = np.maximum(end - steps, 0)
    some = count[end] - count[begin]
    return np.where(some > 0, (total[end] - total[begin]) / np.maximum(some, 1), np.nan)
