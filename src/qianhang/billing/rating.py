"""What a usage record costs: cut where the price or the month changes, then rounded once.

The rule of rounding: every part is kept exact; a record's parts are rounded half up on their
running total, so that the lines sum to the rounded whole, to the fen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from zoneinfo import ZoneInfo

from qianhang.billing.amount import half_up, shares
from qianhang.billing.moment import stamp
from qianhang.billing.month import month_of, turns
from qianhang.billing.prices import Band, Price, in_force
from qianhang.billing.usage import UsageRecord
from qianhang.core.errors import BillingError

__all__ = ["Part", "rate"]


@dataclass(frozen=True, slots=True)
class Part:
    """What of a record falls into one month at one rate.

    start, end : from its first to its last moment, hours at another rate between them left out
    quantity : of the price's unit, exact; yuan : the rate
    fen : rounded; fee : the platform's share of it
    """

    month: str
    start: datetime
    end: datetime
    quantity: Fraction
    price: Price
    yuan: Decimal
    fen: int = 0
    fee: int = 0

    @property
    def exact_fen(self) -> Fraction:
        """The cost before rounding, fen."""
        return self.quantity * Fraction(self.yuan) * 100

    @property
    def list_fen(self) -> Fraction:
        """The cost by the list before the contract's discount and hours, fen, exact."""
        return self.quantity * Fraction(self.price.list_yuan) * 100


def rate(usage: UsageRecord, prices: Sequence[Price]) -> list[Part]:
    """The parts of a record, in order of time; none for a record of nothing.

    prices : of the record's operator and flavour; what counts tokens, calls or GB is rated, and
        belongs to the month, of its start
    Raises BillingError where no price holds at some moment of it.
    """
    fit = [p for p in prices if p.category == usage.category and p.meter == usage.unit]
    if usage.unit != "card_hour":
        raw = [_part(usage, _held(usage, fit, usage.start), usage.start, usage.end)]
    else:
        raw = [_part(usage, p, a, b) for p, a, b in _stretches(usage, fit)]
    return _rounded(_joined([p for p in raw if p.quantity]))


def _part(usage: UsageRecord, price: Price, start: datetime, end: datetime) -> Part:
    quantity = usage.quantity(price.unit)
    if usage.unit == "card_hour":
        whole, own = usage.end - usage.start, end - start
        quantity *= Fraction(own // _TICK, whole // _TICK)
    return Part(month_of(start), start, end, quantity, price, price.rate(start))


_TICK = timedelta(microseconds=1)


def _stretches(
    usage: UsageRecord, prices: Sequence[Price]
) -> Iterator[tuple[Price, datetime, datetime]]:
    """Price and time of each stretch in which neither month, list nor hour changes."""
    if usage.end == usage.start:
        return
    start, end = usage.start.astimezone(UTC), usage.end.astimezone(UTC)
    cuts = {start, end, *turns(start, end)}
    for price in prices:
        cuts |= {t.astimezone(UTC) for t in (price.since, price.until) if t and start < t < end}
        cuts |= set(_clock_cuts(price, start, end))
    every = sorted(cuts)
    for begin, finish in zip(every, every[1:], strict=False):
        yield _held(usage, prices, begin), begin, finish


def _clock_cuts(price: Price, start: datetime, end: datetime) -> Iterator[datetime]:
    zone = ZoneInfo(price.zone)
    edges = {edge for b in price.bands for edge in _edges(b)}
    day, last = start.astimezone(zone).date(), end.astimezone(zone).date()
    while edges and day <= last:
        for edge in edges:
            at = _clock(day, edge, zone)
            if start < at < end:
                yield at
        day += timedelta(days=1)


def _edges(band: Band) -> Iterator[time]:
    for text in (band.begin, band.end):
        yield time() if text == "24:00" else time.fromisoformat(text)


def _clock(day: date, edge: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, edge, tzinfo=zone).astimezone(UTC)


def _held(usage: UsageRecord, prices: Sequence[Price], at: datetime) -> Price:
    found = in_force(prices, usage.pool, at)
    if found is None:
        what = f"{usage.operator}, pool {usage.pool}, {usage.flavour}, {usage.unit}"
        text = f"usage {usage.id}: no price of {what} holds at {stamp(at)}"
        raise BillingError("QH555", text, hint="publish one: qianhang bill price FILE")
    return found


def _joined(parts: Sequence[Part]) -> list[Part]:
    """One part for each month, price and rate; the nights of a week are one line, not seven."""
    found: dict[tuple[str, str, Decimal], Part] = {}
    for p in parts:
        key = (p.month, p.price.id, p.yuan)
        old = found.get(key)
        start, before = (old.start, old.quantity) if old else (p.start, Fraction(0))
        found[key] = Part(p.month, start, p.end, before + p.quantity, p.price, p.yuan)
    return list(found.values())


def _rounded(parts: Sequence[Part]) -> list[Part]:
    fens = shares([p.exact_fen for p in parts])
    return [
        Part(p.month, p.start, p.end, p.quantity, p.price, p.yuan, fen, _fee(p.price, fen))
        for p, fen in zip(parts, fens, strict=True)
    ]


def _fee(price: Price, fen: int) -> int:
    return half_up(Fraction(price.fee) * fen)
