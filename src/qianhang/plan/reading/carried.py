"""What a passage inherits from where it stands: the year of a list of targets, its heading."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from qianhang.plan.reading.deadlines import Year
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.passages import Passage

__all__ = ["Carry", "Standing"]

_GOAL = re.compile(r"目标|指标|预期成效")
_STATUS = re.compile(
    r"现状|成效|回顾|背景|形势|发展基础|基本情况|现有基础|工作基础|存在问题|基础条件|起草过程|起草说明|成绩单|工作总结|完成情况|进展情况|工作进展"
)
_BULLET = re.compile(r"\s*(?:[—―–-]{1,2}|[•●◆■▪·]|[一二三四五六七八九]是|[①-⑳])")
# A line that serves as a heading is no longer than this.
_LABEL = 24
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


class Carry:
    """What each passage inherits, told in the order of the text."""

    def __init__(self, headings: Sequence[Heading]) -> None:
        self._headings = headings
        self._titles = [_title_year(h.title) for h in headings]
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
        return Standing(year, goal(self._headings, index), status(self._headings, index))

    def _year(self, index: int) -> int | None:
        if self._open is not None and self._open[0] == index:
            return self._open[1]
        path = self._headings[index].path if index >= 0 else ""
        if self._lead is not None and _under(path, self._lead[0]):
            return self._lead[1]
        for i in range(index, -1, -1):
            if self._titles[i] is not None and _under(path, self._headings[i].path):
                return self._titles[i]
        return None

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
        elif passage.heading >= 0 and goal(self._headings, passage.heading):
            root = _goal_root(self._headings, passage.heading)
            if self._lead is None or self._lead[0] != root:
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


def goal(headings: Sequence[Heading], index: int) -> bool:
    """Whether a heading, or one above it, announces targets."""
    return index >= 0 and bool(_goal_root(headings, index))


def _goal_root(headings: Sequence[Heading], index: int) -> str:
    """The path of the heading of targets that holds a heading, "" where none does."""
    path = headings[index].path
    for heading in headings[index::-1]:
        if _under(path, heading.path) and _GOAL.search(heading.title) and len(heading.title) < 24:
            return heading.path
    return ""


def status(headings: Sequence[Heading], index: int) -> bool:
    """Whether a heading, or one above it, announces what has been reached."""
    if index < 0:
        return False
    path = headings[index].path
    return any(
        _under(path, h.path) and len(h.title) < 20 and _STATUS.search(h.title)
        for h in headings[: index + 1]
    )
