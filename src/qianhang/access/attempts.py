"""How often a sign-in may fail: by account with a growing lock, by address with a window.

An attempt is counted before the password is looked at, in one statement, so that any number of
guesses at once, from any number of processes, are as many as one after the other.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.access.names import plain
from qianhang.access.trail import stamp

if TYPE_CHECKING:
    from qianhang.store import Transaction

__all__ = [
    "ADDRESS_FAILURES",
    "FAILURES",
    "LOCKS",
    "Attempt",
    "begin",
    "give_back",
    "new_row",
    "place_of",
]

FAILURES = 5
# How long the account is locked after failure 5, 6, 7 ...: the last goes on for ever.
LOCKS = tuple(timedelta(minutes=m) for m in (5, 10, 20, 40, 60))
# An office behind one address shares it, so this is wide: it slows guessing through many accounts.
ADDRESS_FAILURES, WINDOW = 50, timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A counted attempt; row : the account, where there is one and it is not locked.

    account : its id even where it is locked, "" where there is none
    first_throttled : whether this attempt is the first one too many from its address
    """

    row: sa.RowMapping | None
    account: str
    place: str
    throttled: bool
    first_throttled: bool


def begin(tx: Transaction, login: str, *, address: str, now: datetime) -> Attempt:
    """The attempt, counted against its address and, where that may try, against the account."""
    place = place_of(address)
    count = _count_address(tx, place, now) if place else 0
    if count > ADDRESS_FAILURES:
        return Attempt(None, "", place, True, count == ADDRESS_FAILURES + 1)
    table = schema.account
    free = (table.c.login == login) & (table.c.locked_until <= stamp(now))
    values = {"failures": table.c.failures + 1, "locked_until": _lock(now)}
    counted = sa.update(table).where(free).values(values).returning(*table.c)
    row = tx.execute(counted).mappings().first()
    known = tx.execute(sa.select(table.c.id).where(table.c.login == login)).scalar()
    return Attempt(row, known or "", place, False, False)


def give_back(tx: Transaction, attempt: Attempt) -> None:
    """Take back what `begin` counted, and the lock that it set, but nobody else's.

    Rows are taken in the order of `begin`, so that neither waits for the other for ever.
    """
    table, account = schema.address, schema.account
    if attempt.place:
        mine = (table.c.address == attempt.place) & (table.c.failures > 0)
        tx.execute(sa.update(table).where(mine).values(failures=table.c.failures - 1))
    if attempt.row is not None:
        mine = (account.c.id == attempt.row["id"]) & (account.c.failures > 0)
        own = account.c.locked_until == attempt.row["locked_until"]
        until = sa.case((own, ""), else_=account.c.locked_until)
        values = {"failures": account.c.failures - 1, "locked_until": until}
        tx.execute(sa.update(account).where(mine).values(values))


def new_row(tx: Transaction, table: sa.Table) -> Any:
    """An INSERT that knows ON CONFLICT, which SQLite and PostgreSQL write alike."""
    from sqlalchemy.dialects import postgresql, sqlite

    if tx.connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def _lock(now: datetime) -> sa.ColumnElement[str]:
    """Until when the account is locked by the failure that is just being counted."""
    failed = schema.account.c.failures + 1
    ends: Sequence[str] = [stamp(now + one) for one in LOCKS]
    steps = [(failed == FAILURES + n, ends[n]) for n in range(len(ends) - 1)]
    return sa.case((failed < FAILURES, ""), *steps, else_=ends[-1])


def _count_address(tx: Transaction, place: str, now: datetime) -> int:
    table, start = schema.address, stamp(now - WINDOW)
    tx.execute(sa.delete(table).where(table.c.since < start))
    row = {"address": place, "since": stamp(now), "failures": 1}
    insert = new_row(tx, table).values(row)
    again = insert.on_conflict_do_update(
        index_elements=[table.c.address], set_={"failures": table.c.failures + 1}
    )
    return int(tx.execute(again.returning(table.c.failures)).scalar_one())


def place_of(address: str) -> str:
    """What counts as one address: of IPv6 the first 64 bits, since a home has all the others."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return plain(address)[:64]
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network(f"{found}/64", strict=False))
    return str(found)
