"""Whether the ledger is as it was written: every sum, every balance, every record of the log."""

from __future__ import annotations

import hashlib
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
    lines = _lines(connection)
    query = sa.select(schema.entry, log.c.payload).join(
        log, log.c.seq == schema.entry.c.record, isouter=True
    )
    expected = 1
    for row in connection.execute(query.order_by(schema.entry.c.number)):
        where, own = f"entry {row.number}", lines.pop(row.number, [])
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
    for number in sorted(lines):
        yield Fault(f"entry {number}", "has postings but is not there")


def _lines(connection: sa.Connection) -> dict[int, list[list[Any]]]:
    lines: dict[int, list[list[Any]]] = {}
    for row in connection.execute(sa.select(schema.posting)):
        lines.setdefault(row.entry, []).append([row.account, row.fen])
    return lines


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
