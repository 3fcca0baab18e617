"""What is known of the compute network, as evidence for plans: metered, measured, spent, served.

Each figure is worked out from records that stay (meters, probes, benchmark jobs, usage, vouchers)
and written down as an observation, once: what is not new is not told again, and what a person has
taken back does not come again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from qianhang.billing import utilisation
from qianhang.billing.month import month_of, span
from qianhang.billing.vouchers import spending
from qianhang.compute.door import plant
from qianhang.compute.green import capacity, lines, pue, stock
from qianhang.compute.green.errands import ORG
from qianhang.core.day import day_of
from qianhang.plan.author import take_turns
from qianhang.plan.evidence import Evidence, Grade, Observation, evidence, observe
from qianhang.plan.items import CONFIRMED, items, plans
from qianhang.plan.rules import rules_of

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["PueLimit", "Share", "feed", "month_before", "pue_limits", "shares"]

BY = "compute network"
_AGAIN = timedelta(days=30)  # after which it is told again that an organisation is still served
_HOURS = "卡时"


@dataclass(frozen=True, slots=True)
class Share:
    """A pool's use within a month: card-hours used, there, and how many usage records say so."""

    pool: str
    used: float
    available: float
    records: int

    @property
    def value(self) -> float | None:
        """Used over available; None where nothing was there."""
        return self.used / self.available if self.available > 0 else None


@dataclass(frozen=True, slots=True)
class PueLimit:
    """A confirmed target that holds PUE down."""

    target: str
    name: str
    limit: float


@dataclass(frozen=True, slots=True)
class _Told:
    """An observation with its grade and whoever it is from; added : its value is a difference."""

    seen: Observation
    grade: Grade = "A"
    by: str = BY
    added: bool = False


def feed(store: Store, now: datetime) -> tuple[int, ...]:
    """The numbers of the new records; none where nothing is new."""
    known = evidence(store)
    fresh = _fresh(store, known, now)
    if not fresh:
        return ()
    with store.write() as tx:
        take_turns(tx)
        since = evidence(store)
        if since != known:  # somebody else told meanwhile
            fresh = _fresh(store, since, now)
        made = [observe(tx, o.seen, grade=o.grade, by=o.by, at=now) for o in fresh]
    return tuple(entry.seq for entry in made)


def _fresh(store: Store, known: list[Evidence], now: datetime) -> list[_Told]:
    return [one for one in _found(store, known, now) if not _same(one, known)]


def _same(told: _Told, known: Iterable[Evidence]) -> bool:
    """Whether the newest record of this very thing says the same."""
    seen = told.seen
    if told.added:
        return not seen.value
    own = [
        k for k in known
        if (k.kind, k.key, k.unit) == (seen.kind, seen.key or seen.subject, seen.unit)
        and k.by == told.by and k.on == seen.on
    ]  # fmt: skip
    return bool(own) and own[-1].value == seen.value


def _found(store: Store, known: list[Evidence], now: datetime) -> Iterator[_Told]:
    held = [one.pool for one in plant.pools(store)]
    where = {pool.id: pool.city for pool in held}
    yield from _sites(store, {pool.place: pool.city for pool in held})
    yield from _lines(store, list(where))
    yield from _capacity(store, known, now)
    yield from _use(store, where, now)
    yield from _vouchers(store, known, now)
    yield from _served(store, known)


def _in(city: str) -> dict[str, str]:
    return {"region": city} if city else {}


def _sites(store: Store, cities: Mapping[str, str]) -> Iterator[_Told]:
    """PUE of whole years only, from files that a person brought."""
    papers, every = pue.papers(store), pue.months(store)
    for year in pue.series(every):
        if not year.whole or year.site not in cities:
            continue
        months = [m.month for m in every if m.site == year.site and year.start[:7] <= m.month]
        months = [m for m in months if m <= year.month]
        facts: dict[str, Any] = {
            "total_kwh": year.total_kwh, "it_kwh": year.it_kwh, "start": year.start,
            "end": year.end, "source": year.source, **_in(cities[year.site]),
        }  # fmt: skip
        seen = Observation(
            "pue", year.site, date.fromisoformat(year.end), round(year.value, 4), facts=facts,
            files={month: papers[year.site, month][0] for month in months},
        )  # fmt: skip
        yield _Told(seen, "C", papers[year.site, year.month][1])


def _lines(store: Store, pools: list[str]) -> Iterator[_Told]:
    """Bandwidth and delay of each pair's newest probe, and the share of pairs that are as asked."""
    found = [one for one in lines.newest(store) if {one.a, one.b} <= set(pools)]
    for one in found:
        on, name = day_of(one.at), f"{one.a} - {one.b}"
        facts = {"probed": one.at, "method": one.method}
        for unit, value in (("Gbps", one.gbps), ("ms", one.ms)):
            seen = Observation("link", name, on, round(value, 4), unit, f"{name} {unit}", "", facts)
            yield _Told(seen)
    if found:
        judged = lines.judged(pools, found)
        told = lines.share(judged) or 0.0
        judge: dict[str, Any] = {
            "pairs": len(judged), "as_asked": sum(j.ok for j in judged), "gbps": lines.GBPS,
            "ms": lines.MS, "probed": len(found),
        }  # fmt: skip
        on = max(day_of(one.at) for one in found)
        yield _Told(Observation("link", "network", on, round(told * 100, 2), "%", facts=judge))


def _capacity(store: Store, known: Iterable[Evidence], now: datetime) -> Iterator[_Told]:
    """PFlops that benchmark jobs confirmed; 0 for what was confirmed once and is no more."""
    pools = [one.pool for one in plant.pools(store)]
    cities = {pool.id: pool.city for pool in pools}
    told = set()
    for one in capacity.holdings(pools, capacity.benched(store), now=now):
        if not one.confirmed:
            continue
        name = f"{one.pool}/{one.flavour}"
        told.add(name)
        facts: dict[str, Any] = {
            "benchmarked": True, "precision": one.precision, "chips": one.confirmed,
            "chips_listed": one.chips, "nameplate_pflops": one.pflops, "jobs": list(one.jobs),
            **_in(cities[one.pool]),
        }  # fmt: skip
        value = round(one.confirmed_pflops, 12)
        yield _Told(Observation("capacity", name, day_of(one.on), value, "PFlops", facts=facts))
    last = {k.subject: k for k in known if k.kind == "capacity" and k.by == BY}
    for name in sorted(last.keys() - told):
        if last[name].value:
            facts = {"benchmarked": True, "chips": 0, **_in(last[name].facts.get("region", ""))}
            yield _Told(Observation("capacity", name, day_of(now), 0.0, "PFlops", facts=facts))


def month_before(now: datetime) -> str:
    """The last month that is over in China."""
    return month_of(span(month_of(now))[0] - timedelta(seconds=1))


def shares(store: Store, month: str, now: datetime) -> tuple[Share, ...]:
    """Each pool's use within a month, up to now where the month is not over."""
    start, end = span(month)
    end = max(start, min(end, now))
    there = stock.chip_seconds(store, start, end)
    used = utilisation.used(store, start, end)
    none = utilisation.Used(Fraction(0), 0)
    return tuple(
        Share(name, own.card_hours, there.get(name, 0.0) / 3600.0, own.records)
        for name in sorted({*there, *used})
        for own in [used.get(name, none)]
    )


def _use(store: Store, cities: Mapping[str, str], now: datetime) -> Iterator[_Told]:
    """Card-hours used and there in the last whole month, for each pool that ever joined."""
    month = month_before(now)
    on = day_of(span(month)[1] - timedelta(seconds=1))
    for one in shares(store, month, now):
        for part, value in (("used", one.used), ("available", one.available)):
            facts: dict[str, Any] = {"part": part, "month": month}
            facts |= _in(cities.get(one.pool, "")) | {"records": one.records}
            seen = Observation(
                "utilisation", one.pool, on, round(value, 6), _HOURS, f"{one.pool} {part}",
                facts=facts,
            )  # fmt: skip
            yield _Told(seen)


def _vouchers(store: Store, known: Iterable[Evidence], now: datetime) -> Iterator[_Told]:
    """What each programme's days add to what was told of them, and what audits took away."""
    told: dict[str, int] = {}
    for each in known:
        if each.kind == "voucher" and each.by == BY and each.value is not None:
            told[each.key] = told.get(each.key, 0) + round(each.value * 100)

    def more(programme: str, key: str, on: date, fen: int, facts: Mapping[str, Any]) -> _Told:
        value = (fen - told.get(key, 0)) / 100
        return _Told(Observation("voucher", programme, on, value, "元", key, "", facts), added=True)

    for day in spending.spent(store):
        facts = {"captures": day.captures, "last_capture": day.last}
        yield more(day.programme, f"{day.programme} {day.day}", day.day, day.fen, facts)
    for name, fen in spending.taken_back(store).items():
        facts = {"taken_back": True}
        yield more(name, f"{name} taken back", day_of(now), -fen, facts)


def _served(store: Store, known: Iterable[Evidence]) -> Iterator[_Told]:
    """Organisations that held cards, other than whoever runs the platform."""
    last = {k.subject: k.on for k in known if k.kind == "served" and k.by == BY}
    for org, on in sorted(utilisation.served(store).items()):
        if org != ORG and (org not in last or on - last[org] >= _AGAIN):
            yield _Told(Observation("served", org, on))


def pue_limits(store: Store) -> tuple[PueLimit, ...]:
    """The confirmed targets that hold PUE down and are read from meters, the strictest first."""
    found = []
    for plan in plans(store):
        rules = rules_of(store, plan)
        for item in items(store, plan, kind="target", states=CONFIRMED):
            rule, values = rules.get(item.code), item.values
            limit = values["high"] if values["high"] is not None else values["low"]
            if rule is None or "pue" not in rule.query.kinds or limit is None:
                continue
            if values["comparator"] in ("<", "<="):
                found.append(PueLimit(item.ref, item.name, float(limit)))
    return tuple(sorted(found, key=lambda one: (one.limit, one.target)))
