"""What is done with an application: sent, asked about, approved, rejected, withdrawn; each logged.

Nobody answers an application that they wrote on.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.compute.applications import period, tables
from qianhang.compute.applications.application import (
    OPEN,
    Application,
    Granted,
    State,
    Wish,
    checked,
    get,
    of_row,
    refuse,
    row_of,
)
from qianhang.compute.door import plant
from qianhang.compute.door.moments import stamp
from qianhang.core.day import day_of
from qianhang.core.errors import AccessRefused, UsageError

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["approve", "ask", "reject", "reply", "send", "withdraw"]

_TABLE, _STEP = tables.application, tables.step
_MOST = 4000


def send(store: Store, wish: Wish, *, by: str, at: datetime) -> Application:
    """The application, open.

    Raises UsageError where a field makes no sense, where the pool is not there, or where the
    project has another one open.
    """
    wish = checked(wish, today=day_of(at))
    if wish.pool:
        plant.held(store, wish.pool)
    name = "a" + secrets.token_hex(6)
    row = row_of(wish) | {
        "id": name, "state": "applied", "granted": "", "base": 0, "reason": "", "by": by,
        "at": stamp(at), "answered_by": "", "answered": "",
    }  # fmt: skip
    own = (_TABLE.c.org == wish.org) & (_TABLE.c.project == wish.project)
    with store.write() as tx:
        tx.take_turns()
        query = sa.select(_TABLE.c.id).where(own, _TABLE.c.state.in_(OPEN))
        if found := tx.execute(query).scalar():
            raise UsageError(
                "QH525", f"project {wish.project!r} has application {found} open",
                hint="withdraw it, or wait for the answer",
            )  # fmt: skip
        tx.execute(sa.insert(_TABLE).values(row))
        facts = {n: row[n] for n in ("org", "project", "chips", "card_hours", "pool", "purpose")}
        facts |= {"first": row["first"], "last": row["last"], "by": by}
        period.note(tx, name, "sent", words=wish.purpose, by=by, at=at)
        tx.append("compute.application.sent", name, payload=facts, at=at)
    return get(store, name)


def ask(store: Store, name: str, *, words: str, by: str, at: datetime) -> Application:
    """The application, sent back with a question."""
    words = _said(words)
    with store.write() as tx:
        found = _answerable(tx, name, by)
        _turn(tx, found, "asked", act="asked", words=words, by=by, at=at)
        tx.append("compute.application.asked", name, payload={"words": words, "by": by}, at=at)
    return get(store, name)


def reply(store: Store, name: str, *, words: str, by: str, at: datetime) -> Application:
    """The application, with what was asked for; it waits for an answer again."""
    words = _said(words)
    with store.write() as tx:
        found = _in_state(tx, name, ("asked",), act="reply")
        _turn(tx, found, "applied", act="replied", words=words, by=by, at=at, answer=False)
        tx.append("compute.application.replied", name, payload={"words": words, "by": by}, at=at)
    return get(store, name)


def approve(
    store: Store, name: str, *, granted: Granted | None = None, words: str = "", by: str,
    at: datetime,
) -> Application:  # fmt: skip
    """The application approved, the whole or less of it; in force at once where its period began.

    Raises UsageError where more is granted than was asked for, AccessRefused to who wrote on it.
    """
    words = _said(words, needed=False)
    with store.write() as tx:
        found = _answerable(tx, name, by)
        given = _whole_or_less(found.wish, granted, at)
        _turn(tx, found, "approved", act="approved", words=words, by=by, at=at,
              granted=json.dumps(asdict(given), default=str))  # fmt: skip
        facts: dict[str, Any] = {"chips": given.chips, "card_hours": given.card_hours}
        facts |= {"last": given.last.isoformat(), "words": words, "by": by}
        tx.append("compute.application.approved", name, payload=facts, at=at)
        if found.wish.first <= day_of(at):
            period.begin(tx, replace(found, state="approved", granted=given), at=at)
    return get(store, name)


def reject(store: Store, name: str, *, words: str, by: str, at: datetime) -> Application:
    """The application rejected, with the reason."""
    words = _said(words)
    with store.write() as tx:
        found = _answerable(tx, name, by)
        _turn(tx, found, "rejected", act="rejected", words=words, by=by, at=at)
        tx.append("compute.application.rejected", name, payload={"words": words, "by": by}, at=at)
    return get(store, name)


def withdraw(store: Store, name: str, *, words: str = "", by: str, at: datetime) -> Application:
    """The application taken back by the applicant; what it gave is given back at once."""
    words = _said(words, needed=False)
    with store.write() as tx:
        found = _in_state(tx, name, (*OPEN, "approved", "active"), act="withdraw")
        if found.state == "active":
            period.close(tx, found, at=at)
        _turn(tx, found, "withdrawn", act="withdrawn", words=words, by=by, at=at, answer=False)
        tx.append("compute.application.withdrawn", name, payload={"words": words, "by": by}, at=at)
    return get(store, name)


def _whole_or_less(wish: Wish, granted: Granted | None, at: datetime) -> Granted:
    whole = wish.granted()
    given = granted or whole
    if not 1 <= given.chips <= whole.chips:
        refuse("chips granted", f"{given.chips:,}", f"1 to {whole.chips:,}, as asked for")
    if given.card_hours < 0 or (whole.card_hours and not 1 <= given.card_hours <= whole.card_hours):
        most = f"1 to {whole.card_hours:,}, as asked for" if whole.card_hours else "0 or more"
        refuse("card-hours granted", f"{given.card_hours:,}", most)
    first = max(wish.first, day_of(at))
    if not first <= given.last <= whole.last:
        refuse("last day granted", str(given.last), f"{first} to {whole.last}")
    return given


def _answerable(tx: Transaction, name: str, by: str) -> Application:
    """The open application, where this one did not write on it."""
    found = _in_state(tx, name, OPEN, act="answer")
    wrote = sa.select(_STEP.c.by).where(
        _STEP.c.application == name, _STEP.c.act.in_(("sent", "replied"))
    )
    if by in {found.by, *tx.execute(wrote).scalars()}:
        raise AccessRefused(
            "QH526", f"application {name} is {by}'s own", hint="somebody else has to answer it"
        )
    return found


def _in_state(tx: Transaction, name: str, states: Collection[str], *, act: str) -> Application:
    """The application, where it is in one of these states; others wait from here on."""
    tx.take_turns()
    found = tx.execute(sa.select(_TABLE).where(_TABLE.c.id == name)).mappings().first()
    if found is None:
        raise UsageError("QH524", f"application {name[:40]!r} does not exist")
    if found["state"] not in states:
        raise UsageError(
            "QH525", f"application {name} is {found['state']}: {act} is for {', '.join(states)}",
            hint="look at it again: somebody may have been quicker",
        )  # fmt: skip
    return of_row(found)


def _turn(
    tx: Transaction, found: Application, state: State, *, act: str, words: str, by: str,
    at: datetime, answer: bool = True, granted: str = "",
) -> None:  # fmt: skip
    """The application in its next state, with the step that led there; answer : whether by whom
    it was sent to.
    """
    values: dict[str, Any] = {"state": state}
    if granted:
        values["granted"] = granted
    if answer:
        values |= {"reason": words, "answered_by": by, "answered": stamp(at)}
    tx.execute(sa.update(_TABLE).where(_TABLE.c.id == found.id).values(values))
    period.note(tx, found.id, act, words=words, by=by, at=at)


def _said(words: str, *, needed: bool = True) -> str:
    text = words.strip()
    if (needed and not text) or len(text) > _MOST or "\0" in text:
        refuse("words", f"{len(text):,} characters", f"1 to {_MOST:,}")
    return text
