"""Bulletins that were issued: frozen readings, the printed files, and the record in the log."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.plan import schema
from qianhang.plan.evidence import evidence
from qianhang.plan.office.bulletin import Before, Bulletin, Order, compose
from qianhang.plan.office.official import docx
from qianhang.plan.office.page import html
from qianhang.plan.office.paper import Paper
from qianhang.plan.office.plain import plain
from qianhang.plan.office.titles import titles
from qianhang.plan.office.withheld import withheld
from qianhang.plan.standing import freeze, frozen, standings

if TYPE_CHECKING:
    from qianhang.plan.items import Plan
    from qianhang.plan.standing import Standing
    from qianhang.store import Store

__all__ = [
    "FORMATS",
    "Issued",
    "find",
    "issue",
    "issued",
    "preview",
    "rebuilt",
    "rendered",
    "reprint",
]

FORMATS = ("txt", "html", "docx")


@dataclass(frozen=True, slots=True)
class Issued:
    """One bulletin as it was issued.

    readings : ids of the frozen readings; files : "txt", "html", "docx" -> sha256
    title : the plan's title on that day; before : id of the bulletin that it compares with
    names : id -> title of scenarios as printed; none in those that printed ids
    """

    id: int
    plan: int
    on: date
    order: Order
    title: str
    readings: tuple[int, ...]
    files: Mapping[str, str]
    before: int | None
    by: str
    at: str
    names: Mapping[str, str] = field(default_factory=dict)


def issue(store: Store, plan: Plan, order: Order, *, on: date, by: str, at: datetime) -> Issued:
    """The bulletin of a plan as of a day: readings frozen, three files printed, all of it logged.

    Raises UsageError where no target is confirmed, or nobody signs for it.
    """
    if not by.strip():
        raise UsageError("QH831", "a bulletin needs the name of who issues it", hint="--by NAME")
    found = _confirmed(store, plan, on)
    ids, names = freeze(store, found, at=at), titles(found, order.lang)
    before = _newest(issued(store, plan), on)
    bulletin = _bulletin(store, plan.title, order, on=on, ids=ids, before=before)
    bulletin = replace(bulletin, names=names)
    files = {kind: store.files.put(body) for kind, body in rendered(compose(bulletin)).items()}
    body = {
        "order": asdict(order), "title": plan.title, "names": dict(names),
        "before": before.id if before else None,
    }  # fmt: skip
    row = {
        "plan": plan.id,
        "period": order.period,
        "day": on.isoformat(),
        "readings": json.dumps(ids),
        "files": json.dumps(files, sort_keys=True),
        "body": json.dumps(body, ensure_ascii=False, sort_keys=True),
        "signature": order.signature or order.issuer,
        "by": by,
    }
    payload = {"period": order.period, "day": row["day"], "readings": list(ids), "by": by}
    with store.write() as tx:
        entry = tx.append("plan.bulletin", plan.ref, payload={**payload, "files": files}, at=at)
        made = tx.execute(sa.insert(schema.bulletin).values(**row, at=entry.at))
    key = made.inserted_primary_key
    return find(store, plan, int(key[0]) if key else 0)


def preview(store: Store, plan: Plan, order: Order, *, on: date) -> Paper:
    """What would be issued, from readings as they are now; nothing is kept.

    Raises UsageError where no target is confirmed.
    """
    before = _newest(issued(store, plan), on)
    earlier = _before(store, before) if before else None
    found = _confirmed(store, plan, on)
    names = titles(found, order.lang)
    return compose(Bulletin(plan.title, on, order, found, earlier, names))


def issued(store: Store, plan: Plan) -> tuple[Issued, ...]:
    """The plan's bulletins, in the order of their days."""
    return _of_plan(store, plan.id)


def find(store: Store, plan: Plan, number: int) -> Issued:
    """The plan's bulletin with this number.

    Raises UsageError where there is none.
    """
    every = issued(store, plan)
    for one in every:
        if one.id == number:
            return one
    known = ", ".join(str(one.id) for one in every) or "none yet"
    raise UsageError("QH831", f"plan {plan.ref} has no bulletin {number}, it has {known}")


def reprint(store: Store, one: Issued, kind: str) -> bytes:
    """The bytes that were issued, checked against their sum.

    Raises StoreError where the file is absent or was changed, UsageError for another format.
    """
    if kind not in one.files:
        known = ", ".join(FORMATS)
        raise UsageError("QH831", f"bulletin {one.id}: format {kind!r}, expected {known}")
    return store.files.get(one.files[kind])


def rebuilt(store: Store, one: Issued) -> dict[str, bytes]:
    """The three files printed anew from the frozen readings; equal to what was issued as long as
    the layout is that of the software that issued it."""
    every = {i.id: i for i in _of_plan(store, one.plan)}
    before = every.get(one.before) if one.before is not None else None
    bulletin = _bulletin(store, one.title, one.order, on=one.on, ids=one.readings, before=before)
    return rendered(compose(replace(bulletin, names=one.names)))


def rendered(paper: Paper) -> dict[str, bytes]:
    """Format -> the paper's bytes in it."""
    return {"txt": plain(paper).encode(), "html": html(paper).encode(), "docx": docx(paper)}


def _confirmed(store: Store, plan: Plan, on: date) -> tuple[Standing, ...]:
    found = standings(store, plan, on=on)
    if not found:
        raise UsageError(
            "QH830",
            f"plan {plan.ref} has no confirmed target: nothing to report",
            hint=f"qianhang plan review {plan.ref}",
        )
    return withheld(found, evidence(store))


def _newest(every: tuple[Issued, ...], on: date) -> Issued | None:
    """The last bulletin of an earlier day."""
    earlier = [one for one in every if one.on < on]
    return earlier[-1] if earlier else None


def _bulletin(
    store: Store,
    title: str,
    order: Order,
    *,
    on: date,
    ids: tuple[int, ...],
    before: Issued | None,
) -> Bulletin:
    earlier = _before(store, before) if before else None
    return Bulletin(title, on, order, frozen(store, ids), earlier)


def _before(store: Store, one: Issued) -> Before:
    return Before(one.order.period, one.on, frozen(store, one.readings))


def _of_plan(store: Store, plan: int) -> tuple[Issued, ...]:
    table = schema.bulletin
    query = sa.select(table).where(table.c.plan == plan).order_by(table.c.day, table.c.id)
    with store.read() as connection:
        return tuple(_issued(row) for row in connection.execute(query).mappings())


def _issued(row: Mapping[Any, Any]) -> Issued:
    body = json.loads(row["body"])
    return Issued(
        id=row["id"],
        plan=row["plan"],
        on=date.fromisoformat(row["day"]),
        order=Order(**body["order"]),
        title=body["title"],
        readings=tuple(json.loads(row["readings"])),
        files=json.loads(row["files"]),
        before=body["before"],
        by=row["by"],
        at=row["at"],
        names=body.get("names", {}),
    )
