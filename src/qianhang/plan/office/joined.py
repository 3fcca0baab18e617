"""Several writes of the ledger as one: all of them, or none."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["joined"]


class _Joined:
    """Stands where a store is asked for; what is written goes into the transaction that is open."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self.files = tx.files

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """The open transaction; its owner commits it."""
        yield self._tx


@contextmanager
def joined(store: Store) -> Iterator[tuple[Store, Transaction]]:
    """A store whose writes are committed together at the end of the block, or undone together."""
    with store.write() as tx:
        yield cast("Store", _Joined(tx)), tx
