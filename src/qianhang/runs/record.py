"""Runs as rows: written by the way that a run goes, read by everybody else."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.runs import process, tables
from qianhang.runs.listing import ROOT, Line, counts, lines, seen
from qianhang.store import Store, Transaction

__all__ = [
    "ROOT",
    "Answered",
    "Line",
    "Record",
    "begin",
    "close",
    "counts",
    "finished",
    "get",
    "interrupt",
    "let_go",
    "lines",
    "recent",
    "sweep",
    "visible",
]

# Runs that this process is carrying out: a row with our name that is not among them was left
# running because even its end could not be written (a full disk).
_IN_HAND: set[str] = set()
_STATES = ("running", "finished", "failed", "interrupted")


@dataclass(frozen=True, slots=True)
class Record:
    """One run; `result` is empty until it is finished.

    org, own : whose it is, and whether it used their own data
    """

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
    org: str = ROOT
    own: bool = False

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


class Answered(Exception):
    """The same run ended well before this one could begin; `record` is what it left."""

    def __init__(self, record: Record) -> None:
        super().__init__(record.id)
        self.record = record


def begin(
    store: Store,
    *,
    key: str,
    scenario: str,
    case: str,
    request: Mapping[str, Any],
    org: str = ROOT,
    now: datetime,
    again: bool = True,
) -> Record:
    """A new run, marked running by this process, and its first record in the log.

    again : begin even where the same run has finished before

    Raises UsageError where another process is carrying out the same run right now, for an
    organisation whose answer may be shown to this one, and Answered where one has finished and
    `again` is false.
    """
    with store.write() as tx:
        record = Record(
            _new_id(now), key, scenario, case, "running", "none", _text(now), "", process.me(),
            dict(request), {}, org, bool(request.get("own_data")),
        )  # fmt: skip
        # First of all: the log's head makes writers take turns, so that one of two sees the other.
        tx.append("run.started", record.id, payload={"scenario": scenario, "key": key}, at=now)
        same = (tables.run.c.key == key) & _answers(org)
        if not again:
            done = tx.execute(_select().where(same & (tables.run.c.state == "finished"))).first()
            if done:
                raise Answered(_record(done))
        running = same & (tables.run.c.state == "running")
        for row in map(_record, tx.execute(_select().where(running))):
            if row.alive:
                message = f"the same run is already under way: {row.id} ({row.process})"
                raise UsageError("QH808", message, hint="wait for it, or change the seed")
        tx.execute(sa.insert(tables.run).values(_row(record)))
    _IN_HAND.add(record.id)
    return record


def visible(record: Record | Line, orgs: Collection[str] | None) -> bool:
    """Whether those who cover `orgs` may see the run; None covers everything."""
    return orgs is None or record.org in orgs or (record.org == ROOT and not record.own)


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


def interrupt(tx: Transaction, run_id: str, *, why: str, now: datetime) -> None:
    """The run is closed as interrupted, in the caller's transaction, where it still runs."""
    where = (tables.run.c.id == run_id) & (tables.run.c.state == "running")
    for row in map(_record, tx.execute(_select().where(where)).all()):
        tx.append("run.interrupted", row.id, payload={"scenario": row.scenario, "why": why}, at=now)
        close(tx, row, state="interrupted", result={}, now=now)


def sweep(store: Store, *, now: datetime) -> list[Record]:
    """The runs whose process died without a word, now marked interrupted."""
    dead = [r for r in _query(store, tables.run.c.state == "running") if not r.alive]
    for record in dead:
        with store.write() as tx:
            interrupt(tx, record.id, why="process died", now=now)
    return [get(store, record.id) for record in dead]


def finished(store: Store, key: str, *, org: str = ROOT) -> Record | None:
    """The newest finished run with this key that may be shown to all who may see runs of `org`."""
    where = (tables.run.c.key == key) & (tables.run.c.state == "finished") & _answers(org)
    found = _query(store, where, limit=1)
    return found[0] if found else None


def get(store: Store, run_id: str, *, orgs: Collection[str] | None = None) -> Record:
    """The run with this id, or with an id that begins so, among those that `orgs` may see.

    Raises UsageError where none or several do.
    """
    where = seen(orgs)
    if run_id == "last":
        found = _query(store, where, limit=1)
    else:
        begins = tables.run.c.id.startswith(run_id, autoescape=True)
        found = _query(store, where & (tables.run.c.id == run_id))  # the whole id needs no scan
        found = found or _query(store, where & begins, limit=2)
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("QH804", f"run {run_id!r} does not exist", hint="qianhang runs")
    raise UsageError("QH804", f"several runs begin with {run_id!r}", hint="give more of the id")


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


def _answers(org: str) -> sa.ColumnElement[bool]:
    """Runs that may answer a question of `org`: its own, and those that everybody may see."""
    return (tables.run.c.org == org) | ((tables.run.c.org == ROOT) & ~tables.run.c.own)


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
