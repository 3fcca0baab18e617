"""Runs as rows: written by the way that a run goes, read by everybody else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.runs import process, tables
from qianhang.store import Store, Transaction

__all__ = ["Record", "begin", "close", "finished", "get", "let_go", "recent", "sweep"]

# Runs that this process is carrying out: a row with our name that is not among them was left
# running because even its end could not be written (a full disk).
_IN_HAND: set[str] = set()
_STATES = ("running", "finished", "failed", "interrupted")


@dataclass(frozen=True, slots=True)
class Record:
    """One run; `result` is empty until it is finished."""

    id: str
    key: str
    scenario: str
    case: str
    state: str
    verdict: str
    started: str
    ended: str
    process: str
    request: Mapping[str, Any]
    result: Mapping[str, Any]

    @property
    def state_now(self) -> str:
        """The state as a reader should see it: a running run whose process died is interrupted."""
        return "interrupted" if self.state == "running" and not self.alive else self.state

    @property
    def alive(self) -> bool:
        """Whether somebody is carrying the run out right now."""
        if self.process == process.me():
            return self.id in _IN_HAND
        return process.alive(self.process)

    def as_dict(self) -> dict[str, Any]:
        """One flat mapping with the result's fields beside the run's own, for reports and JSON."""
        own = ("id", "key", "scenario", "case", "state", "verdict", "started", "ended")
        body = {name: getattr(self, name) for name in own} | {"state": self.state_now}
        return body | dict(self.request) | dict(self.result)


def begin(
    store: Store, *, key: str, scenario: str, case: str, request: Mapping[str, Any], now: datetime
) -> Record:
    """A new run, marked running by this process, and its first record in the log.

    Raises UsageError where the same run is being carried out by another process right now.
    """
    with store.write() as tx:
        rows = tx.execute(_select().where(tables.run.c.key == key, tables.run.c.state == "running"))
        for row in map(_record, rows):
            if row.alive:
                message = f"the same run is already under way: {row.id} ({row.process})"
                raise UsageError("QH808", message, hint="wait for it, or change the seed")
        record = Record(
            _new_id(now), key, scenario, case, "running", "none", _text(now), "", process.me(),
            dict(request), {},
        )  # fmt: skip
        tx.execute(sa.insert(tables.run).values(_row(record)))
        tx.append("run.started", record.id, payload={"scenario": scenario, "key": key}, at=now)
    _IN_HAND.add(record.id)
    return record


def let_go(record: Record) -> None:
    """This process no longer carries the run out, whatever its row says."""
    _IN_HAND.discard(record.id)


def close(
    tx: Transaction,
    record: Record,
    *,
    state: str,
    verdict: str = "none",
    result: Mapping[str, Any],
    now: datetime,
) -> Record:
    """The run in its last state, in the caller's transaction; only a running one can be closed."""
    if state not in _STATES[1:]:
        raise ValueError(f"state {state!r} is none of {_STATES[1:]}")
    values = {
        "state": state,
        "verdict": verdict,
        "ended": _text(now),
        "result": json.dumps(result, ensure_ascii=False, sort_keys=True),
    }
    where = (tables.run.c.id == record.id) & (tables.run.c.state == "running")
    tx.execute(sa.update(tables.run).where(where).values(values))
    return _record(tx.execute(_select().where(tables.run.c.id == record.id)).one())


def sweep(store: Store, *, now: datetime) -> list[Record]:
    """The runs whose process died without a word, now marked interrupted."""
    dead = [r for r in _query(store, tables.run.c.state == "running") if not r.alive]
    closed = []
    for record in dead:
        with store.write() as tx:
            payload = {"scenario": record.scenario, "why": "process died"}
            tx.append("run.interrupted", record.id, payload=payload, at=now)
            closed.append(close(tx, record, state="interrupted", result={}, now=now))
    return closed


def finished(store: Store, key: str) -> Record | None:
    """The newest finished run with this key."""
    found = _query(store, (tables.run.c.key == key) & (tables.run.c.state == "finished"))
    return found[0] if found else None


def get(store: Store, run_id: str) -> Record:
    """The run with this id, or with an id that begins so.

    Raises UsageError where none or several do.
    """
    if run_id == "last":
        found = recent(store, limit=1)
    else:
        found = _query(store, tables.run.c.id.startswith(run_id, autoescape=True))
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("QH804", f"run {run_id!r} does not exist", hint="qianhang runs")
    raise UsageError(
        "QH804", f"{len(found)} runs begin with {run_id!r}", hint="give more of the id"
    )


def recent(
    store: Store, *, scenario: str = "", state: str = "", limit: int | None = None
) -> list[Record]:
    """Runs, newest first."""
    where: sa.ColumnElement[bool] = sa.true()
    if scenario:
        where = where & (tables.run.c.scenario == scenario)
    if state:
        where = where & (tables.run.c.state == state)
    return _query(store, where, limit=limit)


def _query(
    store: Store, where: sa.ColumnElement[bool], *, limit: int | None = None
) -> list[Record]:
    order = (tables.run.c.started.desc(), tables.run.c.id.desc())
    with store.read() as connection:
        rows = connection.execute(_select().where(where).order_by(*order).limit(limit))
        return [_record(row) for row in rows]


def _select() -> sa.Select[Any]:
    return sa.select(tables.run)


def _record(row: Any) -> Record:
    values = dict(row._mapping)
    values["request"] = json.loads(values["request"])
    values["result"] = json.loads(values["result"])
    return Record(**values)


def _row(record: Record) -> dict[str, Any]:
    row = {name: getattr(record, name) for name in Record.__slots__}
    row["request"] = json.dumps(row["request"], ensure_ascii=False, sort_keys=True)
    row["result"] = json.dumps(row["result"], ensure_ascii=False, sort_keys=True)
    return row


def _new_id(now: datetime) -> str:
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def _text(now: datetime) -> str:
    return now.astimezone(UTC).isoformat(timespec="milliseconds")
