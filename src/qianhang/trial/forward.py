"""Forward splits: which rows a forecaster may learn from, and the origins that it is scored at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.manifest import Split
from qianhang.core.spec import Spec

__all__ = ["ForwardFold", "Pace", "pace", "walk"]

Ints = NDArray[np.int64]

_DAY = pd.Timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Pace:
    """Spacing of the rows, and horizon and origin spacing in rows of that spacing.

    A contract that was written in half-hours is kept in hours: a day ahead stays a day ahead.
    """

    step: pd.Timedelta
    horizon: int
    every: int

    @property
    def whole_days(self) -> int:
        """Days between two origins; 0 where they do not fall on the same time of day."""
        spacing = self.step * self.every
        return int(spacing // _DAY) if spacing % _DAY == pd.Timedelta(0) else 0


@dataclass(frozen=True, slots=True)
class ForwardFold:
    """Rows before `train_end` are for learning; each origin is forecast up to its end.

    origins, ends : (o,) row numbers; `ends` is exclusive
    """

    name: str
    train_end: int
    origins: Ints
    ends: Ints


def pace(times: pd.DatetimeIndex, split: Split, spec: Spec) -> Pace:
    """How fast rows and origins follow each other in this table.

    Raises ContractError where there are too few rows to tell.
    """
    if len(times) < 3:
        raise ContractError("QH132", f"{len(times)} rows: too few to forecast from")
    gaps, counts = np.unique(
        np.diff(np.asarray(times.as_unit("ns").astype("int64"))), return_counts=True
    )
    step = pd.Timedelta(int(gaps[np.argmax(counts)]), unit="ns")
    declared = spec.columns[spec.time].step if spec.time in spec.columns else ""
    horizon, every = spec.horizon or spec.season or 1, split.every or spec.horizon or 1
    if declared:
        ratio = pd.Timedelta(declared) / step
        horizon, every = max(round(horizon * ratio), 1), max(round(every * ratio), 1)
    return Pace(step, horizon, every)


def walk(
    table: pd.DataFrame, split: Split, spec: Spec, *, even: bool = False
) -> tuple[ForwardFold, ...]:
    """The folds of a forward split, in time order; each is trained on all rows before it.

    even : every origin is forecast for the same number of steps

    Origins a whole number of days apart stay on the same local time through clock changes, so a
    day ahead is then 46, 48 or 50 half-hours.
    Raises ContractError where the split is not forward, or a part would be empty.
    """
    if split.kind != "forward":
        raise ContractError(
            "QH131", f"split {split.kind!r}: a forecast is only tried forward in time"
        )
    times = pd.DatetimeIndex(table.index)
    rate = pace(times, split, spec)
    start, stop = _test_rows(times, split, rate)
    origins = _origins(times, start, stop, rate)
    ends = origins + rate.horizon if even else _ends(times, origins, stop, rate)
    whole = ends <= stop
    origins, ends = origins[whole], ends[whole]
    if not len(origins) or start < 2 * rate.horizon:
        raise ContractError(
            "QH132",
            f"forward split: {start:,} rows to learn from, {len(origins)} origins to be scored at",
            hint="give a longer history, or a smaller test part",
        )
    folds = np.array_split(np.arange(len(origins)), min(max(split.folds, 1), len(origins)))
    return tuple(
        ForwardFold(str(times[origins[f[0]]].date()), int(origins[f[0]]), origins[f], ends[f])
        for f in folds
    )


def _test_rows(times: pd.DatetimeIndex, split: Split, rate: Pace) -> tuple[int, int]:
    """First row of the test part and the row after its last."""
    stop = len(times)
    if split.test_to:
        after = pd.Timestamp(split.test_to).tz_localize(times.tz) + pd.DateOffset(days=1)
        stop = int(times.searchsorted(after))
    if split.test_from:
        return int(times.searchsorted(pd.Timestamp(split.test_from).tz_localize(times.tz))), stop
    start = stop - round(split.test_share * stop)
    if rate.whole_days:
        local = times[min(start, stop - 1)]
        if local != local.normalize():
            start = int(times.searchsorted(local.normalize() + pd.DateOffset(days=1)))
    return start, stop


def _origins(times: pd.DatetimeIndex, start: int, stop: int, rate: Pace) -> Ints:
    if start >= stop:
        return np.empty(0, dtype=np.int64)
    if not rate.whole_days:
        return np.arange(start, stop, rate.every)
    marks = pd.date_range(times[start], times[stop - 1], freq=pd.DateOffset(days=rate.whole_days))
    return np.unique(times.searchsorted(marks)).astype(np.int64)


def _ends(times: pd.DatetimeIndex, origins: Ints, stop: int, rate: Pace) -> Ints:
    if not rate.whole_days or rate.horizon != rate.every or not len(origins):
        return origins + rate.horizon
    last = times[origins[-1]] + pd.DateOffset(days=rate.whole_days)
    # The row after the last has no time of its own: it ends where a full step would begin.
    final = int(times.searchsorted(last))
    full = times[stop - 1] + rate.step >= last
    return np.append(origins[1:], final if full else stop + 1).astype(np.int64)
