"""Several series on one regular clock, and what was known of them at many origins at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

__all__ = ["Panel", "Windows"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Windows:
    """What was known at n origins of g series, and nothing behind them.

    origins : (n,) instants of the first step ahead; step : spacing of rows
    series : (g,) names, ("",) where there is one; columns, known : names of the last axes
    past : (n, g, lookback, c) readings before each origin, oldest first, NaN where unknown
    ahead : (n, g, horizon, k) what is known ahead of time
    """

    origins: pd.DatetimeIndex
    step: pd.Timedelta
    series: tuple[str, ...]
    columns: tuple[str, ...]
    known: tuple[str, ...]
    past: Floats
    ahead: Floats

    @property
    def horizon(self) -> int:
        """Steps ahead that are asked for."""
        return int(self.ahead.shape[2])

    def of(self, column: str) -> Floats:
        """(n, g, lookback) past readings of `column`.

        Raises KeyError where there is no such column.
        """
        return self.past[..., _place(column, self.columns)]

    def told(self, column: str) -> Floats:
        """(n, g, horizon) values of `column`, which is known ahead.

        Raises KeyError where it is not known ahead.
        """
        return self.ahead[..., _place(column, self.known)]

    def times(self) -> pd.DatetimeIndex:
        """(n * horizon,) instants of the steps ahead, origin by origin."""
        n, h = len(self.origins), self.horizon
        later = pd.TimedeltaIndex(np.tile(np.arange(h), n) * self.step.to_timedelta64())
        if self.step % _DAY != pd.Timedelta(0):
            return self.origins.repeat(h) + later
        wall = self.origins.tz_localize(None).repeat(h) + later  # days follow the calendar
        first = np.ones(len(wall), dtype=bool)
        return wall.tz_localize(self.origins.tz, ambiguous=first, nonexistent="shift_forward")


@dataclass(frozen=True, slots=True)
class Panel:
    """Readings of g series on one regular clock.

    times : (t,) instants a step apart, with a zone; series : (g,) names
    columns : (c,) names; values : (t, g, c), NaN where there is no reading
    """

    times: pd.DatetimeIndex
    step: pd.Timedelta
    series: tuple[str, ...]
    columns: tuple[str, ...]
    values: Floats

    @classmethod
    def of(cls, table: pd.DataFrame, *, group: str = "", step: pd.Timedelta | None = None) -> Self:
        """The panel of a table that is indexed by time.

        group : column that names the series of each row, "" for one series
        step : spacing of rows; the one met most often where it is not given
        Numbers and flags are taken as they are, categories as the place in their list; text is
        left out. Raises ValueError where there are fewer than two instants, or a row stands off
        the clock.
        """
        stamps = pd.DatetimeIndex(table.index)
        several = bool(group) and group in table
        names, code = _series(table[group]) if several else (("",), np.zeros(len(table), np.int64))
        pace = step or _pace(stamps)
        times = _grid(stamps.min(), pace, _count(stamps, pace))
        row = times.searchsorted(stamps)
        if (row >= len(times)).any() or (times[row] != stamps).any():
            raise ValueError(f"a row stands off the clock of one every {pace}")
        columns = tuple(c for c in table.columns if c != group and _numeric(table[c]))
        values = np.full((len(times), len(names), len(columns)), np.nan)
        for i, column in enumerate(columns):
            values[row, code, i] = _numbers(table[column])
        return cls(times, pace, names, columns, values)

    def column(self, name: str) -> Floats:
        """(t, g) readings of one column.

        Raises KeyError where there is no such column.
        """
        return self.values[..., _place(name, self.columns)]

    def rows_of(self, instants: pd.DatetimeIndex) -> Ints:
        """(n,) row numbers of instants; one past the last row is the step after the readings."""
        return self.times.searchsorted(instants).astype(np.int64)

    def windows(
        self, rows: ArrayLike, *, lookback: int, horizon: int, known: Sequence[str] = ()
    ) -> Windows:
        """What was known at the origins `rows` (n,): row r is the first step ahead.

        Before the first and after the last reading everything is NaN.
        """
        at = np.asarray(rows, dtype=np.int64)
        place = [_place(name, self.columns) for name in known]
        past = self._cut(at, -lookback, 0)
        ahead = self._cut(at, 0, horizon)[..., place]
        past.flags.writeable = ahead.flags.writeable = False  # those who look do not change
        origins = self._instants(at)
        return Windows(origins, self.step, self.series, self.columns, tuple(known), past, ahead)

    def ahead(self, column: str, rows: ArrayLike, *, horizon: int) -> Floats:
        """(n, g, horizon) what came of `column` after the origins `rows` (n,)."""
        one = Panel(self.times, self.step, self.series, (column,), self.column(column)[..., None])
        return one._cut(np.asarray(rows, dtype=np.int64), 0, horizon)[..., 0]

    def _cut(self, rows: Ints, first: int, last: int) -> Floats:
        """(n, g, last - first, c) rows from `first` to `last`, counted from each origin."""
        at = rows[:, None] + np.arange(first, last)
        there = (at >= 0) & (at < len(self.values))
        found = self.values[np.where(there, at, 0)]  # indexing copies: nothing lies behind it
        found[~there] = np.nan
        return found.transpose(0, 2, 1, 3)

    def _instants(self, rows: Ints) -> pd.DatetimeIndex:
        beyond = int(rows.max(initial=0)) + 1
        known = self.times if beyond <= len(self.times) else _grid(self.times[0], self.step, beyond)
        return known[rows]


def _grid(first: pd.Timestamp, step: pd.Timedelta, count: int) -> pd.DatetimeIndex:
    """(count,) instants; whole days follow the calendar through changes of the clock."""
    whole = step % _DAY == pd.Timedelta(0)
    pace = pd.DateOffset(days=step // _DAY) if whole else step
    return pd.date_range(first, periods=count, freq=pace)


def _count(stamps: pd.DatetimeIndex, step: pd.Timedelta) -> int:
    span = stamps.max() - stamps.min()
    return round(span / step) + 1


def _pace(stamps: pd.DatetimeIndex) -> pd.Timedelta:
    instants = np.unique(np.asarray(stamps.as_unit("ns").astype("int64")))
    if len(instants) < 2:
        raise ValueError(f"{len(instants)} instants: too few to tell how far apart rows are")
    gaps, counts = np.unique(np.diff(instants), return_counts=True)
    return pd.Timedelta(int(gaps[np.argmax(counts)]), unit="ns")


def _series(names: pd.Series) -> tuple[tuple[str, ...], Ints]:
    code, found = pd.factorize(names.astype(str), sort=True)
    return tuple(str(n) for n in found), np.asarray(code, dtype=np.int64)


def _numeric(values: pd.Series) -> bool:
    kind = values.dtype
    return pd.api.types.is_numeric_dtype(kind) or isinstance(kind, pd.CategoricalDtype)


def _numbers(values: pd.Series) -> Floats:
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes = values.cat.codes.to_numpy(dtype=np.float64)
        return np.where(codes < 0, np.nan, codes)
    return values.to_numpy(dtype=np.float64, na_value=np.nan)


def _place(name: str, columns: Sequence[str]) -> int:
    if name not in columns:
        raise KeyError(f"{name!r} is not among {', '.join(columns) or 'no columns'}")
    return list(columns).index(name)
