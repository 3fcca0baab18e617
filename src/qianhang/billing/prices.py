"""Price lists: what an operator asks for a unit of a flavour, from when to when, at which hours.

A price is yuan a unit as an exact decimal. A list is never changed; one that begins later takes
over from there on, and where it ends the one before holds again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.billing.moment import Where, moment, reading, stamp
from qianhang.billing.usage import CATEGORIES, UNITS
from qianhang.core.errors import BillingError
from qianhang.store import Transaction
from qianhang.store.log import canonical
from qianhang.store.prepared import Prepared, fetch

__all__ = ["Band", "Price", "in_force", "prices", "publish"]


_T = schema.price
_LISTED = Prepared(
    sa.select(_T.c.body)
    .where(sa.or_(sa.bindparam("operator") == "", _T.c.operator == sa.bindparam("operator")))
    .where(sa.or_(sa.bindparam("flavour") == "", _T.c.flavour == sa.bindparam("flavour")))
    .order_by(_T.c.since, _T.c.id)
)
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


@dataclass(frozen=True, slots=True)
class Band:
    """Hours of the day with a price of their own, on clocks of the list's zone.

    begin, end : `22:00` to `08:00` goes over midnight; end is not part
    """

    begin: str
    end: str
    yuan: Decimal

    def holds(self, at: time) -> bool:
        """Whether the clock's time lies in it."""
        begin, end, now = self.begin, self.end, at.strftime("%H:%M")
        return begin <= now < end if begin < end else now >= begin or now < end


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one unit costs.

    pool : "" for every pool of the operator; one named for the pool goes before it
    yuan : a unit; list_yuan : before the contract's discount, the same where there is none
    fee : share of the charge that the platform keeps, 0 to 1
    since, until : from when on and up to when, None for no end
    version, number : which list, and which price in it
    """

    operator: str
    pool: str = ""
    flavour: str
    unit: str
    category: str
    yuan: Decimal
    list_yuan: Decimal
    bands: tuple[Band, ...] = ()
    fee: Decimal = Decimal(0)
    since: datetime
    until: datetime | None = None
    version: str
    number: int
    zone: str = "Asia/Shanghai"

    def __post_init__(self) -> None:
        _sound(self)

    @property
    def id(self) -> str:
        """The name of the price: operator, version of the list, number in it."""
        return f"{self.operator}/{self.version}/{self.number}"

    @property
    def meter(self) -> str:
        """What a record must count for it: cards for card_hour and pflops_hour alike."""
        return "card_hour" if self.unit == "pflops_hour" else self.unit

    def rate(self, at: datetime) -> Decimal:
        """Yuan a unit at a moment, by the clock of the list's zone."""
        clock = at.astimezone(ZoneInfo(self.zone)).time()
        return next((b.yuan for b in self.bands if b.holds(clock)), self.yuan)

    def told(self) -> dict[str, Any]:
        """The price as JSON that is read back."""
        said: dict[str, Any] = {n: getattr(self, n) for n in ("operator", "pool", "flavour")}
        said |= {n: getattr(self, n) for n in ("unit", "category", "version", "number", "zone")}
        said |= {n: str(getattr(self, n)) for n in ("yuan", "list_yuan", "fee")}
        bands = [{"begin": b.begin, "end": b.end, "yuan": str(b.yuan)} for b in self.bands]
        until = stamp(self.until) if self.until else None
        return said | {"bands": bands, "since": stamp(self.since), "until": until}


def publish(tx: Transaction, every: Sequence[Price], *, at: datetime) -> list[str]:
    """The ids of a list's prices, kept once however often the same list is published.

    Raises BillingError where a version is published anew with other prices, two prices claim the
    same unit from the same moment, or a time is touched that was charged already.
    """
    tx.take_turns()
    for price in every:
        _keep(tx, price, at)
    return [p.id for p in every]


def prices(where: Where, *, operator: str = "", flavour: str = "") -> list[Price]:
    """Published prices, ended ones too, of one operator or flavour where given, oldest first."""
    wanted = {"operator": operator, "flavour": flavour}
    with reading(where) as connection:
        return [_retold(row.body) for row in fetch(connection, _LISTED, wanted)]


def in_force(every: Sequence[Price], pool: str, at: datetime) -> Price | None:
    """The price that holds on a pool at a moment: its own before the operator's, newest first."""
    held = [
        p for p in every
        if p.pool in ("", pool) and p.since <= at and (p.until is None or at < p.until)
    ]  # fmt: skip
    return max(held, key=lambda p: (p.pool != "", p.since), default=None)


def _keep(tx: Transaction, price: Price, at: datetime) -> None:
    table, body = schema.price, canonical(price.told())
    known = tx.execute(sa.select(table.c.body).where(table.c.id == price.id)).scalar()
    if known is not None:
        if known != body:
            _refuse(price, "was published with another price: give the list a new version")
        return
    same = [
        p for p in prices(tx, operator=price.operator, flavour=price.flavour)
        if (p.pool, p.category, p.meter, p.since)
        == (price.pool, price.category, price.meter, price.since)
    ]  # fmt: skip
    if same:
        _refuse(price, f"begins at the same moment as {same[0].id}")
    _not_charged_yet(tx, price)
    row = {n: getattr(price, n) for n in ("id", "operator", "pool", "flavour", "unit")}
    row |= {"since": stamp(price.since), "body": body, "at": stamp(at)}
    tx.execute(sa.insert(table), row)
    tx.append("billing.price", price.id, payload=price.told(), at=at)


def _not_charged_yet(tx: Transaction, price: Price) -> None:
    table = schema.line
    rules = [
        table.c.operator == price.operator, table.c.flavour == price.flavour,
        table.c.finish > stamp(price.since),
    ]  # fmt: skip
    if price.pool:
        rules.append(table.c.pool == price.pool)
    if price.until:
        rules.append(table.c.start < stamp(price.until))
    last = tx.execute(sa.select(sa.func.max(table.c.finish)).where(*rules)).scalar()
    if last is not None:
        _refuse(price, f"begins {stamp(price.since)}, but it was charged up to {last} already")


@lru_cache(maxsize=4096)
def _retold(body: str) -> Price:
    said = json.loads(body)
    money = {n: Decimal(said[n]) for n in ("yuan", "list_yuan", "fee")}
    bands = tuple(Band(b["begin"], b["end"], Decimal(b["yuan"])) for b in said["bands"])
    until = moment(said["until"]) if said["until"] else None
    times = {"since": moment(said["since"]), "until": until}
    return Price(**said | money | times | {"bands": bands})


def _sound(price: Price) -> None:
    if price.unit not in UNITS or price.category not in CATEGORIES:
        _refuse(price, f"unit {price.unit!r} or category {price.category!r} is unknown")
    rates = [price.yuan, price.list_yuan, *(b.yuan for b in price.bands)]
    if min(rates) < 0 or not 0 <= price.fee <= 1:
        _refuse(price, "a price below zero, or a fee beyond 0 to 1")
    if price.since.tzinfo is None or (price.until and price.until <= price.since):
        _refuse(price, "begins at no moment, or ends before it begins")
    if price.bands and price.unit not in ("card_hour", "pflops_hour"):
        _refuse(price, "hours of the day apply to card_hour and pflops_hour")
    if not all(_CLOCK.fullmatch(b.begin) and _CLOCK.fullmatch(b.end) for b in price.bands):
        _refuse(price, "the hours of a band are written as 08:00")
    if _overlap(price.bands):
        _refuse(price, "two bands hold at the same time of day")


def _overlap(bands: Sequence[Band]) -> bool:
    edges = sorted({b.begin for b in bands} | {b.end for b in bands if b.end != "24:00"})
    clocks = [time.fromisoformat(edge) for edge in edges]
    return any(sum(b.holds(clock) for b in bands) > 1 for clock in clocks)


def _refuse(price: Price, why: str) -> None:
    raise BillingError("QH556", f"price {price.id} ({price.flavour}): {why}")
