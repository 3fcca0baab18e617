"""Where a text says who answers for it: brackets, lines under 责任单位, and plain sentences."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from qianhang.plan.reading.unitnames import is_certain, is_unitlike

__all__ = ["LABEL", "Passage", "brackets", "labelled", "sentences"]

_OPEN, _CLOSE = "([【〔〖{", ")]】〕〗}"
_WHO = r"单\s?位|部\s?门|主体|机构|科室|处室|委办局|厅局"
_ROLE = (
    r"(?:第一|主|联合|共同|其他|其它|具体|主要|总|主体)?"
    r"(?:牵头(?:及|和|、|与)(?:配合|参与|协助)|牵\s?头\s?(?:和)?(?:\(?责任\)?|主办)?"
    r"|责\s?任\s?(?:\(?牵头\)?)?|主责|主管|实施|落实|承办|主办|执行|完成"
    r"|配\s?合\s?(?:责任)?|协助|协办|协同|协作|参与|参加|支持|辅助|联合)"
)
_TIER = r"(?:省级|市级|州级|区级|县级|省直|市直|县直|国家)?"
_NAMED = rf"{_TIER}(?:{_ROLE}){_TIER}(?:{_WHO})(?:/(?:部门|单位))?(?:及(?:完成)?时限)?"
# Labels with a colon or in a bracket; the short ones only where a list begins or goes on.
LABEL = re.compile(
    rf"(?P<label>{_NAMED}|责任分工|职责分工|分工安排)(?:\([^()]{{0,12}}\))?为?\s*(?:[】\]〕]\s*:?|:)"
    rf"|(?:^|(?<=[([【〔]))(?P<bare>{_NAMED})为?(?=[省市州县区各])"
    rf"|(?:^|(?<=[;,。([【〔\n\s]))(?P<short>牵头|责任|负责|配合|协助|参与|主办|协办|承办):"
)
_ALONE = re.compile(rf"(?m)^[ \t]*[【\[〔(]?(?P<label>{_NAMED})[】\]〕)]?[ \t]*(?:\n|[ \t]+(?=\S))")
_STARTS = re.compile(r"(?:[\n。;!?)】\]〕,、]\s*|\s)[—\-·•▪●◆■]*\s*[【\[〔(]?\s*$")
# Outside brackets these stand in the feet of pages and in invitations.
_IMPRINT = re.compile(r"(?:主办|承办|协办|主管|支持|联合|参加|辅助|执行)")
# What a name may lose to the next line and still look whole.
_SEAT = re.compile(r"(?:管委会|管理委员会|人民政府|政府)(?![、,]?.*:)|[门院局厅会办委](?=[、,]|$)")
_LONGEST = 700


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text that may say who answers; before and after: what it stands between."""

    text: str
    start: int
    end: int
    before: str
    after: str


def brackets(text: str, start: int, end: int) -> Iterator[Passage]:
    """The outermost brackets between two places, whatever their shape, closed or not."""
    depth, opened = 0, start
    for place in range(start, end):
        char = text[place]
        if char in _OPEN:
            if depth == 0:
                opened = place
            depth += 1
        elif char in _CLOSE and depth:
            depth -= 1
            if depth == 0:
                yield _passage(text, opened, place + 1, (start, end))
        elif char == "\n" and depth and _given_up(text[opened:place]):
            depth = 0


def labelled(text: str, start: int, end: int) -> Iterator[Passage]:
    """Lists that follow 责任单位: outside brackets, each up to the end of its line or sentence."""
    place = start
    while place < end:
        found = _label(text, place, end)
        if found is None:
            return
        begin, listed, label = found
        stop = _list_end(text, listed, end)
        if not _IMPRINT.match(label):
            yield Passage(f"{label}:{text[listed:stop]}", begin, stop, "", "")
        place = max(stop, listed)


def sentences(text: str, start: int, end: int) -> Iterator[str]:
    """The sentences of plain text between two places, rows of tables left out."""
    parts = re.split(r"[。;!\n]", text[start:end])
    yield from (part for part in parts if part.strip() and "\t" not in part)


def _label(text: str, place: int, end: int) -> tuple[int, int, str] | None:
    """The next label at the start of a line or sentence: where it and its list begin, itself."""
    for found in LABEL.finditer(text, place, end):
        if found.group("short") is None or text[found.start() - 1 : found.start()] in "\n。":
            begin = found.start()
            if _at_start(text, begin, place):
                return begin, found.end(), "".join(found.group(found.lastgroup or 0).split())
    alone = _ALONE.search(text, place, end)
    return (alone.start("label"), alone.end(), alone.group("label")) if alone else None


def _at_start(text: str, place: int, floor: int) -> bool:
    before = text[max(floor, place - 12, 0) : place]
    return before.strip(" \t【[〔(") == "" or bool(_STARTS.search(before))


def _list_end(text: str, place: int, end: int) -> int:
    """Where a list ends: at 。, or at a line's end, unless the line breaks inside the list."""
    stop = place
    while stop < min(end, place + _LONGEST):
        if text[stop] == "。":
            return stop
        if text[stop] == "\n" and not _goes_on(text[place:stop], text[stop:end]):
            return stop
        stop += 1
    return stop


def _goes_on(line: str, rest: str) -> bool:
    """Whether a list runs over a line's end: nothing listed yet, a comma, or half a name."""
    if not line.strip():
        return len(rest) - len(rest.lstrip()) < 4
    following = rest.lstrip("\n ").split("\n", 1)[0]
    if LABEL.match(following.lstrip(" 【[〔")):
        return line.rstrip().endswith((",", "、"))
    if line.rstrip().endswith(("、", ",", "和", "及")) or following[:1] in "、,":
        return True
    if line.count("(") > line.count(")"):
        return True
    last = re.split("[、,;:\n]", line.strip())[-1].strip()
    head = re.split("[、,;。]", following, maxsplit=1)[0].strip()
    if is_certain(last):
        return bool(_SEAT.match(head)) or (is_certain(head) and head == following.strip())
    whole = last + head
    return is_certain(whole) or (len(head) < 7 and is_unitlike(whole) and not is_unitlike(last))


def _given_up(opened: str) -> bool:
    """Whether an open bracket was never closed: it runs over lines without naming a role."""
    return len(opened) > _LONGEST or not (LABEL.search(opened[1:]) or _list_like(opened))


def _list_like(opened: str) -> bool:
    listed = len(opened) < 60 or re.search(r"[厅局委办部府会][、,]|牵头|[、,]$", opened)
    return bool(listed) and "。" not in opened


def _passage(text: str, start: int, end: int, limits: tuple[int, int]) -> Passage:
    before = text[max(limits[0], start - 3) : start]
    return Passage(
        text[start + 1 : end - 1], start, end, before, text[end : min(limits[1], end + 3)]
    )
