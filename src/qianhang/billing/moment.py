"""Moments as rows keep them, and whoever is asked for rows: a store or a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from qianhang.store import Transaction
from qianhang.store.prepared import Prepared
from qianhang.store.schema import log_head

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Where", "moment", "reading", "stamp", "take_turns"]

_HEAD = Prepared(sa.select(log_head.c.seq).with_for_update())
Where: TypeAlias = "Store | Transaction | sa.Connection"


def stamp(at: datetime) -> str:
    """A moment as rows keep it: ISO, UTC, microseconds; earlier moments sort first.

    Raises ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("a time of billing needs a time zone")
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def moment(text: str) -> datetime:
    """The moment that `stamp` wrote."""
    return datetime.fromisoformat(text)


@contextmanager
def reading(where: Where) -> Iterator[sa.Connection]:
    """A connection to read from: the transaction's own, or one that sees one state of the store."""
    if isinstance(where, sa.Connection):
        yield where
    elif isinstance(where, Transaction):
        yield where.connection
    else:
        with where.read() as connection:
            yield connection


def take_turns(tx: Transaction) -> None:
    """Wait until nobody else writes: for what is looked up first and written after.

    SQLite's writers take turns anyway; PostgreSQL's do so at the head of the log.
    """
    if tx.connection.dialect.name == "postgresql":
        tx.fetch(_HEAD)
