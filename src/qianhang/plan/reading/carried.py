"""What a passage inherits from where it stands: the year of a list of targets, its heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qianhang.plan.reading.deadlines import Year, limit
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.passages import Passage

__all__ = ["Carry", "Standing", "limits"]

_GOAL = re.compile(r"目标|指标|预期成效")
_STATUS = re.compile(
    r"现状|(?<![见显出求提增期升实务重])成效|回顾|背景|形势|(?<![实牢化固筑升强])(?:发展|工作)基础|基本情况|现有基础|存在问题|基础条件|起草过程|起草说明|成绩单|工作总结|完成情况|进展情况|工作进展"
)
_BULLET = re.compile(r"\s*(?:[—―–-]{1,2}|[•●◆■▪·]|[一二三四五六七八九]是|[①-⑳])")
# A line that serves as a heading is no longer than this.
_LABEL = 24
# A title that announces what has been reached is shorter, and no path deeper.
_STATED = 20
_DEEPEST = 12
# A paragraph that only sets a time limit and names who answers is no longer.
_LIMITED = 300
_WORK = re.compile(r"工作|任务|重点|安排")
_PLAN = re.compile(r"方案|计划|规划|意见|通知")
_TITLED = re.compile(r"(20[2-4]\d)(?=年)")
_CITED = re.compile(r"《[^《》]*》|〔[^〔〕]*〕|[较比从][^,。]{0,2}20\d\d年")


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds for a passage by its place.

    year : deadline of what has none of its own; goal : it is in a list of targets
    past : it tells what has been reached
    """

    year: int | None = None
    goal: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True)
class _Above:
    """What a heading has by its title or by those above it: a year, the path of the heading of
    targets that holds it, whether the past is told."""

    year: int | None = None
    goal: str = ""
    status: bool = False


class Carry:
    """What each passage inherits, told in the order of the text."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._headings = headings
        self._above = _inherited(headings)
        self._lead: tuple[str, int] | None = None
        self._open: tuple[int, int] | None = None
        self._label: tuple[int, Standing] | None = None
        self._listed: tuple[int, int] | None = None

    def standing(self, passage: Passage) -> Standing:
        """What holds for a passage: by its heading, by a line that serves as one, by a lead."""
        index = passage.heading
        year = self._year(index)
        if (
            year is None
            and self._listed
            and self._listed[0] == index
            and _BULLET.match(passage.text)
        ):
            year = self._listed[1]
        if self._label is not None and self._label[0] == index:
            told = self._label[1]
            return told if told.year is not None else replace(told, year=year)
        above = self._above[index] if index >= 0 else _Above()
        return Standing(year, bool(above.goal), above.status)

    def _year(self, index: int) -> int | None:
        if self._open is not None and self._open[0] == index:
            return self._open[1]
        path = self._headings[index].path if index >= 0 else ""
        if self._lead is not None and _under(path, self._lead[0]):
            return self._lead[1]
        return self._above[index].year if index >= 0 else None

    def learn(self, passage: Passage, found: Sequence[Year]) -> None:
        """Remember what a passage says of those behind it: as a line that serves as a heading, as
        the lead of a section of targets, or before a colon."""
        if not self._heads(passage) and (label := _label(passage)):
            self._label = (passage.heading, label)
            return
        set_out = [y for y in found if y.role == "deadline"]
        if not set_out:
            return
        if not _BULLET.match(passage.text):
            self._listed = (passage.heading, set_out[0].year)
        if passage.text.rstrip().endswith(":"):
            self._open = (passage.heading, set_out[-1].year)
            return
        root = self._above[passage.heading].goal if passage.heading >= 0 else ""
        if root and (self._lead is None or self._lead[0] != root):
            self._lead = (root, set_out[0].year)

    def _heads(self, passage: Passage) -> bool:
        """Whether a passage is a heading of the outline."""
        index = passage.heading
        return index >= 0 and passage.at[0] <= self._headings[index].start <= passage.at[-1]


def _label(passage: Passage) -> Standing | None:
    """What a short line without a stop announces, None where it is no such line."""
    text = passage.text.strip(" ■●◆•·—")
    if len(text) > _LABEL or re.search(r"[。;,!?\t]|\d[^年\d]|《", text.rstrip(":")):
        return None
    if _STATUS.search(text):
        return Standing(past=True)
    year = _title_year(text)
    if _GOAL.search(text) and not _PLAN.search(text):
        return Standing(year=year, goal=True)
    return Standing(year=year) if year is not None and _WORK.search(text) else None


def _title_year(title: str) -> int | None:
    found = _TITLED.findall(_CITED.sub("", title))
    return int(found[-1]) if found else None


def _under(path: str, root: str) -> bool:
    return path == root or path.startswith(root + ".")


def _inherited(headings: Sequence[Heading]) -> list[_Above]:
    """What each heading has from itself and those above it, the nearest first."""
    latest: dict[str, tuple[int, _Above]] = {}
    found = []
    for i, heading in enumerate(headings):
        parts = heading.path.split(".")[:_DEEPEST]
        over = [latest.get(".".join(parts[:n])) for n in range(1, len(parts))]
        above = [o for o in over if o is not None]
        nearest = max(above, key=lambda o: o[0])[1] if above else _Above()
        title = heading.title
        year = _title_year(title)
        here = _Above(
            year=year if year is not None else nearest.year,
            goal=heading.path if _GOAL.search(title) and len(title) < _LABEL else nearest.goal,
            status=nearest.status or (len(title) < _STATED and bool(_STATUS.search(title))),
        )
        latest[heading.path] = (i, here)
        found.append(here)
    return found


def limits(found: Sequence[Passage]) -> list[int | None]:
    """The year that a paragraph of its own (完成时限:2026年) sets for those before it, passage by
    passage; it holds back to the last such paragraph under the same heading."""
    years: list[int | None] = []
    held: tuple[int, int] | None = None
    for passage in reversed(found):
        own = limit(passage.text) if len(passage.text) < _LIMITED else None
        if own is not None:
            held = (passage.heading, own)
        years.append(held[1] if held is not None and held[0] == passage.heading else None)
    return years[::-1]
