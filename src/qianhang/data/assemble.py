"""The clean frame of a checked table, in the types that packs rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from qianhang.data.clock import parse_step
from qianhang.data.gather import Gathered, Typed
from qianhang.data.stamps import NOT_A_TIME
from qianhang.data.timing import Timing, instants, spell

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["assemble", "clock_text"]


def assemble(
    data: Gathered, time: str, timing: Timing | None, keep: np.ndarray
) -> tuple[pd.DataFrame, np.ndarray]:
    """The frame of the kept records, sorted by time, and their positions (n,).

    time : name of the time column, "" for none; keep (n,) : records without a finding
    """
    if timing is None:
        order = np.flatnonzero(keep)
        pick: slice | np.ndarray = slice(None) if _is_whole(order, data.count) else order
        index: pd.Index[Any] = pd.RangeIndex(len(order))
    else:
        order = timing.order if keep.all() else timing.order[keep[timing.order]]
        pick = slice(None) if _is_whole(order, data.count) else order
        clock = pd.DatetimeIndex(timing.utc[pick].view("datetime64[ns]"), name=time)
        index = clock.tz_localize("UTC").tz_convert(timing.zone)
    columns = {n: _column(data, n, pick) for n in data.columns if n != time}
    frame = pd.DataFrame(columns, index=pd.RangeIndex(len(order)), copy=False)
    frame.index = index
    return frame, order


def _is_whole(order: np.ndarray, count: int) -> bool:
    """Whether the positions are all of them, in order: then nothing need be copied."""
    return len(order) == count and bool((order[1:] > order[:-1]).all())


def _column(data: Gathered, name: str, pick: slice | np.ndarray) -> Any:
    """One column (n,) in its final type; the gathered blocks are given up."""
    typed = data.columns[name]
    if typed.kind == "time":
        return _times(data, name, pick)
    if typed.kind == "category":
        return _categorical(typed, pick)
    if typed.kind == "text":
        words = typed.words()
        typed.parts = []
        kept = words if isinstance(pick, slice) else words.take(_indices(pick))
        return kept.to_pandas(deduplicate_objects=True).to_numpy()
    values = typed.numbers()[pick]
    whole = typed.kind in ("integer", "code", "boolean") and not np.isnan(values).any()
    if typed.kind == "boolean" and whole:
        return values.astype(bool)
    if whole and (np.mod(values, 1) == 0).all():
        return values.astype(np.int64)
    return values


def _indices(positions: np.ndarray) -> pa.Array:
    import pyarrow as pa

    return pa.array(positions)


def _times(data: Gathered, name: str, pick: slice | np.ndarray) -> pd.DatetimeIndex:
    """A time column that is not the index; of an hour that comes twice the first is meant."""
    each = np.arange(data.count)
    utc, _ = instants(data, name, each, parse_step("1d"))
    zone = data.columns[name].column.zone or "UTC"
    times = pd.DatetimeIndex(utc[pick].view("datetime64[ns]"))
    return times.tz_localize("UTC").tz_convert(zone)


def _categorical(typed: Typed, pick: slice | np.ndarray) -> pd.Categorical:
    """Categories in the order of the contract, or sorted where it lists none."""
    words = typed.words().unify_dictionaries().combine_chunks()
    typed.parts = []
    codes = words.indices.fill_null(-1).to_numpy(zero_copy_only=False)[pick]
    seen = [str(w) for w in words.dictionary.to_pylist()]
    listed = [str(v) for v in typed.column.values] or sorted(seen)
    place = {w: i for i, w in enumerate(listed)}
    # -1 at the end, so that a missing cell (-1) stays one
    renumbered = np.array([*(place.get(w, -1) for w in seen), -1], dtype=np.int64)
    dtype = pd.CategoricalDtype(listed)
    return pd.Categorical.from_codes(renumbered[codes], dtype=dtype)


def clock_text(data: Gathered, time: str, timing: Timing | None, at: np.ndarray) -> list[str]:
    """Text of the time stamps at positions (k,), "" where there is none or the position is -1.

    Without a timing the stamp is shown as the file's own clock reads.
    """
    texts = [""] * len(at)
    if not time:
        return texts
    ns = data.columns[time].numbers() if timing is None else timing.utc
    there = [i for i, p in enumerate(at) if p >= 0 and ns[p] != NOT_A_TIME]
    spelt = spell(ns[at[there]], "UTC" if timing is None else timing.zone)
    for i, text in zip(there, spelt, strict=True):
        texts[i] = text
    return texts
