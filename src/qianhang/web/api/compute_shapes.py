"""What the API tells of pools, jobs and quotas; sums are exact texts in yuan, times in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Path
from pydantic import BaseModel, ConfigDict, Field

from qianhang.billing import amount
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.listing import Line
from qianhang.compute.door.quotas import Quota as HeldQuota
from qianhang.web.api.paging import Page
from qianhang.web.api.shapes import Sent, Words, words
from qianhang.web.views import jobs as views
from qianhang.web.views import pools

__all__ = [
    "ComputeJob",
    "ComputeJobLine",
    "ComputeJobs",
    "ComputePool",
    "ComputePools",
    "ComputeQuota",
    "ComputeQuotas",
    "JobId",
    "JobLog",
    "JobWhy",
    "NewJob",
    "NewQuota",
    "PoolHour",
    "PoolId",
    "PoolUse",
    "Submitted",
    "SubmittedJob",
    "Turn",
    "job_of",
    "line_of",
    "pool_of",
    "quota_of",
    "why_of",
]

JobId = Annotated[str, Path(description="Id of a job", max_length=60, examples=["j0123456789ab"])]
PoolId = Annotated[str, Path(description="Id of a pool", max_length=60, examples=["hangzhou"])]
Yuan = Annotated[str, Field(description="Yuan, exact", examples=["0.17"])]
_TASK = (
    "name: train\nresources:\n  accelerators: {Ascend910B: 8}\nestimate: 2h\nrun: python train.py"
)


class NewJob(Sent):
    """A task to be placed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"task": _TASK, "project": "p1"}]})

    task: str = Field(
        description="The task file's YAML, as docs/door.md has it", max_length=200_000
    )
    org: str | None = Field(
        default=None, description="For which organisation; one's own where null", max_length=40
    )
    project: str = Field(
        default="", description="In place of the one that the task names", max_length=80
    )


class SubmittedJob(BaseModel):
    """One job of a task."""

    id: str = Field(examples=["j0123456789ab"])
    new: bool = Field(description="False where the same request had made it before")


class Submitted(BaseModel):
    """The jobs of a task, more than one for an array."""

    items: list[SubmittedJob]


class ComputeJobLine(BaseModel):
    """A job as a list shows it."""

    id: str = Field(examples=["j0123456789ab"])
    org: str = Field(examples=["root"])
    project: str = Field(examples=["p1"])
    name: str = Field(examples=["train"])
    state: str = Field(
        description="queued, running, finished, failed, cancelled or refused", examples=["running"]
    )
    reason: str = Field(description="How it ended; empty before", examples=[""])
    cancel: bool = Field(description="Whether it was told to stop")
    chips: float = Field(description="Of all replicas", examples=[8.0])
    flavours: list[str] = Field(description="Kinds that will do; empty for any")
    pool: str = Field(description="Where it runs or last ran; empty before", examples=["hangzhou"])
    attempts: int = Field(description="How many were begun", examples=[1])
    submitted: str = Field(description="UTC", examples=["2026-03-01T08:00:01.000+00:00"])
    started: str = Field(description="UTC, empty before", examples=[""])
    ended: str = Field(description="UTC, empty before", examples=[""])


class ComputeJobs(Page):
    """A page of jobs, the newest first."""

    items: list[ComputeJobLine]


class JobAttempt(BaseModel):
    """One go at a job on one pool; used : s and MiB, null before its end."""

    number: int = Field(examples=[1])
    pool: str = Field(examples=["hangzhou"])
    flavour: str = Field(examples=["ascend-910b"])
    chips: float = Field(examples=[8.0])
    state: str = Field(
        description="submitting, submitted, running, unknown, ended, fenced or refused"
    )
    made: str = Field(description="UTC")
    started: str = Field(description="UTC, empty before")
    ended: str = Field(description="UTC, empty before")
    outcome: str = Field(description="How it ended; empty before", examples=["finished"])
    code: int | None = Field(description="Exit code", examples=[0])
    cpu_s: float | None
    wall_s: float | None
    peak_mb: float | None


class JobUse(BaseModel):
    """What an attempt was metered at; yuan : null where it is not charged."""

    pool: str
    flavour: str
    card_hours: float
    facility_kwh: float = Field(description="Worked out from power and PUE, not read from a meter")
    kg_co2: float
    yuan: Yuan | None


class ComputeJob(ComputeJobLine):
    """A job with its attempts and what they used."""

    script: str
    variables: list[str] = Field(description="Names of its variables, without their values")
    estimate_s: float
    limit_s: float
    preemptible: bool
    runs: list[JobAttempt] = Field(description="Its attempts, the oldest first")
    used: list[JobUse]


class JobPool(BaseModel):
    """What a pool would cost the job, or what it lacks for it."""

    id: str = Field(description="* for every pool", examples=["hangzhou"])
    yuan: Yuan | None
    chosen: bool
    reason: str = Field(description="Why it does not take the job; empty where it would")
    found: str
    expected: str


class JobWhy(BaseModel):
    """Why a job is where it is, or nowhere yet."""

    job: str = Field(examples=["j0123456789ab"])
    state: str
    ahead: int | None = Field(description="Jobs that come first; null unless it waits")
    terms: dict[str, str] = Field(description="Of the choice: term -> yuan")
    pools: list[JobPool]


class JobLog(BaseModel):
    """A part of what the last attempt printed, 64 KiB at most."""

    attempt: int = Field(description="Its number; 0 before the first", examples=[1])
    start: int = Field(examples=[0])
    next: int = Field(description="Give it as `start` for what follows", examples=[120])
    text: str
    away: bool = Field(description="Whether the pool could not be asked")
    open: bool = Field(description="Whether more may come")


class PoolStock(BaseModel):
    """Chips of one kind."""

    flavour: str = Field(examples=["ascend-910b"])
    name: Words
    nodes: int
    chips: int
    busy: float
    free: float = Field(description="0 where the pool does not answer")


class PoolPue(BaseModel):
    """Power usage effectiveness of the site, with its source."""

    value: float = Field(examples=[1.21])
    kind: str = Field(description="metered, design or assumed")
    source: str
    start: str
    end: str


class ComputePool(BaseModel):
    """A pool as the door knows it."""

    id: str = Field(examples=["hangzhou"])
    name: Words
    operator: str
    operator_name: Words
    city: str
    engine: str = Field(description="local, slurm, ray or kubernetes")
    state: str = Field(description="open, draining or left")
    health: str = Field(description="up, suspect (does not answer) or lost (for long)")
    seen: str = Field(description="Last answer, UTC; empty where never")
    silent: str = Field(description="Since when it does not answer, UTC; empty where it does")
    chips: int
    busy: float
    free: float
    queue: int = Field(description="Waiting jobs that could go there, of whichever organisation")
    stock: list[PoolStock]
    pue: PoolPue
    mine: bool = Field(description="Whether the reader runs it")


class ComputePools(Page):
    """A page of pools, by id."""

    items: list[ComputePool]


class PoolHour(BaseModel):
    """One hour of a pool."""

    at: str = Field(description="Its beginning, UTC", examples=["2026-03-01T08:00:00+00:00"])
    chips: float = Field(description="In use, on average", examples=[6.5])
    share: float = Field(description="Of those there are now, 0 to 1")


class PoolUse(BaseModel):
    """A pool's last seven days."""

    pool: str = Field(examples=["hangzhou"])
    chips: int = Field(description="That there are now")
    hours: list[PoolHour] = Field(description="The oldest first, the last one under way")


class Turn(Sent):
    """A pool opened or drained."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"state": "draining"}]})

    state: str = Field(pattern="^(open|draining)$")


class ComputeQuota(BaseModel):
    """What a project may hold at once."""

    org: str = Field(examples=["root"])
    project: str = Field(description="Empty for all projects without one of their own")
    chips: int = Field(description="At once; 0 where it is closed or not limited")
    closed: bool = Field(description="Whether it may hold nothing: its approved period is over")
    state: str = Field(description="approved or ended")
    reason: str
    at: str = Field(description="Since when it is as it is, UTC; empty where it was lifted")
    holds: float = Field(description="Chips that its attempts hold now")


class ComputeQuotas(Page):
    """A page of quotas."""

    items: list[ComputeQuota]


class NewQuota(Sent):
    """A project's quota, from now on and without days."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"org": "root", "project": "p1", "chips": 16, "reason": "a shared pool"}]
        }
    )

    org: str = Field(max_length=40)
    project: str = Field(
        default="", description="Empty for all without one of their own", max_length=80
    )
    chips: int = Field(description="At once; 0 for no limit any more", ge=0, le=10_000_000)
    reason: str = Field(min_length=1, max_length=2000)


def line_of(found: Line) -> ComputeJobLine:
    """A line of a list as the API tells it."""
    plain = ("id", "org", "project", "name", "state", "reason", "cancel", "chips", "pool",
             "submitted", "started", "ended")  # fmt: skip
    values = {name: getattr(found, name) for name in plain}
    return ComputeJobLine(**values, flavours=list(found.flavours), attempts=found.epoch)


def job_of(found: Kept, made: tuple[Attempt, ...], used: list[views.Used]) -> ComputeJob:
    """A job as the API tells it."""
    job, work = found.job, found.work
    return ComputeJob(
        id=job.id, org=job.org, project=job.project, name=job.name, state=found.state,
        reason=found.reason, cancel=found.cancel, chips=job.want.total,
        flavours=list(job.want.flavours), pool=made[-1].pool if made else "", attempts=found.epoch,
        submitted=found.submitted, started=found.started, ended=found.ended, script=work.script,
        variables=list(work.env), estimate_s=job.estimate_s, limit_s=work.wall_s,
        preemptible=job.preemptible, runs=[_attempt(one) for one in made],
        used=[_use(one) for one in used],
    )  # fmt: skip


def _attempt(found: Attempt) -> JobAttempt:
    end = found.outcome
    return JobAttempt(
        number=found.epoch, pool=found.pool, flavour=found.flavour,
        chips=found.placement.chips * found.placement.replicas, state=found.state,
        made=found.made, started=found.started, ended=found.ended,
        outcome=end.reason if end else "", code=end.code if end else None,
        cpu_s=end.usage.cpu_s if end else None, wall_s=end.usage.wall_s if end else None,
        peak_mb=end.usage.peak_mb if end else None,
    )  # fmt: skip


def _use(found: views.Used) -> JobUse:
    return JobUse(
        pool=found.pool, flavour=found.flavour, card_hours=found.card_hours,
        facility_kwh=found.facility_kwh, kg_co2=found.kg_co2, yuan=_yuan(found.fen),
    )  # fmt: skip


def why_of(found: Kept, told: views.Why) -> JobWhy:
    """Why a job is where it is, as the API tells it."""
    pools_ = [
        JobPool(
            id=p.id, yuan=_yuan(p.fen), chosen=p.chosen, reason=p.reason, found=p.found,
            expected=p.expected,
        )
        for p in told.pools
    ]  # fmt: skip
    terms = {name: str(amount.yuan(fen)) for name, fen in told.terms}
    return JobWhy(job=found.job.id, state=found.state, ahead=told.ahead, terms=terms, pools=pools_)


def pool_of(found: pools.Line) -> ComputePool:
    """A pool as the API tells it: nothing of its driver's settings."""
    held, pool = found.held, found.held.pool
    stock = [
        PoolStock(
            flavour=s.flavour, name=words(s.name), nodes=s.nodes, chips=s.chips, busy=s.busy,
            free=s.free,
        )
        for s in found.shelves
    ]  # fmt: skip
    pue: Mapping[str, object] = {n: getattr(pool.pue, n) for n in PoolPue.model_fields}
    return ComputePool(
        id=pool.id, name=words(found.name), operator=pool.operator,
        operator_name=words(found.operator), city=pool.city, engine=pool.driver, state=held.state,
        health=held.health, seen=held.seen, silent=held.silent, chips=found.chips,
        busy=found.busy, free=found.free, queue=found.queue, stock=stock,
        pue=PoolPue.model_validate(pue), mine=found.mine,
    )  # fmt: skip


def quota_of(found: HeldQuota, holds: float) -> ComputeQuota:
    """A quota as the API tells it."""
    plain = ("org", "project", "chips", "closed", "state", "reason", "at")
    return ComputeQuota(**{name: getattr(found, name) for name in plain}, holds=holds)


def _yuan(fen: int | None) -> str | None:
    return None if fen is None else str(amount.yuan(fen))
