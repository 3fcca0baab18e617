"""Buckets of requests that every process of a platform draws from: lent out a few at a time.

A bucket fills up to its limit within a minute. A process borrows some of what is in it and spends
that by itself, so that the store is asked once for many requests, and all processes together never
spend more than the bucket held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.access.attempts import new_row
from qianhang.access.trail import take_turns

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Lent", "borrow", "forget"]

# Levels are kept in thousandths of a request, times in milliseconds since 1970.
_PART, _MINUTE = 1000, 60_000


@dataclass(frozen=True, slots=True)
class Lent:
    """What a bucket lent.

    tokens : requests that the borrower may let through; left : still in the bucket
    wait_ms : until there is one again; 0 where some were lent
    """

    tokens: int
    left: int
    wait_ms: int


def borrow(store: Store, name: str, *, limit: int, most: int, now: datetime) -> Lent:
    """Up to `most` requests out of the bucket of this name, which holds `limit` where it is full.

    limit : requests a minute, and at once
    """
    table, at = schema.bucket, _ms(now)
    name = name[:120]
    with store.write() as tx:
        full = {"name": name, "level": limit * _PART, "at": at}
        tx.execute(new_row(tx, table).values(full).on_conflict_do_nothing())
        own = table.c.name == name
        held = sa.select(table.c.level, table.c.at).where(own).with_for_update()
        row = tx.execute(held).one()
        # Clocks of two hosts differ: time never runs backwards here.
        gained = max(0, at - row.at) * limit * _PART // _MINUTE
        level = min(limit * _PART, row.level + gained)
        tokens = min(most, level // _PART)
        kept = {"level": level - tokens * _PART, "at": max(at, row.at)}
        tx.execute(sa.update(table).where(own).values(kept))
    wait = 0 if tokens else -(-(_PART - level) * _MINUTE // (limit * _PART))
    return Lent(tokens, kept["level"] // _PART, wait)


def forget(store: Store, *, before: datetime) -> int:
    """How many buckets are gone that nobody has drawn from since then: they are full."""
    with store.write() as tx:
        take_turns(tx)
        old = schema.bucket.c.at < _ms(before)
        return tx.execute(sa.delete(schema.bucket).where(old)).rowcount


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
