"""The contract check: a file or frame in, a clean frame and the rows that it refuses out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.manifest import Column
from qianhang.data import codes
from qianhang.data.assemble import assemble, clock_text
from qianhang.data.findings import Finding, first_error, rejects
from qianhang.data.gather import Gathered, gather
from qianhang.data.header import match
from qianhang.data.readers import Note, Table, open_frame, open_table
from qianhang.data.timing import Timing, time_column
from qianhang.data.values import value_findings

__all__ = ["Checked", "check", "check_table"]

Mode = Literal["strict", "partition"]
_KEEP = 3
_KEY_ROLES = frozenset({"group", "place", "id"})


class Checked(NamedTuple):
    """A clean frame; the rows refused; what was done on the way; the file row of each clean row.

    frame : (n, contract columns); rejects : columns row, time, field, found, expected, code
    rows : (n,) int64 in partition mode, empty in strict mode, where nothing is dropped
    """

    frame: pd.DataFrame
    rejects: pd.DataFrame
    notes: tuple[Note, ...]
    rows: np.ndarray


def check(
    source: pd.DataFrame | Path,
    columns: Mapping[str, Column],
    *,
    mode: Mode = "strict",
    optional: Collection[str] = (),
    label: str = "",
) -> Checked:
    """The table in a file or frame, held to its contract; the source is left as it is.

    mode : strict raises at the first problem; partition sets bad rows aside, one by one
    optional : columns that may be absent, or empty, though the contract requires them
    label : what messages call the source; the file's name if empty
    Raises ContractError naming file, column, row, time, found, expected; in partition mode only
    for what concerns the file as a whole (a missing column, an empty file, mixed zones).
    """
    if isinstance(source, pd.DataFrame):
        table = open_frame(source, label or "table")
    else:
        table = open_table(source)
    return check_table(table, columns, mode=mode, optional=optional)


def check_table(
    table: Table,
    columns: Mapping[str, Column],
    *,
    mode: Mode = "strict",
    optional: Collection[str] = (),
) -> Checked:
    """An opened table, held to its contract; see `check`."""
    strict = mode == "strict"
    matched = match(table, columns, optional)
    data = gather(table, matched, columns, keep=_KEEP if strict else 0)
    if not data.count and not data.findings:
        raise ContractError(
            codes.HEADER_ONLY, f"{table.label}: there is a header and no row below it"
        )
    work = _Work(table, data, strict, [*data.findings], [*table.notes])
    work.add(value_findings(data, optional=optional, keep=_KEEP if strict else 0))
    name = _clock(data)
    timing = work.time(name) if name else None
    frame, order = assemble(data, name, timing, ~work.dropped)
    times = [clock_text(data, name, timing, f.positions) for f in work.findings]
    refused = rejects(work.findings, times)
    rows = np.empty(0, dtype=np.int64) if strict else data.rows.rows(order)
    return Checked(frame, refused, tuple(work.notes), rows)


@dataclass(slots=True)
class _Work:
    """Findings and notes as they come in, and which records they cost."""

    table: Table
    data: Gathered
    strict: bool
    findings: list[Finding]
    notes: list[Note]
    dropped: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        self.dropped = np.zeros(self.data.count, dtype=bool)
        if self.data.blank_rows:
            text = f"{self.table.label}: blank rows skipped: {self.data.blank_rows:,}"
            self.notes.append(Note(codes.RAGGED_ROW, text))
        self.add(((), ()), fresh=self.findings)

    def add(
        self,
        more: tuple[Sequence[Finding], Sequence[Note]],
        *,
        fresh: Sequence[Finding] = (),
    ) -> None:
        """Takes findings and notes in; in strict mode the first finding is raised."""
        found, notes = more
        self.findings += found
        self.notes += notes
        for finding in (*fresh, *found):
            self.dropped[finding.positions[finding.positions >= 0]] = True
        if self.strict and self.findings:
            self._raise()

    def time(self, name: str) -> Timing:
        """The time column's instants, its findings taken in."""
        keys = [n for n, t in self.data.columns.items() if t.column.role in _KEY_ROLES]
        timing = time_column(self.data, name, keys=keys, dropped=self.dropped, strict=self.strict)
        self.add((timing.findings, timing.notes))
        return timing

    def _raise(self) -> None:
        name = _clock(self.data)
        firsts = np.array([f.positions[0] for f in self.findings], dtype=np.int64)
        texts = clock_text(self.data, name, None, firsts)
        raise first_error(self.findings, self.table.label, texts)


def _clock(data: Gathered) -> str:
    """The column by which rows are ordered, "" for none; further times are plain columns."""
    return next((n for n, t in data.columns.items() if t.column.role == "time"), "")
