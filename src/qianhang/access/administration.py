"""What an administrator may see and touch: accounts and organisations that their grant covers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.access import accounts, organisations, schema, tickets
from qianhang.access.person import PUBLIC, Account, Grant, Person, account_of
from qianhang.access.tree import Organisation, read_tree
from qianhang.core.errors import AccessRefused, UsageError

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "Roster",
    "administered",
    "check_held_within",
    "counts",
    "found_organisation",
    "has_password",
    "managed",
    "names",
    "roster",
    "seen",
]


@dataclass(frozen=True, slots=True)
class Roster:
    """One page of accounts by login, and how many there are in all."""

    accounts: tuple[Account, ...]
    total: int


def administered(connection: sa.Connection, person: Person, org: str) -> Organisation:
    """The organisation, where the person administers it.

    Raises UsageError where there is none, or none for this person: the two look the same.
    """
    if not person.may("administrator", org):
        raise UsageError("QH862", f"no organisation {org!r} here")
    return read_tree(connection).find(org)


def seen(connection: sa.Connection, person: Person, account: str) -> Account:
    """The account, where it belongs to, or has a role at, an organisation that the person
    administers.

    Raises UsageError where there is none, or none for this person: the two look the same.
    """
    found = _account(connection, account)
    places = (found.org, *(g.org for g in found.grants))
    if not any(person.may("administrator", org) for org in places):
        raise UsageError("QH862", f"no account {account!r} here")
    return found


def managed(connection: sa.Connection, person: Person, account: str) -> Account:
    """The account, where the person may let it in and out.

    Raises UsageError where the person cannot see it, AccessRefused where it has a role at an
    organisation that others administer.
    """
    found = seen(connection, person, account)
    if not person.manages(found):
        raise AccessRefused(
            "QH906", f"{found.login} has a role at an organisation that others administer",
            hint="ask an administrator of that organisation",
        )  # fmt: skip
    return found


def roster(
    store: Store, orgs: Collection[str], *, text: str = "", skip: int = 0, limit: int = 50
) -> Roster:
    """Accounts that belong to, or have a role at, these organisations, whose login or name fits."""
    table, given = schema.account, schema.grant
    here = list(orgs)
    roles = sa.select(given.c.account).where(given.c.org.in_(here))
    fits = table.c.org.in_(here) | table.c.id.in_(roles)
    for word in text.split()[:5]:
        small = table.c.login.contains(accounts.login_of(word), autoescape=True)
        fits &= small | table.c.name.contains(word, autoescape=True)
    page = sa.select(*PUBLIC).where(fits).order_by(table.c.login).offset(skip).limit(limit)
    with store.read() as connection:
        total = connection.execute(sa.select(sa.func.count()).select_from(table).where(fits))
        rows = connection.execute(page).mappings().all()
        grants = _grants(connection, [row["id"] for row in rows])
        return Roster(
            tuple(account_of(row, grants.get(row["id"], ())) for row in rows), total.scalar_one()
        )


def counts(store: Store, orgs: Collection[str]) -> dict[str, int]:
    """Organisation -> how many accounts belong to it, for those that have any."""
    org = schema.account.c.org
    query = sa.select(org, sa.func.count()).where(org.in_(list(orgs))).group_by(org)
    with store.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def names(store: Store, ids: Collection[str]) -> dict[str, str]:
    """Id -> login of those of these that are accounts."""
    table = schema.account
    query = sa.select(table.c.id, table.c.login).where(table.c.id.in_(list(ids)))
    with store.read() as connection:
        return {row.id: row.login for row in connection.execute(query)}


def has_password(store: Store, account: str) -> bool:
    """Whether the account has a password here, which can be asked for again."""
    query = sa.select(schema.account.c.password).where(schema.account.c.id == account)
    with store.read() as connection:
        return bool(connection.execute(query).scalar_one_or_none())


def found_organisation(
    tx: Transaction,
    name: str,
    *,
    kind: str,
    parent: str,
    sealed: bool,
    first: tuple[str, str] | None,
    by: str,
    at: datetime,
) -> tuple[Organisation, str]:
    """The new organisation, and the secret of its first administrator's invitation.

    first : login and name of that administrator; whoever makes a sealed organisation has to name
        one, since their own grant does not reach into it
    Raises UsageError where nobody could administer it, and whatever making the two raises.
    """
    if sealed and first is None:
        raise _nobody(name)
    made = organisations.add_organisation(
        tx, name, kind=kind, parent=parent, sealed=sealed, by=by, at=at
    )
    if first is None:
        return made, ""
    login, called = first
    grants = [Grant(made.id, "administrator")]
    head = accounts.create(tx, login, name=called, org=made.id, grants=grants, by=by, at=at)
    return made, tickets.issue(tx, head.id, by=by, at=at)


def check_held_within(tx: Transaction, org: str) -> None:
    """Nothing, where the organisation has an administrator of its own.

    Raises UsageError where nobody could administer it once it is sealed.
    """
    given, account = schema.grant, schema.account
    own = (
        sa.select(given.c.account)
        .join(account, account.c.id == given.c.account)
        .where(given.c.org == org, given.c.role == "administrator", account.c.state != "disabled")
    )
    if tx.execute(own.limit(1)).first() is None:
        raise _nobody(org)


def _nobody(org: str) -> UsageError:
    return UsageError(
        "QH869", f"sealed, {org!r} would have nobody who administers it",
        hint="name its own administrator first",
    )  # fmt: skip


def _account(connection: sa.Connection, account: str) -> Account:
    table = schema.account
    row = connection.execute(sa.select(*PUBLIC).where(table.c.id == account)).mappings().first()
    if row is None:
        raise UsageError("QH862", f"no account {account!r} here")
    return account_of(row, _grants(connection, [account]).get(account, ()))


def _grants(connection: sa.Connection, ids: Collection[str]) -> dict[str, list[Grant]]:
    table = schema.grant
    query = sa.select(table.c.account, table.c.org, table.c.role).order_by(table.c.org)
    found: dict[str, list[Grant]] = {}
    for account, org, role in connection.execute(query.where(table.c.account.in_(list(ids)))):
        found.setdefault(account, []).append(Grant(org, role))
    return found
