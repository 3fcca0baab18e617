"""Who carries an ask out: claimed by one dispatcher, taken by one carrier, swept when that died."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from qianhang.runs import asks, process, record, tables, telling
from qianhang.runs.asks import Ask
from qianhang.runs.steps import Event
from qianhang.store import Store, Transaction

__all__ = ["beat", "claim", "hand_over", "release", "sweep", "take"]

# Any fixed number will do: on PostgreSQL it names the lock under which claims take turns.
_LOCK = 7_241_002
_ATTEMPTS = 3
# A process on another host cannot be asked whether it lives; it writes this often or is given up.
_SILENT = timedelta(minutes=10)
_DIED = {
    "code": "QH516",
    "message": "the process that carried the run out died",
    "hint": "ask for the run again",
}


def claim(store: Store, *, slots: int, now: datetime) -> Ask | None:
    """The ask whose turn it is, claimed by this process; None where none waits or no slot is free.

    slots : how many asks this host carries out at a time, whichever process claimed them
    Organisations take turns: the one with the fewest running goes first, then the one that was
    served longest ago; within one the oldest ask.
    """
    with store.read() as connection:
        if _next(connection, slots) is None:
            return None
    with store.write() as tx:
        if tx.connection.dialect.name == "postgresql":
            tx.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        chosen = _next(tx.connection, slots)
        if chosen is None:
            return None
        table = tables.ask
        values = {
            "state": "running",
            "claimed": _text(now),
            "heartbeat": _text(now),
            "host": process.here(),
            "process": process.me(),
            "attempts": table.c.attempts + 1,
        }
        where = (table.c.id == chosen) & (table.c.state == "queued")
        if not tx.execute(sa.update(table).where(where).values(values)).rowcount:
            return None
    return asks.get(store, chosen)


def hand_over(store: Store, ask_id: str, *, to: str) -> None:
    """The ask is now the affair of the process `to`, unless that has taken it already."""
    where = _mine(ask_id) & (tables.ask.c.started == "")
    with store.write() as tx:
        tx.execute(sa.update(tables.ask).where(where).values(process=to))


def release(store: Store, ask_id: str) -> None:
    """The ask back in the queue, where this process claimed it and nobody began it."""
    where = _mine(ask_id) & (tables.ask.c.started == "")
    with store.write() as tx:
        tx.execute(sa.update(tables.ask).where(where).values(state="queued", process=""))


def take(store: Store, ask_id: str, *, now: datetime) -> Ask | None:
    """The ask, begun by this process; None where it is no longer to be had."""
    table = tables.ask
    where = (table.c.id == ask_id) & (table.c.state == "running") & (table.c.started == "")
    values = {"process": process.me(), "started": _text(now), "heartbeat": _text(now)}
    with store.write() as tx:
        if not tx.execute(sa.update(table).where(where).values(values)).rowcount:
            return None
        telling.tell(tx, ask_id, [(_text(now), Event(telling.ASK, "running"))])
    return asks.get(store, ask_id)


def beat(
    store: Store, ask_id: str, told: list[tuple[str, Event]], *, run: str, now: datetime
) -> bool:
    """Whether the ask is still this process's own; then its events are kept, and that it lives."""
    values = {"heartbeat": _text(now)} | ({"run": run} if run else {})
    with store.write() as tx:
        if not tx.execute(sa.update(tables.ask).where(_mine(ask_id)).values(values)).rowcount:
            return False
        telling.tell(tx, ask_id, told)
    return True


def sweep(store: Store, *, now: datetime) -> list[str]:
    """The asks whose process died: queued again where none had begun, otherwise interrupted."""
    query = sa.select(tables.ask).where(tables.ask.c.state == "running")
    with store.read() as connection:
        running = [row._mapping for row in connection.execute(query)]
    dead = [row for row in running if _dead(row, now)]
    done = []
    for row in dead:
        with store.write() as tx:
            if _give_up(tx, row, now):
                done.append(row["id"])
                record.interrupt(tx, row["run"], why="the process died", now=now)
    if done:
        record.sweep(store, now=now)
    return done


def _give_up(tx: Transaction, row: Mapping[Any, Any], now: datetime) -> bool:
    """Whether nobody else did: two dispatchers may see the same death."""
    table = tables.ask
    as_seen = ("id", "process", "state", "started", "heartbeat")
    where = sa.and_(*(table.c[name] == row[name] for name in as_seen))
    if row["stop"]:
        return asks.close(tx, row["id"], where, state="cancelled", now=now)
    if not row["started"] and row["attempts"] < _ATTEMPTS:
        back = sa.update(table).where(where).values(state="queued", process="")
        return bool(tx.execute(back).rowcount)
    return asks.close(tx, row["id"], where, state="interrupted", error=_DIED, now=now)


def _dead(row: Mapping[Any, Any], now: datetime) -> bool:
    silent = now.astimezone(UTC) - datetime.fromisoformat(row["heartbeat"]) > _SILENT
    if row["host"] != process.here() or not row["started"]:
        return silent or not process.alive(row["process"])
    return not process.alive(row["process"])


def _next(connection: sa.Connection, slots: int) -> str | None:
    """The id of the ask whose turn it is, while this host has a free slot."""
    table = tables.ask
    busy = (
        sa.select(table.c.org, table.c.host, sa.func.count())
        .where(table.c.state == "running")
        .group_by(table.c.org, table.c.host)
    )
    running: dict[str, int] = {}
    here = 0
    for org, host, count in connection.execute(busy):
        running[org] = running.get(org, 0) + count
        here += count if host == process.here() else 0
    if here >= slots:
        return None
    waiting = sa.select(table.c.org).where(table.c.state == "queued").distinct()
    turns = []
    for (org,) in connection.execute(waiting):
        served = sa.select(sa.func.max(table.c.claimed)).where(table.c.org == org)
        turns.append((running.get(org, 0), connection.execute(served).scalar() or "", org))
    if not turns:
        return None
    oldest = (
        sa.select(table.c.id)
        .where((table.c.state == "queued") & (table.c.org == min(turns)[2]))
        .order_by(table.c.asked, table.c.id)
        .limit(1)
    )
    return connection.execute(oldest).scalar()


def _mine(ask_id: str) -> sa.ColumnElement[bool]:
    table = tables.ask
    ours = (table.c.process == process.me()) & (table.c.state == "running")
    return (table.c.id == ask_id) & ours


def _text(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="milliseconds")
