"""Line breaks that belong to the paper, not to the text: inside sentences, and around pages."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["breaks"]

_LINE = re.compile(r"[^\n\r\f]*(?:\r\n|[\n\r\f]|$)")
_BLANK = " \t\u00a0\u2002\u2003\u2009\u3000\r\n\f"
_PAGE = re.compile(r"[—–―-]\s?\d{1,3}\s?[—–―-]$|第\s?\d{1,3}\s?页(?:[\s,/，]*共\s?\d{1,3}\s?页)?$")
_ENDED = re.compile(r"[。；;：:！!？?）)”》.…\d|]$")
# Digits and a point at a line's end, behind text; decimals that no ordinal's mark follows.
_POINT = re.compile(r"[^\s\d.．]\d{1,4}[.．]$")
_DECIMALS = re.compile(r"\d{1,4}(?![\d.．、)）\s])")
_LISTED = re.compile(r"[(（]?[一二三四五六七八九十\d]{1,3}[)）、.．]|第.{1,3}[章节条]")
# How far from the full width a broken line may stay: a mark that may not open a line, an indent.
_SLACK = 3.0
_FEWEST = 12
_NARROWEST, _WIDEST = 18.0, 64.0


@dataclass(frozen=True, slots=True)
class _Row:
    """start, end : the line with its break; left, right : what is printed on it"""

    start: int
    end: int
    left: int
    right: int
    width: float


def breaks(text: str) -> Iterator[tuple[int, int]]:
    """The spans to leave out, so that a sentence set over several lines is one line again.

    A line counts as broken where it is as wide as the page, ends in no stop, and the next has no
    indent of its own. The numbers of pages go, on whatever page.
    """
    rows = [_row(text, found.start(), found.end()) for found in _LINE.finditer(text)]
    pages = {i for i, row in enumerate(rows) if _PAGE.match(text[row.left : row.right])}
    pages |= {j for i in pages for j in _around(rows, i)}
    for i in sorted(pages):
        yield rows[i].start, rows[i].end
    kept = [row for i, row in enumerate(rows) if i not in pages]
    listed = sum(bool(_LISTED.match(text, row.left, row.right)) for row in kept)
    full, margin = _full(kept), _margin(kept)
    # Where nearly every line bears a number, lines are entries, however alike in width.
    if full and listed < 0.7 * sum(bool(row.width) for row in kept):
        for row, following in zip(kept, kept[1:], strict=False):
            indented = following.left - following.start > margin
            stays = indented or following.left == following.right or not row.width
            whole = _ended(text, row) and not _parted(text, row, following)
            if not stays and row.width >= full - _SLACK and not whole:
                yield row.right, row.end
                yield following.start, following.left


def _row(text: str, start: int, end: int) -> _Row:
    printed = text[start:end].strip(_BLANK)
    left = start + (text[start:end].find(printed) if printed else 0)
    right = left + len(printed)
    width = sum(0.5 if char < "\u0100" else 1.0 for char in text[start:right])
    return _Row(start, end, left, right, width if printed else 0.0)


def _around(rows: Sequence[_Row], page: int) -> Iterator[int]:
    """The blank lines beside the number of a page."""
    for step in (-1, 1):
        at = page + step
        while 0 <= at < len(rows) and not rows[at].width:
            yield at
            at += step


def _full(rows: Sequence[_Row]) -> float:
    """How wide a full line is where lines were broken for their width; 0 where they were not."""
    widths = sorted(row.width for row in rows if row.width)
    if len(widths) < _FEWEST:
        return 0.0
    full = widths[int(0.95 * len(widths))]
    filled = sum(abs(width - full) <= _SLACK for width in widths)
    wider = sum(width > full + _SLACK + 1 for width in widths)
    broken = filled >= 0.3 * len(widths) and wider <= 0.03 * len(widths)
    return full if _NARROWEST <= full <= _WIDEST and broken else 0.0


def _margin(rows: Sequence[_Row]) -> int:
    """The blanks before most lines: those of the page."""
    indents = sorted(row.left - row.start for row in rows if row.width)
    return indents[len(indents) // 4] if indents else 0


def _parted(text: str, row: _Row, following: _Row) -> bool:
    """Whether a decimal number begins on one line and ends on the next (1. and 2)."""
    opened = _POINT.search(text, row.left, row.right)
    return opened is not None and bool(_DECIMALS.match(text, following.left, following.right))


def _ended(text: str, row: _Row) -> bool:
    printed = text[row.left : row.right]
    return "\t" in printed or _ENDED.search(printed) is not None
