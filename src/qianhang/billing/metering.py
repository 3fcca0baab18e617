"""Usage records kept: each once, corrected by another, none of a pool that is not known to work."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.billing.moment import Where, moment, reading, stamp
from qianhang.billing.usage import UsageRecord, retold
from qianhang.core.errors import BillingError
from qianhang.store import Transaction
from qianhang.store.log import canonical
from qianhang.store.prepared import Prepared, fetch

__all__ = ["Freeze", "find", "freeze", "frozen", "newest", "record", "records", "thaw"]

_T, _F = schema.usage, schema.freeze
_KNOWN = Prepared(sa.select(_T.c.digest).where(_T.c.id == sa.bindparam("name")))
_BODY = Prepared(sa.select(_T.c.body).where(_T.c.id == sa.bindparam("name")))
_AFTER = Prepared(sa.select(_T.c.id).where(_T.c.corrects == sa.bindparam("name")))
_OPEN = Prepared(sa.select(_F).where(_F.c.pool == sa.bindparam("name"), _F.c.until.is_(None)))
_INSERT = Prepared.new(_T)
_LATER = sa.select(_T.c.corrects).where(
    _T.c.attempt == sa.bindparam("attempt"), _T.c.corrects.is_not(None)
)
_OVERLAP = Prepared(
    sa.select(_T.c.id)
    .where(_T.c.attempt == sa.bindparam("attempt"), _T.c.unit == sa.bindparam("unit"))
    .where(_T.c.flavour == sa.bindparam("flavour"), _T.c.start < sa.bindparam("end"))
    .where(_T.c.finish > sa.bindparam("start"), _T.c.id != sa.bindparam("corrects"))
    .where(_T.c.id.not_in(_LATER))
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Freeze:
    """From when on nothing is recorded of a pool, and why."""

    pool: str
    since: datetime
    why: str


def record(tx: Transaction, usage: UsageRecord, *, at: datetime) -> str:
    """The id of the record, kept once however often it is told.

    Raises BillingError where another was kept under the same id or covers the same time, where it
    ends after `at`, where its pool is frozen, or where what it corrects is not there to be.
    """
    tx.take_turns()
    body = canonical(usage.told())
    digest = hashlib.sha256(body.encode("utf8")).hexdigest()
    for known in tx.fetch(_KNOWN, {"name": usage.id}):
        if known.digest != digest:
            _clash(usage.id, "was recorded with other figures: send a correction")
        return usage.id
    if usage.end > at:
        text = f"usage {usage.id} ends {stamp(usage.end)}, but it is {stamp(at)} now"
        raise BillingError("QH553", text, hint="is the clock of the pool right?")
    _may_record(tx, usage)
    _may_correct(tx, usage)
    _no_overlap(tx, usage)
    tx.change(_INSERT, _row(usage, body, digest, at))
    payload = {"usage": usage.id, "sha256": digest, "corrects": usage.corrects}
    tx.append("billing.usage", usage.id, payload=payload, at=at)
    return usage.id


def find(where: Where, usage: str) -> UsageRecord:
    """The record of this id.

    Raises BillingError where there is none.
    """
    with reading(where) as connection:
        found = fetch(connection, _BODY, {"name": usage})
    if not found:
        raise BillingError("QH554", f"usage {usage}: there is no such record")
    return retold(json.loads(found[0].body))


def records(
    where: Where, *, org: str = "", job: str = "", pool: str = "", limit: int | None = None
) -> list[UsageRecord]:
    """Records in the order of their start, corrected ones too, of an org, job or pool if given."""
    given: dict[str, Any] = {"org": org, "job": job, "pool": pool, "limit": limit}
    values = {f"its_{name}": value for name, value in given.items() if value not in ("", None)}
    with reading(where) as connection:
        found = fetch(connection, _some(tuple(values)), values)
    return [retold(json.loads(row.body)) for row in found]


@functools.cache
def _some(wanted: tuple[str, ...]) -> Prepared:
    """The statement that finds records by these values."""
    rules = [
        _T.c[name.removeprefix("its_")] == sa.bindparam(name)
        for name in wanted
        if name != "its_limit"
    ]
    query = sa.select(_T.c.body).where(*rules).order_by(_T.c.start, _T.c.id)
    return Prepared(query.limit(sa.bindparam("its_limit")) if "its_limit" in wanted else query)


def newest(where: Where, usage: str) -> str:
    """The id of the record that stands in the end for this one, itself where never corrected."""
    with reading(where) as connection:
        while True:
            after = fetch(connection, _AFTER, {"name": usage})
            if not after:
                return usage
            usage = str(after[0].id)


def freeze(tx: Transaction, pool: str, *, since: datetime, why: str, at: datetime) -> None:
    """Record nothing of the pool that lies after `since` until it is thawed; told once is enough.

    A pool that does not answer may or may not have run what it was given.
    """
    tx.take_turns()
    if _open(tx, pool) is not None:
        return
    row = {"pool": pool, "since": stamp(since), "until": None, "why": why}
    tx.execute(sa.insert(schema.freeze), row)
    tx.append("billing.freeze", pool, payload={"since": stamp(since), "why": why}, at=at)


def thaw(tx: Transaction, pool: str, *, why: str, at: datetime) -> None:
    """Take records of the pool again; what they say of the time between needs its proof as ever."""
    tx.take_turns()
    found = _open(tx, pool)
    if found is None:
        return
    table = schema.freeze
    ours = (table.c.pool == pool) & (table.c.since == stamp(found.since))
    tx.execute(sa.update(table).where(ours).values(until=stamp(at)))
    tx.append("billing.thaw", pool, payload={"since": stamp(found.since), "why": why}, at=at)


def frozen(where: Where) -> list[Freeze]:
    """The pools of which nothing is recorded now, by name."""
    table = schema.freeze
    query = sa.select(table).where(table.c.until.is_(None)).order_by(table.c.pool)
    with reading(where) as connection:
        return [Freeze(r.pool, moment(r.since), r.why) for r in connection.execute(query)]


def _open(tx: Transaction, pool: str) -> Freeze | None:
    for row in tx.fetch(_OPEN, {"name": pool}):
        return Freeze(row.pool, moment(row.since), row.why)
    return None


def _may_record(tx: Transaction, usage: UsageRecord) -> None:
    held = _open(tx, usage.pool)
    if held is not None and usage.end > held.since:
        text = f"usage {usage.id}: pool {usage.pool} is not known to work since {stamp(held.since)}"
        raise BillingError("QH557", f"{text} ({held.why})", hint="wait until it answers again")


def _may_correct(tx: Transaction, usage: UsageRecord) -> None:
    if not usage.corrects:
        return
    table = schema.usage
    query = sa.select(table.c.attempt).where(table.c.id == usage.corrects)
    attempt = tx.execute(query).scalar()
    if attempt != usage.attempt:
        _clash(usage.id, f"corrects {usage.corrects}, which is no record of its attempt")
    for by in tx.fetch(_AFTER, {"name": usage.corrects}):
        _clash(
            usage.id, f"corrects {usage.corrects}, which {by.id} has corrected: correct that one"
        )


def _no_overlap(tx: Transaction, usage: UsageRecord) -> None:
    """A card is held once: stretches of one attempt, whatever their epoch, lie apart."""
    if usage.unit != "card_hour" or usage.end == usage.start:
        return
    span = {"start": stamp(usage.start), "end": stamp(usage.end), "corrects": usage.corrects}
    names = {n: getattr(usage, n) for n in ("attempt", "unit", "flavour")}
    for other in tx.fetch(_OVERLAP, span | names):
        _clash(usage.id, f"covers time that {other.id} covers")


def _clash(usage: str, why: str) -> None:
    raise BillingError("QH554", f"usage {usage} {why}", hint="a record is kept once")


def _row(usage: UsageRecord, body: str, digest: str, at: datetime) -> dict[str, object]:
    names = ("job", "attempt", "epoch", "sequence", "org", "operator", "pool", "flavour", "unit")
    return {name: getattr(usage, name) for name in names} | {
        "id": usage.id, "corrects": usage.corrects or None, "start": stamp(usage.start),
        "finish": stamp(usage.end), "body": body, "digest": digest, "at": stamp(at),
    }  # fmt: skip
