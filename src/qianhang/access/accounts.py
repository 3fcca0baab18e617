"""Accounts and their grants; what changes an account's rights ends its sessions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.access.names import plain
from qianhang.access.passwords import check_password, hash_password
from qianhang.access.person import PUBLIC, ROLES, Account, Grant, Role, account_of
from qianhang.access.tokens import is_id, new_id
from qianhang.access.trail import note, signed, stamp, take_turns
from qianhang.access.tree import ROOT, read_tree
from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "accounts",
    "any_account",
    "change",
    "create",
    "disable",
    "enable",
    "end_sessions",
    "find",
    "grant",
    "lock",
    "login_of",
    "revoke_grant",
    "row_of",
    "set_password",
    "unlock",
]

_LOGIN = re.compile(r"[\w.@+-]{2,64}")
_LANGUAGES = ("zh", "en")


def login_of(text: str) -> str:
    """The one way in which a login is written: letters small, no blanks around it, none hidden."""
    return plain(unicodedata.normalize("NFKC", text)).casefold()


def accounts(store: Store, orgs: Collection[str] | None = None) -> tuple[Account, ...]:
    """Every account, or those of these organisations, by login."""
    table = schema.account
    query = sa.select(*PUBLIC).order_by(table.c.login)
    if orgs is not None:
        query = query.where(table.c.org.in_(list(orgs)))
    with store.read() as connection:
        rows = connection.execute(query).mappings().all()
        grants = _grants(connection, [row["id"] for row in rows])
    return tuple(account_of(row, grants.get(row["id"], ())) for row in rows)


def any_account(connection: sa.Connection) -> bool:
    """Whether the store has an account at all."""
    return connection.execute(sa.select(schema.account.c.id).limit(1)).first() is not None


def find(store: Store, who: str) -> Account:
    """The account of this id or login.

    Raises UsageError where there is none.
    """
    with store.read() as connection:
        row = row_of(connection, who)
        return account_of(row, _grants(connection, [row["id"]]).get(row["id"], ()))


def row_of(connection: sa.Connection, who: str) -> sa.RowMapping:
    """The row of the account of this id or login, secrets and all: it stays inside access.

    Raises UsageError where there is none.
    """
    table = schema.account
    # A login may be spelt like another's id; the id wins.
    wanted = [table.c.id == who] if is_id(who) else []
    for one in (*wanted, table.c.login == login_of(who)):
        row = connection.execute(sa.select(table).where(one)).mappings().first()
        if row is not None:
            return row
    raise UsageError("QH862", f"no account {who!r} here")


def create(
    tx: Transaction,
    login: str,
    *,
    name: str,
    org: str = ROOT,
    password: str | None = None,
    grants: Iterable[Grant] = (),
    by: str,
    at: datetime,
    lang: str = "zh",
    identity: tuple[str, str] | None = None,
    hashed: str = "",
) -> Account:
    """The new account; without a password it is invited, with an outside identity active.

    identity : issuer and subject of an OpenID provider
    hashed : the checked password's hash, where it was made before the transaction began
    Raises UsageError for a login that is taken or ill-formed, and a password that is not taken.
    """
    take_turns(tx)
    clean = _free_login(tx.connection, login)
    if password is not None:
        check_password(password, login=clean)
        hashed = hash_password(password)
    issuer, subject = identity or (None, None)
    row: dict[str, Any] = {
        "id": new_id(), "login": clean, "name": _named(name), "lang": _language(lang),
        "org": read_tree(tx.connection).find(org).id, "password": hashed, "issuer": issuer,
        "subject": subject, "state": "active" if hashed or identity else "invited", "totp": "",
        "totp_on": False, "totp_used": 0, "failures": 0, "locked_until": "", "by": signed(by),
        "at": stamp(at),
    }  # fmt: skip
    tx.execute(sa.insert(schema.account).values(row))
    shown = {k: row[k] for k in ("login", "name", "org", "state", "lang", "issuer")}
    note(tx, "account", row["id"], by=by, at=at, what="created", after=shown)
    for one in dict.fromkeys(grants):
        grant(tx, row["id"], org=one.org, role=one.role, by=by, at=at)
    return account_of(row, dict.fromkeys(grants))


def change(tx: Transaction, account: str, *, by: str, at: datetime, **values: str) -> None:
    """Give an account another name, language or organisation (`name`, `lang`, `org`).

    Raises UsageError for a value that cannot be, TypeError for any other column.
    """
    if set(values) - {"name", "lang", "org"}:
        raise TypeError(f"an account's {sorted(values)} do not change in this way")
    take_turns(tx)
    row = row_of(tx.connection, account)
    new = dict(values)
    if "name" in new:
        new["name"] = _named(new["name"])
    if "lang" in new:
        _language(new["lang"])
    if "org" in new:
        read_tree(tx.connection).find(new["org"])
    was = {name: row[name] for name in new}
    _write(tx, row["id"], new)
    note(tx, "account", row["id"], by=signed(by), at=at, what="changed", before=was, after=new)


def set_password(
    tx: Transaction, account: str, *, password: str, by: str, at: datetime, keep: str = ""
) -> None:
    """Give an account another password; its failures are forgotten and its sessions end.

    keep : id of the session in which the password was changed
    Raises UsageError for a password that is not taken.
    """
    take_turns(tx)
    row = row_of(tx.connection, account)
    check_password(password, login=row["login"])
    put_password(tx, row, hash_password(password), by=by, at=at, keep=keep)


def put_password(
    tx: Transaction, row: sa.RowMapping, hashed: str, *, by: str, at: datetime, keep: str = ""
) -> None:
    """Write a new hash; an invited account becomes active, a disabled one stays so."""
    state = "active" if row["state"] == "invited" else row["state"]
    new = {"password": hashed, "state": state, "failures": 0, "locked_until": ""}
    _write(tx, row["id"], new)
    end_sessions(tx, row["id"], keep=keep)
    note(tx, "password", row["id"], by=signed(by), at=at, what="set")


def grant(tx: Transaction, account: str, *, org: str, role: str, by: str, at: datetime) -> None:
    """Give a role at an organisation; the account signs in again to use it.

    Raises UsageError for an unknown account, role or organisation.
    """
    take_turns(tx)
    row = row_of(tx.connection, account)
    values = {"account": row["id"], "org": read_tree(tx.connection).find(org).id}
    values["role"] = _role(role)
    if tx.execute(sa.select(schema.grant.c.by).filter_by(**values)).first() is not None:
        return
    tx.execute(sa.insert(schema.grant).values(values | {"by": signed(by), "at": stamp(at)}))
    end_sessions(tx, row["id"])
    note(tx, "grant", row["id"], by=by, at=at, what="given", org=org, role=role)


def revoke_grant(
    tx: Transaction, account: str, *, org: str, role: str, by: str, at: datetime
) -> None:
    """Take a role back.

    Raises UsageError where it was not given, or the platform would be without administrator.
    """
    take_turns(tx)
    row = row_of(tx.connection, account)
    table = schema.grant
    same = (table.c.account == row["id"]) & (table.c.org == org) & (table.c.role == role)
    if tx.execute(sa.delete(table).where(same)).rowcount != 1:
        raise UsageError("QH862", f"{row['login']} has no role {role} at {org!r}")
    _still_administered(tx, was_one=org == ROOT and role == "administrator")
    end_sessions(tx, row["id"])
    note(tx, "grant", row["id"], by=signed(by), at=at, what="revoked", org=org, role=role)


def disable(tx: Transaction, account: str, *, by: str, at: datetime) -> None:
    """Let nobody in by this account: no password, no session, no key of it opens any more.

    Raises UsageError where the platform would be without administrator.
    """
    take_turns(tx)
    row = row_of(tx.connection, account)
    was_one = row["id"] in _administrators(tx)
    _write(tx, row["id"], {"state": "disabled"})
    _still_administered(tx, was_one=was_one)
    end_sessions(tx, row["id"])
    note(tx, "account", row["id"], by=signed(by), at=at, what="disabled")


def enable(tx: Transaction, account: str, *, by: str, at: datetime) -> None:
    """Let a disabled account in again, invited where it never had a password."""
    take_turns(tx)
    row = row_of(tx.connection, account)
    state = "active" if row["password"] or row["issuer"] else "invited"
    _write(tx, row["id"], {"state": state})
    note(tx, "account", row["id"], by=signed(by), at=at, what="enabled")


def lock(tx: Transaction, account: str, *, until: datetime, by: str, at: datetime) -> None:
    """Refuse every sign-in until a moment, and end the sessions."""
    take_turns(tx)
    row = row_of(tx.connection, account)
    _write(tx, row["id"], {"locked_until": stamp(until)})
    end_sessions(tx, row["id"])
    note(tx, "account", row["id"], by=signed(by), at=at, what="locked", until=stamp(until))


def unlock(tx: Transaction, account: str, *, by: str, at: datetime) -> None:
    """Forget the failures of an account, so that it may sign in at once."""
    take_turns(tx)
    row = row_of(tx.connection, account)
    _write(tx, row["id"], {"locked_until": "", "failures": 0})
    note(tx, "account", row["id"], by=signed(by), at=at, what="unlocked")


def end_sessions(tx: Transaction, account: str, *, keep: str = "") -> int:
    """How many sessions of the account ended; `keep` is the id of one that goes on."""
    table = schema.session
    gone = sa.delete(table).where((table.c.account == account) & (table.c.id != keep))
    return tx.execute(gone).rowcount


def _administrators(tx: Transaction) -> set[str]:
    """Ids of the active accounts that administer the platform's own organisation."""
    account, given = schema.account, schema.grant
    query = (
        sa.select(account.c.id)
        .join(given, given.c.account == account.c.id)
        .where(given.c.role == "administrator", given.c.org == ROOT, account.c.state == "active")
    )
    return set(tx.execute(query).scalars())


def _still_administered(tx: Transaction, *, was_one: bool) -> None:
    if was_one and not _administrators(tx):
        raise UsageError(
            "QH864", "the platform would be without an administrator", hint="name another first"
        )


def _grants(connection: sa.Connection, ids: Collection[str]) -> dict[str, list[Grant]]:
    table = schema.grant
    query = sa.select(table.c.account, table.c.org, table.c.role).order_by(table.c.role)
    if len(ids) == 1:
        query = query.where(table.c.account == next(iter(ids)))
    found: dict[str, list[Grant]] = {}
    for account, org, role in connection.execute(query):
        found.setdefault(account, []).append(Grant(org, role))
    return found


def _write(tx: Transaction, account: str, values: dict[str, Any]) -> None:
    tx.execute(sa.update(schema.account).where(schema.account.c.id == account).values(values))


def _free_login(connection: sa.Connection, login: str) -> str:
    clean = login_of(login)
    if not _LOGIN.fullmatch(clean):
        raise UsageError(
            "QH864", f"login {login!r}: expected 2 to 64 letters, digits or any of . _ @ + -"
        )
    query = sa.select(schema.account.c.id).where(schema.account.c.login == clean)
    if connection.execute(query).first() is not None:
        raise UsageError("QH864", f"there is an account with the login {clean!r} already")
    return clean


def _named(name: str) -> str:
    clean = plain(name)
    if not clean or len(clean) > 80:
        raise UsageError("QH864", f"name {name!r}: expected 1 to 80 characters")
    return clean


def _language(lang: str) -> str:
    if lang not in _LANGUAGES:
        raise UsageError("QH864", f"language {lang!r}: expected {' or '.join(_LANGUAGES)}")
    return lang


def _role(role: str) -> Role:
    for known in ROLES:
        if role == known:
            return known
    raise UsageError("QH864", f"role {role!r}: expected one of {', '.join(ROLES)}")
