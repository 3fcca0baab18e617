"""Wallets: money that organisations paid in, and the statements that were paid out of it.

What comes in stands in `org:NAME:wallet`, above zero, against `wallets:held`; a statement that is
paid turns as much of it into `platform:cash` against `org:NAME:paid`. What an organisation has yet
to pay is what its issued statements say less what it paid, whether the month was settled or not.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NoReturn

import sqlalchemy as sa

from qianhang.billing import ledger, schema
from qianhang.billing.ledger import Posting
from qianhang.billing.moment import Where, reading
from qianhang.billing.statements import issued
from qianhang.core.errors import BillingError
from qianhang.store import Transaction

__all__ = ["Wallet", "pay", "top_up", "wallet", "wallet_account"]

_HELD, _CASH = "wallets:held", "platform:cash"


@dataclass(frozen=True, slots=True)
class Wallet:
    """Where an organisation stands; fen.

    fen : in the wallet; billed, paid : by issued statements, and of that paid so far
    months : whose statements are paid
    """

    org: str
    fen: int
    billed: int
    paid: int
    months: frozenset[str]

    @property
    def open(self) -> int:
        """What is billed and not paid; below zero where credits exceed charges."""
        return self.billed - self.paid


def wallet_account(org: str) -> str:
    """The account of what an organisation paid in and did not spend."""
    return f"org:{org}:wallet"


def top_up(tx: Transaction, org: str, *, fen: int, reference: str, at: datetime) -> int:
    """What the wallet holds once this much has come in, fen; once for each reference.

    reference : of the payment that came, as the bank's slip has it
    Raises BillingError where the amount or the reference cannot be, or the reference is used.
    """
    if fen <= 0 or not 0 < len(reference.strip()) <= 80:
        _refuse(org, f"{fen} fen by {reference!r}: expected more than 0, and 1 to 80 characters")
    postings = [Posting(wallet_account(org), fen), Posting(_HELD, -fen)]
    key = f"wallet:{org}:{reference.strip()}"
    ledger.post(tx, "wallet", subject=org, postings=postings, at=at, key=key)
    return ledger.balance(tx, wallet_account(org))


def pay(tx: Transaction, org: str, month: str, *, at: datetime) -> int:
    """What was paid of the wallet for the month's statement, fen: all of it, once.

    Raises BillingError where it is not issued or asks for nothing, BudgetError where the wallet
    holds less.
    """
    found = issued(tx, f"org:{org}", month)
    if found is None or found.due <= 0:
        why = "is not issued" if found is None else f"asks for {found.due} fen"
        _refuse(org, f"the statement of {month} {why}, nothing is to be paid")
    own, due = wallet_account(org), found.due
    postings = [
        Posting(own, -due), Posting(_HELD, due), Posting(f"org:{org}:paid", -due),
        Posting(_CASH, due),
    ]  # fmt: skip
    key = _key(org, month)
    ledger.post(
        tx, "payment", subject=org, postings=postings, at=at, key=key, not_below_zero=(own,)
    )
    return due


def wallet(where: Where, org: str) -> Wallet:
    """Where the organisation stands."""
    table = schema.statement
    query = sa.select(table.c.month, table.c.fen).where(table.c.party == f"org:{org}")
    with reading(where) as connection:
        billed = {r.month: int(r.fen) for r in connection.execute(query)}
        paid = _paid(connection, org, billed)
        holds = ledger.balance(connection, wallet_account(org))
    return Wallet(org, holds, sum(billed.values()), sum(billed[m] for m in paid), paid)


def _paid(connection: sa.Connection, org: str, months: Iterable[str]) -> frozenset[str]:
    keys = {_key(org, month): month for month in months}
    query = sa.select(schema.entry.c.key).where(schema.entry.c.key.in_(list(keys)))
    return frozenset(keys[key] for key in connection.execute(query).scalars())


def _key(org: str, month: str) -> str:
    return f"payment:{org}:{month}"


def _refuse(org: str, why: str) -> NoReturn:
    raise BillingError("QH563", f"wallet of {org}: {why}", hint="qianhang bill month")
