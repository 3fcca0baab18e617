"""The targets that one passage states in running text."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from qianhang.plan.document import Baseline, Comparator, Target
from qianhang.plan.reading.amounts import Amount, amounts
from qianhang.plan.reading.carried import Standing
from qianhang.plan.reading.deadlines import Closing, Year, at, closings, due, within, years
from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.grounds import (
    Setting,
    aims,
    refusal,
    setting,
    told_only,
    told_past,
    urged,
)
from qianhang.plan.reading.indicator import Phrase, Prior, phrase
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.passages import Passage
from qianhang.plan.reading.respective import groups, names
from qianhang.plan.reading.verbs import PAST_CUE, before_noun

__all__ = ["Era", "stated"]

_HEDGED = (
    r"(?P<hedge>力争|争取(?!中央|国家|上级|省|[^,。;]{0,20}(?:支持|资金|试点|投资))"
    r"|确保|努力|有望|原则上)"
)
_HEDGE = re.compile(_HEDGED)
# It spreads to what follows only from the head of a clause.
_HEADED = re.compile(rf"(?:^|[,:。;!?\n\t)、—-]|年[底末]?前?){_HEDGED}")
_AT_LEAST = re.compile(r"(?:至少|不少于|不低于)[^,。;、\d]{0,8}$")
_YEARLY = re.compile(r"每年|逐年")
_EVERYWHERE = re.compile(
    r"各(?:市|县|区|地|州|设区|高校|学校|领域|行业|重点|级|部门|园区)|每[个家所座]|每(?:县|市|区|镇)|"
    r"(?<![平人])均(?=达|不|超|低|高|建|配|实|设|要|有|打|培)|所有|任一|各(?=打造|培育|建|形成|培养)"
)
_NEW = re.compile(r"新建(?=[^\d]{4,}$)")
_FROM = re.compile(r"(?:从|由|自)(?P<when>[^,。;从由自]{0,14})$")
_SIZE = re.compile(r"(?:占地|面积|投资|投入|海拔|全长|总长|直径|注册资本|预算)$")
_RISES = re.compile(
    r"^(?:以上|左右)?[^,。;\d]{0,6}?(?:提高|提升|增长|增加|扩大|下降|降低|降|缩短|压缩|压减|减少|升|增|扩|"
    r"发展|拓展|跃升|优化)?(?:到|至)"
)
_GREW = re.compile(
    r"(?:较|比|在)(?P<year>20\d\d)年[^,。;]{0,6}(?:增长|提高|提升|下降|降低|翻|增加|减少|压减)?[^,。;\d]{0,4}$"
)
_SAME = re.compile(
    r"(?:[,、]|力争|并|再|实现|总量|[较比]?(?:20\d\d年|上年|目前)[底末]?(?:水平)?|规模|相比|翻|达到?|突破|超过?)*"
)
_LATER = re.compile(
    r"(?:(?!其中)[^。;]){0,40}?(?P<year>20[2-4]\d)年(?:\d{1,2}月)?[底末]?前?(?:全面|全部|基本|力争)?"
    r"(?:完成|建成|实现|投用|投产|达到|达成|投入|落实|到位)[^,。;\d]{0,6}(?=[,。;)]|$)"
)
# How far back a sentence is looked for, where its year must stand, how many brackets are read.
_REACH = 400
_HEAD = 8
_HEADING = re.compile(r"(?:^|[,:。;])(?:力争|确保)?[到至]$")
_MANY = 200
_WHOLE = re.compile(r"实现(?P<name>[^,。;:“”\"]{2,30}?)(?<![0-9%])全覆盖")


_Share = tuple[str, int | None, Comparator | None]


@dataclass(frozen=True, slots=True)
class Era:
    """since : the first year that is not the past; only : the one year of a yearly plan
    now : the year that 今年 means; end : the last year of the plan
    """

    since: int | None
    only: int | None
    now: int | None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class _Scene:
    """A passage with its amounts and years, and what it inherits.

    past : it stands where the past is told; reports : it has words of the past
    """

    folded: Folded
    passage: Passage
    amounts: Sequence[Amount]
    years: Sequence[Year]
    closings: Sequence[Closing]
    carried: int | None
    section: str
    title: str
    goal: bool
    past: bool
    reports: bool


def stated(
    folded: Folded,
    passage: Passage,
    headings: Sequence[Heading],
    *,
    era: Era,
    standing: Standing,
) -> list[Target]:
    """The targets of one passage in order, not yet numbered."""
    text = passage.text
    everything = amounts(text)
    if not everything and "全覆盖" not in text:
        return []
    ends = _endings(text, everything, era.since)
    dated = years(text, since=era.since, now=(era.now, era.only, era.end))
    dated = tuple(y for y in dated if not any(e.start <= y.start < e.end and e.done for e in ends))
    heading = headings[passage.heading] if passage.heading >= 0 else None
    scene = _Scene(
        folded=folded,
        passage=passage,
        amounts=everything,
        years=dated,
        closings=ends,
        carried=due(text) or standing.year,
        section=heading.path if heading else "",
        title=heading.title if heading else "",
        goal=standing.goal,
        past=standing.past,
        reports=bool(PAST_CUE.search(text)) or told_only(text, dated),
    )
    return sorted([*_counted(scene), *_covered(scene)], key=lambda t: t.start)


def _endings(text: str, everything: Sequence[Amount], since: int | None) -> list[Closing]:
    """The time limits in brackets that stand behind an amount for which they hold."""
    starts = [a.start for a in everything]
    return [
        c
        for c in closings(text)
        if bisect_left(starts, c.since) < bisect_left(starts, c.start)
        and (since is None or c.year >= since)
    ][:_MANY]


def _counted(scene: _Scene) -> Iterator[Target]:
    text = scene.passage.text
    kept: list[tuple[Setting, Year | None]] = []
    bases: dict[int, Baseline] = {}
    base: Baseline | None = None
    told: int | None = None
    for index in range(len(scene.amounts)):
        place = setting(text, scene.amounts, index)
        year = _year(scene, place)
        past = _past(scene, place, year, told)
        if past:
            told = place.sentence[1]
        if started := _started(place):
            base = started
            continue
        listed = scene.goal or _listed(place, kept)
        if refusal(place, year=year, goal=listed, past=past) is not None:
            continue
        if found := base or _grown(place):
            bases[len(kept)] = found
        base = None
        kept.append((place, year))
    again = {i for i in range(len(kept)) if _doubled_to(kept, i)}
    whole = [one for i, one in enumerate(kept) if i not in again]
    moved = {i - sum(a < i for a in again): b for i, b in bases.items() if i not in again}
    yield from _targets(scene, whole, moved)


def _doubled_to(kept: Sequence[tuple[Setting, Year | None]], index: int) -> bool:
    """Whether a doubling only says again what its sentence gives a figure for, before it or behind
    it: 突破350亿元,比2024年翻一番."""
    place = kept[index][0]
    amount, text = place.amount, place.text
    if text[amount.start - 1 : amount.start] != "翻":
        return False
    for other, _ in kept[max(0, index - 1) : index + 2]:
        first, second = sorted((amount, other.amount), key=lambda a: a.start)
        between = text[first.last : second.first]
        told = other.sentence == place.sentence and text[other.amount.start - 1] != "翻"
        if told and _SAME.fullmatch(between):
            return True
    return False


def _listed(place: Setting, kept: Sequence[tuple[Setting, Year | None]]) -> bool:
    """Whether an amount ends its clause in a sentence that has set a target before it."""
    if not kept or kept[-1][0].sentence != place.sentence or place.amount.spelt or place.after:
        return False
    return len(place.before) >= 2 and not _SIZE.search(place.before)


def _past(scene: _Scene, place: Setting, year: Year | None, told: int | None) -> bool:
    """Whether an amount is of the past: by its section, by a cue, by the sentence before it.

    told : where the last sentence that tells of the past ends, if any
    """
    if scene.past or (year is not None and year.role == "past"):
        return True
    dated = scene.goal or year is not None
    if told_past(place, scene.years, dated=dated):
        return True
    goes_on = told is not None and (told == place.sentence[1] or told + 1 == place.sentence[0])
    return (goes_on or scene.reports) and not dated and not aims(place)


def _year(scene: _Scene, place: Setting) -> Year | None:
    """The year that holds for an amount: before it, else behind it, else inherited."""
    found = at(scene.years, place.amount.start, _told_from(scene, place))
    if found is not None and found.start >= place.sentence[0]:
        return found
    start = place.amount.start
    for closing in scene.closings:
        if closing.since <= start < closing.start:
            return Year(closing.start, closing.end, closing.year, "deadline")
    if found is not None and (scene.goal or _leads(scene.passage.text, found)):
        return found
    later = _LATER.match(scene.passage.text, place.amount.end)
    if later:
        return Year(*later.span("year"), int(later["year"]), "deadline")
    if scene.carried is not None and not _ahead(scene, place):
        return Year(0, 0, scene.carried, "deadline")
    return None


def _leads(text: str, year: Year) -> bool:
    """Whether a year holds beyond its sentence: a comma or 到 sets it before what follows."""
    if year.role != "deadline" or text.startswith((",", ":"), year.end):
        return True
    return bool(_HEADING.search(text[max(0, year.start - 4) : year.start]))


def _ahead(scene: _Scene, place: Setting) -> bool:
    """Whether what is done every year comes before the year of its sentence: it has none."""
    later = within(scene.years, place.amount.last, place.sentence[1])
    return bool(_YEARLY.search(place.before)) and any(y.role == "deadline" for y in later)


def _told_from(scene: _Scene, place: Setting) -> int:
    """From where a past year holds for an amount: one that heads a sentence holds for all of it,
    beyond its semicolons, unless something is set out to be done."""
    text, start = place.text, place.sentence[0]
    if start == 0 or text[start - 1] != ";" or urged(place):
        return start
    floor = max(0, start - _REACH)
    head = max(floor - 1, *(text.rfind(c, floor, start) for c in "。!?\n\t")) + 1
    first = within(scene.years, head, head + _HEAD)
    return head if first and first[0].role == "past" else start


def _started(place: Setting) -> Baseline | None:
    """The baseline that an amount is (从2024年的10%提高到15%), None where it is none."""
    amount = place.amount
    found = _FROM.search(place.text[place.clause[0] : amount.first])
    if not found or amount.low != amount.high or not _RISES.match(place.after):
        return None
    when = re.search(r"20\d\d", found["when"])
    return Baseline(int(when[0]) if when else None, amount.low)


def _grown(place: Setting) -> Baseline | None:
    """A rise against a year (较2020年增长50%) counts from nothing in that year, a multiple of
    that year's value from one."""
    if place.amount.core not in ("%", "倍", "个百分点"):
        return None
    found = _GREW.search(place.before)
    doubled = place.text[place.amount.start - 1 : place.amount.start] == "翻"
    return Baseline(int(found["year"]), float(doubled)) if found else None


def _targets(
    scene: _Scene,
    kept: Sequence[tuple[Setting, Year | None]],
    bases: dict[int, Baseline],
) -> Iterator[Target]:
    shared = _respective(scene, [place for place, _ in kept])
    floor, prior, sentence = 0, Prior(), -1
    for i, (place, year) in enumerate(kept):
        if place.sentence[0] != sentence:
            sentence, prior = place.sentence[0], Prior()
        ceiling = kept[i + 1][0].amount.first if i + 1 < len(kept) else len(place.text)
        said = phrase(
            place, room=(floor, ceiling), years=scene.years, prior=prior, title=scene.title
        )
        name, due_by, sign = shared.get(i, ("", None, None))
        prior, floor = Prior(name or said.indicator, place.amount.core), said.end
        target = _target(scene, place, said)
        yield replace(
            target,
            indicator=name or said.indicator,
            comparator=sign or target.comparator,
            deadline=due_by or (year.year if year else None),
            baseline=bases.get(i),
        )


def _respective(scene: _Scene, places: Sequence[Setting]) -> dict[int, _Share]:
    """Indicator, year and comparator of the amounts that follow one 分别."""
    found: dict[int, _Share] = {}
    for group in groups(places):
        first = places[group[0]]
        own = within(scene.years, first.sentence[0], first.amount.first)
        own = [y for y in own if y.role == "deadline"]
        bare = all(not places[i].amount.marked for i in group[1:])
        sign = first.amount.comparator if bare else None
        parts = names(_after_years(first, own), len(group))
        if parts:
            found |= {i: (name, None, sign) for i, name in zip(group, parts, strict=True)}
        elif len(own) == len(group):
            said = _after_years(first, own).partition("分别")
            name = before_noun(said[0]) or before_noun(said[2])
            name = name or re.split(r"[,、。;(]", places[group[-1]].after, maxsplit=1)[0]
            found |= {i: (name, y.year, sign) for i, y in zip(group, own, strict=True)}
    return found


def _after_years(place: Setting, own: Sequence[Year]) -> str:
    begin = max([place.clause[0], *(y.end for y in own if y.end <= place.amount.first)])
    return place.text[begin : place.amount.first]


def _target(scene: _Scene, place: Setting, said: Phrase) -> Target:
    begin, stop = scene.passage.place(said.start, said.end)
    before = place.text[place.clause[0] : place.amount.first]
    everywhere = _EVERYWHERE.search(before) or (place.amount.measured and _NEW.search(before))
    return Target(
        id="",
        section=scene.section,
        indicator="",
        comparator=_comparator(place, said),
        value=place.amount.value,
        unit=place.amount.unit,
        deadline=None,
        span=scene.folded.quote(begin, stop),
        start=begin,
        end=stop,
        hedge=_hedge(place),
        yearly=bool(_YEARLY.search(before)),
        everywhere=bool(everywhere),
    )


def _comparator(place: Setting, said: Phrase) -> Comparator:
    """As printed; but 突破5项技术 breaks through five of them, it does not exceed five, and 至少
    may stand before the verb."""
    amount = place.amount
    broken = place.text.startswith("突破", amount.first)
    if broken and said.end > amount.last and not amount.measured:
        return "="
    if amount.comparator == "=" and _AT_LEAST.search(place.before):
        return ">="
    return amount.comparator


def _hedge(place: Setting) -> str:
    """The word by which a target is only aimed at: in its clause, or at the head of one before."""
    text = place.text
    own = max(text.rfind(c, place.sentence[0], place.amount.first) for c in ",:。;(") + 1
    found = _HEDGE.search(text, max(own, place.sentence[0]), place.amount.first)
    found = found or _HEADED.search(text[place.sentence[0] : place.amount.first])
    return found["hedge"] if found else ""


def _covered(scene: _Scene) -> Iterator[Target]:
    """全覆盖 stands for 100 %."""
    if scene.past:
        return
    text = scene.passage.text
    for found in _WHOLE.finditer(text):
        begin, stop = scene.passage.place(*found.span())
        since = max(0, found.start() - _REACH)
        sentence = max(since, text.rfind("。", since, found.start()) + 1)
        year = at(scene.years, found.start(), sentence)
        told = PAST_CUE.search(text, sentence, found.end())
        if (year is not None and year.role == "past") or (told and year is None):
            continue
        inherited = scene.carried if year is None else year.year
        yield Target(
            id="",
            section=scene.section,
            indicator=found["name"] + "覆盖率",
            comparator="=",
            value=100.0,
            unit="%",
            deadline=inherited,
            span=scene.folded.quote(begin, stop),
            start=begin,
            end=stop,
            implicit=True,
        )
