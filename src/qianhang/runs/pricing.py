"""Prices and vouchers as billing knows them, put into what the compute network decides by."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.billing.amount import half_up
from qianhang.billing.prices import Price, in_force, prices
from qianhang.billing.rating import rate
from qianhang.billing.usage import Proof, UsageRecord
from qianhang.billing.vouchers.purses import Purse, Spot, best, purses
from qianhang.compute import schema
from qianhang.compute.door import plant
from qianhang.compute.flavour import Flavour, flavours
from qianhang.compute.network import Pool
from qianhang.compute.policy import Placement, Prices
from qianhang.compute.quote import Fare
from qianhang.core.errors import BillingError

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Tariff", "live", "spot", "tariff"]

# Makers at home, by the vendors' names in the table of chips: some programmes pay for theirs alone.
_DOMESTIC = frozenset(
    {"Cambricon", "Huawei", "Hygon", "Iluvatar", "Kunlunxin", "MetaX", "Moore Threads"}
)
_OPEN = ("queued", "running")


def live(store: Store, now: datetime) -> Prices:
    """What a chip-hour costs at this moment, pool by pool, and what vouchers bear of it.

    Where billing has no price, the policy keeps to the pool's own list. Vouchers are those of
    organisations that have jobs open; what a purse holds is rounded down to two binary digits, so
    that not every job that draws on it has all others looked at anew.
    """
    return tariff(store, now, orgs=_with_jobs(store)).policy()


def tariff(store: Store, now: datetime, *, orgs: Collection[str]) -> Tariff:
    """The prices of the pools that have joined, and what these organisations' vouchers are worth.

    All of it as it stands at `now`.
    """
    pools = {one.pool.id: one.pool for one in plant.pools(store)}
    return Tariff(pools, tuple(prices(store)), purses(store, now, entities=orgs), now)


@dataclass(frozen=True, slots=True)
class Tariff:
    """Pools, published prices and purses at one moment."""

    pools: dict[str, Pool]
    prices: Sequence[Price]
    purses: tuple[Purse, ...]
    now: datetime

    def policy(self) -> Prices:
        """What the policy goes by."""
        now: dict[tuple[str, str], int] = {}
        least: dict[tuple[str, str], int] = {}
        for pool, flavour in self._stock():
            price = in_force(self._of(pool, flavour), pool.id, self.now)
            if price is not None:
                rates = [price.yuan, *(band.yuan for band in price.bands)]
                now[pool.id, flavour] = _chip_hour(price, price.rate(self.now), flavour)
                least[pool.id, flavour] = min(_chip_hour(price, one, flavour) for one in rates)
        share, worth = self._vouchers()
        return Prices(now, share, worth, least)

    def fare(self, org: str, place: Placement, start: float, run_s: float) -> Fare:
        """What a run costs there by the very rules by which it will be charged, and its voucher.

        start : seconds since 1970 UTC
        """
        pool = self.pools[place.pool]
        fen, source = self._fen(pool, place, start, run_s), "billing"
        if fen is None:
            listed = next(s.price_fen for s in pool.stock if s.flavour == place.flavour)
            hours = Fraction(round(run_s * 1000), 3_600_000)
            chips = Fraction(str(place.chips)) * place.replicas
            fen, source = half_up(listed * chips * hours), "listed"
        purse, borne = best(self.purses, org, spot(pool, place.flavour), fen)
        return Fare(fen, borne, purse.grant if purse else 0, source)  # type: ignore[arg-type]  # one of two

    def _fen(self, pool: Pool, place: Placement, start: float, run_s: float) -> int | None:
        """The charge of such a record, None where no price holds all the time."""
        begin = datetime.fromtimestamp(round(start, 3), UTC)
        record = UsageRecord(
            job="quote", attempt="quote", org="quote", operator=pool.operator, pool=pool.id,
            flavour=place.flavour, start=begin, end=begin + timedelta(seconds=round(run_s, 3)),
            cards=Decimal(str(place.chips)) * place.replicas, tflops=_tflops(place.flavour),
            proof=Proof("quoted", "quoted"),
        )  # fmt: skip
        try:
            return sum(part.fen for part in rate(record, self._of(pool, place.flavour)))
        except BillingError:
            return None

    def _vouchers(self) -> tuple[dict[tuple[str, str], float], dict[tuple[str, str], int]]:
        """(organisation, pool) -> share of the price that the best voucher there bears; its fen."""
        share: dict[tuple[str, str], float] = {}
        worth: dict[tuple[str, str], int] = {}
        for purse in self.purses:
            usable = _rounded(purse.left_fen + purse.held_fen)
            for pool, flavour in self._stock() if usable else ():
                key, part = (purse.entity, pool.id), purse.percent(spot(pool, flavour)) / 100
                if part > share.get(key, 0.0):
                    share[key], worth[key] = part, usable
        return share, worth

    def _stock(self) -> Iterable[tuple[Pool, str]]:
        return ((pool, stock.flavour) for pool in self.pools.values() for stock in pool.stock)

    def _of(self, pool: Pool, flavour: str) -> list[Price]:
        return [
            p for p in self.prices
            if (p.operator, p.flavour, p.category, p.meter)
            == (pool.operator, flavour, "compute", "card_hour")
        ]  # fmt: skip


def spot(pool: Pool, flavour: str) -> Spot:
    """The pool and its chips as rules of vouchers know them."""
    chip: Flavour | None = flavours().get(flavour)
    home = chip is not None and chip.vendor in _DOMESTIC
    return Spot(pool.operator, pool.id, pool.city, "domestic" if home else "other")


def _chip_hour(price: Price, yuan: Decimal, flavour: str) -> int:
    """Fen for an hour of one chip."""
    if price.unit == "pflops_hour":
        return half_up(Fraction(yuan) * 100 * Fraction(_tflops(flavour)) / 1000)
    return half_up(Fraction(yuan) * 100)


def _tflops(flavour: str) -> Decimal:
    chip = flavours().get(flavour)
    return Decimal(str(chip.fp16_tflops.value)) if chip else Decimal(0)


def _rounded(fen: int) -> int:
    """The amount rounded down to its two highest binary digits."""
    low = max(fen.bit_length() - 2, 0)
    return fen >> low << low


def _with_jobs(store: Store) -> tuple[str, ...]:
    query = sa.select(schema.job.c.org).where(schema.job.c.state.in_(_OPEN)).distinct()
    with store.read() as connection:
        return tuple(connection.execute(query).scalars())
