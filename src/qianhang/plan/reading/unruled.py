"""Tables without rules on a PDF page: columns by the place of known headings, rows by what stands
beside each number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qianhang.plan.reading.columns import is_header
from qianhang.plan.reading.ruled import paragraph
from qianhang.plan.reading.woven import Piece, base_lines, extent, woven

__all__ = ["Column", "Unruled", "unruled"]

_FEWEST = 3
# In ems: room between two cells of a header, of a body; how far a cell may reach into another.
_APART = (0.12, 0.45, 1.2, 2.5)
_BODY, _LAP, _LATIN = 0.1, 0.7, 0.1
# Lines of a cell stand closer than those of two; of a header at most so many.
_PITCH, _HEAD = 1.3, 3


@dataclass(frozen=True, slots=True)
class Column:
    """What a column's header says, and from where to where its text reaches, in points."""

    name: str
    low: float
    high: float

    def lap(self, low: float, high: float) -> float:
        """How much of a stretch stands in the column, below zero where none does."""
        return min(self.high, high) - max(self.low, low)


@dataclass(frozen=True, slots=True)
class Unruled:
    """A page with a table: the lines above it, its rows as cells, the lines below."""

    above: list[list[Piece]]
    rows: list[list[list[str]]]
    below: list[list[Piece]]
    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class _Block:
    """Lines of one column that follow each other closely, from top to bottom."""

    column: int
    lines: list[list[Piece]]

    @property
    def top(self) -> float:
        return self.lines[0][0].y

    @property
    def bottom(self) -> float:
        return self.lines[-1][0].y


def unruled(pieces: Sequence[Piece], before: Sequence[Column] = ()) -> Unruled | None:
    """The table under a line of known headings, or, where the page before ended inside a table
    with the columns `before`, the rows that go on; None where there is none."""
    lines = list(base_lines(pieces))
    first, last, columns = _head(lines)
    if not columns and before:
        first, last, columns = 0, 0, tuple(before)
    if not columns:
        return None
    held: list[list[tuple[int, list[Piece]]]] = []
    end = last
    for line in lines[last:]:
        placed = _placed(line, columns)
        if placed is None:
            break
        columns = _widened(columns, placed)
        held.append(placed)
        end += 1
    rows = _rows(held, columns)
    if not rows or (not last and not _goes_on(rows)):
        return None
    heads = [[[column.name] for column in columns]] if last else []
    return Unruled(lines[:first], heads + rows, lines[end:], columns)


def _goes_on(rows: Sequence[Sequence[Sequence[str]]]) -> bool:
    """Whether rows without a header above them are told by their numbers."""
    return len(rows) > 1 and all("".join(row[0]).isdigit() for row in rows)


def _head(lines: Sequence[Sequence[Piece]]) -> tuple[int, int, tuple[Column, ...]]:
    """From which line to which the header reaches, and its columns, none where there is none."""
    for first in range(len(lines)):
        found: tuple[int, int, tuple[Column, ...]] | None = None
        for much in range(1, _HEAD + 1):
            for apart in _APART:
                columns = _columns(lines[first : first + much], apart)
                if len(columns) >= _FEWEST and is_header([c.name for c in columns]):
                    found = first, first + much, columns
                    break
        if found:
            return found
    return 0, 0, ()


def _columns(lines: Sequence[Sequence[Piece]], apart: float) -> tuple[Column, ...]:
    """The stretches of some lines, those above each other taken together."""
    found: list[Column] = []
    for run in (run for line in lines for run in _runs(line, apart)):
        low, high = run[0].x, extent(run)
        same = next((c for c in found if c.lap(low, high) > 0), None)
        if same is None:
            found.append(Column(woven(run), low, high))
        else:
            name = same.name + woven(run)
            found[found.index(same)] = Column(name, min(low, same.low), max(high, same.high))
    return tuple(sorted(found, key=lambda c: c.low))


def _runs(line: Sequence[Piece], apart: float) -> Iterator[list[Piece]]:
    """Pieces of a line that stand side by side."""
    held: list[Piece] = []
    for piece in line:
        # The width of Latin letters is the less known the more there are.
        latin = sum(char.isascii() for char in held[-1].text) if held else 0
        if held and piece.x - extent(held) > (apart + _LATIN * latin) * piece.size:
            yield held
            held = []
        held.append(piece)
    if held:
        yield held


def _placed(
    line: Sequence[Piece], columns: Sequence[Column]
) -> list[tuple[int, list[Piece]]] | None:
    """The stretches of a line with their columns, None where one reaches over two."""
    found: list[tuple[int, list[Piece]]] = []
    for run in _runs(line, _BODY):
        low, high = run[0].x, extent(run)
        laps = [column.lap(low, high) for column in columns]
        if sum(lap > _LAP * run[0].size for lap in laps) > 1:
            return None
        near = found and max(laps) <= 0 and low - extent(found[-1][1]) < run[0].size
        found.append((found[-1][0] if near else laps.index(max(laps)), run))
    return found


def _widened(
    columns: Sequence[Column], placed: Sequence[tuple[int, list[Piece]]]
) -> tuple[Column, ...]:
    found = list(columns)
    for index, run in placed:
        old = found[index]
        found[index] = Column(old.name, min(old.low, run[0].x), max(old.high, extent(run)))
    return tuple(found)


def _rows(
    held: Sequence[Sequence[tuple[int, list[Piece]]]], columns: Sequence[Column]
) -> list[list[list[str]]]:
    """The cells of each row: what stands beside the first column's entries."""
    blocks = _blocks(held, len(columns))
    anchors = _anchors(blocks)
    cells: list[list[list[Piece]]] = [[[] for _ in columns] for _ in anchors]
    for block in blocks if anchors else ():
        beside = [i for i, a in enumerate(anchors) if _beside(a, block)]
        if not beside:
            middle = (block.top + block.bottom) / 2
            beside = [min(range(len(anchors)), key=lambda i: _away(anchors[i], middle))]
        for line in block.lines:
            # Where a block passes several entries, cells begin level with them.
            at = next((i for i in reversed(beside) if anchors[i].top >= line[0].y - 1), beside[0])
            cells[at][block.column] += line
    rooms = [column.high - column.low for column in columns]
    return [
        [paragraph(cell, room=room) for cell, room in zip(row, rooms, strict=True)] for row in cells
    ]


def _beside(anchor: _Block, block: _Block) -> bool:
    middle = (anchor.top + anchor.bottom) / 2
    return block.bottom - 1 <= middle <= block.top + 1


def _away(anchor: _Block, y: float) -> float:
    return abs((anchor.top + anchor.bottom) / 2 - y)


def _blocks(held: Sequence[Sequence[tuple[int, list[Piece]]]], much: int) -> list[_Block]:
    by_column: list[list[list[Piece]]] = [[] for _ in range(much)]
    for placed in held:
        for index, run in placed:
            lines = by_column[index]
            if lines and abs(lines[-1][0].y - run[0].y) < 1:
                lines[-1] = lines[-1] + run
            else:
                lines.append(run)
    steps = [a[0].y - b[0].y for ls in by_column for a, b in zip(ls, ls[1:], strict=False)]
    pitch = min(steps, default=0.0)
    return [block for i, ls in enumerate(by_column) for block in _close(ls, i, pitch)]


def _close(lines: Sequence[list[Piece]], column: int, pitch: float) -> Iterator[_Block]:
    held: list[list[Piece]] = []
    for line in lines:
        if held and held[-1][0].y - line[0].y > _PITCH * pitch:
            yield _Block(column, held)
            held = []
        held.append(line)
    if held:
        yield _Block(column, held)


def _anchors(blocks: Sequence[_Block]) -> list[_Block]:
    """The entries of the first column, from top to bottom: every figure one, else every block."""
    first = [block for block in blocks if block.column == 0]
    lines = [line for block in first for line in block.lines]
    if lines and all(woven(line).strip(" .、()").isdigit() for line in lines):
        return [_Block(0, [line]) for line in lines]
    return first
