"""Pieces of a page's text put in the order of the line, where they were drawn in another one.

Some writers draw a run of one font first, with gaps, and the marks and figures of another font
into the gaps: a piece then stands inside another, or behind what it precedes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

__all__ = ["Piece", "base_lines", "extent", "is_displaced", "parted", "woven"]

# Points: base lines of one line of print lie this close.
_NEAR = 2.5
# In ems: how far from its estimated place a gap may stand; how far a piece may lap over the next;
# how much room is a blank.
_GAP, _LAP, _APART = 2.2, 0.75, 0.9
# Ems that characters take: most fonts' digits, wide ones, marks.
_WIDE, _DIGIT, _MARK, _CAPITAL, _SPACE = 1.0, 0.5, 0.44, 0.68, 0.25
_DASHES = {"\u2e3a": 2.0, "\u2e3b": 3.0}


@dataclass(frozen=True, slots=True)
class Piece:
    """Text that begins at x on the base line y, in points, of a font of this size."""

    text: str
    x: float
    y: float
    size: float


def is_displaced(pieces: Sequence[Piece]) -> bool:
    """Whether a piece was drawn behind one on its line that stands to the right of it."""
    return any(
        abs(one.y - other.y) <= _NEAR and other.x < one.x + _width(one) - _LAP * one.size
        for one, other in zip(pieces, pieces[1:], strict=False)
    )


def base_lines(pieces: Iterable[Piece]) -> Iterator[list[Piece]]:
    """Pieces on one base line, from top to bottom, each from left to right."""
    held: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: -p.y):
        if held and held[-1].y - piece.y > _NEAR:
            yield sorted(held, key=lambda p: p.x)
            held = []
        held.append(piece)
    if held:
        yield sorted(held, key=lambda p: p.x)


def parted(piece: Piece, gaps: Sequence[float]) -> list[Piece]:
    """A piece drawn in one go with gaps of so many ems: one for each of its runs, at its place.

    A gap between two words in Latin letters is a blank, and one that the text does not show is
    not known.
    """
    runs = piece.text.split(" ")
    if not gaps or len(runs) != len(gaps) + 1:
        return [piece]
    found = [replace(piece, text=runs[0])]
    x = piece.x + _width(found[0])
    for run, gap in zip(runs[1:], gaps, strict=True):
        x += gap * piece.size
        last = found[-1]
        if (last.text[-1:] + run[:1]).isascii() and (last.text[-1:] + run[:1]).isalnum():
            found[-1] = replace(last, text=f"{last.text} {run}")
        else:
            found.append(replace(piece, text=run, x=x))
        x += _width(replace(piece, text=run))
    return [one for one in found if one.text]


def woven(line: Sequence[Piece]) -> str:
    """The text of a line whose pieces come from left to right, those that stand inside another
    put where they were drawn; a wide gap between two is a blank."""
    done = ""
    host: Piece | None = None
    for piece in line:
        cut = None if host is None else _cut(host, piece)
        if host is None or cut is None:
            done += host.text + " " * _apart(host, piece) if host else ""
            host = piece
        else:
            done += host.text[:cut].rstrip() + piece.text
            host = replace(host, text=host.text[cut:].lstrip(), x=piece.x + _width(piece))
    return done + (host.text if host else "")


def _apart(one: Piece, other: Piece) -> bool:
    """Whether more room is left between two than the estimate of their width may be wrong by."""
    latin = sum(char.isascii() for char in one.text)
    return other.x - one.x - _width(one) > (_APART + 0.12 * latin) * one.size


def _cut(host: Piece, piece: Piece) -> int | None:
    """Where in its text a piece has room for one that begins inside it, None where it ends before:
    at the nearest gap, else between the characters that stand there."""
    room = piece.x - host.x
    if room >= _width(host) - _LAP * host.size:
        return None
    x, best, near = 0.0, 0, abs(room)
    gap, off = None, _GAP * host.size
    for i, char in enumerate(host.text):
        if char == " " and abs(room - x) < off:
            gap, off = i, abs(room - x)
        if abs(room - x) < near:
            best, near = i, abs(room - x)
        x += _ems(char) * host.size
    return best if gap is None else gap


def extent(run: Sequence[Piece]) -> float:
    """Where the last of some pieces from left to right ends, by the usual width of characters."""
    return run[-1].x + _width(run[-1])


def _width(piece: Piece) -> float:
    return sum(map(_ems, piece.text)) * piece.size


def _ems(char: str) -> float:
    if char == " ":
        return _SPACE
    if char in _DASHES:
        return _DASHES[char]
    if unicodedata.east_asian_width(char) in "WF" or char in "—…":
        return _WIDE
    if char.isdigit() or char.islower():
        return _DIGIT
    return _CAPITAL if char.isupper() else _MARK
