"""Years in a passage: which are deadlines, which are the past, which only a baseline."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

__all__ = ["Closing", "Year", "at", "closings", "due", "limit", "within", "years"]

Now = tuple[int | None, int | None, int | None]
Role = Literal["deadline", "past", "baseline"]

_PLANS = {"十二五": 2015, "十三五": 2020, "十四五": 2025, "十五五": 2030, "十六五": 2035}
_UNTIL = (
    r"(?:年)?(?:年?[底末]|年内|上半年|下半年|第?[一二三四]季度|\d{1,2}月(?:\d{1,2}日)?[底末]?)?前?"
)
_YEAR = re.compile(
    rf"(?P<range>20[0-4]\d年?[-—–―~至到]{{1,2}})?(?P<year>20[0-4]\d)(?:年度|年){_UNTIL}"
    rf"|(?P<list>20[0-4]\d)(?=[、和](?:20[0-4]\d[、和])*20[0-4]\d年)"
    rf"|[“\"]?(?P<plan>十[二三四五六]五)[”\"]?(?P<when>期?末|规划期末|期末|末期|时期|期间|以来|规划末)?"
)
_TITLE = re.compile(
    r"《[^《》]*》|〔[^〔〕]*〕|\((?:征求意见稿|试行|20\d\d年?[-—–~至]{1,2}20\d\d年?|20\d\d年?版)\)"
    r"|“[^“”,。]{0,4}20\d\d[^“”,。]{4,40}(?:会|周|论坛|大赛|展|方案|计划)”"
)
_COMPARED = re.compile(r"(?:较|比|相比|与|同|对比|相较于?|超过|高于|[从由自以])$")
_SINCE = re.compile(r"^(?:以来|起|开始)|^(?:时|水平|基础上|同期|末?相比)")
# The year of a meeting or a document is named without telling of it.
_NAMED = re.compile(
    r"[^,。;:\d]{0,16}(?:精神|要求|部署|印发|发布|会议|通知|文件|版|规划|方案|意见|试点|号)"
)
_DAY = re.compile(r"\d{1,2}日$")
_AIMED = re.compile(r"(?:到|至|力争|争取|确保|计划|预计|截止到?|在|于|前)$")
_REPORT = re.compile(r"据(?:了解|介绍|统计|测算|悉)|截至|目前")
_GROWN = re.compile(r"同比|已经?(?:建|达|有|超|形成|实现|突破)|较上年增")
_DUE = re.compile(
    r"(?:完成时[限间]|时限要求|时间节点|完成期限|办结时限|时限)[:为]?\s*[^。;]{0,12}?(20[2-4]\d)年"
)
# A cell of a table that holds nothing but a time.
_CELL = re.compile(
    r"(?:^|\t)\s*(?:20\d\d年?[-—–~至]{1,2})?(20[2-4]\d)(?:年|[./-]\d{1,2})"
    r"(?:\d{1,2}月|[一二三四]季度)?(?:\d{1,2}日)?(?:年?[底末])?前?(?:完成)?\s*(?=\t|$)"
)
# A bracket whose last words are a time limit speaks of what stands before it.
_BRACKET = re.compile(
    r"\((?:(?P<head>(?:[^()]|\([^()]{0,40}\)){0,240})[,;、:。]\s*|(?P<all>(?:均|都)?))(?:要求|确保|力争|计划|须|应|拟)?[于到至]?"
    r"(?P<year>20[2-4]\d)年?(?:年?[底末]|\d{1,2}月(?:\d{1,2}日)?[底末]?|上半年|[一二三四]季度|内)?前?"
    r"(?:均|全部|全面|基本|力争|初步)?(?:完成|建成|实现|落实|达到|达成|投产|投用|到位|投入使用)?"
    r"(?:并?[长持][^()\d]{1,12}|并[^()\d]{1,12})?[。;]?\)"
)
_AFTER_STOP = re.compile(r"[。;!?]\s*$")
_LIMIT = re.compile(
    r"\s*[(\[]?(?:完成|办结|落实)?(?:时限|时间|期限|年限|时间要求|时限要求|时间节点|进度安排)[\])]?\s*"
    r"[:\]]\s*[^。;]{0,12}?(20[2-4]\d)(?:年|[./-]\d)"
)
# So many years are looked back upon.
_BACK = 60
# So far back a sentence is looked for.
_REACH = 400
_THIS = re.compile(r"今年(?!以来|前|\d|[一二三四上])(?:年?底|末|内)?|本年度")
_TERM = re.compile(r"(?:规划|方案|行动|计划|实施)期[内末]")
_WITHIN = re.compile(r"年[内底](?:前|(?=,))|全年(?=[^度])")


@dataclass(frozen=True, slots=True)
class Year:
    """A year printed at [start, end) and what it is there for."""

    start: int
    end: int
    year: int
    role: Role


def years(text: str, *, since: int | None, now: Now = (None, None, None)) -> tuple[Year, ...]:
    """The years of a passage in order.

    since : first year of the plan, before which a year is the past
    now : the year that 今年 means, that which 全年 and 年底 mean, and the last of the plan
    """
    shut = [m.span() for m in _TITLE.finditer(text)]
    found = []
    for match in _YEAR.finditer(text):
        if _covers(shut, match.start()):
            continue
        if year := _year(text, match, since):
            found.append(year)
    for pattern, this in zip((_THIS, _WITHIN, _TERM), now, strict=True):
        if this is not None:
            taken = [(y.start, y.end) for y in found]
            found += [
                Year(m.start(), m.end(), this, "deadline")
                for m in pattern.finditer(text)
                if not _covers(taken, m.start())
            ]
    return tuple(sorted(found, key=lambda y: y.start))


def _covers(spans: Sequence[tuple[int, int]], place: int) -> bool:
    """Whether one of some spans in order, none in another, holds a place."""
    last = bisect_right(spans, (place, place)) - 1
    return any(a <= place < b for a, b in spans[max(0, last) : last + 2])


def _year(text: str, match: re.Match[str], since: int | None) -> Year | None:
    start, end = match.span()
    before, after = text[max(0, start - 6) : start], text[end : end + 6]
    if match["plan"]:
        return _period(match, before, since)
    value = int(match["year"] or match["list"])
    if not match["range"] and (_COMPARED.search(before) or _SINCE.match(after)):
        return Year(start, end, value, "baseline")
    # A day is an event, unless something is due before it.
    if _DAY.search(match[0]):
        past = since is not None and value < since
        return Year(start, end, value, "past") if past else None
    if since is not None and value < since and _NAMED.match(text, end):
        return None
    if re.search(r"截至$", before) or _past(value, before, since) or _told(text, match, since):
        return Year(start, end, value, "past")
    return Year(start, end, value, "deadline")


def _past(value: int, before: str, since: int | None) -> bool:
    if since is not None:
        return value < since
    return value < 2020 and not _AIMED.search(before)


def _told(text: str, match: re.Match[str], since: int | None) -> bool:
    """Whether a year without a plan's own to compare with is reported on."""
    start, end = match.span()
    if since is not None or match["range"] or _AIMED.search(text[max(0, start - 3) : start]):
        return False
    head = text[max(0, start - 14) : start].rpartition("。")[2]
    return bool(_REPORT.search(head) or _GROWN.search(text[end : end + 80].partition("。")[0]))


def _period(match: re.Match[str], before: str, since: int | None) -> Year | None:
    value, when = _PLANS[match["plan"]], match["when"]
    if when == "以来" or (since is not None and value < since):
        return Year(*match.span(), value, "past")
    if when is None and not re.search(r"(?:到|至)[“\"]?$", before):
        return None
    return Year(*match.span(), value, "deadline")


def due(text: str) -> int | None:
    """The year of a printed time limit (完成时限:2026年底), for all that a passage says."""
    found = _DUE.search(text) or (_CELL.search(text) if "\t" in text else None)
    return int(found[1]) if found else None


def limit(text: str) -> int | None:
    """The year of a paragraph that is nothing but a time limit: a labelled line, a bracket."""
    if found := _LIMIT.match(text):
        return int(found[1])
    whole = _BRACKET.fullmatch(text.strip().rstrip("。"))
    return int(whole["year"]) if whole else None


@dataclass(frozen=True, slots=True)
class Closing:
    """A time limit in brackets at [start, end); it holds for what stands from `since` on.

    done : it ends what is said before it; 到2027年 in brackets goes on
    """

    since: int
    start: int
    end: int
    year: int
    done: bool


def closings(text: str) -> tuple[Closing, ...]:
    """The time limits in brackets behind what they are set for (建成平台5个(2026年完成))."""
    found: list[Closing] = []
    floor = 0
    for match in _BRACKET.finditer(text):
        start, end = match.span()
        since = max(floor, _since(text, match))
        if text.startswith(":", end) or not re.search(r"[^\s。;,、]", text[since:start][:_REACH]):
            continue
        found.append(Closing(since, start, end, int(match["year"]), "到" not in match[0][-12:]))
        floor = end
    return tuple(found)


def _since(text: str, match: re.Match[str]) -> int:
    """From where a time limit in brackets holds: the item, the sentence or the clause."""
    start, end = match.span()
    if match["head"] or _AFTER_STOP.search(text[max(0, start - 4) : start]):
        return 0
    ends = re.match(r"\s*(?:[。;]|$)", text[end : end + 4])
    marks = "。" if match["all"] else "。;" if ends else "。;,"
    low = max(0, start - _REACH)
    return max(low - 1, *(text.rfind(mark, low, start) for mark in marks)) + 1


def within(found: Sequence[Year], start: int, stop: int) -> Sequence[Year]:
    """The years of a passage that begin in [start, stop)."""
    low = bisect_left(found, start, key=lambda y: y.start)
    return found[low : bisect_left(found, stop, low, key=lambda y: y.start)]


def at(found: Sequence[Year], place: int, sentence: int) -> Year | None:
    """The last year before a place: a deadline of the passage, or the past of the sentence that
    begins at `sentence`."""
    last = bisect_left(found, place, key=lambda y: y.start)
    for year in reversed(found[max(0, last - _BACK) : last]):
        if year.role == "deadline" or (year.role == "past" and year.start >= sentence):
            return year
    return None
