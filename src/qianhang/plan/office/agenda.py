"""What people agree on: who attends to an item, what was reported, met about and decided."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.plan import schema
from qianhang.plan.author import signed, stamp
from qianhang.plan.items import Item, Plan
from qianhang.plan.office import schema as own

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "Decision",
    "Meeting",
    "Note",
    "Owner",
    "close",
    "decide",
    "decisions",
    "entrust",
    "find_decision",
    "hold",
    "meetings",
    "newest_notes",
    "notes",
    "owners",
    "report",
]

_OPEN, _DONE = "open", "done"


@dataclass(frozen=True, slots=True)
class Owner:
    """The person who attends to an item for a unit."""

    plan: int
    item: str
    person: str
    unit: str
    contact: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Note:
    """What was reported on an item; older notes stay."""

    id: int
    plan: int
    item: str
    day: date
    text: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting on the plan and its minutes."""

    id: int
    plan: int
    day: date
    title: str
    body: str
    by: str
    at: str


@dataclass(frozen=True, slots=True)
class Decision:
    """Something to be done, from a meeting or without one.

    item : code that it is about, "" for the whole plan; owner : unit or person; due : None for none
    state : open or done; revision : counts the changes
    """

    id: int
    plan: int
    meeting: int | None
    item: str
    text: str
    owner: str
    due: date | None
    state: str
    revision: int
    by: str
    at: str


def entrust(
    store: Store,
    item: Item,
    person: str,
    *,
    by: str,
    at: datetime,
    unit: str = "",
    contact: str = "",
) -> Owner:
    """The item's owner, in place of the one before.

    Raises UsageError where nobody is named.
    """
    row = {
        "plan": item.plan, "item": item.code, "person": _filled(person, "owner"), "unit": unit,
        "contact": contact, "by": signed(by), "at": stamp(at),
    }  # fmt: skip
    table = own.owner
    with store.write() as tx:
        same = (table.c.plan == item.plan) & (table.c.item == item.code)
        tx.execute(sa.delete(table).where(same))
        tx.execute(sa.insert(table).values(row))
        tx.append("plan.owner", item.ref, payload=row, at=at)
    return Owner(**row)  # type: ignore[arg-type]  # the plan is a number, all else text


def owners(store: Store, plan: Plan) -> dict[str, Owner]:
    """Item code -> its owner."""
    query = sa.select(own.owner).where(own.owner.c.plan == plan.id).order_by(own.owner.c.item)
    return {row["item"]: Owner(**row) for row in _rows(store, query)}


def report(tx: Transaction, item: Item, text: str, *, on: date, by: str, at: datetime) -> None:
    """Keep a note on the item, in the caller's transaction.

    Raises UsageError for an empty note, or where nobody is named.
    """
    row = {
        "plan": item.plan, "item": item.code, "day": on.isoformat(),
        "text": _filled(text, "note"), "by": signed(by), "at": stamp(at),
    }  # fmt: skip
    tx.execute(sa.insert(own.note).values(row))
    tx.append("plan.note", item.ref, payload=row, at=at)


def notes(store: Store, plan: Plan, item: str = "") -> tuple[Note, ...]:
    """The notes of a plan, or of one item by its code, oldest first."""
    table = own.note
    where = table.c.plan == plan.id
    where = where & (table.c.item == item) if item else where
    rows = _rows(store, sa.select(table).where(where).order_by(table.c.day, table.c.id))
    return tuple(Note(**{**row, "day": date.fromisoformat(row["day"])}) for row in rows)


def newest_notes(store: Store, plan: Plan) -> dict[str, Note]:
    """Item code -> the last note on it."""
    return {note.item: note for note in notes(store, plan)}


def hold(
    store: Store, plan: Plan, title: str, *, day: date, by: str, at: datetime, body: str = ""
) -> Meeting:
    """The meeting, with its minutes.

    Raises UsageError without a title, or where nobody is named.
    """
    row: dict[str, Any] = {
        "plan": plan.id, "day": day.isoformat(), "title": _filled(title, "meeting"), "body": body,
        "by": signed(by), "at": stamp(at),
    }  # fmt: skip
    with store.write() as tx:
        made = tx.execute(sa.insert(schema.meeting).values(row))
        tx.append("plan.meeting", plan.ref, payload=row, at=at)
    return Meeting(**{**row, "day": day}, id=_id(made))


def meetings(store: Store, plan: Plan) -> tuple[Meeting, ...]:
    """The plan's meetings, in order of time."""
    table = schema.meeting
    query = sa.select(table).where(table.c.plan == plan.id).order_by(table.c.day, table.c.id)
    rows = _rows(store, query)
    return tuple(Meeting(**{**row, "day": date.fromisoformat(row["day"])}) for row in rows)


def decide(
    store: Store,
    plan: Plan,
    text: str,
    *,
    owner: str,
    by: str,
    at: datetime,
    due: date | None = None,
    meeting: int | None = None,
    item: str = "",
) -> Decision:
    """The decision, open.

    Raises UsageError without a text or owner, or for a meeting that the plan does not have.
    """
    if meeting is not None and meeting not in {m.id for m in meetings(store, plan)}:
        raise UsageError("QH832", f"plan {plan.ref} has no meeting {meeting}")
    row: dict[str, Any] = {
        "plan": plan.id, "meeting": meeting, "item": item, "text": _filled(text, "decision"),
        "owner": _filled(owner, "owner"), "due": due.isoformat() if due else "", "state": _OPEN,
        "revision": 0, "by": signed(by), "at": stamp(at),
    }  # fmt: skip
    with store.write() as tx:
        made = tx.execute(sa.insert(schema.decision).values(row))
        tx.append("plan.decision", plan.ref, payload=row, at=at)
    return Decision(**{**row, "due": due}, id=_id(made))


def decisions(store: Store, plan: Plan, *, state: str = "") -> tuple[Decision, ...]:
    """The plan's decisions, those with the nearest due day first, those without last."""
    table = schema.decision
    where = table.c.plan == plan.id
    where = where & (table.c.state == state) if state else where
    rows = _rows(store, sa.select(table).where(where).order_by(table.c.id))
    found = [Decision(**{**row, "due": _day(row["due"])}) for row in rows]
    return tuple(sorted(found, key=lambda d: (d.due is None, d.due or date.max, d.id)))


def find_decision(store: Store, plan: Plan, number: int) -> Decision:
    """The plan's decision with this number.

    Raises UsageError where there is none.
    """
    for found in decisions(store, plan):
        if found.id == number:
            return found
    raise UsageError("QH832", f"plan {plan.ref} has no decision {number}")


def close(store: Store, decision: Decision, *, by: str, at: datetime) -> None:
    """Mark a decision as carried out.

    Raises UsageError where somebody has changed it since it was seen.
    """
    table = schema.decision
    seen = (table.c.id == decision.id) & (table.c.revision == decision.revision)
    row = {"state": _DONE, "revision": decision.revision + 1, "by": signed(by), "at": stamp(at)}
    with store.write() as tx:
        if tx.execute(sa.update(table).where(seen).values(row)).rowcount != 1:
            message = f"decision {decision.id} was changed by somebody while you looked at it"
            raise UsageError("QH822", message, hint="look at it again, then decide")
        payload = {"decision": decision.id, **row}
        tx.append("plan.decision", f"P{decision.plan}", payload=payload, at=at)


def _id(made: sa.CursorResult[Any]) -> int:
    key = made.inserted_primary_key
    if key is None:
        raise ValueError("no row was made")
    return int(key[0])


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None


def _filled(text: str, what: str) -> str:
    if not text.strip():
        raise UsageError("QH832", f"the {what} is empty")
    return text.strip()


def _rows(store: Store, query: sa.Select[Any]) -> list[dict[str, Any]]:
    with store.read() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
