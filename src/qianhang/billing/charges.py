"""A usage record becomes one entry of the ledger and its lines of a bill, exactly once.

The organisation owes what the record costs; the operator is owed that less the platform's share.
A correction takes the first charge back and charges anew, both in one transaction. What concerns
a month whose statement is out goes into the next that is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

import sqlalchemy as sa

from qianhang.billing import ledger, metering, prices, schema
from qianhang.billing.ledger import Posting
from qianhang.billing.lines import Line, keep, lines
from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.month import following, span
from qianhang.billing.rating import Part, rate
from qianhang.billing.usage import UsageRecord
from qianhang.core.errors import BillingError
from qianhang.store import Store, Transaction
from qianhang.store.prepared import Prepared

__all__ = ["FEES", "Credit", "charge", "charge_pending", "credit", "owed", "payable", "pending"]

FEES = "platform:fee"
_CHARGED = Prepared(
    sa.select(schema.charge.c.entry).where(schema.charge.c.usage == sa.bindparam("name"))
)
_CHARGE = Prepared.new(schema.charge)
_PARTY = schema.statement.c.party
_CLOSED = Prepared(
    sa.union_all(
        sa.select(_PARTY)
        .where((sa.bindparam("org") == _PARTY) | (sa.bindparam("operator") == _PARTY))
        .where(schema.statement.c.month == sa.bindparam("month")),
        sa.select(schema.entry.c.key).where(schema.entry.c.key == sa.bindparam("settled")),
    )
)
_MOST_MONTHS = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """What an organisation is relieved of, and the account that bears it.

    payer : `operator:p:payable` for a service credit, a programme's account for a voucher
    source : where it comes from, `sla:2026-03` or a voucher's number
    month : the month that it belongs to; fen : above zero
    """

    org: str
    operator: str
    payer: str
    fen: int
    month: str
    source: str
    project: str = ""
    scenario: str = ""
    pool: str = ""
    flavour: str = ""
    category: str = "compute"
    usage: str = ""
    note: str = ""


def owed(org: str) -> str:
    """The account of what an organisation owes."""
    return f"org:{org}:owed"


def payable(operator: str) -> str:
    """The account of what an operator is owed, below zero."""
    return f"operator:{operator}:payable"


def charge(tx: Transaction, usage: str, *, at: datetime) -> list[Line]:
    """The lines of a record, charged now unless it was before.

    Raises BillingError where no price holds, or another record has corrected this one.
    """
    tx.take_turns()
    if tx.fetch(_CHARGED, {"name": usage}):
        return lines(tx, usage=usage)
    record = metering.find(tx, usage)
    if metering.newest(tx, usage) != usage:
        raise BillingError("QH554", f"usage {usage} was corrected and is not charged")
    known = prices.prices(tx, operator=record.operator, flavour=record.flavour)
    parts = rate(record, known)
    back, gone = _take_back(tx, record, at)
    fen, fee = sum(p.fen for p in parts), sum(p.fee for p in parts)
    entry = _post(tx, record, fen=fen, fee=fee, at=at)
    row = {"usage": usage, "entry": entry, "back": back, "fen": fen, "fee": fee, "at": stamp(at)}
    tx.change(_CHARGE, row)
    if entry is None and back is None:  # of which the ledger tells nothing
        tx.append("billing.charge", usage, payload={"fen": fen}, at=at)
    made = [_line(record, part, number) for number, part in enumerate(parts, 1)]
    kept = [_open(tx, line) for line in (*gone, *made)]
    keep(tx, kept, at=at)
    return kept[len(gone) :]


def pending(where: Where) -> list[str]:
    """The records that are to be charged: neither charged nor corrected, oldest first."""
    table, done, later = schema.usage, schema.charge, schema.usage.alias("later")
    query = (
        sa.select(table.c.id)
        .join(done, done.c.usage == table.c.id, isouter=True)
        .join(later, later.c.corrects == table.c.id, isouter=True)
        .where(done.c.usage.is_(None), later.c.id.is_(None))
        .order_by(table.c.at, table.c.id)
    )
    with reading(where) as connection:
        return list(connection.execute(query).scalars())


def charge_pending(
    store: Store, *, at: datetime, limit: int | None = None
) -> dict[str, BillingError]:
    """Charge what is to be, a transaction each; those that could not be, with why.

    limit : how many to charge at most; what cannot be charged does not stand in the way
    """
    refused: dict[str, BillingError] = {}
    for number, usage in enumerate(pending(store)):
        if limit is not None and number - len(refused) >= limit:
            break
        try:
            with store.write() as tx:
                charge(tx, usage, at=at)
        except BillingError as cause:
            refused[usage] = cause
    return refused


def credit(tx: Transaction, given: Credit, *, at: datetime, key: str) -> int:
    """The number of the entry that relieves an organisation, with its line; once for each key.

    Raises BillingError where the key was used for another.
    """
    if given.fen < 0:
        raise ValueError(f"credit {key}: {given.fen} fen, expected an amount above zero")
    postings = [Posting(owed(given.org), -given.fen), Posting(given.payer, given.fen)]
    number = ledger.post(tx, "credit", subject=given.org, postings=postings, at=at, key=key)
    known = sa.select(schema.line.c.id).where(schema.line.c.id == f"credit:{key}")
    if tx.execute(known).scalar() is None:
        keep(tx, [_open(tx, _credit_line(given, key))], at=at)
    return number


def _take_back(
    tx: Transaction, record: UsageRecord, at: datetime
) -> tuple[int | None, Sequence[Line]]:
    """The entry that takes back the charge of what a record corrects, and lines that undo its."""
    before, found = record.corrects, None
    while before:
        charged = tx.fetch(_CHARGED, {"name": before})
        if charged:
            found = charged[0]
            break
        # What was corrected before it was charged leads on to what it corrected itself.
        before = metering.find(tx, before).corrects
    if not before or found is None:
        return None, ()
    gone = [_undone(line) for line in lines(tx, usage=before) if line.kind == "usage"]
    if found.entry is None:
        return None, gone
    key = f"charge:{before}:back"
    return ledger.reverse(tx, found.entry, at=at, key=key, why=record.why), gone


def _post(tx: Transaction, record: UsageRecord, *, fen: int, fee: int, at: datetime) -> int | None:
    """The entry of a charge, none where it costs nothing."""
    if not fen:
        return None
    amounts = {owed(record.org): fen, payable(record.operator): fee - fen, FEES: -fee}
    postings = [Posting(account, amount) for account, amount in amounts.items() if amount]
    key = f"charge:{record.id}"
    return ledger.post(tx, "charge", subject=record.org, postings=postings, at=at, key=key)


def _line(record: UsageRecord, part: Part, number: int) -> Line:
    return Line(
        id=f"{record.id}#{number}", kind="usage", month=part.month, own_month=part.month,
        usage=record.id, org=record.org, project=record.project, scenario=record.scenario,
        operator=record.operator, pool=record.pool, flavour=record.flavour,
        category=record.category, unit=part.price.unit, quantity=part.quantity,
        price=part.price.id, yuan=part.yuan, list_yuan=part.price.list_yuan, fen=part.fen,
        fee=part.fee, start=part.start, end=part.end, note=record.why,
    )  # fmt: skip


def _undone(line: Line) -> Line:
    return replace(
        line, id=f"{line.id}:back", kind="back", quantity=-line.quantity, fen=-line.fen,
        fee=-line.fee, month=line.own_month,
    )  # fmt: skip


def _credit_line(given: Credit, key: str) -> Line:
    start, end = span(given.month)
    return Line(
        id=f"credit:{key}", kind="credit", month=given.month, own_month=given.month,
        usage=given.usage, org=given.org, project=given.project, scenario=given.scenario,
        operator=given.operator, pool=given.pool, flavour=given.flavour, category=given.category,
        unit="", quantity=0, price=given.source, yuan=Decimal(0), list_yuan=Decimal(0),
        fen=-given.fen, fee=0, start=start, end=end, note=given.note, payer=given.payer,
    )  # fmt: skip


def _open(tx: Transaction, line: Line) -> Line:
    """The line in the first month, from its own on, that no statement or settlement has closed."""
    month, parties = line.own_month, {"org": f"org:{line.org}"}
    parties["operator"] = f"operator:{line.operator}"
    for _ in range(_MOST_MONTHS):
        names = parties | {"month": month, "settled": f"settlement:{month}"}
        if not tx.fetch(_CLOSED, names):
            return replace(line, month=month)
        month = following(month)
    raise ValueError(f"no month is open for {line.id}")
