"""The lines of a PDF page in reading order; ruled tables as rows whose cells are joined by tabs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from qianhang.plan.reading.advances import Pen
from qianhang.plan.reading.grid import grid_lines
from qianhang.plan.reading.ruled import Line, Table, paragraph, tables
from qianhang.plan.reading.unruled import Column, unruled
from qianhang.plan.reading.woven import Piece, base_lines, is_displaced, parted, woven

__all__ = ["INDENT", "page_lines"]

INDENT = "\u3000\u3000"

_THIN = 3.0
# With fewer lines below it, a table reaches the foot of the page.
_FOOT = 2
# Thousandths of an em to the right, as a run of text is told to leave a gap.
_FAR = -200
_FILLED = frozenset({b"f", b"F", b"f*"})
_STROKED = frozenset({b"S", b"s", b"B", b"B*", b"b", b"b*"})


class _Drawing:
    """What a page draws: pieces of text and rules, collected while its text is extracted."""

    def __init__(self) -> None:
        self.pieces: list[Piece] = []
        self.rules: list[Line] = []
        self._boxes: list[tuple[float, float, float, float]] = []
        self._strokes: list[Line] = []
        self._point = (0.0, 0.0)
        self._gaps: list[float] = []
        self._pen = Pen()
        # Whether text was shown behind other text without a place of its own.
        self.unplaced = False

    def text(self, text: str, cm: Sequence[float], tm: Sequence[float], *font: Any) -> None:
        """Takes a piece of text with its matrices, as the library hands them out."""
        plain = text.strip()
        behind = self._pen.taken(*font)
        if plain:
            self.unplaced |= behind > 0
            x, y = _placed(tm[4] + behind * tm[0], tm[5] + behind * tm[1], cm)
            size = float(font[1] or 0) * abs(tm[3] or tm[1] or 1) * abs(cm[3] or cm[1] or 1)
            self.pieces += parted(Piece(plain, x, y, size or 12.0), self._gaps)
            self._gaps = []

    def operator(self, name: bytes, given: Sequence[Any], cm: Sequence[float], _: object) -> None:
        """Takes an operator of the page's program: paths are kept until they are painted."""
        self._pen.operator(name, given)
        if name == b"re" and len(given) == 4:
            x, y, width, height = (float(v) for v in given)
            (x0, y0), (x1, y1) = _placed(x, y, cm), _placed(x + width, y + height, cm)
            self._boxes.append((min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)))
        elif name == b"TJ" and given:
            self._gaps += [-v / 1000 for v in given[0] if isinstance(v, (int, float)) and v < _FAR]
        elif name in (b"m", b"l") and len(given) == 2:
            point = _placed(float(given[0]), float(given[1]), cm)
            if name == b"l":
                self._strokes += _rule(*self._point, *point)
            self._point = point
        elif name in _STROKED or name in _FILLED:
            self._paint(stroked=name in _STROKED)
        elif name == b"n":
            self._boxes, self._strokes = [], []

    def _paint(self, *, stroked: bool) -> None:
        for x0, y0, x1, y1 in self._boxes:
            if min(x1 - x0, y1 - y0) <= _THIN:
                self.rules += _rule(x0, y0, x1, y1)
            elif stroked:
                sides = ((x0, y0, x1, y0), (x0, y1, x1, y1), (x0, y0, x0, y1), (x1, y0, x1, y1))
                self.rules += [line for side in sides for line in _rule(*side)]
        if stroked:
            self.rules += self._strokes
        self._boxes, self._strokes = [], []


def page_lines(page: Any, before: Sequence[Column] = ()) -> tuple[list[str], tuple[Column, ...]]:
    """Lines of text, and the columns of a table without rules that may go on on the next page.

    before : the columns that the page before handed on

    Lines have an indent where a paragraph has one; a page with a ruled table, or
    drawn out of order, is put together by place, others as they come.
    """
    drawing = _Drawing()
    plain: str = page.extract_text(
        visitor_text=drawing.text, visitor_operand_before=drawing.operator
    )
    found = tables(drawing.rules)
    filled = [t for t in found if any(t.cell(p) for p in drawing.pieces)]
    if filled:
        return _mixed(drawing.pieces, filled), ()
    table = unruled(drawing.pieces, before)
    if table:
        lines = [*_set(table.above), *grid_lines(table.rows), *_set(table.below)]
        return lines, table.columns if len(table.below) < _FOOT else ()
    if drawing.unplaced or is_displaced(drawing.pieces):
        return _set(list(base_lines(drawing.pieces))), ()
    lines = [line for line in map(_bare, plain.splitlines()) if line]
    return _inset(lines, _starts(lines, drawing.pieces)), ()


def _bare(line: str) -> str:
    return line.strip(" \u3000\u00a0")


def _set(lines: Sequence[Sequence[Piece]]) -> list[str]:
    return _inset([woven(line) for line in lines], [line[0] for line in lines])


def _inset(lines: Sequence[str], starts: Sequence[Piece]) -> list[str]:
    """The lines, those that begin right of the page's margin marked with two em spaces."""
    counts = Counter(round(s.x) for s in starts)
    # A running head may hang left of the text, so that a margin is what two lines share.
    margin = min((x for x, n in counts.items() if n > 1), default=None)
    if margin is None:
        return list(lines)
    return [
        INDENT + line if start.x - margin > 1.2 * start.size else line
        for line, start in zip(lines, starts, strict=True)
    ]


def _starts(lines: Sequence[str], pieces: Sequence[Piece]) -> list[Piece]:
    """The piece that each line begins with, counted off by characters; none where they differ."""
    owners = [piece for piece in pieces for c in piece.text if not c.isspace()]
    found = []
    place = 0
    for line in lines:
        if place >= len(owners):
            return []
        found.append(owners[place])
        place += sum(not c.isspace() for c in line)
    return found if place == len(owners) else []


def _mixed(pieces: Sequence[Piece], found: Sequence[Table]) -> list[str]:
    """Text above a table, the table, text below it."""
    inside = {id(p) for p in pieces for t in found if t.cell(p)}
    outside = [p for p in pieces if id(p) not in inside]
    lines: list[str] = []
    for table in found:
        above = [p for p in outside if p.y > table.ys[0]]
        outside = [p for p in outside if p.y <= table.ys[0]]
        lines += paragraph(above, room=float("inf"))
        lines += grid_lines(table.rows(pieces))
    return lines + paragraph(outside, room=float("inf"))


def _placed(x: float, y: float, cm: Sequence[float]) -> tuple[float, float]:
    return x * cm[0] + y * cm[2] + cm[4], x * cm[1] + y * cm[3] + cm[5]


def _rule(x0: float, y0: float, x1: float, y1: float) -> list[Line]:
    """A level or upright rule, none for a slanted or a very short one."""
    if abs(y1 - y0) <= _THIN < abs(x1 - x0):
        return [Line(True, (y0 + y1) / 2, min(x0, x1), max(x0, x1))]
    if abs(x1 - x0) <= _THIN < abs(y1 - y0):
        return [Line(False, (x0 + x1) / 2, min(y0, y1), max(y0, y1))]
    return []
