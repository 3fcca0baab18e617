"""Complaints and oversight: what anybody may send, and what a safety officer answers."""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.safety import schema

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["KINDS", "Complaint", "Sent", "answer", "complaints", "find", "receive"]

KINDS = ("complaint", "error", "oversight", "advice")
_LONGEST = 4000
_SIGNS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_REF = re.compile(rf"C[{_SIGNS}]{{12}}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Sent:
    """What somebody wrote; about : a scenario's id or free words; contact : if they want.

    once : made with the form, so that sending the same form twice is one complaint
    """

    kind: str
    text: str
    about: str = ""
    contact: str = ""
    once: str = ""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One complaint; ref : what the person was told, and nobody can guess.

    state : received or answered
    """

    ref: str
    org: str
    kind: str
    about: str
    text: str
    contact: str
    state: str
    received: str
    answer: str
    by: str
    answered: str


def receive(store: Store, sent: Sent, *, org: str = "root", now: datetime) -> Complaint:
    """The complaint as it is kept; the one that is there where the form was sent before.

    Raises UsageError where it says nothing, too much, or is of no known kind.
    """
    values = _checked(sent)
    # What is told apart is the form, never the person.
    once = hashlib.sha256((sent.once or secrets.token_hex(16)).encode()).hexdigest()
    with store.write() as tx:
        _take_turns(tx)
        known = _one(tx.connection, schema.complaint.c.once == once)
        if known is not None:
            return known
        row = {
            "ref": _new_ref(), "once": once, "org": org, **values, "state": "received",
            "received": _text(now), "answer": "", "by": "", "answered": "",
        }  # fmt: skip
        tx.execute(sa.insert(schema.complaint).values(row))
        # The log says that it came, not what it says: what is told in confidence may be erased.
        tx.append("complaint.received", row["ref"], payload={"org": org}, at=now)
    return find(store, row["ref"])


def answer(
    store: Store, ref: str, text: str, *, orgs: Collection[str], by: str, now: datetime
) -> Complaint:
    """The complaint with its answer, which whoever has its number may read.

    orgs : organisations for which the author may answer
    Raises UsageError where it is not there for them, or the answer is empty.
    """
    said = _cleaned(text)
    if not said or len(said) > _LONGEST:
        raise UsageError("QH871", f"an answer holds 1 to {_LONGEST:,} characters")
    find(store, ref, orgs=orgs)
    table = schema.complaint
    values = {"answer": said, "by": by, "answered": _text(now), "state": "answered"}
    with store.write() as tx:
        tx.execute(sa.update(table).where(table.c.ref == ref).values(values))
        tx.append("complaint.answered", ref, payload={"by": by}, at=now)
    return find(store, ref)


def find(store: Store, ref: str, *, orgs: Collection[str] | None = None) -> Complaint:
    """The complaint of this number; of these organisations, where given.

    Raises UsageError where there is none.
    """
    found = None
    if _REF.fullmatch(ref):
        with store.read() as connection:
            found = _one(connection, schema.complaint.c.ref == ref)
    if found is None or (orgs is not None and found.org not in orgs):
        raise UsageError("QH872", f"there is no complaint {ref[:20]!r}", hint="check the number")
    return found


def complaints(
    store: Store, orgs: Collection[str], *, state: str = "", limit: int = 200
) -> tuple[Complaint, ...]:
    """The newest complaints to these organisations, of one state where given."""
    table = schema.complaint
    where: sa.ColumnElement[bool] = table.c.org.in_(sorted(orgs))
    if state:
        where = where & (table.c.state == state)
    query = _select().where(where).order_by(table.c.received.desc(), table.c.ref).limit(limit)
    with store.read() as connection:
        return tuple(_complaint(row) for row in connection.execute(query).mappings())


def _checked(sent: Sent) -> dict[str, str]:
    text, about, contact = map(_cleaned, (sent.text, sent.about, sent.contact))
    if sent.kind not in KINDS:
        raise UsageError("QH871", f"kind {sent.kind[:20]!r}: expected one of {', '.join(KINDS)}")
    if not text or len(text) > _LONGEST:
        raise UsageError("QH871", f"the text holds {len(text):,} characters, not 1 to {_LONGEST:,}")
    if len(about) > 120 or len(contact) > 160:
        raise UsageError("QH871", "about holds at most 120 characters, contact at most 160")
    return {"kind": sent.kind, "text": text, "about": about, "contact": contact}


def _cleaned(text: str) -> str:
    """The text without signs that no reader sees."""
    return _CONTROL.sub("", text.replace("\r\n", "\n")).strip()


def _new_ref() -> str:
    return "C" + "".join(secrets.choice(_SIGNS) for _ in range(12))


def _take_turns(tx: Transaction) -> None:
    """Wait until nobody else writes: the same form may be on its way twice."""
    tx.take_turns()


def _select() -> sa.Select[Any]:
    return sa.select(*(schema.complaint.c[name] for name in Complaint.__slots__))


def _one(connection: sa.Connection, where: sa.ColumnElement[bool]) -> Complaint | None:
    row = connection.execute(_select().where(where)).mappings().one_or_none()
    return None if row is None else _complaint(row)


def _complaint(row: Mapping[Any, Any]) -> Complaint:
    return Complaint(**row)


def _text(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="seconds")
