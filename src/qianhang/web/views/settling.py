"""What a settlement's pages show: who is owed, what waits, which step comes next and for whom."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qianhang.billing import ledger, lines, settlement
from qianhang.billing.month import ends
from qianhang.billing.settlement import Transfer
from qianhang.billing.turnover import Turnover, turnover
from qianhang.billing.vouchers import claims
from qianhang.store import Store
from qianhang.web.asked import Asked
from qianhang.web.views import payers

__all__ = [
    "Credited",
    "Customers",
    "Month",
    "Owed",
    "credits",
    "customers",
    "held_by",
    "month_of",
    "months",
    "next_step",
    "owed",
    "parties",
    "settled",
    "waiting",
]

_STEPS = {"open": "review", "reviewed": "pay", "paid": "audit"}


@dataclass(frozen=True, slots=True)
class Owed:
    """What an operator is owed, fen: charged and not settled yet, settled and to be paid out."""

    operator: str
    charged: int
    settled: int

    @property
    def fen(self) -> int:
        """All of it."""
        return self.charged + self.settled


@dataclass(frozen=True, slots=True)
class Customers:
    """How many organisations have a bill of a month, how many of these are issued, what is due."""

    count: int
    issued: int
    due: int


@dataclass(frozen=True, slots=True)
class Month:
    """A month between operators as far as the reader may see it.

    rows : what it comes to for the operators for which the reader answers; over : it has ended
    customers : for the office only; ready : every statement is issued, so that it may be settled
    net : operator -> what it pays (above zero) or gets, fen, once it is ready; with transfers
    """

    name: str
    over: bool
    settled: bool
    rows: Sequence[Turnover]
    customers: Customers | None
    ready: bool
    net: Mapping[str, int]
    transfers: Sequence[Transfer]


@dataclass(frozen=True, slots=True)
class Credited:
    """What an operator gave back for a pool's month, fen."""

    operator: str
    pool: str
    source: str
    fen: int


def owed(store: Store, operators: Collection[str] | None) -> tuple[Owed, ...]:
    """What operators (None for all) are owed, by name."""
    found: dict[str, dict[str, int]] = {}
    for account, fen in ledger.balances(store, "operator:").items():
        _, name, what = account.split(":", 2)
        if operators is None or name in operators:
            found.setdefault(name, {})[what] = -fen
    return tuple(
        Owed(name, of.get("payable", 0), of.get("settlement", 0))
        for name, of in sorted(found.items())
    )


def waiting(store: Store) -> dict[str, tuple[int, int]]:
    """Programme -> how many filed claims are in no batch yet, and their fen."""
    found: dict[str, tuple[int, int]] = {}
    for one in claims.claims(store, state="filed"):
        if one["batch"] is None:
            count, fen = found.get(one["programme"], (0, 0))
            found[one["programme"]] = (count + 1, fen + one["fen"])
    return found


def next_step(state: str) -> str:
    """review, pay or audit; "" where nothing is left to do."""
    return _STEPS.get(state, "")


def held_by(batch: Mapping[str, Any], own: Sequence[Mapping[str, Any]], login: str) -> str:
    """The part that somebody has in a batch already, "" for none: each takes one at most."""
    for role in ("reviewer", "payer", "auditor"):
        if batch[role] == login:
            return role
    return "claimant" if any(c["by"] == login for c in own) else ""


def parties(ask: Asked, month: str) -> list[Turnover]:
    """What the month comes to for the operators for which the reader answers."""
    return turnover(ask.store, "operator", names=payers.operators(ask), month=month)


def month_of(ask: Asked, name: str) -> Month:
    """How far the month is; for the office also who pays whom.

    Raises BillingError for a text that is no month.
    """
    over, rows = ends(name) <= ask.now, parties(ask, name)
    orgs = customers(ask.store, name) if payers.office(ask) else None
    issued = orgs is not None and orgs.issued == orgs.count and all(r.issued for r in rows)
    ready = issued and bool(rows)
    net = settlement.positions(ask.store, name, {}) if ready else {}
    done = settled(ask.store, name)
    return Month(name, over, done, rows, orgs, ready, net, settlement.transfers(net))


def customers(store: Store, month: str) -> Customers:
    """The month's organisations, counted: whose bills they are is their own business."""
    found = turnover(store, "org", month=month)
    return Customers(len(found), sum(o.issued for o in found), sum(o.due for o in found))


def months(ask: Asked) -> list[tuple[str, int, int, int, bool]]:
    """(month, what operators are owed of it, statements issued of theirs, of how many, whether
    settled)."""
    found: dict[str, list[Turnover]] = {}
    for one in turnover(ask.store, "operator", names=payers.operators(ask)):
        found.setdefault(one.month, []).append(one)
    return [
        (
            name, sum(o.due for o in own), sum(o.issued for o in own), len(own),
            settled(ask.store, name),
        )
        for name, own in sorted(found.items(), reverse=True)
    ]  # fmt: skip


def settled(store: Store, month: str) -> bool:
    """Whether the month was settled between operators."""
    return any(e.kind == "settlement" for e in ledger.entries(store, subject=month))


def credits(ask: Asked, month: str) -> list[Credited]:
    """Service credits that stand on the month's bills, of the operators one answers for."""
    mine, found = payers.operators(ask), dict[tuple[str, str, str], int]()
    for one in lines.lines(ask.store, month=month):
        if one.kind != "credit" or not one.price.startswith("sla:"):
            continue
        if mine is None or one.operator in mine:
            key = (one.operator, one.pool, one.price)
            found[key] = found.get(key, 0) - one.fen
    return [Credited(*key, fen) for key, fen in sorted(found.items())]
