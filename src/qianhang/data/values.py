"""What the cells of each column hold, against the contract: missing, bounds, units, categories."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

import numpy as np

from qianhang.core.manifest import Column
from qianhang.core.schema import nearest
from qianhang.data import codes
from qianhang.data.findings import Finding, show
from qianhang.data.gather import Gathered, Typed
from qianhang.data.limits import (
    expected_range,
    other_units,
    outside,
    small_scale,
    unit_suspected,
    unmark,
)
from qianhang.data.readers.blocks import Note, RowMap

__all__ = ["value_findings"]


def value_findings(
    data: Gathered, *, optional: Collection[str], keep: int
) -> tuple[list[Finding], list[Note]]:
    """Findings and notes on every column; sentinels become NaN in the gathered columns.

    optional : columns that may be empty; keep : offending cells to spell out, 0 for all
    """
    findings: list[Finding] = []
    notes: list[Note] = []
    for name, typed in data.columns.items():
        if typed.kind in ("number", "integer", "code"):
            notes += _unmark(typed)
        may_lack = typed.column.missing == "allow" or bool(typed.column.sentinel)
        if not (may_lack or name in optional) or typed.column.role == "time":
            findings += _missing(typed, data.rows)
        if typed.kind in ("number", "integer", "code"):
            found, told = _numbers(typed, data.rows, keep)
            findings += found
            notes += told
        elif typed.kind in ("category", "text") and typed.column.values:
            findings += _categories(typed, data.rows, keep)
    return findings, notes


def _unmark(typed: Typed) -> Iterator[Note]:
    values = typed.numbers()
    clean = unmark(values, typed.column)
    count = np.count_nonzero(np.isnan(clean)) - np.count_nonzero(np.isnan(values))
    if count:
        typed.held.replace(clean)
        marks = ", ".join(show(s) for s in typed.column.sentinel)
        yield Note(
            codes.MISSING_VALUE,
            f"column {typed.name}: cells that held {marks}, for no value: {count:,}",
        )


def _missing(typed: Typed, rows: RowMap) -> Iterator[Finding]:
    mask = typed.missing()
    for positions in typed.bad_positions:  # those have a finding of their own
        mask[positions] = False
    if not mask.any():
        return
    positions = np.flatnonzero(mask)
    unit = f" in {typed.column.unit}" if typed.column.unit else ""
    expected = {"time": "a time", "text": "text", "boolean": "true or false",
                "category": "a category"}.get(typed.kind, f"a number{unit}")  # fmt: skip
    yield Finding(
        codes.MISSING_VALUE,
        typed.name,
        rows.rows(positions),
        positions,
        ["no value"] * len(positions),
        expected,
    )


def _numbers(typed: Typed, rows: RowMap, keep: int) -> tuple[list[Finding], tuple[Note, ...]]:
    values, column = typed.numbers(), typed.column
    findings: list[Finding] = []
    if typed.kind == "code":
        mask = ~np.isnan(values) & ~np.isin(values, np.array(column.values, dtype=np.float64))
        allowed = ", ".join(str(v) for v in column.values)
        if mask.any():
            findings.append(_finding(codes.WRONG_CATEGORY, typed, rows, mask, (allowed, "", keep)))
    elif typed.kind == "integer":
        mask = ~np.isnan(values) & (np.mod(values, 1) != 0)
        if mask.any():
            findings.append(
                _finding(codes.NOT_WHOLE, typed, rows, mask, ("a whole number", "", keep))
            )
    mask = outside(values, column)
    if not mask.any():
        return findings, small_scale(values, typed.name, column)
    hint = other_units(values[mask], column)
    unit = unit_suspected(values, mask) and bool(hint)
    code = codes.WRONG_UNIT if unit else codes.OUT_OF_BOUNDS
    findings.append(_finding(code, typed, rows, mask, (expected_range(column), hint, keep)))
    return findings, ()


def _finding(
    code: str, typed: Typed, rows: RowMap, mask: np.ndarray, told: tuple[str, str, int]
) -> Finding:
    """A finding on the cells of a mask; told = (expected, hint, cells to spell out or 0)."""
    expected, hint, keep = told
    positions = np.flatnonzero(mask)
    values = typed.numbers()[positions[: keep or None]]
    found = [show(v, typed.column.unit) for v in values]
    return Finding(code, typed.name, rows.rows(positions), positions, found, expected, hint)


def _categories(typed: Typed, rows: RowMap, keep: int) -> Iterator[Finding]:
    import pyarrow as pa
    import pyarrow.compute as pc

    allowed = [str(v) for v in typed.column.values]
    words = typed.words()
    known = pc.is_in(words.cast(pa.string()), value_set=pa.array(allowed))
    mask = ~np.asarray(known.to_numpy()).astype(bool) & ~typed.missing()
    if not mask.any():
        return
    positions = np.flatnonzero(mask)
    found: Sequence[str] = words.take(pa.array(positions[: keep or None])).to_pylist()
    guess = nearest(found[0], allowed)
    yield Finding(
        codes.WRONG_CATEGORY,
        typed.name,
        rows.rows(positions),
        positions,
        [repr(w[:60]) for w in found],
        _allowed(allowed, typed.column),
        f"did you mean {guess!r}?" if guess else "",
    )


def _allowed(allowed: list[str], column: Column, most: int = 12) -> str:
    tail = f" and {len(allowed) - most} more" if len(column.values) > most else ""
    return ", ".join(allowed[:most]) + tail
