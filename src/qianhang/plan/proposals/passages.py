"""The pieces in which a plan is put to a model: a section's own words, long ones in parts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from qianhang.plan.items import Item

__all__ = ["Passage", "passages"]

LONGEST = 4000
# What is shorter holds a heading and nothing else.
_SHORTEST = 20
_ENDS = re.compile(r"[。；！？\n]")


@dataclass(frozen=True, slots=True)
class Passage:
    """Characters [start, end) of the text, which belong to one section and to none below it.

    section : its path, "" for what stands before the first heading or outside all sections
    """

    section: str
    title: str
    start: int
    end: int


def passages(text: str, sections: Sequence[Item]) -> tuple[Passage, ...]:
    """The text in order, heading by heading, without those that have no words of their own.

    sections : the plan's section items
    """
    placed = sorted((s for s in sections if s.start >= 0), key=lambda s: s.start)
    found: list[Passage] = []
    for each in _whole(text, placed):
        words = text[each.start : each.end].strip()
        if len(words.removeprefix(each.title)) >= _SHORTEST:
            found += _parts(text, each)
    return tuple(found)


def _whole(text: str, placed: Sequence[Item]) -> Iterator[Passage]:
    """Every stretch between two headings, and what lies outside the sections."""
    covered = 0
    for i, section in enumerate(placed):
        if section.start > covered:
            yield Passage("", "", covered, section.start)
        after = placed[i + 1].start if i + 1 < len(placed) else len(text)
        end = max(section.start, min(section.end, after))
        yield Passage(section.section, section.name, section.start, end)
        covered = max(covered, end)
    if covered < len(text):
        yield Passage("", "", covered, len(text))


def _parts(text: str, whole: Passage) -> Iterator[Passage]:
    """A passage cut after sentences where it is too long to be asked at once."""
    start = whole.start
    while whole.end - start > LONGEST:
        ends = [m.end() for m in _ENDS.finditer(text, start + 1, start + LONGEST)]
        cut = ends[-1] if ends else start + LONGEST
        yield Passage(whole.section, whole.title, start, cut)
        start = cut
    yield Passage(whole.section, whole.title, start, whole.end)
