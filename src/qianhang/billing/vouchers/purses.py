"""What an organisation's grants can still pay, judged for a pool without holding anything.

A grant pays where its contract's supplier supplies: the facts that it was made on say who that is.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

import sqlalchemy as sa

from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.vouchers import grants, tables
from qianhang.billing.vouchers.cases import case_of
from qianhang.billing.vouchers.facts import Bill, Facts, Line, Spent
from qianhang.billing.vouchers.funds import version_of
from qianhang.billing.vouchers.programme import Programme
from qianhang.billing.vouchers.rules import Refusal, eligible
from qianhang.billing.vouchers.worth import percent, worth

__all__ = ["Purse", "Spot", "best", "purses"]

_HOLD, _LINE = tables.hold.c, tables.contract.c


@dataclass(frozen=True, slots=True)
class Spot:
    """Where something is to be used: whose pool, which chips."""

    supplier: str
    pool: str
    region: str = ""
    chips: Literal["domestic", "other"] = "other"


@dataclass(frozen=True, slots=True)
class Purse:
    """An open grant with the facts behind it.

    left_fen : that may still be held; held_fen : set aside for jobs and not used yet
    own_fen, every_fen : what this programme, and all together, give on its contract so far
    """

    grant: int
    entity: str
    programme: Programme
    facts: Facts
    left_fen: int
    held_fen: int
    own_fen: int
    every_fen: int

    def facts_at(self, spot: Spot) -> Facts:
        """The facts of the grant with the place of use put in."""
        region = spot.region or self.facts.pool_region
        return replace(self.facts, pool=spot.pool, pool_region=region, chips=spot.chips)

    def refusals(self, spot: Spot) -> tuple[Refusal, ...]:
        """Why the grant pays nothing there; none where it may pay."""
        if spot.supplier != self.facts.supplier.id:
            return (Refusal("other_contract", spot.supplier, self.facts.supplier.id),)
        return eligible(self.programme, self.facts_at(spot))

    def percent(self, spot: Spot) -> int:
        """The share of a compute bill that it bears there, percent."""
        if self.programme.ratio is None or self.refusals(spot):
            return 0
        return percent(self.programme.ratio.tiers, self._bill(spot, 0))

    def worth(self, spot: Spot, fen: int) -> int:
        """What a hold for a compute bill of so many fen would set aside now, fen."""
        if fen <= 0 or self.refusals(spot):
            return 0
        bill = self._bill(spot, fen)
        found = worth(self.programme, bill, Spent(contract_fen=self.own_fen))
        shared = self.every_fen > self.own_fen
        ceiling = (percent(self.programme.stacking.ceilings, bill) if shared else 0) or 100
        room = self.facts.contract.fen * ceiling // 100 - self.every_fen
        return max(0, min(found, self.left_fen, room))

    def _bill(self, spot: Spot, fen: int) -> Bill:
        return replace(grants.bill_of(self.facts_at(spot)), lines=(Line("compute", fen),))


def purses(where: Where, at: datetime, *, entities: Collection[str]) -> tuple[Purse, ...]:
    """The grants of these entities that hold at this moment, with their facts, by number."""
    with reading(where) as connection:
        rows = [
            row
            for entity in sorted(set(entities))
            for row in grants.grants(connection, entity=entity)
            if row["state"] == "open" and (not row["expires"] or row["expires"] > stamp(at))
        ]
        held = _held(connection)
        found = []
        for row in sorted(rows, key=lambda one: int(one["id"])):
            facts = case_of(connection, row["id"])
            if facts is not None:
                name = row["programme"]
                own, every = _given(connection, facts.contract.id, name)
                found.append(Purse(
                    row["id"], row["entity"], version_of(connection, name, row["version"]), facts,
                    row["left"], held.get(row["id"], 0), own, every,
                ))  # fmt: skip
    return tuple(found)


def best(known: Collection[Purse], entity: str, spot: Spot, fen: int) -> tuple[Purse | None, int]:
    """The entity's grant that bears most of such a bill there, and how much, fen."""
    worths = [(one.worth(spot, fen), -one.grant, one) for one in known if one.entity == entity]
    most = max(worths, key=lambda one: one[:2], default=None)
    return (most[2], most[0]) if most and most[0] > 0 else (None, 0)


def _held(connection: sa.Connection) -> dict[int, int]:
    """Grant -> what open holds on it still hold, fen."""
    left = sa.func.sum(_HOLD.fen - _HOLD.captured - _HOLD.released)
    query = sa.select(_HOLD.voucher, left).where(_HOLD.state == "open").group_by(_HOLD.voucher)
    return {int(number): int(fen) for number, fen in connection.execute(query)}


def _given(connection: sa.Connection, contract: str, programme: str) -> tuple[int, int]:
    query = sa.select(_LINE.programme, _LINE.given).where(_LINE.contract == contract)
    rows = connection.execute(query).all()
    own = sum(int(given) for name, given in rows if name == programme)
    return own, sum(int(given) for _, given in rows)
