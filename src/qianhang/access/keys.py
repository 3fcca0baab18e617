"""API keys: `qh_<id>_<secret>`, shown once, limited to scopes and to the roles of their account."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.access.accounts import row_of
from qianhang.access.names import plain
from qianhang.access.person import PUBLIC, SCOPES, Grant, Person, account_of, resolve
from qianhang.access.tokens import digest, is_id, new_id, new_token
from qianhang.access.trail import note, signed, stamp, take_turns
from qianhang.access.tree import current
from qianhang.core.errors import StoreError, UsageError
from qianhang.store.prepared import Prepared, fetch

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["ApiKey", "create_key", "key_of", "keys", "revoke_key"]

_USED_EVERY = timedelta(minutes=1)
_SHOWN = ("id", "account", "name", "scopes", "made", "expires", "used")

_WHO = Prepared(
    sa.select(
        *PUBLIC,
        schema.key.c.secret,
        schema.key.c.scopes,
        schema.key.c.expires,
        schema.key.c.used,
        schema.grant.c.org.label("grant_org"),
        schema.grant.c.role.label("grant_role"),
        sa.select(schema.tree.c.stamp).scalar_subquery().label("tree_stamp"),
    )
    .select_from(
        schema.key.join(schema.account, schema.account.c.id == schema.key.c.account)
        .outerjoin(schema.grant, schema.grant.c.account == schema.account.c.id)
    )
    .where(schema.key.c.id == sa.bindparam("key"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; used : when last, at most a minute ago more, or ""."""

    id: str
    account: str
    name: str
    scopes: frozenset[str]
    made: str
    expires: str
    used: str


def create_key(
    tx: Transaction,
    account: str,
    *,
    name: str,
    scopes: Collection[str],
    expires: datetime,
    by: str,
    at: datetime,
) -> tuple[ApiKey, str]:
    """The new key and its secret, which is told this once.

    Raises UsageError for an unknown scope or none, an end that has passed, an empty name.
    """
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        found = ", ".join(unknown) or "none"
        raise UsageError("QH865", f"scope {found}: expected some of {', '.join(SCOPES)}")
    if expires <= at:
        raise UsageError("QH865", f"the key would end at {stamp(expires)}, which has passed")
    clean = plain(name)
    if not clean or len(clean) > 160:
        raise UsageError("QH865", f"name {name!r}: expected 1 to 160 characters")
    owner = row_of(tx.connection, account)["id"]
    key = new_id()
    secret = f"qh_{key}_{new_token()}"
    kept = " ".join(s for s in SCOPES if s in scopes)
    row = {
        "id": key, "account": owner, "name": clean, "scopes": kept, "made": stamp(at),
        "expires": stamp(expires), "used": "",
    }  # fmt: skip
    tx.execute(sa.insert(schema.key).values(row | {"secret": digest(secret)}))
    note(tx, "key", owner, by=signed(by), at=at, what="made", **{"key": key, "scopes": kept})
    return ApiKey(**{**row, "scopes": frozenset(scopes)}), secret


def key_of(store: Store, secret: str, *, now: datetime) -> Person | None:
    """Who asks with this key; None where it is unknown, ended, or its account is not active."""
    parts = secret.split("_", 2)
    if len(parts) != 3 or parts[0] != "qh" or not is_id(parts[1]):
        return None
    with store.read() as connection:
        rows = fetch(connection, _WHO, {"key": parts[1]})
        if not rows or not _opens(rows[0], secret, now):
            return None
        tree = current(store, connection, stamp=rows[0].tree_stamp)
    first = rows[0]
    grants = [Grant(r.grant_org, r.grant_role) for r in rows if r.grant_org is not None]
    if first.used < stamp(now - _USED_EVERY):
        _use(store, parts[1], now)
    scopes = frozenset(first.scopes.split())
    return resolve(account_of(first._asdict(), grants), tree, key=parts[1], scopes=scopes)


def keys(store: Store, account: str) -> tuple[ApiKey, ...]:
    """The keys of an account, the newest first, those that ended too."""
    table = schema.key
    query = sa.select(*(table.c[name] for name in _SHOWN)).where(table.c.account == account)
    with store.read() as connection:
        rows = connection.execute(query.order_by(table.c.made.desc(), table.c.id)).mappings().all()
    return tuple(ApiKey(**{**row, "scopes": frozenset(row["scopes"].split())}) for row in rows)


def revoke_key(tx: Transaction, key: str, *, account: str, by: str, at: datetime) -> None:
    """End one key of this account; its row goes, what it was stays in the log.

    Raises UsageError where the account has no such key.
    """
    take_turns(tx)
    table = schema.key
    same = (table.c.id == key) & (table.c.account == account)
    if not is_id(key) or tx.execute(sa.delete(table).where(same)).rowcount != 1:
        raise UsageError("QH862", f"no API key {key!r} here")
    note(tx, "key", account, by=signed(by), at=at, what="revoked", key=key)


def _opens(row: Any, secret: str, now: datetime) -> bool:
    same = hmac.compare_digest(row.secret, digest(secret))
    in_time: bool = row.expires > stamp(now)
    return same and in_time and row.state == "active"


def _use(store: Store, key: str, now: datetime) -> None:
    table = schema.key
    older = (table.c.id == key) & (table.c.used < stamp(now - _USED_EVERY))
    try:
        with store.write() as tx:
            tx.execute(sa.update(table).where(older).values(used=stamp(now)))
    except StoreError:
        return
