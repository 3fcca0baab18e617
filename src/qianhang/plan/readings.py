"""A target's reading: one figure from evidence by a rule, with everything it was made of."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from qianhang.plan import quantity
from qianhang.plan.evidence import GRADES, Evidence
from qianhang.plan.items import Item
from qianhang.plan.rules import Query, Rule

__all__ = ["Component", "Reading", "newer", "read_target", "recomputed", "series"]

_SIGNS: Mapping[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq, "!=": operator.ne, ">=": operator.ge, "<=": operator.le,
    ">": operator.gt, "<": operator.lt, "in": lambda a, b: a in b,
}  # fmt: skip
_FIELDS = ("subject", "scenario", "run", "indicator", "grade", "by", "value", "target")
_MOST_DAYS = 120
_FAILS = "does not qualify:"


@dataclass(frozen=True, slots=True)
class Component:
    """One record as a reading saw it.

    value : in the rule's unit; 1 for what is only counted; None where it gives no figure
    part : value, or per for the denominator of a ratio
    used : whether it is in the figure; why : the reason where it is not
    """

    seq: int
    grade: str
    kind: str
    subject: str
    key: str
    on: date
    value: float | None
    used: bool
    why: str = ""
    part: str = "value"


@dataclass(frozen=True, slots=True)
class Reading:
    """What the evidence says of a target on a day.

    target : "P1.T3"; upto : the last record of the log that was looked at
    value : of grades A, B and C; None with a reason where there is no evidence, or no figure
    by_grade : each grade's share of a sum or count, its own figure otherwise
    claimed : of grade D alone, never part of the value
    """

    target: str
    on: date
    upto: int
    unit: str
    rule: Rule | None
    value: float | None
    by_grade: Mapping[str, float]
    claimed: float | None
    components: tuple[Component, ...]
    reason: str = ""

    @property
    def used(self) -> tuple[Component, ...]:
        """The components that are in the value, claims not among them."""
        return tuple(c for c in self.components if c.used and c.grade != "D")

    @property
    def grade(self) -> str:
        """The worst grade that the value rests on; "" where there is no value."""
        return max((c.grade for c in self.used), default="") if self.value is not None else ""


def read_target(
    item: Item, rule: Rule | None, records: Iterable[Evidence], *, on: date, upto: int = 0
) -> Reading:
    """The target's reading on a day from these records; only a confirmed rule is read.

    Retracted, later, stale and other regions' records are listed as not used, with the reason.
    """
    unit = item.values["unit"]
    bare = Reading(item.ref, on, upto, unit, rule, None, {}, None, ())
    if rule is None:
        return replace(bare, reason="no rule")
    if rule.state != "confirmed":
        return replace(bare, reason="the rule is only proposed: nobody has confirmed it")
    every = list(records)
    found = _components(item, rule.query, every, on=on)
    low = item.values["comparator"] in ("<", "<=")
    if rule.per is None:
        told = _single(bare, rule.query, found, low=low)
        return _with_others(told, item, rule.query, every)
    unit = _common(rule.query, every)
    above = _components(item, rule.query, every, on=on, unit=unit)
    other = _common(rule.per, every, near=unit)
    below = _components(item, rule.per, every, on=on, unit=other)
    below = [replace(c, part="per") for c in below]
    told = _ratio(bare, rule, above, below, low=low)
    return _with_claims(told, item, rule.query, every)


def series(
    item: Item, rule: Rule | None, records: Iterable[Evidence], *, on: date
) -> tuple[tuple[date, float], ...]:
    """(day, value) at each day on which something was observed, up to `on`; days without a value
    are left out, and of very many days an even choice is taken."""
    if rule is None:
        return ()
    kinds = {*rule.query.kinds, *(rule.per.kinds if rule.per else ())}
    own = [
        r for r in records
        if r.kind in kinds and r.target in ("", item.ref) and r.on <= on and not r.retracted
    ]  # fmt: skip
    days = sorted({r.on for r in own})
    step = max(1, len(days) // _MOST_DAYS)
    chosen = sorted({*days[::step], *days[-1:]})
    found = ((day, read_target(item, rule, own, on=day).value) for day in chosen)
    return tuple((day, value) for day, value in found if value is not None)


def recomputed(reading: Reading, *, low: bool = False) -> float | None:
    """The value once more, from nothing but the components listed as used.

    low : whether less is better, which makes the largest the worst
    """
    if reading.rule is None:
        return None
    above = [c.value for c in reading.used if c.part == "value" and c.value is not None]
    value = _aggregate(above, reading.rule.query.aggregate, low=low)
    if reading.rule.per is None or value is None:
        return value
    below = [c.value for c in reading.used if c.part == "per" and c.value is not None]
    divisor = _aggregate(below, reading.rule.per.aggregate, low=low)
    return _quotient(value, divisor, reading.unit)[0]


def _single(bare: Reading, query: Query, found: list[Component], *, low: bool) -> Reading:
    value, headline = _figure([c for c in found if c.grade != "D"], query, low=low)
    claimed, claims = _figure([c for c in found if c.grade == "D"], query, low=low)
    return replace(
        bare,
        value=value,
        claimed=claimed,
        by_grade=_by_grade(headline, query, low=low),
        components=tuple(sorted((*headline, *claims), key=lambda c: c.seq)),
        reason="" if value is not None else _nothing(headline, claims),
    )


def _with_others(told: Reading, item: Item, query: Query, records: Sequence[Evidence]) -> Reading:
    """The reading, with records that name the target but are of other kinds listed as not used."""
    strangers = [
        Component(
            r.seq, r.grade, r.kind, r.subject, r.key, r.on, r.value, False,
            f"{_FAILS} kind is {r.kind!r}, not in {list(query.kinds)!r}",
        )
        for r in records
        if r.target == item.ref and r.kind not in (*query.kinds, "claim") and not r.retracted
    ]  # fmt: skip
    every = tuple(sorted((*told.components, *strangers), key=lambda c: c.seq))
    if told.value is not None or not strangers:
        return replace(told, components=every)
    reason = _nothing([c for c in every if c.grade != "D"], every)
    return replace(told, components=every, reason=reason)


def _ratio(
    bare: Reading, rule: Rule, above: list[Component], below: list[Component], *, low: bool
) -> Reading:
    """The quotient of two figures; a denominator of zero leaves the reading undefined."""
    if rule.per is None:
        raise ValueError("the rule is no ratio")
    above, below = ([_unclaimed(c) for c in side if c.kind != "claim"] for side in (above, below))
    top, counted = _figure(above, rule.query, low=low)
    divisor, divided = _figure(below, rule.per, low=low)
    components = _each_once(counted, divided)
    if top is None or divisor is None:
        part, side = ("numerator", counted) if top is None else ("denominator", divided)
        lacking = f"no evidence for the {part}: {_nothing(side, ())}"
        return replace(bare, components=components, reason=lacking)
    value, reason = _quotient(top, divisor, bare.unit)
    grades = {c.grade: value for c in components if c.used and value is not None}
    worst = {max(grades): value} if grades and value is not None else {}
    return replace(bare, value=value, by_grade=worst, components=components, reason=reason)


def _each_once(above: Sequence[Component], below: Sequence[Component]) -> tuple[Component, ...]:
    """Both sides of a ratio, a record only where it counts; one that never does stands above."""
    counts = {c.seq for c in (*above, *below) if c.used}
    listed = {c.seq for c in above}
    first = [c for c in above if c.used or c.seq not in counts]
    second = [c for c in below if c.used or c.seq not in counts | listed]
    return tuple(sorted(first, key=lambda c: c.seq)) + tuple(sorted(second, key=lambda c: c.seq))


def _unclaimed(part: Component) -> Component:
    """Neither side of a ratio is typed in."""
    return replace(part, used=False, why=part.why or "only a claim") if part.grade == "D" else part


def _with_claims(told: Reading, item: Item, query: Query, records: Sequence[Evidence]) -> Reading:
    """The ratio with what was claimed of the target itself, in the target's unit, beside it."""
    own = [r for r in records if r.kind == "claim"]
    newest = replace(query, aggregate="last")
    claimed, claims = _figure(_components(item, newest, own, on=told.on), newest, low=False)
    return replace(told, claimed=claimed, components=(*told.components, *claims))


def _quotient(top: float, divisor: float | None, unit: str) -> tuple[float | None, str]:
    if divisor is None:
        return None, "no evidence for the denominator"
    if divisor == 0:
        return None, "undefined: the denominator is 0"
    ratio = top / divisor
    try:
        return quantity.convert(ratio, from_="1", to=unit), ""
    except ValueError:
        return ratio, ""


def _common(query: Query, records: Iterable[Evidence], *, near: str | None = None) -> str:
    """The unit of one side of a ratio: the other's where it can be, else its first record's."""
    found = [r.unit for r in records if r.kind in query.kinds and _fits(r, query)]
    if near is not None and any(_can_be(unit, near) for unit in found):
        return near
    return found[0] if found else near or ""


def _can_be(unit: str, other: str) -> bool:
    try:
        quantity.convert(1.0, from_=unit, to=other)
    except ValueError:
        return False
    return True


def _fits(record: Evidence, query: Query) -> bool:
    return all(_holds(_fact(record, name), sign, value) for name, sign, value in query.where)


def _components(
    item: Item, query: Query, records: Sequence[Evidence], *, on: date, unit: str | None = None
) -> list[Component]:
    """Every record of the query's kinds, and claims for this very target."""
    since = date(on.year, 1, 1) if item.values.get("yearly") else None
    wanted = item.values["unit"] if unit is None else unit
    found = []
    for record in records:
        claim = record.kind == "claim" and record.target == item.ref
        if record.kind not in query.kinds and not claim:
            continue
        if record.target != item.ref and (record.target or _other_figure(record, query)):
            continue
        value, why = _value(record, query, wanted)
        why = _excluded(record, query, on=on, since=since, claim=claim) or why
        found.append(
            Component(
                record.seq, record.grade, record.kind, record.subject, _key(record, query),
                record.on, value, not why, why,
            )
        )  # fmt: skip
    return found


def _other_figure(record: Evidence, query: Query) -> bool:
    """Whether a record is the figure of an indicator that the rule does not ask for."""
    asked = tuple(w for w in query.where if w[0] == "figure")
    return record.kind == "figure" and not _fits(record, replace(query, where=asked))


def _excluded(record: Evidence, query: Query, *, on: date, since: date | None, claim: bool) -> str:
    """Why a record does not count on this day, "" where it does."""
    if record.retracted:
        return f"retracted: {record.retracted}"
    if record.on > on:
        return "observed later"
    if since and record.on < since:
        return f"before this year ({since.year})"
    if query.fresh_days is not None and (on - record.on).days >= query.fresh_days:
        return f"older than {query.fresh_days} days"
    told = _fact(record, "region")
    if query.region and told and told != query.region:
        return f"region {told}, not {query.region}"
    if claim:
        return ""
    for name, sign, value in query.where:
        if not _holds(_fact(record, name), sign, value):
            return f"{_FAILS} {name} is {_fact(record, name)!r}, not {sign} {value!r}"
    return ""


def _holds(found: Any, sign: str, value: Any) -> bool:
    if found is None:
        return False
    try:
        return bool(_SIGNS[sign](found, value))
    except TypeError:
        return False


def _fact(record: Evidence, name: str) -> Any:
    """A field of the record, or one of its facts; dots go down into a fact."""
    if name in _FIELDS:
        return getattr(record, name)
    found: Any = record.facts
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _key(record: Evidence, query: Query) -> str:
    if query.aggregate == "last":
        return ""
    if query.key == "seq":
        return str(record.seq)
    found = _fact(record, query.key) if query.key else None
    return str(found or record.key)


def _value(record: Evidence, query: Query, unit: str) -> tuple[float | None, str]:
    """What a record adds, in the target's unit, and what is wrong with it.

    A count takes each record as one, but a list that names this target (a register) as its length.
    """
    if query.aggregate == "count" and (record.value is None or not record.target):
        return quantity.one(unit), ""
    if record.value is None:
        return None, "has no value"
    try:
        return quantity.convert(record.value, from_=record.unit, to=unit), ""
    except ValueError as cause:
        return None, str(cause)


def _figure(
    found: list[Component], query: Query, *, low: bool
) -> tuple[float | None, list[Component]]:
    """The figure, and the components with those that another replaces marked."""
    newest: dict[str, Component] = {}
    for each in found:
        decides = each.used or (query.latest and each.why.startswith(_FAILS))
        if decides and (each.key not in newest or newer(each, newest[each.key])):
            newest[each.key] = each
    kept = {c.seq for c in newest.values()}
    marked = [
        replace(c, used=False, why=f"counted once: record {newest[c.key].seq} is newer")
        if c.used and c.seq not in kept
        else c
        for c in found
    ]
    values = [c.value for c in marked if c.used and c.value is not None]
    return _aggregate(values, query.aggregate, low=low), marked


def newer(one: Component, other: Component) -> bool:
    """Whether one takes the other's place: it was observed later, or on one day is of a better
    grade, or else is the later record."""
    rank = (one.on, -GRADES.index(one.grade), one.seq)
    return rank > (other.on, -GRADES.index(other.grade), other.seq)


def _aggregate(values: Sequence[float], how: str, *, low: bool) -> float | None:
    if not values:
        return None
    if how in ("sum", "count"):
        return float(sum(values))
    if how == "mean":
        return float(sum(values) / len(values))
    if how == "worst":
        return max(values) if low else min(values)
    return values[-1]


def _by_grade(found: Sequence[Component], query: Query, *, low: bool) -> dict[str, float]:
    shares: dict[str, float] = {}
    for grade in sorted({c.grade for c in found if c.used}):
        values = [c.value for c in found if c.used and c.grade == grade and c.value is not None]
        figure = _aggregate(values, query.aggregate, low=low)
        if figure is not None:
            shares[grade] = figure
    return shares


def _nothing(found: Sequence[Component], claims: Sequence[Component]) -> str:
    """Why there is no figure."""
    if not found:
        return "only claims" if claims else "no record"
    reasons: dict[str, int] = {}
    for each in found:
        if each.why:
            name = each.why if each.why.startswith(_FAILS) else each.why.partition(":")[0]
            reasons[name] = reasons.get(name, 0) + 1
    told = " + ".join(f"{n} × {why}" for why, n in sorted(reasons.items(), key=lambda r: -r[1])[:3])
    return f"none of {len(found)} records counts: {told}"
