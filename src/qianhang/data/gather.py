"""Blocks of raw cells become whole typed columns, each cell read once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from qianhang.core.manifest import Column
from qianhang.data import codes
from qianhang.data.cells import as_text, blank, to_flags, to_numbers, to_words
from qianhang.data.findings import Finding
from qianhang.data.header import Match
from qianhang.data.readers.blocks import Block, RowMap, Table
from qianhang.data.stamps import EXPECTED, NOT_A_TIME, to_stamps

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Gathered", "Typed", "gather"]


@dataclass(slots=True)
class Typed:
    """One column while its blocks come in; `kind` is the contract's type, or "code".

    parts : per block (k,) float64, (k,) int64 ns, or an arrow string array
    bad : (position, cell as written) of cells of another type; at most `keep` cells are kept
    """

    name: str
    column: Column
    kind: str
    decimal_comma: bool
    keep: int
    parts: list[Any] = field(default_factory=list)
    aware: list[np.ndarray] = field(default_factory=list)
    serial: bool = False
    bad_positions: list[np.ndarray] = field(default_factory=list)
    bad_cells: list[str] = field(default_factory=list)

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
        self.parts.append(values)
        if not bad.any():
            return
        positions = np.flatnonzero(bad)
        self.bad_positions.append(positions + start)
        room = max(self.keep - len(self.bad_cells), 0)
        some = positions[:room] if self.keep else positions
        self.bad_cells += [str(c) for c in _take(cells, some)]

    def numbers(self) -> np.ndarray:
        """All blocks (n,) of a number, code, boolean or time column; the blocks are given up."""
        dtype = np.int64 if self.kind == "time" else np.float64
        whole = np.concatenate(self.parts) if self.parts else np.empty(0, dtype=dtype)
        self.parts = [whole]
        return whole

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
        full, empty = _without_blanks(block, wanted)
        blanks.append(empty + raw)
        for name, place in match.positions.items():
            if full.count:
                typed[name].add(full.cells[place], count)
        raw += block.count
        count += full.count
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


def _without_blanks(block: Block, wanted: Sequence[int]) -> tuple[Block, np.ndarray]:
    """The block without records whose every wanted cell is empty, and their positions in it."""
    import pandas as pd

    empty = np.ones(block.count, dtype=bool)
    for place in wanted if block.count else ():
        empty &= blank(block.cells[place])
        if not empty.any():
            return block, np.empty(0, dtype=np.int64)
    keep = ~empty
    cells = {
        w: c[keep] if isinstance(c, pd.Series) else c.filter(keep) for w, c in block.cells.items()
    }
    return Block(int(keep.sum()), cells, block.ragged), np.flatnonzero(empty)


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
