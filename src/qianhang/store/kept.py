"""What is worked out of a whole store, kept in memory until the log tells of something new."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy as sa

from qianhang.store.prepared import Prepared, fetch
from qianhang.store.schema import log, log_head

if TYPE_CHECKING:
    from qianhang.store.store import Store

__all__ = ["Kept"]

T = TypeVar("T")
_HEAD = Prepared(sa.select(log_head.c.seq))
_NEWS = Prepared(
    sa.select(log.c.kind)
    .where(log.c.seq > sa.bindparam("after"), log.c.seq <= sa.bindparam("head"))
    .distinct()
)


class Kept(Generic[T]):
    """One value of each store, worked out again only after the log tells of what it rests on.

    Whatever moves the value is to be in the log, written in the same transaction: then no process
    answers anything stale, whichever of them wrote. Safe to use from several threads.

    make : the value by one state of the store
    kinds : how the kinds of records begin after which it may be another
    """

    def __init__(self, make: Callable[[sa.Connection], T], *kinds: str) -> None:
        self._make, self._kinds = make, kinds
        self._found: WeakKeyDictionary[Store, tuple[int, T]] = WeakKeyDictionary()

    def of(self, store: Store) -> T:
        """The value as the store is now."""
        known = self._found.get(store)
        with store.read() as connection:
            rows = fetch(connection, _HEAD)
            head = int(rows[0].seq) if rows else 0
            if known is not None and known[0] == head:
                return known[1]
            same = known is not None and not self._moved(connection, known[0], head)
            value = known[1] if known is not None and same else self._make(connection)
        self._found[store] = (head, value)
        return value

    def _moved(self, connection: sa.Connection, after: int, head: int) -> bool:
        news = fetch(connection, _NEWS, {"after": after, "head": head})
        return any(one.kind.startswith(self._kinds) for one in news)
