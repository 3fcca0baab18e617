"""What people state beside the text: milestones, overrides, what realises a system, settings."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.day import day_of
from qianhang.core.errors import UsageError
from qianhang.core.schema import nearest
from qianhang.plan import schema
from qianhang.plan.author import signed, stamp
from qianhang.plan.items import Item, Plan

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = [
    "Known",
    "Link",
    "Milestone",
    "Override",
    "link",
    "links",
    "milestones",
    "override",
    "overrides",
    "set_milestone",
    "set_setting",
    "setting",
]

STATES = ("met", "on_track", "watch", "behind", "overdue", "no_evidence", "open")
# Kind -> the names of that kind that there are.
Known = Callable[[str], Collection[str]]
KINDS = ("scenario", "dataset", "pool", "model", "service", "part")


@dataclass(frozen=True, slots=True)
class Milestone:
    """What a target should have reached on a day, in the target's own unit."""

    id: int
    plan: int
    target: str
    day: date
    value: float
    source: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Override:
    """A state that a person sets against the evidence, until a day; always shown as such."""

    id: int
    plan: int
    target: str
    value: float | None
    state: str
    reason: str
    expires: date
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Link:
    """A system of the plan and what realises it."""

    id: int
    plan: int
    system: str
    kind: str
    name: str
    by: str
    at: str


def set_milestone(
    store: Store,
    item: Item,
    *,
    day: date,
    value: float,
    by: str,
    at: datetime,
    source: str = "annual plan",
) -> Milestone:
    """The milestone, in place of one for the same day.

    Raises UsageError where the item is no target or nobody is named.
    """
    _only(item, "target")
    row = {
        "plan": item.plan, "target": item.code, "day": day.isoformat(), "value": value,
        "source": source, "by": signed(by), "at": stamp(at),
    }  # fmt: skip
    table = schema.milestone
    with store.write() as tx:
        same = (table.c.plan == item.plan) & (table.c.target == item.code)
        tx.execute(sa.delete(table).where(same & (table.c.day == row["day"])))
        made = tx.execute(sa.insert(table).values(row))
        tx.append("plan.milestone", item.ref, payload=row, at=at)
    return Milestone(**{**row, "day": day}, id=made.inserted_primary_key[0])  # type: ignore[arg-type, index]


def milestones(store: Store, plan: Plan, target: str = "") -> tuple[Milestone, ...]:
    """The milestones of a plan, or of one target by its code, in order of time."""
    table = schema.milestone
    where = table.c.plan == plan.id
    where = where & (table.c.target == target) if target else where
    rows = _rows(store, sa.select(table).where(where).order_by(table.c.day, table.c.id))
    return tuple(Milestone(**{**row, "day": date.fromisoformat(row["day"])}) for row in rows)


def override(
    store: Store,
    item: Item,
    *,
    state: str,
    reason: str,
    expires: date,
    by: str,
    at: datetime,
    value: float | None = None,
) -> Override:
    """The override; a later one takes its place, `expires` ends it.

    Raises UsageError for an unknown state, no reason, a past day, an item that is no target.
    """
    _only(item, "target")
    if state not in STATES:
        raise UsageError("QH826", f"{item.ref}: state {state!r} is none of {', '.join(STATES)}")
    if not reason.strip():
        raise UsageError("QH826", f"{item.ref}: an override needs a reason")
    if expires < day_of(at):
        message = f"{item.ref}: an override until {expires}, which is past, expected a day to come"
        raise UsageError("QH826", message)
    row = {
        "plan": item.plan, "target": item.code, "value": value, "state": state, "reason": reason,
        "expires": expires.isoformat(), "by": signed(by), "at": stamp(at),
    }  # fmt: skip
    with store.write() as tx:
        made = tx.execute(sa.insert(schema.override).values(row))
        tx.append("plan.override", item.ref, payload=row, at=at)
    return Override(**{**row, "expires": expires}, id=made.inserted_primary_key[0])  # type: ignore[arg-type, index]


def overrides(store: Store, plan: Plan, *, on: date) -> dict[str, Override]:
    """Target code -> the override in force on a day: the latest that has not expired."""
    table = schema.override
    rows = _rows(store, sa.select(table).where(table.c.plan == plan.id).order_by(table.c.id))
    found = [Override(**{**row, "expires": date.fromisoformat(row["expires"])}) for row in rows]
    return {o.target: o for o in found if day_of(o.at) <= on <= o.expires}


def link(
    store: Store, item: Item, *, kind: str, name: str, known: Known, by: str, at: datetime
) -> Link:
    """The link between a system of the plan and what realises it.

    known : the names that there are of each kind; a kind without any cannot be looked up
    Raises UsageError where the item is no system, the kind cannot be looked up, or there is no
    such name.
    """
    _only(item, "system")
    names = known(kind) if kind in KINDS else ()
    if not names:
        there = ", ".join(k for k in KINDS if known(k))
        why = "nothing of this kind is there to be looked up" if kind in KINDS else "no such kind"
        raise UsageError("QH826", f"{item.ref}: {kind!r} {name!r}: {why}; expected {there}")
    if name not in names:
        near = nearest(name, names)
        hint = f"did you mean {near!r}?" if near else f"as {', '.join(sorted(names)[:3])}"
        raise UsageError("QH826", f"{item.ref}: there is no {kind} {name!r}", hint=hint)
    row = {
        "plan": item.plan, "system": item.code, "kind": kind, "name": name, "by": signed(by),
        "at": stamp(at),
    }  # fmt: skip
    with store.write() as tx:
        made = tx.execute(sa.insert(schema.link).values(row))
        tx.append("plan.link", item.ref, payload=row, at=at)
    return Link(**row, id=made.inserted_primary_key[0])  # type: ignore[arg-type, index]


def links(store: Store, plan: Plan) -> tuple[Link, ...]:
    """What people have said to realise systems of the plan."""
    table = schema.link
    rows = _rows(store, sa.select(table).where(table.c.plan == plan.id).order_by(table.c.id))
    return tuple(Link(**row) for row in rows)


def setting(store: Store, plan: Plan, name: str, default: Any = None) -> Any:
    """A setting of the plan's office (reminder days, weights), as it was set last."""
    table = schema.setting
    where = (table.c.plan == plan.id) & (table.c.name == name)
    rows = _rows(store, sa.select(table.c.value).where(where))
    return json.loads(rows[0]["value"]) if rows else default


def set_setting(store: Store, plan: Plan, name: str, value: Any, *, by: str, at: datetime) -> None:
    """Set it; `value` is plain JSON."""
    table = schema.setting
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    row = {"plan": plan.id, "name": name, "value": text, "by": signed(by), "at": stamp(at)}
    with store.write() as tx:
        where = (table.c.plan == plan.id) & (table.c.name == name)
        tx.execute(sa.delete(table).where(where))
        tx.execute(sa.insert(table).values(row))
        tx.append("plan.setting", plan.ref, payload={**row, "value": value}, at=at)


def _rows(store: Store, query: sa.Select[Any]) -> list[dict[str, Any]]:
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


def _only(item: Item, kind: str) -> None:
    if item.kind != kind:
        raise UsageError("QH826", f"{item.ref} is a {item.kind}: expected a {kind}")
