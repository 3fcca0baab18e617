"""Studies as they are kept: put, found, listed, ended; each carried out by a process of its own."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.runs import process
from qianhang.runs.dispatch import environment
from qianhang.runs.studies import tables
from qianhang.store import Settings, Store, Transaction

__all__ = ["MOST_OPEN", "Study", "close", "find", "launch", "listed", "put"]

MOST_OPEN = 4
_START = timedelta(seconds=60)
_LONGEST = timedelta(minutes=20)
_TABLE = tables.study
_COLUMNS = tuple(c for c in _TABLE.columns if c.name != "result")
# Started by this process and not yet seen to end: they outlive it.
_STARTED: set[subprocess.Popen[bytes]] = set()


@dataclass(frozen=True, slots=True)
class Study:
    """One study as it was asked for, and what came of it.

    spec : what `carrier` takes; result : its figures, empty in a list and before the end
    error : code, message and hint of what went wrong
    """

    id: str
    org: str
    account: str
    title: str
    state: str
    process: str
    asked: str
    ended: str
    spec: Mapping[str, Any]
    error: Mapping[str, Any]
    result: Mapping[str, Any]

    def state_at(self, now: datetime) -> str:
        """running, finished, failed; interrupted where its process is gone."""
        if self.state != "running":
            return self.state
        age = now - datetime.fromisoformat(self.asked)
        gone = not process.alive(self.process) if self.process else age > _START
        return "interrupted" if gone or age > _LONGEST else "running"


def put(
    store: Store, spec: Mapping[str, Any], *, title: str, org: str, by: str, now: datetime
) -> Study:
    """The study, kept and to be launched.

    Raises UsageError where as many as may are under way.
    """
    row = {
        "id": f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(4)}", "org": org,
        "account": by, "title": title[:160], "state": "running", "process": "",
        "asked": now.astimezone(UTC).isoformat(timespec="milliseconds"), "ended": "",
        "spec": json.dumps(spec, ensure_ascii=False), "result": "{}", "error": "{}",
    }  # fmt: skip
    with store.write() as tx:
        busy = [s for s in _rows(tx.connection, _TABLE.c.state == "running")
                if s.state_at(now) == "running"]  # fmt: skip
        if len(busy) >= MOST_OPEN:
            raise UsageError(
                "QH565", f"{len(busy)} studies are under way, at most {MOST_OPEN} may be",
                hint="wait until one has ended",
            )  # fmt: skip
        tx.execute(sa.insert(_TABLE).values(row))
        tx.append("study.put", row["id"], payload={"org": org, "by": by}, at=now)
    return _study(row)


def launch(settings: Settings, store: Store, study: Study) -> None:
    """Start the process that carries the study out; it needs this one no longer."""
    for one in list(_STARTED):
        if one.poll() is not None:
            _STARTED.discard(one)
    folder = settings.home / "studies"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{study.id}.txt").open("ab") as said:
        started = subprocess.Popen(  # noqa: S603  # our own module, by our own interpreter
            [sys.executable, "-X", "utf8", "-m", "qianhang.runs.studies.carrier", study.id],
            cwd=settings.home,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )
    _STARTED.add(started)
    mine = (_TABLE.c.id == study.id) & (_TABLE.c.state == "running")
    with store.write() as tx:
        name = process.named(started.pid)
        tx.execute(sa.update(_TABLE).where(mine).values(process=name))


def close(
    tx: Transaction,
    study_id: str,
    *,
    now: datetime,
    result: Mapping[str, Any] | None = None,
    error: Mapping[str, Any] | None = None,
) -> bool:
    """Whether the study was under way and is now finished, or failed where there is an error."""
    values = {
        "state": "failed" if error else "finished", "result": json.dumps(dict(result or {})),
        "error": json.dumps(dict(error or {}), ensure_ascii=False),
        "ended": now.astimezone(UTC).isoformat(timespec="milliseconds"),
    }  # fmt: skip
    mine = (_TABLE.c.id == study_id) & (_TABLE.c.state == "running")
    return bool(tx.execute(sa.update(_TABLE).where(mine).values(values)).rowcount)


def find(store: Store, study_id: str, *, orgs: Collection[str] | None) -> Study:
    """The study of this id with its result, where it is of one of these organisations.

    Raises UsageError where there is none.
    """
    with store.read() as connection:
        query = sa.select(_TABLE).where(_TABLE.c.id == study_id[:40])
        row = connection.execute(query).mappings().one_or_none()
    if row is None or (orgs is not None and row["org"] not in orgs):
        raise UsageError("QH566", f"study {study_id[:40]!r} does not exist")
    return _study(row)


def listed(store: Store, orgs: Collection[str] | None, *, limit: int = 50) -> list[Study]:
    """The newest studies of these organisations (None for all), without their results."""
    rule = sa.true() if orgs is None else _TABLE.c.org.in_(sorted(orgs))
    with store.read() as connection:
        return _rows(connection, rule, limit=limit)


def _rows(
    connection: sa.Connection, rule: sa.ColumnElement[bool], *, limit: int = 200
) -> list[Study]:
    query = sa.select(*_COLUMNS).where(rule).order_by(_TABLE.c.asked.desc(), _TABLE.c.id.desc())
    return [_study(dict(r)) for r in connection.execute(query.limit(limit)).mappings()]


def _study(row: Mapping[str, Any] | sa.RowMapping) -> Study:
    plain = {n: row[n] for n in Study.__slots__ if n not in ("spec", "error", "result")}
    told = {n: json.loads(row[n]) for n in ("spec", "error")}
    result = json.loads(row["result"]) if "result" in row else {}
    return Study(**plain, **told, result=result)
