"""Blocks of raw cells become whole typed columns, each cell read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from qianhang.core.manifest import Column
from qianhang.data import codes
from qianhang.data.cells import as_text, to_flags, to_numbers, to_words
from qianhang.data.findings import Finding
from qianhang.data.header import Match
from qianhang.data.readers.blocks import RowMap, Table
from qianhang.data.stamps import EXPECTED, NOT_A_TIME, to_stamps

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Gathered", "Typed", "gather"]


class Growing:
    """An array that takes blocks and grows in place, so that no second copy of it ever exists."""

    def __init__(self, dtype: type) -> None:
        self._held: np.ndarray = np.empty(1 << 12, dtype=dtype)
        self._size = 0

    def add(self, values: np.ndarray) -> None:
        """Appends values (k,)."""
        end = self._size + len(values)
        if end > len(self._held):
            # nobody else holds it before `whole`
            self._held.resize(max(end, len(self._held) * 3 // 2), refcheck=False)
        self._held[self._size : end] = values
        self._size = end

    def whole(self) -> np.ndarray:
        """Everything appended, (n,); nothing may be appended any more."""
        if len(self._held) != self._size:
            self._held.resize(self._size, refcheck=False)
        return self._held

    def replace(self, values: np.ndarray) -> None:
        """Puts other values (n,) in the place of all."""
        self._held, self._size = values, len(values)


@dataclass(slots=True)
class Typed:
    """One column while its blocks come in; `kind` is the contract's type, or "code".

    held : numbers (n,) float64, or times (n,) int64 ns; parts : arrow string arrays of the rest
    bad : (position, cell as written) of cells of another type; at most `keep` cells are kept
    """

    name: str
    column: Column
    kind: str
    decimal_comma: bool
    keep: int
    parts: list[Any] = field(default_factory=list)
    held: Growing = field(init=False)
    aware: list[np.ndarray] = field(default_factory=list)
    serial: bool = False
    bad_positions: list[np.ndarray] = field(default_factory=list)
    bad_cells: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.held = Growing(np.int64 if self.kind == "time" else np.float64)

    def add(self, cells: Any, start: int) -> None:
        """Takes one block's cells, whose first record has position `start`."""
        if self.kind == "time":
            stamps = to_stamps(cells)
            self.aware.append(stamps.aware)
            self.serial |= stamps.serial
            self._keep(stamps.ns, stamps.bad, cells, start)
        elif self.kind in ("category", "text"):
            self.parts.append(to_words(cells) if self.kind == "category" else as_text(cells))
        else:
            flags = self.kind == "boolean"
            parsed = (
                to_flags(cells) if flags else to_numbers(cells, decimal_comma=self.decimal_comma)
            )
            self._keep(parsed.values, parsed.bad, cells, start)

    def _keep(self, values: np.ndarray, bad: np.ndarray, cells: Any, start: int) -> None:
        self.held.add(values)
        if not bad.any():
            return
        positions = np.flatnonzero(bad)
        self.bad_positions.append(positions + start)
        room = max(self.keep - len(self.bad_cells), 0)
        some = positions[:room] if self.keep else positions
        self.bad_cells += [str(c) for c in _take(cells, some)]

    def numbers(self) -> np.ndarray:
        """All blocks (n,) of a number, code, boolean or time column."""
        return self.held.whole()

    def words(self) -> pa.ChunkedArray:
        """All blocks (n,) of a text or category column."""
        import pyarrow as pa

        kind = pa.dictionary(pa.int32(), pa.string()) if self.kind == "category" else pa.string()
        return pa.chunked_array(self.parts, type=kind)

    def missing(self) -> np.ndarray:
        """True (n,) where there is no value, bad cells included."""
        if self.kind in ("category", "text"):
            return np.asarray(self.words().is_null().to_numpy())
        values = self.numbers()
        mask: np.ndarray = values == NOT_A_TIME if self.kind == "time" else np.isnan(values)
        return mask


@dataclass(frozen=True, slots=True)
class Gathered:
    """A whole table: typed columns of `count` records, rows of the file, findings about cells."""

    label: str
    count: int
    columns: Mapping[str, Typed]
    rows: RowMap
    blank_rows: int
    findings: tuple[Finding, ...]


def gather(table: Table, match: Match, columns: Mapping[str, Column], *, keep: int) -> Gathered:
    """Every matched column of the table, typed.

    keep : how many offending cells to remember for each column; 0 for all
    """
    typed = {
        n: Typed(n, columns[n], _kind(columns[n]), table.decimal_comma, keep)
        for n in match.positions
    }
    wanted = list(match.positions.values())
    ragged: list[tuple[int, int]] = []
    blanks: list[np.ndarray] = []
    raw = count = 0
    for block in table.blocks(wanted):
        ragged += block.ragged
        blanks.append(block.blank + raw)
        for name, place in match.positions.items():
            if block.count:
                typed[name].add(block.cells[place], count)
        raw += block.count + len(block.blank)
        count += block.count
    skipped = np.array(sorted(r for r, _ in ragged), dtype=np.int64)
    empty_rows = RowMap(table.first_row, skipped).rows(np.concatenate([*blanks, np.empty(0, int)]))
    rows = RowMap(table.first_row, np.union1d(skipped, empty_rows))
    findings = [_of_type(t, rows) for t in typed.values() if t.bad_positions]
    findings += [_ragged(ragged, len(table.names))] if ragged else []
    return Gathered(table.label, count, typed, rows, len(empty_rows), tuple(findings))


def _kind(column: Column) -> str:
    coded = column.values and all(isinstance(v, int | float) for v in column.values)
    return "code" if column.type == "category" and coded else column.type


def _take(cells: Any, positions: np.ndarray) -> list[Any]:
    """The raw cells at the positions."""
    import pandas as pd

    if isinstance(cells, pd.Series):
        return cells.iloc[positions].tolist()
    return [cells[int(p)].as_py() for p in positions]


def _of_type(typed: Typed, rows: RowMap) -> Finding:
    """The finding about cells of another type than the contract's."""
    positions = np.concatenate(typed.bad_positions)
    time = typed.kind == "time"
    expected = EXPECTED if time else "true or false" if typed.kind == "boolean" else "a number"
    if typed.column.unit and not time:
        expected += f" in {typed.column.unit}"
    return Finding(
        codes.TIME_UNREADABLE if time else codes.WRONG_TYPE,
        typed.name,
        rows.rows(positions),
        positions,
        [repr(cell[:60]) for cell in typed.bad_cells],
        expected,
        _type_hint(typed),
    )


def _type_hint(typed: Typed) -> str:
    cell = typed.bad_cells[0].strip()
    if typed.kind == "time":
        return "write year-month-day hour:minute" if cell[:2].isdigit() else ""
    if typed.kind == "boolean":
        return ""
    bare = cell.replace(",", "").replace(" ", "")
    if bare != cell and bare.replace(".", "", 1).lstrip("+-").isdigit():
        return "write numbers without thousands separators"
    if typed.column.unit and cell[:1].isdigit():
        return "write the number without its unit"
    return "leave the cell empty where there is no value"


def _ragged(ragged: list[tuple[int, int]], cells: int) -> Finding:
    ragged = sorted(ragged)
    rows = np.array([r for r, _ in ragged], dtype=np.int64)
    found = [f"{n} cells" for _, n in ragged]
    hint = "does a cell hold the delimiter without quotation marks?"
    return Finding(
        codes.RAGGED_ROW, "", rows, np.full(len(rows), -1), found, f"{cells} cells", hint
    )
