"""What a quantity measures or counts: the words before it or the noun behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qianhang.plan.reading.deadlines import Year, within
from qianhang.plan.reading.grounds import REGION, Setting
from qianhang.plan.reading.lexicon import either
from qianhang.plan.reading.verbs import VERBS, before_noun

__all__ = ["Phrase", "phrase"]

_VERBS = either(tuple(v for v in VERBS if len(v) > 1))
# Behind a number these begin the next statement and not the counted noun.
_NOT_NOUN = re.compile(
    r"^(?:[、,。;:)\s和及与并]|以及|(?:入驻|落户|上云|投入|达到|进行|用于|参与|以来|完成|开展|实现|投产|通过)|$)"
)
_NEXT = re.compile(
    r"[、和及与](?=(?:约|近|超过?|不少于|至少)?(?:\d|[一两三四五六七八九十百至到]+[个家项支条批座名套款]))|"
    r"以及|"
    rf"(?:和|及|并|、)(?=一批|若干|一系列|{_VERBS})|[()]|\s"
)
_RISE = re.compile(
    r"(?:稳步|持续|显著|明显|大幅|进一步|不断|快速|加快|全面|稳定|有序)*"
    r"(?:提升|提高|增长|扩大|增强|壮大|改善|下降|优化|发展|完善|增加|突破|加快)$"
)
_REACHED = re.compile(r"(?:达到|入选|进入|获|为|列入|成为)[^,。;、]{2,24}")
# What is done by so many per cent; the total of what is named behind it.
_DONE = re.compile(r"[一-鿿]{2,5}")
_TOTAL = re.compile(r"总?(?:规模|投资|额|量|面积)|总.{1,2}")
_SUBSET = re.compile(r"^其中")
_KIND = re.compile(r"(?:级|级以上|型|类|强|上市|高层次|本地|新增|境外|省外|示范)$")
_COMPARED = re.compile(
    r"(?:较|比|与|在)20\d\d年(?:末|底)?(?:相比|基础上|水平|同期)?|[从由]20\d\d年[^,。;]{0,20}$|同比"
)
# No clause that names an indicator is longer.
_LONGEST = 200
_STANDS = re.compile(r"[,;:。!?\t\n]")


@dataclass(frozen=True, slots=True)
class Phrase:
    """An indicator and the span of the whole statement in its passage."""

    indicator: str
    start: int
    end: int


def phrase(
    place: Setting, *, room: tuple[int, int], years: Sequence[Year], prior: str, title: str
) -> Phrase:
    """The indicator of an amount.

    room : end of the statement before it, begin of the quantity behind it
    prior : the indicator of the target before it in the sentence; title : of its heading
    """
    begin, before = _before(place, room[0], years)
    subset = _SUBSET.match(before.lstrip("(、, "))
    head = before_noun(_COMPARED.sub("", before.replace("其中", "", 1)))
    reached = _REACHED.match(place.after) if subset and not head else None
    noun = reached[0] if reached else _after(place, room[1])
    if reached or _forward(place, head, noun):
        name = head + noun if place.amount.core in ("G", "兆") else noun
        if subset and prior:
            name = f"{noun}的{prior}" if reached else name
        end = place.amount.last + len(_raw_after(place, room[1]))
        return Phrase(_tidy(name), begin, end)
    if place.amount.core == "%" and _DONE.fullmatch(noun):
        return Phrase(_tidy(head + noun), begin, place.amount.last + len(noun))
    if place.amount.measured and place.after.startswith("的") and _TOTAL.fullmatch(head):
        return Phrase(_tidy(noun + head), begin, place.amount.last + len(noun) + 1)
    if subset and prior and (len(head) <= 2 or _KIND.search(head)):
        head += prior
    elif len(head) < 2 and place.amount.core.endswith("机架"):
        head = place.amount.core
    elif len(head) < 2 or _RISE.fullmatch(head):
        begin, head = _earlier(place, begin, years, title)
    return Phrase(_tidy(head), begin, place.amount.last)


def _forward(place: Setting, head: str, noun: str) -> bool:
    """Whether the noun behind the number is the indicator."""
    if not noun:
        return False
    if place.amount.core in ("G", "兆"):
        return True
    if place.amount.core == "%" and REGION.fullmatch(head):
        return True
    if place.amount.measured or place.amount.core in ("标准机架", "机架"):
        return len(head) < 2 and not re.match(r"^(?:的?(?:增长|增速|目标|水平|速度|幅度))", noun)
    return not (_NOT_NOUN.match(place.after) and len(head) >= 2)


def _before(place: Setting, floor: int, years: Sequence[Year]) -> tuple[int, str]:
    """The words before the amount in its clause: not those of another statement, of a year."""
    text, stop = place.text, place.amount.first
    begin = max(place.clause[0], floor)
    opened = _opened(text, begin, stop)
    begin = max(begin, opened)
    for year in within(years, begin, stop):
        if year.end <= stop and year.role == "deadline":
            begin = year.end
    while begin < stop and text[begin] in "、,和及与并;: ":
        begin += 1
    return begin, text[begin:stop]


def _opened(text: str, begin: int, stop: int) -> int:
    """Behind the bracket that is open at `stop`, 0 where none is."""
    depth = 0
    for i in range(stop - 1, begin - 1, -1):
        if text[i] == ")":
            depth += 1
        elif text[i] == "(":
            if depth == 0:
                return i + 1
            depth -= 1
    return 0


def _raw_after(place: Setting, ceiling: int) -> str:
    after = place.after
    cut = _NEXT.search(after)
    stop = cut.start() if cut else len(after)
    return after[: max(0, min(stop, ceiling - place.amount.last))]


def _after(place: Setting, ceiling: int) -> str:
    if _NOT_NOUN.match(place.after):
        return ""
    return re.sub(r"^(?:的|以上|左右)+|[、,]+$", "", _raw_after(place, ceiling))


def _earlier(place: Setting, begin: int, years: Sequence[Year], title: str) -> tuple[int, str]:
    """The indicator from a clause before: 智能算力规模稳步提升,达到5000P."""
    text, stop = place.text, place.clause[0] - 1
    for _ in range(3):
        if stop <= 0:
            break
        start = max(0, stop - _LONGEST)
        for found in _STANDS.finditer(text, start, stop):
            start = found.end()
        clause = text[start:stop]
        for year in within(years, start, stop):
            if year.end <= stop and year.role == "deadline":
                clause = clause.replace(text[year.start : year.end], "")
        name = _RISE.sub(r"", before_noun(_COMPARED.sub("", clause)))
        if len(name) >= 2 and not re.search(r"\d$", name):
            return (begin if stop < place.sentence[0] else start), name
        stop = start - 1
    return begin, title or text[place.clause[0] : place.clause[1]].strip()


def _tidy(name: str) -> str:
    if "”" not in name:
        name = name.lstrip("“")
    name = re.sub(r"^[、,:;。”\s的和及]+|[、,:;。\s的和及与]+$", "", name)
    return re.sub(r"^其中", "", name)
