"""Settlement between operators: who collected a month's bills, who served, who pays whom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from qianhang.billing import ledger
from qianhang.billing.charges import owed, payable
from qianhang.billing.ledger import Posting
from qianhang.billing.moment import Where
from qianhang.billing.month import ends
from qianhang.billing.statements import issued, parties
from qianhang.core.errors import BillingError
from qianhang.store import Transaction

__all__ = ["PLATFORM", "Transfer", "positions", "settle", "transfers"]

PLATFORM = "platform"


@dataclass(frozen=True, slots=True)
class Transfer:
    """Money that one operator, or the platform, pays another; fen above zero."""

    payer: str
    payee: str
    fen: int


def positions(where: Where, month: str, collectors: Mapping[str, str]) -> dict[str, int]:
    """Operator -> what it collects for a month less what it earned in it, fen; they sum to zero.

    collectors : organisation -> the operator that bills it; the platform where none is named.
        The platform also takes its fees, and stands in for who bears the vouchers.
    Raises BillingError where a statement of the month is not issued.
    """
    found: dict[str, int] = {PLATFORM: 0}
    for party in parties(where, month):
        kind, _, name = party.partition(":")
        frozen = issued(where, party, month)
        if frozen is None:
            text = f"month {month} is not settled while the statement of {party} is not issued"
            raise BillingError("QH558", text, hint="issue every statement of the month first")
        who = collectors.get(name, PLATFORM) if kind == "org" else name
        found[who] = found.get(who, 0) + (frozen.due if kind == "org" else -frozen.due)
    found[PLATFORM] -= sum(found.values())
    return dict(sorted(found.items()))


def transfers(net: Mapping[str, int]) -> list[Transfer]:
    """The payments that even positions out, fewer than there are parties; largest first."""
    pay = sorted(((fen, who) for who, fen in net.items() if fen > 0), reverse=True)
    get = sorted(((-fen, who) for who, fen in net.items() if fen < 0), reverse=True)
    found = []
    while pay and get:
        (has, payer), (wants, payee) = pay.pop(0), get.pop(0)
        fen = min(has, wants)
        found.append(Transfer(payer, payee, fen))
        pay = sorted([*pay, (has - fen, payer)], reverse=True) if has > fen else pay
        get = sorted([*get, (wants - fen, payee)], reverse=True) if wants > fen else get
    return found


def settle(
    tx: Transaction, month: str, collectors: Mapping[str, str], *, at: datetime
) -> Sequence[Transfer]:
    """The month's payments, with what was owed moved to the collectors in one entry, once.

    `operator:NAME:settlement` then holds what the operator pays (above zero) or receives.
    Raises BillingError where the month has not ended, or a statement of it is not issued.
    """
    tx.take_turns()
    if at < ends(month):
        raise BillingError("QH558", f"month {month} has not ended", hint="settle when it is over")
    net = positions(tx, month, collectors)
    moves = _moves(tx, month, collectors)
    if moves:
        postings = [Posting(account, fen) for account, fen in sorted(moves.items())]
        ledger.post(
            tx, "settlement", subject=month, postings=postings, at=at, key=f"settlement:{month}"
        )
    return transfers(net)


def _moves(tx: Transaction, month: str, collectors: Mapping[str, str]) -> dict[str, int]:
    """Account -> fen: dues leave the parties' accounts for the settlement accounts."""
    found: dict[str, int] = {}
    for party in parties(tx, month):
        kind, _, name = party.partition(":")
        frozen = issued(tx, party, month)
        due = frozen.due if frozen else 0
        who = collectors.get(name, PLATFORM) if kind == "org" else name
        at_whom = f"{PLATFORM}:settlement" if who == PLATFORM else f"operator:{who}:settlement"
        own, fen = (owed(name), -due) if kind == "org" else (payable(name), due)
        for account, amount in ((own, fen), (at_whom, -fen)):
            found[account] = found.get(account, 0) + amount
    return {account: fen for account, fen in found.items() if fen}
