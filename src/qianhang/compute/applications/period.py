"""From its first day to its last: an approval in force is the project's quota, and then no more.

What a project may hold is the largest of its approvals in force, and of the quota that it had
before; once the last of them is over, that quota again, or nothing where there was none.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.applications import tables
from qianhang.compute.applications.application import Application, of_row
from qianhang.compute.door import quotas
from qianhang.compute.door.moments import seconds, stamp
from qianhang.core.day import day_of, midnight

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["begin", "card_hours", "close", "note", "turn"]

BY = "period"
_TABLE, _STEP = tables.application, tables.step
_ATTEMPT, _JOB = schema.attempt, schema.job


def turn(store: Store, at: datetime) -> int:
    """How many applications came in force, ended or lapsed now: to be called now and then."""
    with store.read() as connection:
        due = [one.id for one in _alive(connection) if _due(connection, one, at)]
    count = 0
    for name in due:
        with store.write() as tx:
            tx.take_turns()
            row = tx.execute(sa.select(_TABLE).where(_TABLE.c.id == name)).mappings().one()
            found = of_row(row)
            act = _due(tx.connection, found, at)  # another process may have been quicker
            if act == "active":
                begin(tx, found, at=at)
            elif act:
                _end(tx, found, act, at=at)
            count += bool(act)
    return count


def begin(tx: Transaction, found: Application, *, at: datetime) -> None:
    """The approved application in force: the project's quota is what it grants, or more.

    tx : in which nobody else writes
    """
    if found.granted is None:
        raise ValueError(f"application {found.id} was not approved")
    others = _in_force(tx, found)
    now = quotas.standing(tx.connection, found.wish.org, found.wish.project)
    base = others[0].base if others else now
    values = {"state": "active", "base": base}
    tx.execute(sa.update(_TABLE).where(_TABLE.c.id == found.id).values(values))
    _put(tx, found, _most(base, [*others, found]), at=at)
    note(tx, found.id, "active", words="", by=BY, at=at)
    facts = {"chips": found.granted.chips, "last": found.granted.last.isoformat(), "by": BY}
    tx.append("compute.application.active", found.id, payload=facts, at=at)


def close(tx: Transaction, found: Application, *, at: datetime) -> None:
    """The quota as it is without this application; one that was set otherwise since stays.

    tx : in which nobody else writes
    """
    others = _in_force(tx, found)
    now = quotas.standing(tx.connection, found.wish.org, found.wish.project)
    if now != _most(found.base, [*others, found]):
        return
    left = _most(found.base, others) if others else found.base
    _put(tx, found, left or quotas.CLOSED, at=at)


def card_hours(connection: sa.Connection, found: Application, at: datetime) -> float:
    """Card-hours that the project's attempts used from the application's first day until now."""
    since = stamp(midnight(found.wish.first))
    query = sa.select(_ATTEMPT.c.started, _ATTEMPT.c.ended, _ATTEMPT.c.placement)
    query = query.join(_JOB, _JOB.c.id == _ATTEMPT.c.job).where(
        _JOB.c.org == found.wish.org, _JOB.c.project == found.wish.project,
        _ATTEMPT.c.started != "", (_ATTEMPT.c.ended == "") | (_ATTEMPT.c.ended >= since),
    )  # fmt: skip
    total = 0.0
    for row in connection.execute(query):
        until = seconds(row.ended) if row.ended else at.timestamp()
        total += quotas.chips_of(row.placement) * max(
            0.0, until - max(seconds(row.started), seconds(since))
        )
    return total / 3600.0


def note(tx: Transaction, name: str, act: str, *, words: str, by: str, at: datetime) -> None:
    """One more step of the application."""
    count = sa.select(sa.func.count()).where(_STEP.c.application == name)
    number = int(tx.execute(count).scalar_one()) + 1
    row = {"application": name, "number": number, "act": act, "words": words, "by": by}
    tx.execute(sa.insert(_STEP).values(row | {"at": stamp(at)}))


def _alive(connection: sa.Connection) -> list[Application]:
    query = sa.select(_TABLE).where(_TABLE.c.state.in_(("applied", "asked", "approved", "active")))
    return [of_row(row) for row in connection.execute(query).mappings()]


def _due(connection: sa.Connection, found: Application, at: datetime) -> str:
    """The state in which it is now, "" where that is the one it has."""
    today: date = day_of(at)
    if found.open:
        return "lapsed" if today > found.wish.last else ""
    if found.granted is None or found.state not in ("approved", "active"):
        return ""
    if today > found.granted.last:
        return "ended"
    if found.state == "approved":
        return "active" if today >= found.wish.first else ""
    most = found.granted.card_hours
    return "spent" if most and card_hours(connection, found, at) >= most else ""


def _end(tx: Transaction, found: Application, act: str, *, at: datetime) -> None:
    if found.state == "active":
        close(tx, found, at=at)
    state = "lapsed" if act == "lapsed" else "ended"
    tx.execute(sa.update(_TABLE).where(_TABLE.c.id == found.id).values(state=state))
    note(tx, found.id, act, words="", by=BY, at=at)
    tx.append("compute.application.over", found.id, payload={"state": act, "by": BY}, at=at)


def _in_force(tx: Transaction, found: Application) -> list[Application]:
    """The project's other applications in force."""
    query = sa.select(_TABLE).where(
        _TABLE.c.org == found.wish.org, _TABLE.c.project == found.wish.project,
        _TABLE.c.state == "active", _TABLE.c.id != found.id,
    )  # fmt: skip
    return [of_row(row) for row in tx.execute(query).mappings()]


def _most(base: int, every: list[Application]) -> int:
    return max(base, *(one.granted.chips for one in every if one.granted), 0)


def _put(tx: Transaction, found: Application, chips: int, *, at: datetime) -> None:
    quotas.put(
        tx, found.wish.org, project=found.wish.project, chips=chips, by=found.id, at=at,
        reason=found.wish.purpose,
    )  # fmt: skip
