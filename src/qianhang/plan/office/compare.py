"""Several plans side by side: the same indicator, who has what, who lacks what, as printed."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import UsageError
from qianhang.plan import quantity
from qianhang.plan.directory import find
from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.region import region_of
from qianhang.plan.revision import plain

if TYPE_CHECKING:
    from qianhang.plan.document import Document
    from qianhang.plan.items import Item, Plan

__all__ = [
    "THRESHOLD",
    "Aim",
    "Comparison",
    "Row",
    "Side",
    "likeness",
    "of_document",
    "of_plan",
    "side_by_side",
]

# How alike two names are from which they are the same indicator or system.
THRESHOLD = 0.6
# Words that praise, place or ask for a thing, and say nothing of what is counted.
_PRAISE = re.compile(
    "人工智能|全国|国内|国际|国家级|省级|市级|全[省市县区]|一流|领先|先进|高质量|高水平|高标准|典型|标杆|"
    "可复制|可推广|可用|示范引领|力争|争取|累计|新增|打造|建成|培育|形成|推出|实现|达到"
)
_PUE = re.compile("pue|电能利用效率|电源使用效率|能源使用效率")
_HEAD = 2
Match = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Aim:
    """One target as printed: value as (low, high or None); section where it stands."""

    indicator: str
    comparator: str
    low: float
    high: float | None
    unit: str
    deadline: int | None
    section: str
    span: str

    def values(self) -> dict[str, Any]:
        """As the words of a target take it."""
        return {n: getattr(self, n) for n in ("indicator", "comparator", "low", "high", "unit")}


@dataclass(frozen=True, slots=True)
class Side:
    """One plan in a comparison.

    systems : (name, mission id or "") of what it builds; industries : tag -> sections
    units : kind of unit -> in how many places it answers; titles : kind -> its name here
    """

    name: str
    aims: tuple[Aim, ...] = ()
    systems: tuple[tuple[str, str], ...] = ()
    industries: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, int] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Row:
    """One thing over all plans; cells[i] is what plan i has of it, () where it has none."""

    name: str
    unit: str
    cells: tuple[tuple[Any, ...], ...]

    @property
    def shared(self) -> int:
        """How many plans have it."""
        return sum(bool(cell) for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Plans side by side; rows that more plans share come first."""

    plans: tuple[str, ...]
    indicators: tuple[Row, ...]
    systems: tuple[Row, ...]
    industries: tuple[Row, ...]
    units: tuple[Row, ...]
    threshold: float


def side_by_side(sides: Sequence[Side], *, threshold: float = THRESHOLD) -> Comparison:
    """Two or more plans side by side.

    An indicator joins the most alike one of the others whose name is alike by `threshold` or more
    and whose unit measures the same; figures stay as they are printed.
    Raises UsageError for fewer than two plans, or a threshold that is not above 0 and up to 1.
    """
    if len(sides) < 2:
        raise UsageError("QH833", f"a comparison needs two plans or more, found {len(sides)}")
    if not 0 < threshold <= 1:
        raise UsageError("QH833", f"threshold: found {threshold:g}, expected above 0 and up to 1")
    aims = [(n, a.indicator, a.unit, a) for n, side in enumerate(sides) for a in side.aims]
    systems = [(n, *s, s[0]) for n, side in enumerate(sides) for s in side.systems]
    return Comparison(
        plans=tuple(side.name for side in sides),
        indicators=_rows(_grouped(aims, _same_indicator, threshold), len(sides)),
        systems=_rows(_grouped(systems, _same_system, threshold), len(sides), unit=False),
        industries=_counted([side.industries for side in sides]),
        units=_titled(_counted([side.units for side in sides]), sides),
        threshold=threshold,
    )


def likeness(first: str, second: str) -> float:
    """How alike two names are, 0 to 1: the mean share of characters and of pairs of characters that
    they have in common, folded and without praise (一流, 标杆); 0 where they end on other words
    (模型, 企业)."""
    a, b = _bare(first), _bare(second)
    if not a or not b or a[-_HEAD:] != b[-_HEAD:]:
        return 0.0
    if a == b:
        return 1.0
    return (_dice(a, b) + _dice(_pairs(a), _pairs(b))) / 2


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]


def _dice(a: Sequence[str], b: Sequence[str]) -> float:
    first, second = Counter(a), Counter(b)
    return 2 * (first & second).total() / max(1, first.total() + second.total())


def of_document(document: Document, *, match: Match = lambda _: None, name: str = "") -> Side:
    """A document that was read, as one side; match : name of a system -> its id, or None."""
    aims = []
    for t in document.targets:
        low, high = t.value if isinstance(t.value, tuple) else (t.value, None)
        place = (t.deadline, t.section, t.span)
        aims.append(Aim(t.indicator, t.comparator, low, high, t.unit, *place))
    built = [s.name for s in document.systems if s.role == "build"]
    tags = [s.industry for s in document.sections if s.industry]
    named = [u for s in document.sections for role in _ROLES for u in set(getattr(s.units, role))]
    shown = name or document.title or document.file
    kinds = _kinds(named, region_of(document.issuer, document.title, document.text), document.date)
    return Side(shown, tuple(aims), _named(built, match), Counter(tags), *kinds)


def of_plan(
    plan: Plan, every: Iterable[Item], *, match: Match = lambda _: None, name: str = ""
) -> Side:
    """A plan of the ledger as one side, without what was rejected or only a model proposes."""
    kept = [i for i in every if i.state != "rejected" and not i.pending]
    aims = tuple(_aim(i) for i in kept if i.kind == "target")
    systems = [i for i in kept if i.kind == "system" and i.values["role"] == "build"]
    known = {i.name: i.values["mission"] for i in systems if i.values["mission"]}
    built = _named([i.name for i in systems], lambda n: known.get(n) or match(n))
    sections = [i.values for i in kept if i.kind == "section"]
    tags = [v["industry"] for v in sections if v["industry"]]
    named = [u for v in sections for role in _ROLES for u in set(v["units"].get(role, ()))]
    kinds = _kinds(named, plan.region, plan.date)
    return Side(name or plan.region or plan.title, aims, built, Counter(tags), *kinds)


_ROLES = ("responsible", "lead", "support")
# Plan, name, unit or mission id, what is shown.
Entry = tuple[int, str, str, Any]
Same = Callable[[Entry, Entry], float]


def _kinds(named: Iterable[str], region: str, day: str) -> tuple[dict[str, int], dict[str, str]]:
    """Kind of unit -> how often, and -> its name; 省科技厅 and 市科技局 are of one kind."""
    try:
        on = date.fromisoformat(day)
    except ValueError:
        on = date.max
    found: Counter[str] = Counter()
    titles: dict[str, str] = {}
    for name, count in Counter(named).items():
        unit = find(name, region=region, on=on)
        kind = unit.id.rpartition("/")[2] if unit else name
        found[kind] += count
        titles.setdefault(kind, _without_place(unit.name, unit.region) if unit else name)
    return dict(found), titles


def _without_place(name: str, region: str) -> str:
    bare = name.removeprefix(region)
    # The name of an organ of a party committee keeps whose it is.
    return region[-1:] + bare if bare.startswith("委") else bare


def _aim(item: Item) -> Aim:
    names = ("indicator", "comparator", "low", "high", "unit", "deadline")
    return Aim(**{n: item.values[n] for n in names}, section=item.section, span=item.span)


def _named(names: Iterable[str], match: Match) -> tuple[tuple[str, str], ...]:
    return tuple((name, match(name) or "") for name in dict.fromkeys(names))


def _bare(name: str) -> str:
    """What a name counts: the last noun phrase, folded."""
    text = plain(fold(name).text)
    if _PUE.search(text):
        return "pue"
    tail = text.rpartition("的")[2]
    return _PRAISE.sub("", tail if len(tail) > _HEAD else text)


def _same_indicator(first: Entry, second: Entry) -> float:
    """Likeness of names, 0 where the units measure different things."""
    try:
        quantity.convert(1.0, from_=first[2], to=second[2])
    except ValueError:
        return 0.0
    return likeness(first[1], second[1])


def _same_system(first: Entry, second: Entry) -> float:
    """1 for one id of the inventory, 0 for two; by name where one of them has none."""
    if first[2] and second[2]:
        return 1.0 if first[2] == second[2] else 0.0
    return likeness(first[1], second[1])


def _grouped(entries: Iterable[Entry], same: Same, threshold: float) -> list[list[Entry]]:
    """Each entry in the group whose most alike entry is alike enough, else in one of its own."""
    groups: list[list[Entry]] = []
    for entry in entries:
        scores = [max(same(entry, other) for other in group) for group in groups]
        best = max(range(len(groups)), key=lambda n: scores[n], default=None)
        if best is not None and scores[best] >= threshold:
            groups[best].append(entry)
        else:
            groups.append([entry])
    return groups


def _rows(groups: Iterable[list[Entry]], plans: int, *, unit: bool = True) -> tuple[Row, ...]:
    """The groups as rows, named by their shortest name; the widest shared first."""
    rows = []
    for group in groups:
        cells = tuple(tuple(shown for n, *_, shown in group if n == i) for i in range(plans))
        name = min((name for _, name, *_ in group), key=len)
        rows.append(Row(name, group[0][2] if unit else "", cells))
    return tuple(sorted(rows, key=lambda r: -r.shared))


def _titled(rows: Iterable[Row], sides: Sequence[Side]) -> tuple[Row, ...]:
    """Kinds of units under the name that the first plan has for them."""
    titles = {kind: name for side in reversed(sides) for kind, name in side.titles.items()}
    return tuple(replace(row, name=titles.get(row.name, row.name)) for row in rows)


def _counted(sides: Sequence[Mapping[str, int]]) -> tuple[Row, ...]:
    names = dict.fromkeys(name for side in sides for name in side)
    rows = [Row(n, "", tuple((s[n],) if s.get(n) else () for s in sides)) for n in names]
    return tuple(sorted(rows, key=lambda r: (-r.shared, -sum(c[0] for c in r.cells if c))))
