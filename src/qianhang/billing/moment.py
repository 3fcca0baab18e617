"""Moments as rows keep them, and whoever is asked for rows: a store or a transaction."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, TypeAlias

import sqlalchemy as sa

from qianhang.store import Transaction
from qianhang.store.log import stamp

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Where", "moment", "reading", "stamp"]

Where: TypeAlias = "Store | Transaction | sa.Connection"


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
