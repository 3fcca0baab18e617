"""Accounts of people whom an OpenID provider vouches for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.access import accounts, schema, sessions, tickets
from qianhang.access.person import Account, Grant, account_of
from qianhang.access.trail import note, signed, take_turns
from qianhang.core.errors import AccessRefused, UsageError

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Entry", "account_for_identity", "link_identity", "sign_in_with_identity"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What a sign-in by a provider led to: a session, or the ticket with which to give a code."""

    token: str = field(default="", repr=False)
    ticket: str = field(default="", repr=False)


def sign_in_with_identity(
    store: Store,
    issuer: str,
    *,
    subject: str,
    login: str,
    name: str,
    org: str,
    now: datetime,
    address: str = "",
    agent: str = "",
    strong: bool = False,
    proved: datetime | None = None,
) -> Entry:
    """The token of a new session for whom an OpenID provider has vouched.

    Where the account has a second factor it is a ticket instead, with which the code is given in
    (`signing.sign_in_with_code`).
    org : organisation of accounts that are made by this; "" makes none
    strong : whether the provider's own second factor stands for ours
    proved : when the provider asked the person for proof
    Raises AccessRefused where there is no active account and none is to be made.
    """
    with store.write() as tx:
        take_turns(tx)
        try:
            found = account_for_identity(
                tx, issuer, subject=subject, login=login, name=name, org=org, at=now
            )
        except UsageError as cause:
            # Somebody else's login: whoever has it keeps it.
            raise _unknown() from cause
        if not strong and _has_factor(tx, found.id):
            return Entry(ticket=tickets.put_factor(tx, found.id, at=now, proved=proved))
        made, token = sessions.open(
            tx, found.id, now=now, address=address, agent=agent, proved=proved
        )
        facts = {"session": made.id, "address": address, "issuer": issuer}
        note(tx, "signed_in", found.id, by=found.id, at=now, **facts)
    return Entry(token=token)


def _has_factor(tx: Transaction, account: str) -> bool:
    table = schema.account
    return bool(tx.execute(sa.select(table.c.totp_on).where(table.c.id == account)).scalar_one())


def account_for_identity(
    tx: Transaction,
    issuer: str,
    *,
    subject: str,
    login: str = "",
    name: str = "",
    org: str = "",
    at: datetime,
) -> Account:
    """The active account of this identity, made without any role where `org` is given.

    A local account of the same login is never taken over: an administrator links the two.
    Raises AccessRefused where there is none and none is to be made, or it is not active.
    """
    take_turns(tx)
    table = schema.account
    same = (table.c.issuer == issuer) & (table.c.subject == subject)
    row = tx.execute(sa.select(table).where(same)).mappings().first()
    if row is None and org:
        return accounts.create(
            tx, login, name=name or login, org=org, by=issuer[:80], at=at,
            identity=(issuer, subject),
        )  # fmt: skip
    if row is None or row["state"] != "active":
        raise _unknown()
    given = schema.grant
    mine = sa.select(given.c.org, given.c.role).where(given.c.account == row["id"])
    return account_of(row, [Grant(one.org, one.role) for one in tx.execute(mine)])


def link_identity(
    tx: Transaction, account: str, *, issuer: str, subject: str, by: str, at: datetime
) -> None:
    """Let an identity open an existing account, which keeps its password if it has one.

    Raises UsageError where the identity opens another account.
    """
    take_turns(tx)
    row = accounts.row_of(tx.connection, account)
    table = schema.account
    same = (table.c.issuer == issuer) & (table.c.subject == subject)
    taken = tx.execute(sa.select(table.c.login).where(same, table.c.id != row["id"])).scalar()
    if taken is not None:
        raise UsageError("QH864", f"this identity opens the account {taken!r} already")
    state = "active" if row["state"] == "invited" else row["state"]
    new = {"issuer": issuer, "subject": subject, "state": state}
    tx.execute(sa.update(table).where(table.c.id == row["id"]).values(new))
    accounts.end_sessions(tx, row["id"])
    note(tx, "identity", row["id"], by=signed(by), at=at, what="linked", issuer=issuer)


def _unknown() -> AccessRefused:
    return AccessRefused(
        "QH905", "there is no active account here for this identity",
        hint="ask an administrator to invite or link you",
    )  # fmt: skip
