"""Ruled tables of a PDF page: lines and pieces of text, by place, to rows of cells."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from qianhang.plan.reading.grid import DITTO
from qianhang.plan.reading.woven import Piece, base_lines, woven

__all__ = ["Line", "Piece", "Table", "paragraph", "tables"]

# Points: rules drawn twice or cell by cell lie this close; cells are larger than this.
_NEAR = 2.5
_MOST_RULES = 4000
# Units on lines of their own, which fill a narrow cell though they do not go on.
_NAMED = re.compile("(?:局|委|办|厅|院|部|署|府|会|司|社|行|心|区|团)$")
_NAMES = re.compile("[省市县区州各国]")


@dataclass(frozen=True, slots=True)
class Line:
    """A rule in points: level at `at` from `low` to `high`, or upright with the axes exchanged."""

    level: bool
    at: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Table:
    """The columns' and rows' bounds, left to right and top to bottom, and the rules between."""

    xs: tuple[float, ...]
    ys: tuple[float, ...]
    rules: tuple[Line, ...]

    def cell(self, piece: Piece) -> tuple[int, int] | None:
        """Row and column that hold a piece, None where it stands outside."""
        x, y = piece.x + piece.size / 4, piece.y + piece.size / 4
        column = _slot(x, self.xs)
        row = _slot(-y, [-b for b in self.ys])
        return None if row is None or column is None else (row, column)

    def rows(self, pieces: Iterable[Piece]) -> list[list[list[str]]]:
        """The cells' lines: a ditto under a merged cell, blanks beside one."""
        first = self._merged()
        held: dict[tuple[int, int], list[Piece]] = {}
        for piece in pieces:
            place = self.cell(piece)
            if place is not None:
                held.setdefault(first[place], []).append(piece)
        found = []
        for row in range(len(self.ys) - 1):
            line: list[list[str]] = []
            for column in range(len(self.xs) - 1):
                top, left = first[row, column]
                room = self.xs[column + 1] - self.xs[column]
                own = paragraph(held.get((row, column), ()), room=room)
                line.append(own if top == row else [DITTO] if left == column else [])
            found.append(line)
        return found

    def _merged(self) -> dict[tuple[int, int], tuple[int, int]]:
        """Cell -> the first cell of the area that no rule divides."""
        first: dict[tuple[int, int], tuple[int, int]] = {}
        for row in range(len(self.ys) - 1):
            for column in range(len(self.xs) - 1):
                place = row, column
                middle = (self.xs[column] + self.xs[column + 1]) / 2
                height = (self.ys[row] + self.ys[row + 1]) / 2
                first[place] = place
                if column and not self._ruled(level=False, at=self.xs[column], along=height):
                    first[place] = first[row, column - 1]
                elif row and not self._ruled(level=True, at=self.ys[row], along=middle):
                    first[place] = first[row - 1, column]
        return first

    def _ruled(self, *, level: bool, at: float, along: float) -> bool:
        return any(
            r.level == level and abs(r.at - at) <= _NEAR and r.low <= along <= r.high
            for r in self.rules
        )


def tables(rules: Sequence[Line]) -> list[Table]:
    """Tables of at least two rows and two columns, from top to bottom."""
    joined = _joined(rules[:_MOST_RULES])
    found = []
    for group in _groups(joined):
        xs = _bounds(r.at for r in group if not r.level)
        ys = _bounds(r.at for r in group if r.level)
        if len(xs) > 2 and len(ys) > 2:
            found.append(Table(tuple(xs), tuple(reversed(ys)), tuple(group)))
    return sorted(found, key=lambda t: -t.ys[0])


def paragraph(pieces: Iterable[Piece], *, room: float) -> list[str]:
    """The lines of a cell `room` points wide; one that fills it goes on in the next."""
    found: list[str] = []
    full = False
    for line in base_lines(pieces):
        text = woven(line)
        if found and full and not (_NAMED.search(found[-1]) and _NAMES.match(text)):
            found[-1] += text
        else:
            found.append(text)
        width = sum(p.size * (1 if c > "\u2e80" else 0.5) for p in line for c in p.text)
        # Left free: the cell's own margins, a character too many, one kept with its punctuation.
        full = width > room - 3.2 * line[0].size
    return found


def _slot(value: float, bounds: Sequence[float]) -> int | None:
    for i in range(len(bounds) - 1):
        if bounds[i] - _NEAR <= value < bounds[i + 1]:
            return i
    return None


def _bounds(places: Iterable[float]) -> list[float]:
    """Distinct places in order, those nearer than cells are large taken as one."""
    found: list[float] = []
    for place in sorted(places):
        if not found or place - found[-1] > 2 * _NEAR:
            found.append(place)
    return found


def _joined(rules: Sequence[Line]) -> list[Line]:
    """Rules that go on in each other made one, so that a table has few."""
    found: list[Line] = []
    ordered = sorted(rules, key=lambda r: (r.level, round(r.at / _NEAR), r.low))
    for rule in ordered:
        last = found[-1] if found else None
        if (
            last is not None
            and last.level == rule.level
            and abs(last.at - rule.at) <= _NEAR
            and rule.low <= last.high + _NEAR
        ):
            found[-1] = Line(last.level, last.at, last.low, max(last.high, rule.high))
        else:
            found.append(rule)
    return found


def _groups(rules: Sequence[Line]) -> list[list[Line]]:
    """Rules that touch, directly or through others."""
    left, found = list(rules), []
    while left:
        group, fresh = [], [left.pop()]
        while fresh:
            rule = fresh.pop()
            group.append(rule)
            near = [other for other in left if _touch(rule, other)]
            fresh += near
            left = [other for other in left if other not in near]
        found.append(group)
    return found


def _touch(one: Line, other: Line) -> bool:
    if one.level == other.level:
        return False
    return (
        one.low - _NEAR <= other.at <= one.high + _NEAR
        and other.low - _NEAR <= one.at <= other.high + _NEAR
    )
