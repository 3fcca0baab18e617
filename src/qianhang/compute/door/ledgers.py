"""What runs and what waits, as far as one supervisor has carried it on from the rows."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from qianhang.compute.door import attempts, jobs, plant, quotas
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.moments import seconds
from qianhang.compute.door.plant import Held
from qianhang.compute.job import Job
from qianhang.compute.policy import Desk, Params, Predictor, Prices, Queue, Refuse, View
from qianhang.compute.policy.desk import Step
from qianhang.compute.policy.entry import Entry

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Ledgers", "recall"]


@dataclass(slots=True)
class Ledgers:
    """The policy's ledgers, with the rows behind them.

    jobs : those that wait or run, by id; live, fenced : attempts by token
    refused : job -> pools whose engines do not take it; about : job -> pools where a fenced
        attempt at it may still run
    parked : jobs that wait for others of their project, or for a fenced attempt, to end, or for a
        cheaper hour
    booked : job -> whose quota it counts for, and its chips; held : the sums of these
    room : whether one of those that are parked may go on now
    tried : token -> when to hand it over next, s, and how often it was; told : token -> when its
        engine was last asked to stop it
    seen : the log's last record
    """

    desk: Desk
    quotas: Mapping[tuple[str, str], int] = field(default_factory=dict)
    jobs: dict[str, Kept] = field(default_factory=dict)
    live: dict[str, Attempt] = field(default_factory=dict)
    fenced: dict[str, Attempt] = field(default_factory=dict)
    refused: dict[str, frozenset[str]] = field(default_factory=dict)
    about: dict[str, frozenset[str]] = field(default_factory=dict)
    parked: dict[str, Kept] = field(default_factory=dict)
    booked: dict[str, tuple[tuple[str, str], float]] = field(default_factory=dict)
    held: dict[tuple[str, str], float] = field(default_factory=dict)
    room: bool = True
    tried: dict[str, tuple[float, int]] = field(default_factory=dict)
    told: dict[str, float] = field(default_factory=dict)
    open: dict[str, bool] = field(default_factory=dict)
    seen: int | None = None

    @property
    def view(self) -> View:
        """What runs and what is free; only the desk changes it."""
        return self.desk.view

    @property
    def queue(self) -> Queue:
        """What waits; only the desk changes it."""
        return self.desk.queue

    def turn(self, held: Sequence[Held]) -> None:
        """Pools that opened or closed since."""
        for one in held:
            name = one.pool.id
            if self.open.get(name) != one.open:
                self.open[name] = one.open
                self.desk.turn(name, up=one.open)

    def admit(self, kept: Kept, *, estimate: float = 0.0) -> Refuse | None:
        """None where the job waits from now on; else why no pool takes it, now or ever."""
        job = kept.job
        self.jobs[job.id] = kept
        if self._over(job):
            self.parked[job.id] = kept
            return None
        found = self._admit(job, estimate)
        if found is None:
            self.parked.pop(job.id, None)
            self._book(job)
        elif job.id in self.about or self.view.cheaper_later(job):
            self.parked[job.id] = kept
            return None
        return found

    def elsewhere(self, job: Job, pool: str) -> bool:
        """Whether another pool takes the job."""
        left = self._left(job, extra=pool)
        asked = replace(job, pools=left)
        return bool(left) and len(self.view.refusals(asked)) < len(self.view.racks)

    def take_up(self, kept: Kept, attempt: Attempt, *, estimate: float) -> None:
        """A live attempt holds its room, on its pool and rack."""
        job, place = kept.job, attempt.placement
        self.jobs[attempt.job], self.live[attempt.token] = kept, attempt
        self._book(job)
        self.desk.resume(
            job, place.pool, place.rack, estimate=estimate, since=seconds(attempt.made),
            leaving=seconds(attempt.leaving) if attempt.leaving else 0.0,
        )  # fmt: skip

    def retry(self, pools: Collection[str]) -> None:
        """What these did not take before they fell silent is handed over as soon as may be."""
        for token in [t for t, one in self.live.items() if one.pool in pools]:
            self.tried.pop(token, None)

    def leave(self, attempt: Attempt, now: datetime) -> None:
        """An attempt holds no room any more."""
        for table in (self.live, self.tried, self.told):
            table.pop(attempt.token, None)
        self._unbook(attempt.job)
        self.desk.end(attempt.job, now.timestamp())

    def run(self, job: str) -> Entry | None:
        """The job's entry among those that run."""
        return self.view.running.get((job, 0))

    def forget(self, job: str) -> None:
        """A job waits no longer."""
        for table in (self.jobs, self.parked, self.refused, self.about):
            table.pop(job, None)
        self._unbook(job)
        self.desk.cancel(job)

    def bar(self, attempt: Attempt, *, refused: bool) -> None:
        """The attempt's pool is none for its job: for good, or until the attempt has ended."""
        table = self.refused if refused else self.about
        table[attempt.job] = table.get(attempt.job, frozenset()) | {attempt.pool}
        if not refused:
            self.fenced[attempt.token] = attempt

    def settled(self, attempt: Attempt) -> None:
        """A fenced attempt has ended."""
        self.room = True
        self.fenced.pop(attempt.token, None)
        rest = {one.pool for one in self.fenced.values() if one.job == attempt.job}
        if rest:
            self.about[attempt.job] = frozenset(rest)
        else:
            self.about.pop(attempt.job, None)

    def _left(self, job: Job, *, extra: str = "") -> tuple[str, ...]:
        """The pools that are not barred for the job."""
        none = self.refused.get(job.id, frozenset()) | self.about.get(job.id, frozenset())
        known = job.pools or tuple(pool.id for pool in self.view.network.pools)
        return tuple(name for name in known if name not in none and name != extra)

    def _admit(self, job: Job, estimate: float) -> Refuse | None:
        if job.id not in self.refused and job.id not in self.about:
            return self.desk.admit(job, estimate=estimate)
        left = self._left(job)
        if not left:
            return Refuse(job.id, ())
        return self.desk.admit(job, estimate=estimate, pools=left)

    def _over(self, job: Job) -> bool:
        """Whether the job has to wait for others of its project to end."""
        allowed = quotas.limit(self.quotas, job)
        if allowed is None:
            return False
        return self.held.get(self._whose(job), 0.0) + job.want.total > allowed

    def _whose(self, job: Job) -> tuple[str, str]:
        own = (job.org, job.project)
        return own if own in self.quotas else (job.org, "")

    def _book(self, job: Job) -> None:
        if quotas.limit(self.quotas, job) is not None and job.id not in self.booked:
            whose = self._whose(job)
            self.booked[job.id] = (whose, job.want.total)
            self.held[whose] = self.held.get(whose, 0.0) + job.want.total

    def _unbook(self, job: str) -> None:
        whose, chips = self.booked.pop(job, (None, 0.0))
        if whose is not None:
            self.held[whose] -= chips
            self.room = True


def recall(
    store: Store,
    held: Sequence[Held],
    *,
    params: Params,
    predictor: Predictor,
    now: datetime,
    prices: Prices | None = None,
    hear: Callable[[Step], object] | None = None,
) -> Ledgers:
    """The ledgers of everything that runs, from the rows; what waits is to be taken in next.

    hear : told every step of the policy's ledgers
    """
    whole = plant.network(store, held)
    desk = Desk(whole, params, prices=prices, now=now.timestamp(), hear=hear)
    with store.read() as connection:
        found = Ledgers(desk, quotas.approved(connection))
    found.turn(held)
    found.refused = attempts.barred(store, about=False)
    found.about = attempts.barred(store, about=True)
    found.fenced = {one.token: one for one in attempts.fenced(store)}
    alive = attempts.live(store)
    with store.read() as connection:
        known = jobs.named(connection, [one.job for one in alive])
    for attempt in alive:
        if kept := known.get(attempt.job):
            found.take_up(kept, attempt, estimate=predictor.estimate(kept.job))
    return found
