"""A plan's text for a browser: the part around a place, and places as a browser counts them."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from qianhang.plan.items import Item

__all__ = ["Passage", "Place", "Places", "marked", "passage", "pieces"]

# Of a text up to the first length everything is sent, of a longer one so much around a place.
WHOLE, WINDOW = 60_000, 30_000
_HEADING = 160
_ASTRAL = re.compile("[\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of the text, start to end of `length` characters; text : as a page can hold it."""

    text: str
    start: int
    end: int
    length: int

    @property
    def whole(self) -> bool:
        """Whether nothing is left out."""
        return self.end - self.start == self.length

    def part(self, start: int, end: int) -> str:
        """The text from one place to another, both counted in the whole text."""
        return self.text[start - self.start : end - self.start]


@dataclass(frozen=True, slots=True)
class Place:
    """From where to where an item stands, counted in UTF-16 units as scripts count them."""

    start: int
    end: int


class Places:
    """Offsets of a text, in characters, as offsets in UTF-16 units."""

    def __init__(self, text: str) -> None:
        self._astral = [m.start() for m in _ASTRAL.finditer(text)]
        self._text = text

    def at(self, offset: int) -> int:
        """The same place in UTF-16 units."""
        return offset + bisect_left(self._astral, offset)

    def of(self, item: Item) -> Place | None:
        """The place to be marked; None for what was added by hand."""
        span = marked(self._text, item)
        return Place(self.at(span[0]), self.at(span[1])) if span else None


def marked(text: str, item: Item) -> tuple[int, int] | None:
    """From where to where an item is marked: of a whole section or task only its first line."""
    if not 0 <= item.start < item.end <= len(text):
        return None
    if item.kind not in ("section", "task"):
        return item.start, item.end
    line = text.find("\n", item.start, min(item.end, item.start + _HEADING))
    return item.start, line if line > item.start else min(item.end, item.start + _HEADING)


def passage(text: str, *, around: int = 0) -> Passage:
    """The whole text, or of a long one whole lines around a place."""
    if len(text) <= WHOLE:
        return Passage(_shown(text), 0, len(text), len(text))
    around = min(max(around, 0), len(text))
    first = max(0, around - WINDOW // 2)
    start = text.rfind("\n", max(0, first - 2_000), first) + 1 if first else 0
    start = start or first
    last = min(len(text), start + WINDOW)
    stop = text.find("\n", last, last + 2_000)
    end = stop + 1 if stop >= 0 else last
    return Passage(_shown(text[start:end]), start, end, len(text))


def pieces(shown: Passage, spans: Iterable[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """The passage cut where marks begin and end, each piece with whether it is marked."""
    at = shown.start
    for first, last in sorted(spans):
        start, end = max(first, at), min(last, shown.end)
        if start < end:
            if start > at:
                yield shown.part(at, start), False
            yield shown.part(start, end), True
            at = end
    if at < shown.end:
        yield shown.part(at, shown.end), False


def _shown(text: str) -> str:
    """The text as a browser keeps it, of the same length: a parser of HTML would join the two
    signs that end a line on some systems, and drop what is no sign at all."""
    return text.replace("\r\n", "\u200b\n").replace("\r", "\n").replace("\0", "\ufffd")
