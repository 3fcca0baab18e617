"""One-time links: the first set-up, an invitation, a new password. Random, hashed, expiring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.access import accounts, schema, totp
from qianhang.access.passwords import check_password, hash_password
from qianhang.access.person import Account, Grant, Role
from qianhang.access.tokens import digest, new_id, new_token
from qianhang.access.trail import note, signed, stamp, take_turns
from qianhang.access.tree import ROOT
from qianhang.core.errors import AccessRefused

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "FACTOR_LASTS",
    "LASTS",
    "Ticket",
    "accept",
    "account_of_factor",
    "issue",
    "issue_with_fresh_factor",
    "link",
    "look",
    "put_factor",
    "set_up",
    "setup_ticket",
    "use_factor",
]

FACTOR_LASTS = timedelta(minutes=5)
LASTS = {"setup": timedelta(days=1), "invite": timedelta(days=7), "reset": timedelta(hours=24)}
_FACTOR = "factor"
_FIRST: tuple[Role, ...] = ("administrator",)


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a link is for; account : "" for the first set-up."""

    id: str
    kind: str
    account: str
    expires: str


def link(secret: str) -> str:
    """The path at which the console takes a ticket."""
    return f"/ticket/{secret}"


def setup_ticket(store: Store, *, now: datetime, by: str = "server") -> str | None:
    """The secret of a new link by which the first administrator sets up; None once there is an
    account."""
    with store.write() as tx:
        take_turns(tx)
        if accounts.any_account(tx.connection):
            return None
        return _put(tx, "setup", "", by=by, at=now)


def issue(tx: Transaction, account: str, *, by: str, at: datetime) -> str:
    """The secret of a new link for an account, an invitation where it has no password yet.

    Earlier links for it are void.
    """
    take_turns(tx)
    row = accounts.row_of(tx.connection, account)
    table = schema.ticket
    open_ = (table.c.account == row["id"]) & (table.c.used == "")
    tx.execute(sa.delete(table).where(open_))
    return _put(tx, "invite" if row["state"] == "invited" else "reset", row["id"], by=by, at=at)


def look(store: Store, secret: str, *, now: datetime) -> Ticket:
    """What the link is for, without using it.

    Raises AccessRefused where it is unknown, used or too old.
    """
    with store.read() as connection:
        found = connection.execute(_valid(secret, now)).first()
        if found is None or found.kind not in LASTS:
            raise _void()
        if found.kind == "setup" and accounts.any_account(connection):
            raise _void()
    return Ticket(found.id, found.kind, found.account, found.expires)


def set_up(
    store: Store,
    secret: str,
    *,
    login: str,
    name: str,
    password: str,
    now: datetime,
    roles: tuple[Role, ...] = _FIRST,
    lang: str = "zh",
) -> Account:
    """The first account, administrator of the platform; of two processes only one makes it.

    Raises AccessRefused where the link is void, UsageError for a login or password that is not
    taken (the link then still works).
    """
    look(store, secret, now=now)
    check_password(password, login=accounts.login_of(login))
    hashed = hash_password(password)
    with store.write() as tx:
        take_turns(tx)
        if accounts.any_account(tx.connection):
            raise _void()
        _use(tx, secret, kinds=("setup",), now=now)
        grants = [Grant(ROOT, role) for role in roles]
        return accounts.create(
            tx, login, name=name, org=ROOT, hashed=hashed, grants=grants, by=login[:80], at=now,
            lang=lang,
        )  # fmt: skip


def accept(store: Store, secret: str, *, password: str, now: datetime) -> str:
    """The id of the account that now has this password, unlocked, its sessions ended.

    A second factor stays: whoever reads a mailbox is not yet the person.
    Raises AccessRefused where the link is void, UsageError for a password that is not taken.
    """
    ticket = look(store, secret, now=now)
    if ticket.kind == "setup":
        raise _void()
    with store.read() as connection:
        login = accounts.row_of(connection, ticket.account)["login"]
    check_password(password, login=login)
    hashed = hash_password(password)
    with store.write() as tx:
        take_turns(tx)
        _use(tx, secret, kinds=("invite", "reset"), now=now)
        row = accounts.row_of(tx.connection, ticket.account)
        if row["state"] == "disabled":
            raise _void()
        accounts.put_password(tx, row, hashed, by=ticket.account, at=now)
    return ticket.account


def put_factor(
    tx: Transaction, account: str, *, at: datetime, proved: datetime | None = None
) -> str:
    """The secret of a ticket for one sign-in that has yet to give its code; it opens no link.

    proved : when an identity provider asked the person for proof
    """
    secret, table = new_token(), schema.ticket
    mine = (table.c.account == account) & (table.c.kind == _FACTOR)
    tx.execute(sa.delete(table).where(mine & (table.c.expires <= stamp(at))))
    row = {
        "id": new_id(), "secret": digest(secret), "kind": _FACTOR, "account": account,
        "expires": stamp(at + FACTOR_LASTS), "used": "", "by": account, "at": stamp(at),
        "proved": stamp(proved) if proved else "",
    }  # fmt: skip
    tx.execute(sa.insert(table).values(row))
    return secret


def account_of_factor(store: Store, secret: str, *, now: datetime) -> str:
    """The account that has yet to give its code.

    Raises AccessRefused where the ticket is unknown, used or too old.
    """
    with store.read() as connection:
        found = connection.execute(_valid(secret, now)).first()
    if found is None or found.kind != _FACTOR:
        raise AccessRefused(
            "QH904", "this sign-in is not valid any more: it was used, has expired, or never was",
            hint="sign in again",
        )  # fmt: skip
    return str(found.account)


def use_factor(tx: Transaction, secret: str, *, now: datetime) -> datetime | None:
    """When an identity provider asked for proof; the ticket of the sign-in is spent.

    Raises AccessRefused where somebody else has.
    """
    _use(tx, secret, kinds=(_FACTOR,), now=now)
    table = schema.ticket
    query = sa.select(table.c.proved).where(table.c.secret == digest(secret))
    proved = str(tx.execute(query).scalar_one())
    return datetime.fromisoformat(proved) if proved else None


def issue_with_fresh_factor(tx: Transaction, account: str, *, by: str, at: datetime) -> str:
    """A link as `issue` gives it; the second factor, which was lost too, is removed."""
    take_turns(tx)
    totp.remove(tx, account, by=by, at=at)
    return issue(tx, account, by=by, at=at)


def _put(tx: Transaction, kind: str, account: str, *, by: str, at: datetime) -> str:
    secret, table = new_token(), schema.ticket
    tx.execute(sa.delete(table).where(table.c.expires <= stamp(at - LASTS["invite"])))
    row = {
        "id": new_id(), "secret": digest(secret), "kind": kind, "account": account,
        "expires": stamp(at + LASTS[kind]), "used": "", "by": signed(by), "at": stamp(at),
        "proved": "",
    }  # fmt: skip
    tx.execute(sa.insert(table).values(row))
    facts = {"ticket": row["id"], "kind": kind}
    note(tx, "ticket", account or "setup", by=by, at=at, what="issued", **facts)
    return secret


def _use(tx: Transaction, secret: str, *, kinds: tuple[str, ...], now: datetime) -> None:
    """Spend the ticket in one statement.

    Raises AccessRefused where somebody else has.
    """
    table = schema.ticket
    unused = (table.c.secret == digest(secret)) & (table.c.used == "")
    unused &= (table.c.expires > stamp(now)) & table.c.kind.in_(kinds)
    if tx.execute(sa.update(table).where(unused).values(used=stamp(now))).rowcount != 1:
        raise _void()


def _valid(secret: str, now: datetime) -> sa.Select[tuple[str, str, str, str]]:
    table = schema.ticket
    columns = sa.select(table.c.id, table.c.kind, table.c.account, table.c.expires)
    return columns.where(
        table.c.secret == digest(secret), table.c.used == "", table.c.expires > stamp(now)
    )


def _void() -> AccessRefused:
    return AccessRefused(
        "QH904",
        "this link is not valid: it was used, has expired, or never was",
        hint="ask an administrator for a new one, or run qianhang account ticket",
    )
