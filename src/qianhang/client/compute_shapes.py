"""What the API answers of pools, jobs and quotas, as plain dictionaries; see docs/api.md."""

from __future__ import annotations

from typing import TypedDict

from qianhang.client.shapes import Words

__all__ = [
    "ComputeJob",
    "ComputeJobLine",
    "ComputePool",
    "ComputeQuota",
    "JobAttempt",
    "JobLog",
    "JobPool",
    "JobUse",
    "JobWhy",
    "PoolPue",
    "PoolStock",
    "Submitted",
    "SubmittedJob",
]


class SubmittedJob(TypedDict):
    """One job of a task."""

    id: str
    new: bool


class Submitted(TypedDict):
    """The jobs of a task, more than one for an array."""

    items: list[SubmittedJob]


class ComputeJobLine(TypedDict):
    """A job as a list shows it."""

    id: str
    org: str
    project: str
    name: str
    state: str
    reason: str
    cancel: bool
    chips: float
    flavours: list[str]
    pool: str
    attempts: int
    submitted: str
    started: str
    ended: str


class JobAttempt(TypedDict):
    """One go at a job on one pool; used : s and MiB, null before its end."""

    number: int
    pool: str
    flavour: str
    chips: float
    state: str
    made: str
    started: str
    ended: str
    outcome: str
    code: int | None
    cpu_s: float | None
    wall_s: float | None
    peak_mb: float | None


class JobUse(TypedDict):
    """What an attempt was metered at; yuan : null where it is not charged."""

    pool: str
    flavour: str
    card_hours: float
    facility_kwh: float
    kg_co2: float
    yuan: str | None


class ComputeJob(ComputeJobLine):
    """A job with its attempts and what they used."""

    script: str
    variables: list[str]
    estimate_s: float
    limit_s: float
    preemptible: bool
    runs: list[JobAttempt]
    used: list[JobUse]


class JobPool(TypedDict):
    """What a pool would cost the job, or what it lacks for it."""

    id: str
    yuan: str | None
    chosen: bool
    reason: str
    found: str
    expected: str


class JobWhy(TypedDict):
    """Why a job is where it is, or nowhere yet."""

    job: str
    state: str
    ahead: int | None
    terms: dict[str, str]
    pools: list[JobPool]


class JobLog(TypedDict):
    """A part of what the last attempt printed, 64 KiB at most."""

    attempt: int
    start: int
    next: int
    text: str
    away: bool
    open: bool


class PoolStock(TypedDict):
    """Chips of one kind."""

    flavour: str
    name: Words
    nodes: int
    chips: int
    busy: float
    free: float


class PoolPue(TypedDict):
    """Power usage effectiveness of the site, with its source."""

    value: float
    kind: str
    source: str
    start: str
    end: str


class ComputePool(TypedDict):
    """A pool as the door knows it."""

    id: str
    name: Words
    operator: str
    operator_name: Words
    city: str
    engine: str
    state: str
    health: str
    seen: str
    silent: str
    chips: int
    busy: float
    free: float
    queue: int
    stock: list[PoolStock]
    pue: PoolPue
    mine: bool


class ComputeQuota(TypedDict):
    """What a project may hold at once, and what it applies for."""

    org: str
    project: str
    chips: int
    closed: bool
    asked: int
    state: str
    reason: str
    at: str
    answered: str
    holds: float
