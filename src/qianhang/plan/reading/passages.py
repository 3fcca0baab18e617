"""Paragraphs as they were meant: hard line breaks and stray spaces gone, every place kept."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qianhang.plan.reading.outline import Heading

__all__ = ["Passage", "passages"]

# A line that ends so goes on in the next one, unless that one opens a new item.
_OPEN = re.compile(r"[^。;:!?.)\]】》”\"\s]\s*$")
_ITEM = re.compile(
    r"\s*(?:[一二三四五六七八九十]{1,3}[、.]|\([一二三四五六七八九十\d]{1,3}\)|\d{1,2}[、.](?!\d)"
    r"|[①-⑳]|[—―–-]{1,2}|[•●◆■▪·*]|第[一二三四五六七八九十\d]+[章节条]|专栏|附件|注:|表\d)"
)
# A decimal number broken at its point.
_POINT = re.compile(r"[^\s\d.]\d{1,4}\.$")
_DECIMALS = re.compile(r"\d{1,4}(?![\d.、)\s])")
_SPACE = re.compile(r"(?<![A-Za-z])[ \u3000]+(?=[\w%(“])|(?<=[^\x00-\x7f])[ \u3000]+")
# Print lines shorter than this end a paragraph: a heading, an addressee, a signature.
_PRINTED = 24


@dataclass(frozen=True, slots=True)
class Passage:
    """One paragraph: at[i] is the folded place of character i; heading is that which it is under,
    -1 before the first."""

    text: str
    at: Sequence[int]
    heading: int

    def place(self, start: int, end: int) -> tuple[int, int]:
        """The folded span of a span of this passage."""
        return self.at[start], self.at[end - 1] + 1


def passages(text: str, span: tuple[int, int], headings: Sequence[Heading]) -> list[Passage]:
    """The paragraphs of a span of folded text; rows of tables (cells between TABs) stay whole."""
    starts = [h.start for h in headings]
    found = []
    for begin, stop in _paragraphs(text, span, frozenset(starts)):
        for a, b in _split(begin, stop, starts):
            if text[a:b].strip():
                found.append(_passage(text, a, b, bisect_right(starts, a) - 1))
    return found


def _paragraphs(
    text: str, span: tuple[int, int], starts: frozenset[int]
) -> Iterator[tuple[int, int]]:
    """Lines, joined where one was broken in mid-sentence."""
    begin = place = span[0]
    while place < span[1]:
        newline = text.find("\n", place, span[1])
        stop = span[1] if newline < 0 else newline
        if not _continues(text, place, stop, starts):
            yield begin, stop
            begin = stop + 1
        place = stop + 1
    if begin < span[1]:
        yield begin, span[1]


def _continues(text: str, start: int, stop: int, starts: frozenset[int]) -> bool:
    """Whether the line [start, stop) goes on in the next one."""
    line = text[start:stop]
    following = text[stop + 1 : stop + 60].split("\n", 1)[0]
    if "\t" in line or "\t" in following or not following.strip():
        return False
    if len(line.strip()) < _PRINTED:
        return False
    if _POINT.search(line[-6:]) and _DECIMALS.match(following):
        return stop + 1 not in starts
    if not _OPEN.search(line[-4:]):
        return False
    inset = len(following) - len(following.lstrip())
    return inset < 2 and stop + 1 + inset not in starts and not _ITEM.match(following)


def _split(begin: int, stop: int, starts: Sequence[int]) -> Iterator[tuple[int, int]]:
    """A paragraph cut where a heading opens inside it."""
    for i in range(bisect_right(starts, begin), bisect_right(starts, stop - 1)):
        yield begin, starts[i]
        begin = starts[i]
    yield begin, stop


def _passage(text: str, start: int, end: int, heading: int) -> Passage:
    raw = text[start:end]
    if "\t" in raw:
        return Passage(raw, range(start, end), heading)
    kept: list[int] = []
    last = 0
    for gap in re.finditer(r"\n[ \u3000]*", raw):
        kept += range(last, gap.start())
        last = gap.end()
    kept += range(last, len(raw))
    joined = "".join(raw[i] for i in kept)
    drop = {i for gap in _SPACE.finditer(joined) for i in range(*gap.span())}
    if drop:
        kept = [place for i, place in enumerate(kept) if i not in drop]
    return Passage("".join(raw[i] for i in kept), [start + i for i in kept], heading)
