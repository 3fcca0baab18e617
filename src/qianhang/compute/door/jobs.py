"""Jobs as organisations asked for them: admitted once, watched, cancelled."""

from __future__ import annotations

import dataclasses
import json
import logging
import secrets
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.artefacts import shelf
from qianhang.compute.artefacts.outputs import Outputs
from qianhang.compute.door import quotas
from qianhang.compute.door.moments import seconds, stamp
from qianhang.compute.job import DataRef, Job, Want
from qianhang.core.errors import UsageError
from qianhang.store.prepared import Prepared, fetch

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "OPEN",
    "Asked",
    "Kept",
    "Work",
    "admit",
    "cancel",
    "drop",
    "fail",
    "get",
    "kept",
    "listed",
    "named",
    "new_id",
    "past",
    "readable",
    "refuse",
]

State = Literal["queued", "running", "finished", "failed", "cancelled", "refused"]
OPEN = ("queued", "running")
_TABLE = schema.job
_LOG = logging.getLogger(__name__)
_PIECE, _LONGEST_KEY = 500, 80
# Statements made once: to build one costs more than to carry it out.
_NEW = Prepared.new(_TABLE)
_ONE = Prepared(sa.select(_TABLE).where(_TABLE.c.id == sa.bindparam("its_id")))
_SAME = Prepared(
    sa.select(_TABLE.c.id, _TABLE.c.ask, _TABLE.c.run).where(
        (_TABLE.c.org == sa.bindparam("its_org")) & (_TABLE.c.key == sa.bindparam("its_key"))
    )
)


@dataclass(frozen=True, slots=True)
class Work:
    """What a job runs on each pool: a shell script, its variables, the limits of one replica.

    wall_s : s after which it is stopped; memory_mb : MiB
    outputs : files of its folder that are kept once it has ended
    own : a program of the platform's own, never one that somebody submitted
    """

    script: str
    env: Mapping[str, str] = field(default_factory=dict)
    threads: int = 1
    wall_s: float = 5400.0
    memory_mb: int = 4096
    log_mb: int = 16
    outputs: Outputs | None = None
    own: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A job that somebody asks for, with what it runs."""

    job: Job
    work: Work
    account: str = ""


@dataclass(frozen=True, slots=True)
class Kept:
    """A job as the door knows it.

    epoch : how many attempts were begun; reason : of how it ended; why : the last decision's terms
    """

    job: Job
    work: Work
    account: str
    state: State
    epoch: int
    submitted: str
    started: str
    ended: str
    cancel: bool
    reason: str
    why: Mapping[str, Any]

    @property
    def open(self) -> bool:
        """Whether it waits or runs."""
        return self.state in OPEN


def new_id() -> str:
    """A name for a job that nobody can count up."""
    return "j" + secrets.token_hex(6)


def admit(tx: Transaction, asked: Asked, *, at: datetime) -> tuple[str, bool]:
    """The job's id, and whether it is new: the same key of the same organisation is the same job.

    Raises UsageError where the key was used for something else, or where the job alone asks for
    more chips than its project may hold at once.
    """
    key = asked.job.key or asked.job.id
    if len(key) > _LONGEST_KEY:
        raise UsageError("QH594", f"key of {len(key)} characters, at most {_LONGEST_KEY}")
    row = _row(asked, key, at)
    tx.take_turns()
    for known in tx.fetch(_SAME, {"its_org": asked.job.org, "its_key": key}):
        if (known.ask, known.run) != (row["ask"], row["run"]):
            raise UsageError(
                "QH594", f"key {key!r} was used for job {known.id}, which asks for something else",
                hint="give a new key",
            )  # fmt: skip
        return str(known.id), False
    if not asked.job.want.gang:
        raise UsageError(
            "QH596", f"job {asked.job.id}: replicas that start one by one",
            hint="an array is so many jobs, each starting as soon as it can",
        )  # fmt: skip
    quotas.check(tx.connection, asked.job)
    tx.change(_NEW, row)
    if asked.work.outputs is not None:
        shelf.want(tx, asked.job.id, asked.job.org, at=at)
    facts = {n: row[n] for n in ("org", "project", "account", "name", "key", "ask")}
    tx.append("compute.job.admitted", asked.job.id, payload=facts, at=at)
    return asked.job.id, True


def cancel(store: Store, job_id: str, *, by: str, at: datetime) -> Kept:
    """The job, which nothing will start any more; what runs of it is stopped by the supervisor."""
    with store.write() as tx:
        tx.take_turns()
        where = (_TABLE.c.id == job_id) & _TABLE.c.state.in_(OPEN)
        if tx.execute(sa.update(_TABLE).where(where).values(cancel=True)).rowcount:
            tx.append("compute.job.cancel", job_id, payload={"by": by}, at=at)
    return get(store, job_id)


def refuse(tx: Transaction, job_id: str, why: Mapping[str, Any], *, at: datetime) -> None:
    """The job, which no pool will ever take, ended with the reasons."""
    where = (_TABLE.c.id == job_id) & (_TABLE.c.state == "queued")
    values = {"state": "refused", "ended": stamp(at), "reason": "refused", "why": _told(why)}
    if tx.execute(sa.update(_TABLE).where(where).values(values)).rowcount:
        tx.append("compute.job.refused", job_id, payload=dict(why), at=at)


def drop(tx: Transaction, job_id: str, *, at: datetime) -> bool:
    """Whether the job, cancelled while it waited, has ended now."""
    where = (_TABLE.c.id == job_id) & (_TABLE.c.state == "queued") & _TABLE.c.cancel
    values = {"state": "cancelled", "ended": stamp(at), "reason": "cancelled"}
    if not tx.execute(sa.update(_TABLE).where(where).values(values)).rowcount:
        return False
    tx.append("compute.job.ended", job_id, payload={"reason": "cancelled"}, at=at)
    return True


def fail(
    tx: Transaction, job_id: str, why: Mapping[str, Any], *, reason: str, at: datetime
) -> None:
    """The waiting job ended without a result, with the reasons."""
    where = (_TABLE.c.id == job_id) & (_TABLE.c.state == "queued")
    values = {"state": "failed", "ended": stamp(at), "reason": reason, "why": _told(why)}
    if tx.execute(sa.update(_TABLE).where(where).values(values)).rowcount:
        tx.append("compute.job.ended", job_id, payload={"reason": reason, **why}, at=at)


def get(store: Store, job_id: str) -> Kept:
    """The job of this id.

    Raises UsageError where there is none.
    """
    with store.read() as connection:
        rows = fetch(connection, _ONE, {"its_id": job_id})
    if not rows:
        raise UsageError("QH595", f"job {job_id[:40]!r} does not exist")
    return kept(rows[0]._asdict())


def listed(
    store: Store,
    *,
    orgs: Collection[str] | None = None,
    states: Collection[str] = (),
    limit: int = 50,
) -> tuple[Kept, ...]:
    """The newest jobs of these organisations, of all of them where None; newest first."""
    query = sa.select(_TABLE).order_by(_TABLE.c.submitted.desc(), _TABLE.c.id.desc()).limit(limit)
    if orgs is not None:
        query = query.where(_TABLE.c.org.in_(sorted(orgs)))
    if states:
        query = query.where(_TABLE.c.state.in_(sorted(states)))
    with store.read() as connection:
        return tuple(kept(row) for row in connection.execute(query).mappings())


def past(store: Store, *, limit: int = 2000) -> list[tuple[Job, float]]:
    """The newest jobs that finished, the oldest first, each with how long it ran, s, at least 1."""
    found = listed(store, states=("finished",), limit=limit)
    return [
        (one.job, max(1.0, seconds(one.ended) - seconds(one.started))) for one in reversed(found)
    ]


def named(connection: sa.Connection, names: Sequence[str]) -> dict[str, Kept]:
    """The jobs of these ids that there are, by id."""
    found: dict[str, Kept] = {}
    for start in range(0, len(names), _PIECE):
        query = sa.select(_TABLE).where(_TABLE.c.id.in_(names[start : start + _PIECE]))
        found |= {one.job.id: one for one in readable(connection.execute(query).mappings())}
    return found


def readable(rows: Iterable[sa.RowMapping]) -> Iterator[Kept]:
    """The jobs of these rows; one that nobody can read is told of and does not stop the others."""
    for row in rows:
        try:
            yield kept(row)
        except UsageError:
            _LOG.exception("a job is left alone")


def kept(row: sa.RowMapping) -> Kept:
    """The job of a row.

    Raises UsageError where the row is of a version that nobody can read.
    """
    try:
        job, work = _job(row), _work(json.loads(row["run"]))
    except (TypeError, ValueError, KeyError) as cause:
        raise UsageError("QH596", f"job {row['id']}: its row cannot be read: {cause}") from None
    return Kept(
        job, work, row["account"], row["state"], row["epoch"], row["submitted"], row["started"],
        row["ended"], row["cancel"], row["reason"], json.loads(row["why"] or "{}"),
    )  # fmt: skip


def _work(run: Mapping[str, Any]) -> Work:
    wanted = run.get("outputs")
    if wanted is None:
        return Work(**run)
    return Work(**{**run, "outputs": Outputs(tuple(wanted["files"]), wanted["when"])})


def _job(row: sa.RowMapping) -> Job:
    ask = json.loads(row["ask"])
    want = ask.pop("want")
    want["flavours"] = tuple(want["flavours"])
    data = tuple(DataRef(**one) for one in ask.pop("data"))
    pools = tuple(ask.pop("pools"))
    submitted = seconds(row["submitted"])
    return Job(
        id=row["id"], key=row["key"], submitted=submitted, want=Want(**want), data=data,
        pools=pools, **ask,
    )  # fmt: skip


def _run(work: Work) -> dict[str, Any]:
    """As a row keeps it: what is not so is left out, as it was before it was known, so that a key
    that was used then stays the same.
    """
    told = dataclasses.asdict(work)
    return {name: value for name, value in told.items() if value is not None and value is not False}


def _row(asked: Asked, key: str, at: datetime) -> dict[str, Any]:
    job = asked.job
    ask = {n: v for n, v in dataclasses.asdict(job).items() if v is not None}
    for name in ("id", "key", "submitted"):
        del ask[name]
    return {
        "id": job.id, "org": job.org, "project": job.project, "account": asked.account,
        "name": job.name, "key": key, "ask": _told(ask),
        "run": _told(_run(asked.work)), "tier": job.tier, "state": "queued",
        "epoch": 0, "submitted": stamp(at), "started": "", "ended": "", "cancel": False,
        "reason": "", "why": "{}",
    }  # fmt: skip


def _told(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
