"""Whether the ledger is as it was written: every sum, every balance, every record of the log."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.store import Store
from qianhang.store.log import canonical
from qianhang.store.schema import log

__all__ = ["Fault", "check"]

_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is not as it should be, and where: an entry, an account or the log."""

    where: str
    what: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}"


def check(store: Store) -> list[Fault]:
    """What is wrong with the ledger, empty where nothing is.

    Every entry sums to zero and says what its record in the log says, every account holds the sum
    of its postings, numbers have no gap, and the log's chain is whole.
    """
    with store.read() as connection:
        faults = [*_entries(connection), *_balances(connection), *_records(connection)]
    chain = store.verify(files=False)
    if chain.broken:
        faults.append(Fault("log", str(chain.broken)))
    return faults


def _entries(connection: sa.Connection) -> Iterator[Fault]:
    """Entries against their postings and against what the log says of them."""
    lines = _Lines(connection)
    query = sa.select(schema.entry, log.c.payload).join(
        log, log.c.seq == schema.entry.c.record, isouter=True
    )
    expected = 1
    query = query.order_by(schema.entry.c.number).execution_options(yield_per=_AT_ONCE)
    for row in connection.execute(query):
        for other in lines.before(row.number):
            yield Fault(f"entry {other}", "has postings but is not there")
        where, own = f"entry {row.number}", lines.of(row.number)
        if row.number != expected:
            yield Fault(where, f"expected number {expected}")
        expected = row.number + 1
        total = sum(fen for _, fen in own)
        if total or len(own) < 2:
            yield Fault(where, f"{len(own)} postings sum to {total} fen")
        said = {"kind": row.kind, "subject": row.subject, "postings": sorted(own)}
        if row.reverses:
            said |= {"reverses": row.reverses, "why": row.why}
        if hashlib.sha256(canonical(said).encode("utf8")).hexdigest() != row.digest:
            yield Fault(where, "is not what was written")
        told = {"entry": row.number, "key": row.key, **said}
        if row.payload is None or json.loads(row.payload) != json.loads(canonical(told)):
            yield Fault(where, f"record {row.record} of the log says something else")
    for other in lines.before(None):
        yield Fault(f"entry {other}", "has postings but is not there")


class _Lines:
    """Postings in the order of their entries, so that a long ledger is never held whole."""

    def __init__(self, connection: sa.Connection) -> None:
        table = schema.posting
        query = sa.select(table.c.entry, table.c.account, table.c.fen).order_by(table.c.entry)
        rows = connection.execute(query.execution_options(yield_per=_AT_ONCE))
        self._groups = itertools.groupby(rows, key=lambda row: int(row.entry))
        self._next = self._take()

    def before(self, number: int | None) -> Iterator[int]:
        """The entries of the postings before this one's, all that are left where it is None."""
        while self._next and (number is None or self._next[0] < number):
            yield self._next[0]
            self._next = self._take()

    def of(self, number: int) -> list[list[Any]]:
        """The entry's postings."""
        if self._next is None or self._next[0] != number:
            return []
        found = self._next[1]
        self._next = self._take()
        return found

    def _take(self) -> tuple[int, list[list[Any]]] | None:
        for number, rows in self._groups:
            return number, [[row.account, row.fen] for row in rows]
        return None


def _balances(connection: sa.Connection) -> Iterator[Fault]:
    table = schema.posting
    sums = sa.select(table.c.account, sa.func.sum(table.c.fen)).group_by(table.c.account)
    posted = {name: int(total) for name, total in connection.execute(sums)}
    query = sa.select(schema.account.c.account, schema.account.c.fen)
    held = {name: int(fen) for name, fen in connection.execute(query)}
    for name in sorted(posted.keys() | held.keys()):
        if posted.get(name, 0) != held.get(name, 0):
            text = f"holds {held.get(name, 0)} fen, its postings sum to {posted.get(name, 0)}"
            yield Fault(f"account {name}", text)


def _records(connection: sa.Connection) -> Iterator[Fault]:
    """Records of entries that are no longer there."""
    last = connection.execute(sa.select(sa.func.max(schema.entry.c.number))).scalar() or 0
    query = sa.select(sa.func.count()).where(log.c.kind.like("ledger.%"))
    told = connection.execute(query).scalar()
    if told != last:
        yield Fault("log", f"tells of {told} entries, the ledger holds {last}")
