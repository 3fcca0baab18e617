"""What a quantity measures or counts: the words before it or the noun behind it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qianhang.plan.reading.deadlines import Year, within
from qianhang.plan.reading.grounds import REGION, Setting
from qianhang.plan.reading.lexicon import either
from qianhang.plan.reading.verbs import PURSUE, VERBS, before_noun

__all__ = ["Phrase", "Prior", "phrase"]

_VERBS = either(tuple(v for v in VERBS if len(v) > 1))
# Behind a number these begin the next statement and not the counted noun.
_NOT_NOUN = re.compile(
    r"^(?:[、,。;:)\s和及与并]|以及|(?:入驻|落户|上云|投入|达到(?![^,。;\d]{2,16}的)|进行|用于|参与|以来|完成|开展|实现|投产|通过)|$)"
)
_NEXT = re.compile(
    r"[、和及与](?=(?:约|近|超过?|不少于|至少)?(?:\d|[一两三四五六七八九十百至到]+[个家项支条批座名套款]))|"
    r"以及|"
    rf"(?:和|及|并|、)(?=一批|若干|一系列|{_VERBS})|[()]|\s"
)
# The ordinal of a heading that the statement stands in.
_NUMBERED = re.compile(
    r"\s*(?:[(\[][一二三四五六七八九十\d]{1,3}[)\]]|[一二三四五六七八九十]{1,3}、|\d{1,2}[.、](?!\d)|[①-⑳])\s*"
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
# What an indicator rises from; how long it takes; a stage of building; an amount at the end.
_BASE = re.compile(
    r"[从由自](?:20\d\d年[底末]?的?|(?:目前|现有|当前|现在)的?)?[约近超]?\d[\d.,]*[^\d,。;]{0,8}$|(?<=.[率值量比数间])[由从]$"
)
_WITHIN = re.compile(
    r"^(?:[、,]|未来|今后|力争)?[\d一二两三四五六]{1,2}年(?:时间)?(?:内|累计|共计|左右|来)"
)
_STAGE = re.compile(r"第?[一二三四五]期")
_VALUE = re.compile(r"\d[\d.,]*(?:[-—~至到]\d[\d.,]*)?[^\d,。;]{0,8}$")
_DOUBLED = re.compile(r"(?:较20\d\d年)?翻[一两二几]番.{0,3}$")
_RATE = re.compile(r"(?:年均(?:增速|增长率?|复合增长率)?|增速|增长率?)$")
_SHARE = re.compile(r"(?:应用)?(?:比例|占比|比重|比率)")
# No name that a share is taken of is longer.
_NAME = 40
# A bare noun keeps the verb that tells what is counted of it.
_BARE = re.compile(r"单位|主体|用户|终端|设备|家庭|群众|人数|投资")
_JOINED = re.compile(
    r"(?:接入|服务|入驻|注册|覆盖|惠及|上线)(?=[一-鿿]{2}$)|(?:累计)?(?:完成|带动|撬动)(?=投资$)"
)
_PLACED = re.compile(r"(?:累计)?(?:部署|投放|接入|安装|交付)$")
# Verbs by their form, but what is done to them makes them things.
_OBJECT = re.compile(
    r"(?<=上线|开发|推出|落地|打造|形成|新增|建成|培育|开展|举办|组织)(?:应用|服务|示范|标准|培训)$"
)
_GRADE = re.compile(r"^(?:国家|省|市|县|区)级(?:及?以上)?")
_WORK = re.compile(r"(?:改造|升级|整治|治理|运行|测试|铺设|开放)$")
# No clause that names an indicator is longer.
_LONGEST = 200
_STANDS = re.compile(r"[,;:。!?\t\n]")


@dataclass(frozen=True, slots=True)
class Prior:
    """The target before another in one sentence: its indicator and the core of its unit."""

    name: str = ""
    core: str = ""


@dataclass(frozen=True, slots=True)
class Phrase:
    """An indicator and the span of the whole statement in its passage."""

    indicator: str
    start: int
    end: int


def phrase(
    place: Setting,
    *,
    room: tuple[int, int],
    years: Sequence[Year],
    prior: Prior,
    title: str,
) -> Phrase:
    """The indicator of an amount.

    room : end of the statement before it, begin of the quantity behind it
    prior : the target before it in the sentence; title : of its heading
    """
    begin, before = _before(place, room[0], years)
    subset = _SUBSET.match(before.lstrip("(、, "))
    head = _name(before.replace("其中", "", 1))
    if not head and (thing := _OBJECT.search(before)):
        head = thing[0]
    reached = _REACHED.match(place.after) if subset and not head else None
    noun = reached[0] if reached else _after(place, room[1])
    if reached or _forward(place, head, noun) or _worked(place, before, noun):
        stage = before if _STAGE.fullmatch(before) else ""
        name = head + noun if place.amount.core in ("G", "兆") else stage + noun
        if subset and prior.name:
            name = f"{noun}的{prior.name}" if reached else name
        end = place.amount.last + len(_raw_after(place, room[1]))
        return Phrase(_tidy(name), begin, end)
    if place.amount.core == "%" and _DONE.fullmatch(noun):
        return Phrase(_tidy(head + noun), begin, place.amount.last + len(noun))
    if place.amount.measured and place.after.startswith("的") and _TOTAL.fullmatch(head):
        return Phrase(_tidy(noun + head), begin, place.amount.last + len(noun) + 1)
    graded = bool(_GRADE.fullmatch(head)) and prior.core == place.amount.core
    if (subset or graded) and prior.name and (len(head) <= 2 or _KIND.search(head)):
        head += _GRADE.sub("", prior.name) if _KIND.search(head) else prior.name
    elif len(head) < 2 and place.amount.core.endswith("机架"):
        head = place.amount.core
    elif not head and prior.name and (prior.core == place.amount.core or _listed(place)):
        head = prior.name
    elif _RATE.fullmatch(head) or _SHARE.fullmatch(head):
        earlier = prior.name or _earlier(place, begin, years, "")[1]
        told = len(earlier) <= _NAME and head not in earlier and not re.search(r"\d", earlier)
        head = earlier + head if told else head
    elif len(head) < 2 or _RISE.fullmatch(head):
        done = _PLACED.search(before)
        begin, head = _earlier(place, begin, years, title)
        head += done[0] if done else ""
    elif _BARE.fullmatch(head) and (verb := _JOINED.search(before)):
        head = verb[0] + head
    return Phrase(_tidy(head), begin, place.amount.last)


def _name(text: str) -> str:
    """An indicator's own words of a stretch of text: no year, no value it rises from, no period."""
    text = before_noun(_COMPARED.sub("", _WITHIN.sub("", text)))
    text = before_noun(_BASE.sub("", text))
    return "" if _STAGE.fullmatch(text) else _WITHIN.sub("", text)


def _listed(place: Setting) -> bool:
    """Whether nothing but a mark stands between an amount and the one before it."""
    return any(
        a.last == place.amount.first - 1 and place.text[a.last] == "、" for a in place.others
    )


def _worked(place: Setting, before: str, noun: str) -> bool:
    """Whether work is done on so much of what stands behind the number (改造800公里道路)."""
    bare = place.amount.first == place.amount.start and place.amount.measured
    return bool(bare and noun and _WORK.search(noun) and PURSUE.match(before))


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
    numbered = _NUMBERED.match(text, begin, stop)
    begin = numbered.end() if numbered else begin
    parts = []
    for year in within(years, begin, stop):
        if year.end <= stop and year.role == "deadline":
            parts.append((begin, year.start))
            begin = year.end
    # A name may stand before its year: 普及率2027年达到60%.
    for low, high in [(begin, stop), *reversed(parts)]:
        start = _past_marks(text, low, high)
        if len(_name(text[start:high])) >= 2:
            return start, text[start:high]
    begin = _past_marks(text, begin, stop)
    return begin, text[begin:stop]


def _past_marks(text: str, start: int, stop: int) -> int:
    while start < stop and text[start] in "、,和及与并;: ":
        start += 1
    return start


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
                clause = re.sub("到?" + re.escape(text[year.start : year.end]), "", clause)
        name = _RISE.sub("", _name(_VALUE.sub("", _DOUBLED.sub("", clause))))
        if place.amount.core != "%":
            name = _RATE.sub("", name)
        if len(name) >= 2 and not re.search(r"\d$", name):
            return (begin if stop < place.sentence[0] else start), name
        stop = start - 1
    title = re.split(r"[,:。;]", title, maxsplit=1)[0]
    return begin, title or text[place.clause[0] : place.clause[1]].strip()


def _tidy(name: str) -> str:
    if "”" not in name:
        name = name.lstrip("“")
    name = re.sub(r"^[、,:;。”\s的和及]+|[、,:;。\s的和及与]+$", "", name)
    return re.sub(r"^其中", "", name)
