"""The log as an administrator reads it: newest first, what belongs to others closed."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from qianhang.access import schema as access_schema
from qianhang.access.tree import ROOT
from qianhang.plan import schema as plan_schema
from qianhang.runs import tables
from qianhang.store import Store
from qianhang.store.schema import log

__all__ = ["Line", "kinds", "lines", "page"]

_ACCESS = "access."
_BLOCK = 500


@dataclass(frozen=True, slots=True)
class Line:
    """One record; closed : it belongs to an organisation that the reader does not cover.

    A closed record keeps its number, time, kind and hash, so that the chain can be followed.
    """

    seq: int
    at: str
    kind: str
    subject: str
    payload: Mapping[str, Any]
    prev_hash: str
    hash: str
    closed: bool = False

    @property
    def by(self) -> str:
        """Who did it, as written down: an account's id, or a name."""
        return str(self.payload.get("by", ""))


def page(
    store: Store,
    orgs: Collection[str],
    *,
    whole: bool,
    kind: str = "",
    subject: str = "",
    before: int | None = None,
    after: int | None = None,
    limit: int = 50,
) -> list[Line]:
    """The newest records that somebody who administers `orgs` may read.

    whole : the log of every service; else what concerns access to these organisations
    kind : a kind, or its first part with a point at the end; subject : only of this one
    before : the number below which to go on; after : the oldest instead, above this number
    """
    order = log.c.seq.desc() if after is None else log.c.seq
    query = sa.select(log).order_by(order).limit(limit)
    if kind:
        query = query.where(_of_kind(kind))
    if subject:
        query = query.where(log.c.subject == subject)
    if before is not None:
        query = query.where(log.c.seq < before)
    if after is not None:
        query = query.where(log.c.seq > after)
    with store.read() as connection:
        if not whole:
            query = query.where(_of_kind(_ACCESS), _concerns(orgs))
        rows = connection.execute(query).mappings().all()
        return [_line(row, mine) for row, mine in _judged(connection, rows, orgs)]


def lines(store: Store, orgs: Collection[str], *, whole: bool) -> Iterator[str]:
    """The log from its first record on, one JSON object a line."""
    after = 0
    while True:
        query = sa.select(log).where(log.c.seq > after).order_by(log.c.seq).limit(_BLOCK)
        with store.read() as connection:
            if not whole:
                query = query.where(_of_kind(_ACCESS), _concerns(orgs))
            rows = connection.execute(query).mappings().all()
            found = [_line(row, mine) for row, mine in _judged(connection, rows, orgs)]
        for one in found:
            yield json.dumps(_told(one), ensure_ascii=False, default=dict) + "\n"
        if len(found) < _BLOCK:
            return
        after = found[-1].seq


def kinds(store: Store) -> tuple[str, ...]:
    """Every kind of record that the log holds."""
    with store.read() as connection:
        found = connection.execute(sa.select(log.c.kind).distinct().order_by(log.c.kind))
        return tuple(found.scalars())


def _of_kind(kind: str) -> sa.ColumnElement[bool]:
    if kind.endswith("."):
        return log.c.kind.startswith(kind, autoescape=True)
    return log.c.kind == kind


def _concerns(orgs: Collection[str]) -> sa.ColumnElement[bool]:
    """Records about these organisations and about accounts that belong to them."""
    account = access_schema.account
    mine = sa.select(account.c.id).where(account.c.org.in_(list(orgs)))
    return log.c.subject.in_(mine) | log.c.subject.in_(list(orgs))


def _judged(
    connection: sa.Connection, rows: Collection[sa.RowMapping], orgs: Collection[str]
) -> Iterator[tuple[sa.RowMapping, bool]]:
    """Each record, and whether the reader covers the organisation to which it belongs."""
    about = [_about(row) for row in rows]
    owners = _owners(connection, {name for names in about for name in names})
    for row, names in zip(rows, about, strict=True):
        found = next((owners[name] for name in names if name in owners), None)
        yield row, (found or _told_by(row)) in orgs


def _about(row: sa.RowMapping) -> tuple[str, ...]:
    """What a record may be about: its subject, the plan of an item, the run behind a model."""
    subject = row["subject"]
    run = json.loads(row["payload"]).get("run")
    return (subject, subject.partition(".")[0], *([run] if isinstance(run, str) else []))


def _owners(connection: sa.Connection, subjects: Collection[str]) -> dict[str, str]:
    """Subject -> organisation, for accounts, organisations, runs, asks and plans."""
    found: dict[str, str] = {}
    names = list(subjects)
    for table in (access_schema.account, tables.run, tables.ask):
        query = sa.select(table.c.id, table.c.org).where(table.c.id.in_(names))
        found |= {row.id: row.org for row in connection.execute(query)}
    own = access_schema.organisation.c.id
    found |= {o: o for o in connection.execute(sa.select(own).where(own.in_(names))).scalars()}
    plan = plan_schema.plan
    numbers = [int(n[1:]) for n in names if n[:1] == "P" and n[1:].isdigit() and len(n) < 10]
    query = sa.select(plan.c.id, plan.c.org).where(plan.c.id.in_(numbers))
    return found | {f"P{row.id}": row.org for row in connection.execute(query)}


def _told_by(row: sa.RowMapping) -> str:
    """The organisation that the record itself names, the platform's own where it names none."""
    payload = json.loads(row["payload"])
    after = payload.get("after")
    inner = after.get("org") if isinstance(after, dict) else None
    return str(payload.get("org") or inner or ROOT)


def _line(row: sa.RowMapping, mine: bool) -> Line:
    values = {name: row[name] for name in ("seq", "at", "kind", "prev_hash", "hash")}
    if not mine:
        return Line(**values, subject="", payload={}, closed=True)
    return Line(**values, subject=row["subject"], payload=json.loads(row["payload"]))


def _told(one: Line) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in Line.__slots__}
    if not one.closed:
        del told["closed"]
    return told
