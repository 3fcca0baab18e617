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
    "JobQuote",
    "JobUse",
    "JobWhy",
    "PoolHour",
    "PoolPue",
    "PoolQuote",
    "PoolRefusal",
    "PoolStock",
    "PoolUse",
    "QuoteStart",
    "QuoteTimes",
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
    """What a project may hold at once."""

    org: str
    project: str
    chips: int
    closed: bool
    state: str
    reason: str
    at: str
    holds: float


class PoolHour(TypedDict):
    """One hour of a pool: chips in use, and their share, 0 to 1."""

    at: str
    chips: float
    share: float


class PoolUse(TypedDict):
    """A pool's last seven days."""

    pool: str
    chips: int
    hours: list[PoolHour]


class QuoteTimes(TypedDict):
    """Two quantiles, s."""

    p50_s: int
    p90_s: int


class QuoteStart(QuoteTimes):
    """When a job starts, s from now, and on what that rests."""

    basis: str


class PoolQuote(TypedDict):
    """What one pool offers a task."""

    pool: str
    flavour: str
    replicas: int
    chips: float
    start: QuoteStart
    run: QuoteTimes
    finish: QuoteTimes
    data_s: int
    yuan: str
    yuan_after: str
    voucher: int
    price_from: str
    kwh: float
    kg: float
    terms_fen: dict[str, int]
    sum_fen: int


class PoolRefusal(TypedDict):
    """Why a pool does not take a task."""

    pool: str
    reason: str
    found: str
    expected: str


class JobQuote(TypedDict):
    """What every pool offers a task."""

    org: str
    made: str
    until: str
    pools: list[PoolQuote]
    refused: list[PoolRefusal]
