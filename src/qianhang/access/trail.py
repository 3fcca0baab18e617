"""The audit trail: each change of access in the store's log, without anything secret."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import LogEntry, Store, Transaction

__all__ = ["note", "signed", "stamp", "take_turns", "trail"]

_PREFIX = "access."


def stamp(at: datetime) -> str:
    """A moment as rows keep it: ISO, UTC, whole seconds; earlier moments sort first.

    Raises ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time of access needs a time zone")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def signed(by: str) -> str:
    """The id or name of who acts, as rows keep it.

    Raises UsageError where nobody is named.
    """
    name = by.strip()
    if not name or len(name) > 80:
        raise UsageError("QH864", f"by {by!r}: expected who acts, 1 to 80 characters")
    return name


def take_turns(tx: Transaction) -> None:
    """Wait until nobody else writes: for what is looked up first and written after."""
    tx.take_turns()


def note(
    tx: Transaction, act: str, subject: str, *, by: str, at: datetime, **facts: Any
) -> LogEntry:
    """The record `access.<act>` about an account, organisation, key or ticket."""
    return tx.append(f"{_PREFIX}{act}", subject, payload={"by": by, **facts}, at=at)


def trail(
    store: Store, *, subject: str = "", before: int | None = None, limit: int = 50
) -> list[LogEntry]:
    """Records of access, newest first, of one subject where given, older than record `before`."""
    from qianhang.store import LogEntry
    from qianhang.store.schema import log

    query = sa.select(log).where(log.c.kind.like(f"{_PREFIX}%"))
    if subject:
        query = query.where(log.c.subject == subject)
    if before is not None:
        query = query.where(log.c.seq < before)
    with store.read() as connection:
        rows = connection.execute(query.order_by(log.c.seq.desc()).limit(limit)).mappings().all()
    return [LogEntry(**{**row, "payload": json.loads(row["payload"])}) for row in rows]
