"""Whether everything that billing keeps agrees: ledger, records, charges, lines, statements."""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa

from qianhang.billing import ledger, schema
from qianhang.billing.audit import Fault
from qianhang.billing.charges import owed
from qianhang.billing.statements import damaged
from qianhang.store import Store

__all__ = ["faults"]


def faults(store: Store) -> list[Fault]:
    """What is wrong, empty where nothing is.

    Beside the ledger's own checks: each charge's lines sum to its entry, nothing is charged twice
    or after it was corrected, what an organisation owes by its lines it owes by the ledger, and
    statements are what was frozen.
    """
    with store.read() as connection:
        found = [*_charges(connection), *_debts(connection)]
    found += [Fault(f"statement {name}", "is not what was issued") for name in damaged(store)]
    return [*ledger.check(store), *found]


def _charges(connection: sa.Connection) -> Iterator[Fault]:
    """Charges against their lines, their entries, and the records that were corrected since."""
    table, lines = schema.charge, schema.line
    sums = sa.select(lines.c.usage, sa.func.sum(lines.c.fen)).where(lines.c.kind == "usage")
    billed = {u: int(fen) for u, fen in connection.execute(sums.group_by(lines.c.usage))}
    debts = _posted(connection, by_entry=True)
    back = {r for (r,) in connection.execute(sa.select(schema.entry.c.reverses)) if r}
    later = set(connection.execute(sa.select(schema.usage.c.corrects)).scalars()) - {None}
    for row in connection.execute(sa.select(table).order_by(table.c.usage)):
        where = f"charge {row.usage}"
        if billed.get(row.usage, 0) != row.fen:
            yield Fault(where, f"lines sum to {billed.get(row.usage, 0)} fen, charged {row.fen}")
        if row.entry is not None and debts.get(row.entry, 0) != row.fen:
            text = f"entry {row.entry} says {debts.get(row.entry, 0)} fen, not {row.fen}"
            yield Fault(where, text)
        if row.entry in back and row.usage not in later:
            yield Fault(where, f"entry {row.entry} was taken back, but no record corrects it")


def _posted(connection: sa.Connection, *, by_entry: bool) -> dict[object, int]:
    """Entry, or organisation's account, -> fen that organisations owe by charges and credits."""
    lines, heads = schema.posting, schema.entry
    by = lines.c.entry if by_entry else lines.c.account
    query = (
        sa.select(by, sa.func.sum(lines.c.fen))
        .join(heads, heads.c.number == lines.c.entry)
        .where(lines.c.account.like("org:%:owed"), heads.c.kind.in_(("charge", "credit")))
        .group_by(by)
    )
    return {key: int(fen) for key, fen in connection.execute(query)}


def _debts(connection: sa.Connection) -> Iterator[Fault]:
    table = schema.line
    query = sa.select(table.c.org, sa.func.sum(table.c.fen)).group_by(table.c.org)
    billed = {owed(org): int(fen) for org, fen in connection.execute(query)}
    posted = _posted(connection, by_entry=False)
    for account in sorted(billed.keys() | {str(a) for a in posted}):
        lines, entries = billed.get(account, 0), posted.get(account, 0)
        if lines != entries:
            yield Fault(f"account {account}", f"lines say {lines} fen, entries {entries}")
