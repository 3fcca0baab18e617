"""The quantities that a plan sets out to reach, each with its deadline and its place."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qianhang.plan.document import Target
from qianhang.plan.reading.carried import Carry, limits
from qianhang.plan.reading.deadlines import years
from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.outline import Heading
from qianhang.plan.reading.passages import passages
from qianhang.plan.reading.stated import Era, stated
from qianhang.plan.reading.tabled import tabled

if TYPE_CHECKING:
    from qianhang.plan.reading.heading import Facts

__all__ = ["targets"]

_YEAR = re.compile(r"20[0-4]\d")
_YEARLY = re.compile(r"要点|年度|工作计划|任务清单|工作安排|分工|重点(?:工作|任务)|台账")
_SCALES = {
    "": 1.0,
    "百": 1e2,
    "千": 1e3,
    "万": 1e4,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "万亿": 1e12,
}
_SCALED = re.compile(r"(万亿|千万|百万|亿|万|千(?!瓦|米)|百(?!分))?(.*)", re.DOTALL)
# Two indicators are one from this share of common pairs of characters.
_ALIKE = 0.7
# Of the targets with one quantity so many are asked whether they are the same.
_AGAIN = 40
Key = tuple[tuple[float, ...], str, str]


def targets(
    folded: Folded, body: tuple[int, int], headings: Sequence[Heading], *, facts: Facts | None
) -> tuple[Target, ...]:
    """The targets of a document in the order of the text, in folded offsets.

    One that is printed again elsewhere, a news lead before the body included, is one target with
    its other places in `also`.
    """
    era = _era(facts)
    found = passages(folded.text, (0, body[1]), headings)
    own, taken = tabled(folded, found, headings, since=era.since)
    lead: list[Target] = []
    carry, limited = Carry(headings), limits(found)
    for i, passage in enumerate(found):
        if i in taken:
            continue
        standing = carry.standing(passage)
        if standing.year is None and era.only is not None:
            standing = replace(standing, year=era.only)
        if limited[i] is not None:
            standing = replace(standing, year=limited[i])
        stands = stated(folded, passage, headings, era=era, standing=standing)
        carry.learn(passage, years(passage.text, since=era.since, now=(era.now, era.only, era.end)))
        (own if passage.at[0] >= body[0] else lead).extend(stands)
    return _numbered(_merged(sorted(own, key=lambda t: t.start), lead, folded.text))


def _era(facts: Facts | None) -> Era:
    if facts is None:
        return Era(None, None, None)
    titled = _YEAR.findall(facts.title or "")
    only = int(titled[0]) if len(set(titled)) == 1 and _YEARLY.search(facts.title) else None
    period = _YEAR.findall(facts.period or "")
    dated = _YEAR.findall(facts.date or "") or _YEAR.findall(facts.doc_no or "")
    # An open period (-2030) only tells that the plan is not younger than its end.
    bounds = [*dated[:1], *(period[:1] if dated or len(period) == 2 else [])]
    since = min((int(y) for y in bounds), default=only)
    now = only if only is not None else int(dated[0]) if dated else None
    return Era(since, only, now, int(period[-1]) if period else None)


def _merged(own: Sequence[Target], lead: Sequence[Target], text: str) -> list[Target]:
    """One target for all the places that print it; those only in the lead are left out."""
    kept: list[Target] = []
    again: list[list[tuple[int, int]]] = []
    alike: dict[Key, list[int]] = {}
    breaks = [m.start() for m in re.finditer("\n", text)]
    for i, target in enumerate((*own, *lead)):
        among = alike.setdefault((*_quantity(target), target.comparator), [])
        same = next((k for k in among[:_AGAIN] if _same(kept[k], target, breaks)), None)
        if same is not None:
            kept[same] = _joined(kept[same], target)
            again[same].append((target.start, target.end))
        elif i < len(own):
            among.append(len(kept))
            kept.append(target)
            again.append(list(target.also))
    return [replace(t, also=tuple(places)) for t, places in zip(kept, again, strict=True)]


def _joined(first: Target, again: Target) -> Target:
    return replace(
        first,
        deadline=first.deadline if first.deadline is not None else again.deadline,
        hedge=first.hedge or again.hedge,
    )


def _same(a: Target, b: Target, breaks: Sequence[int]) -> bool:
    """Whether two statements of one quantity are one target: in two paragraphs, with one deadline
    and one indicator."""
    if a.deadline is not None and b.deadline is not None and a.deadline != b.deadline:
        return False
    start, stop = sorted([a.start, a.end, b.start, b.end])[1:3]
    parted = bisect_left(breaks, start) < bisect_left(breaks, stop)
    return parted and _alike(a.indicator, b.indicator)


def _quantity(target: Target) -> tuple[tuple[float, ...], str]:
    scaled = _SCALED.fullmatch(target.unit)
    scale, unit = (scaled[1] or "", scaled[2]) if scaled else ("", target.unit)
    values = target.value if isinstance(target.value, tuple) else (target.value,)
    return tuple(round(v * _SCALES[scale], 6) for v in values), unit.upper()


def _alike(a: str, b: str) -> bool:
    if a == b or (min(len(a), len(b)) >= 4 and (a in b or b in a)):
        return True
    first = [a[i : i + 2] for i in range(len(a) - 1)]
    second = [b[i : i + 2] for i in range(len(b) - 1)]
    if not first or not second:
        return False
    common = sum(min(first.count(p), second.count(p)) for p in set(first))
    return 2 * common / (len(first) + len(second)) >= _ALIKE


def _numbered(found: Sequence[Target]) -> tuple[Target, ...]:
    ordered = sorted(found, key=lambda t: (t.start, t.end))
    return tuple(replace(t, id=f"t{i}") for i, t in enumerate(ordered, 1))
