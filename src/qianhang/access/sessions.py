"""Sessions of the console: random tokens of which only the sha256 is kept, revocable one by one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.access.accounts import end_sessions
from qianhang.access.names import plain
from qianhang.access.person import PUBLIC, Grant, Person, account_of, resolve
from qianhang.access.tokens import digest, is_id, new_id, new_token
from qianhang.access.trail import note, signed, stamp, take_turns
from qianhang.access.tree import current
from qianhang.core.errors import StoreError, UsageError
from qianhang.store.prepared import Prepared, fetch

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "FRESH",
    "IDLE",
    "LONGEST",
    "Session",
    "fresh",
    "of",
    "open",
    "renew",
    "revoke",
    "revoke_all",
    "sessions",
]

IDLE, LONGEST = timedelta(hours=8), timedelta(days=7)
# How long a provider's proof stands for the password of who has none.
FRESH = timedelta(minutes=5)
# How far `seen` may lag behind, so that reading a page writes nothing.
_SEEN_EVERY = timedelta(minutes=1)
_SHOWN = ("id", "account", "opened", "seen", "ends", "address", "agent")

_WHO = Prepared(
    sa.select(
        *PUBLIC,
        schema.session.c.id.label("session"),
        schema.session.c.seen,
        schema.session.c.ends,
        schema.grant.c.org.label("grant_org"),
        schema.grant.c.role.label("grant_role"),
        sa.select(schema.tree.c.stamp).scalar_subquery().label("tree_stamp"),
    )
    .select_from(
        schema.session.join(schema.account, schema.account.c.id == schema.session.c.account)
        .outerjoin(schema.grant, schema.grant.c.account == schema.account.c.id)
    )
    .where(schema.session.c.token == sa.bindparam("token"))
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser; times are UTC texts."""

    id: str
    account: str
    opened: str
    seen: str
    ends: str
    address: str
    agent: str


def open(
    tx: Transaction,
    account: str,
    *,
    now: datetime,
    address: str = "",
    agent: str = "",
    proved: datetime | None = None,
) -> tuple[Session, str]:
    """The new session and its token, which is told this once; dead sessions are swept away.

    proved : when an identity provider asked the person for proof, None where nobody says
    """
    table = schema.session
    idle = stamp(now - IDLE)
    tx.execute(sa.delete(table).where((table.c.ends <= stamp(now)) | (table.c.seen <= idle)))
    token = new_token()
    made = Session(
        new_id(),
        account,
        stamp(now),
        stamp(now),
        stamp(now + LONGEST),
        plain(address)[:64],
        plain(agent)[:200],
    )
    row: dict[str, Any] = {name: getattr(made, name) for name in _SHOWN}
    row |= {"token": digest(token), "proved": stamp(proved) if proved else ""}
    tx.execute(sa.insert(table).values(row))
    return made, token


def of(store: Store, token: str, *, now: datetime) -> Person | None:
    """Who asks with this token; None where it is unknown, too old or too long idle, or the account
    is not active."""
    if not token:
        return None
    with store.read() as connection:
        rows = fetch(connection, _WHO, {"token": digest(token)})
        if not rows or not _alive(rows[0], now):
            return None
        tree = current(store, connection, stamp=rows[0].tree_stamp)
    first = rows[0]
    grants = [Grant(r.grant_org, r.grant_role) for r in rows if r.grant_org is not None]
    if first.seen < stamp(now - _SEEN_EVERY):
        _see(store, first.session, now)
    return resolve(account_of(first._asdict(), grants), tree, session=first.session)


def renew(tx: Transaction, session: str, *, now: datetime) -> str:
    """A new token for a session whose rights changed; the old one opens nothing any more.

    Raises UsageError where the session is not there.
    """
    table, token = schema.session, new_token()
    values = {"token": digest(token), "seen": stamp(now)}
    if tx.execute(sa.update(table).where(table.c.id == session).values(values)).rowcount != 1:
        raise UsageError("QH862", f"no session {session!r} here")
    return token


def fresh(store: Store, session: str, *, now: datetime) -> bool:
    """Whether an identity provider asked whoever has the session for proof just now."""
    table = schema.session
    query = sa.select(table.c.proved).where(
        table.c.id == session, table.c.proved > stamp(now - FRESH), table.c.proved <= stamp(now)
    )
    with store.read() as connection:
        return connection.execute(query).first() is not None


def sessions(store: Store, account: str, *, now: datetime | None = None) -> tuple[Session, ...]:
    """The sessions of an account, the last seen first; those alive at `now` where it is given."""
    table = schema.session
    query = sa.select(*(table.c[name] for name in _SHOWN)).where(table.c.account == account)
    if now is not None:
        query = query.where(table.c.ends > stamp(now), table.c.seen > stamp(now - IDLE))
    with store.read() as connection:
        rows = connection.execute(query.order_by(table.c.seen.desc(), table.c.id)).all()
    return tuple(Session(*row) for row in rows)


def revoke(tx: Transaction, session: str, *, account: str, by: str, at: datetime) -> None:
    """End one session of this account.

    Raises UsageError where the account has no such session.
    """
    take_turns(tx)
    table = schema.session
    same = (table.c.id == session) & (table.c.account == account)
    if not is_id(session) or tx.execute(sa.delete(table).where(same)).rowcount != 1:
        raise UsageError("QH862", f"no session {session!r} here")
    note(tx, "session", account, by=signed(by), at=at, what="ended", session=session)


def revoke_all(tx: Transaction, account: str, *, by: str, at: datetime, keep: str = "") -> int:
    """How many sessions of the account ended; `keep` is the id of the one that goes on."""
    take_turns(tx)
    gone = end_sessions(tx, account, keep=keep)
    note(tx, "session", account, by=signed(by), at=at, what="all ended", count=gone)
    return gone


def _alive(row: Any, now: datetime) -> bool:
    in_time: bool = row.ends > stamp(now) and row.seen > stamp(now - IDLE)
    return in_time and row.state == "active"


def _see(store: Store, session: str, now: datetime) -> None:
    """Note that the session is in use; whoever only reads is not to fail by that."""
    table = schema.session
    older = (table.c.id == session) & (table.c.seen < stamp(now - _SEEN_EVERY))
    try:
        with store.write() as tx:
            tx.execute(sa.update(table).where(older).values(seen=stamp(now)))
    except StoreError:
        return
