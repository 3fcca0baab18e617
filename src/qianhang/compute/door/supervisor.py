"""The one that decides: takes jobs in, places them, watches them end, on every pool at once.

What is decided is written down before an engine is asked; an engine that cannot be asked is
unknown, never failed; and whatever this process knows can be worked out again from the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from qianhang.compute.door import attempts, jobs, lease, news
from qianhang.compute.door.attempts import Attempt, AttemptState
from qianhang.compute.door.engines import Engines
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.lease import Deposed
from qianhang.compute.door.moments import seconds, stamp
from qianhang.compute.driver import Status
from qianhang.compute.network import Network
from qianhang.compute.policy import Cost, Decision, Params, Preempt, Refuse, Reserve, Start
from qianhang.compute.policy.decide import settle
from qianhang.compute.policy.predict import Predictor
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.view import View
from qianhang.compute.task import Outcome

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Supervisor"]

_LASTS = timedelta(seconds=15)
# An engine may not show at once what it took; only after so long is "absent" believed.
_LAG_S = 5.0


class Supervisor:
    """Decides for a store while it holds the lease.

    home : where local pools keep their tasks
    holder : a name that no other supervisor has
    """

    def __init__(
        self, store: Store, home: Path, *, holder: str, params: Params | None = None
    ) -> None:
        self.store, self.holder = store, holder
        self.params = params or Params()
        self.engines = Engines(store, home)
        self._epoch = 0
        self._ledgers: _Ledgers | None = None
        self._predictor = Predictor()

    def tick(self, now: datetime) -> int:
        """How many tasks were handed to engines; 0 too where another supervisor decides."""
        epoch = lease.take(self.store, self.holder, now=now, lasts=_LASTS)
        if epoch is None:
            self._ledgers = None
            return 0
        try:
            changed = self.engines.look(now, lambda tx: lease.guard(tx, epoch))
            if self._ledgers is None or epoch != self._epoch or changed:
                self._epoch, self._ledgers = epoch, self._recall()
            ledgers = self._ledgers
            self._take_in(ledgers, now)
            self._watch(ledgers, now)
            return self._decide(ledgers, now)
        except Deposed:
            self._ledgers = None
            return 0

    def release(self) -> None:
        """Let another supervisor decide at once; what runs goes on running."""
        lease.release(self.store, self._epoch)
        self._ledgers = None

    # what the rows tell

    def _recall(self) -> _Ledgers:
        """The ledgers of everything that runs; what waits is taken in next."""
        held = self.engines.held.values()
        view = View(Network(tuple(one.pool for one in held)), self.params)
        found = _Ledgers(view, Queue(self.params), {}, {})
        for one in held:
            view.health(one.pool.id, "up" if one.open else "suspect", found.queue)
        for attempt in attempts.live(self.store):
            kept = jobs.get(self.store, attempt.job)
            found.take_up(kept, attempt, estimate=self._predictor.estimate(kept.job))
        return found

    def _take_in(self, ledgers: _Ledgers, now: datetime) -> None:
        """Jobs that came or were cancelled since the last look, and those that nothing can run."""
        fresh, ledgers.seen = news.since(self.store, ledgers.seen)
        if not fresh:
            return
        refused: list[tuple[str, Refuse]] = []
        for kept in fresh:
            name = kept.job.id
            ledgers.jobs[name] = kept
            if kept.state != "queued" or name in ledgers.queue.entries or kept.cancel:
                continue
            estimate = self._predictor.estimate(kept.job)
            found = ledgers.view.admit(
                kept.job, ledgers.queue, now=now.timestamp(), estimate=estimate
            )
            if found is not None:
                refused.append((name, found))
        with self._write() as tx:
            for name, found in refused:
                jobs.refuse(tx, name, _told(found), at=now)
            for kept in fresh:
                if kept.cancel and jobs.drop(tx, kept.job.id, at=now):
                    ledgers.forget(kept.job.id)
        for attempt in list(ledgers.live.values()):
            if ledgers.jobs[attempt.job].cancel:
                self.engines.cancel(attempt)

    def _watch(self, ledgers: _Ledgers, now: datetime) -> None:
        """What the engines tell of live attempts, written down."""
        told = [(one, *self._status(one, ledgers, now)) for one in list(ledgers.live.values())]
        told = [(one, status, ref) for one, status, ref in told if _is_news(one, status, ref)]
        lost = [one for one in ledgers.live.values() if self.engines.lost(one.pool)]
        if not told and not lost:
            return
        with self._write() as tx:
            for attempt, status, ref in told:
                self._learn(tx, ledgers, attempt, status=status, ref=ref, now=now)
            for attempt in lost:
                job = ledgers.jobs[attempt.job].job
                if job.preemptible and attempts.requeue(tx, attempt, "the pool is lost", at=now):
                    self._wait_again(ledgers, attempt, now)

    def _status(self, attempt: Attempt, ledgers: _Ledgers, now: datetime) -> tuple[Status, str]:
        """How the attempt is; what its engine has not got is given to it, under the same token.

        A driver looks whether it has the token before it takes it, so that nothing runs twice.
        """
        if attempt.ref:
            status = self.engines.poll(attempt)
            if status.knowledge != "absent":
                return status, attempt.ref
        if now.timestamp() - seconds(attempt.made) < _LAG_S:
            return Status("unknown"), attempt.ref
        return self.engines.submit(ledgers.jobs[attempt.job], attempt)

    def _learn(
        self, tx: Transaction, ledgers: _Ledgers, attempt: Attempt, *, status: Status, ref: str,
        now: datetime,
    ) -> None:  # fmt: skip
        if status.outcome is not None:
            if attempts.close(tx, attempt, status.outcome, at=now):
                self._free(ledgers, attempt, status.outcome, now)
            return
        state = _state(status, ref)
        at = stamp(now) if state == "running" and not attempt.started else ""
        attempts.mark(tx, attempt, state, ref=ref, at=at)
        ledgers.live[attempt.token] = replace(
            attempt, state=state, ref=ref, started=attempt.started or at
        )

    def _free(self, ledgers: _Ledgers, attempt: Attempt, outcome: Outcome, now: datetime) -> None:
        ledgers.leave(attempt, now)
        if outcome.ok:
            self._predictor.learn(ledgers.jobs[attempt.job].job, max(1.0, outcome.usage.wall_s))
        ledgers.jobs.pop(attempt.job, None)

    def _wait_again(self, ledgers: _Ledgers, attempt: Attempt, now: datetime) -> None:
        ledgers.leave(attempt, now)
        kept = jobs.get(self.store, attempt.job)
        ledgers.view.admit(kept.job, ledgers.queue, now=now.timestamp())

    # what is decided

    def _decide(self, ledgers: _Ledgers, now: datetime) -> int:
        """How many tasks were handed to engines: written down first, all in one transaction."""
        view, queue = ledgers.view, ledgers.queue
        found = list(settle(view, queue, now.timestamp(), self.params))
        if not found:
            return 0
        begun: list[Attempt] = []
        with self._write() as tx:
            for decision in found:
                self._note(tx, ledgers, decision, begun=begun, now=now)
        told = [(one, *self.engines.submit(ledgers.jobs[one.job], one)) for one in begun]
        with self._write() as tx:
            for attempt, status, ref in told:
                self._learn(tx, ledgers, attempt, status=status, ref=ref, now=now)
        return len(begun)

    def _note(
        self, tx: Transaction, ledgers: _Ledgers, decision: Decision, *, begun: list[Attempt],
        now: datetime,
    ) -> None:  # fmt: skip
        if isinstance(decision, Start):
            attempt = attempts.begin(tx, decision, at=now)
            if attempt is None:  # cancelled in the meantime: what was booked is given back
                ledgers.view.end(decision.job, ledgers.queue, now=now.timestamp())
                return
            ledgers.live[attempt.token] = attempt
            begun.append(attempt)
        elif isinstance(decision, Reserve):
            tx.append("compute.job.reserved", decision.job, payload=decision._asdict(), at=now)
        elif isinstance(decision, Preempt):
            tx.append("compute.job.notice", decision.job, payload=decision._asdict(), at=now)

    @contextmanager
    def _write(self) -> Iterator[Transaction]:
        """A transaction that comes to nothing where another supervisor decides."""
        with self.store.write() as tx:
            lease.guard(tx, self._epoch)
            yield tx


@dataclass(slots=True)
class _Ledgers:
    """What runs and what waits, as far as this supervisor has carried it on.

    jobs : those that wait or run, by id; live : attempts by token; seen : the log's last record
    """

    view: View
    queue: Queue
    jobs: dict[str, Kept]
    live: dict[str, Attempt]
    seen: int | None = None

    def take_up(self, kept: Kept, attempt: Attempt, *, estimate: float) -> None:
        """A live attempt holds its room."""
        self.jobs[attempt.job], self.live[attempt.token] = kept, attempt
        at = seconds(attempt.made)
        if self.view.admit(kept.job, self.queue, now=at, estimate=estimate) is None:
            run_s = estimate or kept.job.estimate_s
            self.view.start(Start(attempt.job, attempt.placement, run_s, Cost()), self.queue, at)

    def leave(self, attempt: Attempt, now: datetime) -> None:
        """An attempt holds no room any more."""
        self.live.pop(attempt.token, None)
        if (attempt.job, 0) in self.view.running:
            self.view.end(attempt.job, self.queue, now=now.timestamp())

    def forget(self, job: str) -> None:
        """A job waits no longer."""
        self.jobs.pop(job, None)
        if job in self.queue.entries:
            self.view.cancel(job, self.queue)


def _is_news(attempt: Attempt, status: Status, ref: str) -> bool:
    if status.outcome is not None or ref != attempt.ref:
        return True
    return _state(status, ref) != attempt.state


def _state(status: Status, ref: str) -> AttemptState:
    if status.knowledge != "known":
        return "unknown" if ref else "submitting"
    return "running" if status.phase == "running" else "submitted"


def _told(found: Refuse) -> dict[str, object]:
    return {"refused": [one._asdict() for one in found.refusals]}
