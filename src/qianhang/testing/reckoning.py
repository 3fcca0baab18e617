"""What a run on the compute network must have cost, counted apart from billing, to the fen."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.billing import charges, ledger, prices, schema
from qianhang.billing.prices import Price
from qianhang.compute.door import attempts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from qianhang.compute.door.attempts import Attempt
    from qianhang.store import Store

__all__ = ["Reckoning", "publish", "reckon"]

_MS = Decimal("0.001")
# A yuan a card-second, so that the milliseconds of a keeper have to be rounded to a fen.
_YUAN_AN_HOUR = Decimal(3600)


@dataclass(frozen=True, slots=True)
class Reckoning:
    """Charges held against the attempts that ended.

    charged : attempts with a charge; missing, twice, strange : those without one, with several, and
        charges of what did not end or took no time
    due_fen : worked out from the keepers' times; owed_fen, paid_fen : what the ledger says that the
        organisation owes and the operator gets
    faults : what the ledger's own check finds
    """

    charged: int
    missing: int
    twice: int
    strange: int
    due_fen: int
    owed_fen: int
    paid_fen: int
    faults: int

    @property
    def exact(self) -> bool:
        """Whether each was charged once, and the ledger holds the same to the fen."""
        wrong = self.missing or self.twice or self.strange or self.faults
        return not wrong and self.due_fen == self.owed_fen == self.paid_fen


def publish(store: Store, operator: str, flavour: str) -> None:
    """Let a second of one card cost a yuan there."""
    price = Price(
        operator=operator, flavour=flavour, unit="card_hour", category="compute",
        yuan=_YUAN_AN_HOUR, list_yuan=_YUAN_AN_HOUR, since=datetime(2020, 1, 1, tzinfo=UTC),
        version="1", number=1,
    )  # fmt: skip
    with store.write() as tx:
        prices.publish(tx, [price], at=datetime.now(UTC))


def reckon(store: Store, org: str, operator: str) -> Reckoning:
    """The charges of an organisation whose jobs all ran at that price."""
    due = dict(_due(attempts.listed(store)))
    usage, charge = schema.usage, schema.charge
    query = sa.select(usage.c.attempt).join(charge, charge.c.usage == usage.c.id)
    with store.read() as connection:
        found = Counter(connection.execute(query).scalars())
    return Reckoning(
        charged=len(found),
        missing=len(due.keys() - found.keys()),
        twice=sum(n > 1 for n in found.values()),
        strange=len(found.keys() - due.keys()),
        due_fen=sum(due.values()),
        owed_fen=ledger.balance(store, charges.owed(org)),
        paid_fen=-ledger.balance(store, charges.payable(operator)),
        faults=len(ledger.check(store)),
    )


def _due(made: Iterable[Attempt]) -> Iterable[tuple[str, int]]:
    """(token, fen) of each attempt that ended and took time: ms x cards, half a fen up."""
    for one in made:
        if one.state == "ended" and one.outcome and one.started and one.outcome.usage.wall_s > 0:
            cards = round(one.placement.chips * one.placement.replicas)
            took = Decimal(one.outcome.usage.wall_s).quantize(_MS, ROUND_HALF_EVEN)
            yield one.token, int((took * 100 * cards).quantize(Decimal(1), ROUND_HALF_UP))
