"""The one that decides: takes jobs in, places them, watches them end, on every pool at once.

What is decided is written down before an engine is asked; an engine that cannot be asked is
unknown, never failed; and whatever this process knows can be worked out again from the rows.
"""

from __future__ import annotations

import logging
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from qianhang.compute.door import attempts, jobs, lease, news
from qianhang.compute.door.attempts import Attempt, AttemptState
from qianhang.compute.door.engines import Answer, Engines, Patience
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.journal import Journal
from qianhang.compute.door.ledgers import Ledgers, recall
from qianhang.compute.door.moments import stamp
from qianhang.compute.door.watch import Watch, told
from qianhang.compute.driver import Status
from qianhang.compute.policy import (
    Decision,
    Params,
    Predictor,
    Preempt,
    Prices,
    Refuse,
    Reserve,
    Start,
)
from qianhang.compute.policy.option import Option
from qianhang.compute.task import Outcome
from qianhang.core.errors import Deposed, QianhangError

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Supervisor"]

_LOG = logging.getLogger(__name__)
_LASTS = timedelta(seconds=30)
_AT_ONCE = 64  # decisions carried out in one look, so that none takes long
_EPOCHS = 5  # goes at a job whose machine was lost under it
_LEFT = 75  # exit code of a task that wrote its checkpoint and left when told to


class Supervisor:
    """Decides for a store while it holds the lease.

    home : where local pools keep their tasks
    holder : a name that no other supervisor has
    prices : what holds at a moment, asked now and then; list prices of the pools where it is None
    """

    def __init__(
        self, store: Store, home: Path, *, holder: str = "", params: Params | None = None,
        patience: Patience | None = None, prices: Callable[[datetime], Prices] | None = None,
    ) -> None:  # fmt: skip
        self.store, self.holder = store, holder or lease.holder()
        self.params = params or Params()
        self.engines = Engines(store, home, patience or Patience())
        self._watch = Watch(self.engines)
        self._epoch, self._until = 0, datetime.min.replace(tzinfo=UTC)
        self._ledgers: Ledgers | None = None
        self._journal, self._now = Journal(), datetime.min.replace(tzinfo=UTC)
        self._predictor: Predictor | None = None
        self._ask_prices, self._prices = prices, Prices({}, {})
        self._priced = datetime.min.replace(tzinfo=UTC)

    def tick(self, now: datetime) -> int:
        """How many tasks were handed to engines; 0 too where another supervisor decides."""
        self._now = now
        try:
            return self._tick(now) if self._holds(now) else 0
        except Deposed:
            self._ledgers, self._epoch = None, 0
            return 0
        except BaseException:  # what was decided and not written must not be believed
            self._ledgers = None
            raise

    @property
    def deciding(self) -> bool:
        """Whether it held the lease at its last look."""
        return self._epoch > 0

    def release(self) -> None:
        """Let another supervisor decide at once; what runs goes on running."""
        if self._ledgers is not None:
            with suppress(Deposed), self._write() as tx:
                self._journal.write(tx, at=self._now)
        lease.release(self.store, self._epoch)
        self._ledgers, self._epoch = None, 0

    def _holds(self, now: datetime) -> bool:
        if self._epoch and now < self._until - _LASTS / 2:
            return True
        epoch = lease.take(self.store, self.holder, now=now, lasts=_LASTS)
        if epoch != self._epoch:
            self._ledgers = None
        self._epoch, self._until = epoch or 0, now + _LASTS
        return epoch is not None

    def _tick(self, now: datetime) -> int:
        known = self._ledgers
        fresh = news.since(self.store, known.seen if known else None)
        epoch = self._epoch
        changed = self.engines.look(now, lambda tx: lease.guard(tx, epoch), changed=fresh.plant)
        held = list(self.engines.held.values())
        dearer = self._price(now)
        if known is None or changed or dearer or fresh.quotas:
            if known is None:
                self._journal.forget()
            known = self._ledgers = recall(
                self.store, held, params=self.params, predictor=self._learnt(), now=now,
                prices=self._prices, hear=self._journal.hear,
            )  # fmt: skip
            fresh = news.since(self.store, None)
        known.turn(held)
        known.retry(self.engines.back)
        known.seen = fresh.head
        self._take_in(known, fresh.jobs, now)
        self._look(known, now)
        return self._decide(known, now)

    def _price(self, now: datetime) -> bool:
        """Whether other prices hold than at the last look."""
        wait = timedelta(seconds=self.engines.patience.probe_s)
        if self._ask_prices is None or now - self._priced < wait:
            return False
        before, self._priced = self._prices, now
        try:
            self._prices = self._ask_prices(now)
        except QianhangError:  # prices that nobody can read stop no job: the last ones hold
            _LOG.exception("prices could not be read")
        return before != self._prices

    def _learnt(self) -> Predictor:
        """Run times to expect, from the jobs that ended last."""
        if self._predictor is None:
            self._predictor = Predictor()
            for job, run_s in jobs.past(self.store):
                self._predictor.learn(job, run_s)
        return self._predictor

    # what came in

    def _take_in(self, ledgers: Ledgers, fresh: tuple[Kept, ...], now: datetime) -> None:
        """Jobs that came or were cancelled since the last look, and those that nothing can run."""
        parked = tuple(ledgers.parked.values()) if ledgers.room else ()
        ledgers.room = False
        refused: list[tuple[Kept, Refuse]] = []
        for kept in (*parked, *fresh):
            name = kept.job.id
            if name in ledgers.jobs:
                ledgers.jobs[name] = kept
            if kept.state != "queued" or kept.cancel or name in ledgers.queue.entries:
                continue
            found = ledgers.admit(kept, estimate=self._learnt().estimate(kept.job))
            if found is not None:
                refused.append((kept, found))
        cancelled = [kept.job.id for kept in fresh if kept.cancel]
        if refused or cancelled:
            with self._write() as tx:
                for kept, found in refused:
                    self._refuse(tx, ledgers, kept, found=found, now=now)
                for name in cancelled:
                    if jobs.drop(tx, name, at=now):
                        ledgers.forget(name)

    def _refuse(
        self, tx: Transaction, ledgers: Ledgers, kept: Kept, *, found: Refuse, now: datetime
    ) -> None:
        """No pool takes the job: refused, or failed where engines were asked in vain."""
        name = kept.job.id
        why = told(found)
        if name in ledgers.refused:
            why = {**kept.why, **why, "engines": sorted(ledgers.refused[name])}
            jobs.fail(tx, name, why, reason="engine_refused", at=now)
        else:
            jobs.refuse(tx, name, why, at=now)
        ledgers.forget(name)

    # what the engines tell

    def _look(self, ledgers: Ledgers, now: datetime) -> None:
        """What the engines tell of the attempts, written down."""
        found = self._watch.look(ledgers, now)
        ended = self._watch.fenced(ledgers)
        lost = [one for one in ledgers.live.values() if self._may_move(ledgers, one)]
        if not found and not ended and not lost:
            return
        with self._write() as tx:
            for attempt, answer in found:
                self._learn(tx, ledgers, attempt, answer=answer, now=now)
            for attempt, outcome in ended:
                attempts.settle(tx, attempt, outcome)
                ledgers.settled(attempt)
            for attempt in lost:
                if attempts.requeue(tx, attempt, "the pool is lost", at=now):
                    ledgers.bar(attempt, refused=False)
                    self._once_more(tx, ledgers, attempt, now=now)

    def _may_move(self, ledgers: Ledgers, attempt: Attempt) -> bool:
        kept = ledgers.jobs[attempt.job]
        return (
            self.engines.lost(attempt.pool)
            and kept.job.preemptible
            and not kept.cancel
            and ledgers.elsewhere(kept.job, attempt.pool)
        )

    def _learn(
        self, tx: Transaction, ledgers: Ledgers, attempt: Attempt, *, answer: Answer, now: datetime
    ) -> None:
        status = answer.status
        if answer.refusal:
            if attempts.requeue(tx, attempt, answer.refusal[:400], at=now, refused=True):
                ledgers.bar(attempt, refused=True)
                self._once_more(tx, ledgers, attempt, words=answer.refusal, now=now)
        elif status.outcome is not None:
            self._ended(tx, ledgers, attempt, outcome=status.outcome, now=now)
        else:
            state = _state(status, answer.ref)
            at = stamp(now) if state == "running" and not attempt.started else ""
            attempts.mark(tx, attempt, state, ref=answer.ref, at=at)
            ledgers.live[attempt.token] = replace(
                attempt, state=state, ref=answer.ref or attempt.ref, started=attempt.started or at
            )

    def _ended(
        self, tx: Transaction, ledgers: Ledgers, attempt: Attempt, *, outcome: Outcome,
        now: datetime,
    ) -> None:  # fmt: skip
        kept = ledgers.jobs[attempt.job]
        again = _again(kept, attempt, outcome)
        if attempts.close(tx, attempt, outcome, at=now, again=again) and again:
            self._once_more(tx, ledgers, attempt, now=now)
            return
        ledgers.leave(attempt, now)
        ledgers.forget(attempt.job)
        if outcome.ok:
            self._learnt().learn(kept.job, max(1.0, outcome.usage.wall_s))

    def _once_more(
        self, tx: Transaction, ledgers: Ledgers, attempt: Attempt, *, words: str = "",
        now: datetime,
    ) -> None:  # fmt: skip
        """The job waits again, if there is a pool for it."""
        kept = replace(ledgers.jobs[attempt.job], state="queued")
        if words:
            kept = replace(kept, why={**kept.why, attempt.pool: words[:400]})
        ledgers.leave(attempt, now)
        ledgers.jobs[attempt.job] = kept
        if kept.cancel:
            if jobs.drop(tx, attempt.job, at=now):
                ledgers.forget(attempt.job)
            return
        found = ledgers.admit(kept, estimate=self._learnt().estimate(kept.job))
        if found is not None:
            self._refuse(tx, ledgers, kept, found=found, now=now)

    # what is decided

    def _decide(self, ledgers: Ledgers, now: datetime) -> int:
        """How many tasks were handed to engines: written down first, all in one transaction."""
        found = ledgers.desk.decide(now.timestamp(), most=_AT_ONCE)
        if not found and not self._journal.long:
            return 0
        begun: list[Attempt] = []
        with self._write() as tx:
            self._journal.write(tx, at=now)
            for decision in found:
                self._note(tx, ledgers, decision, begun=begun, now=now)
        if not begun:
            return 0
        answers = self._watch.begin(ledgers, begun, now)
        with self._write() as tx:
            for attempt, answer in zip(begun, answers, strict=True):
                self._learn(tx, ledgers, attempt, answer=answer, now=now)
        return len(begun)

    def _note(
        self, tx: Transaction, ledgers: Ledgers, decision: Decision, *, begun: list[Attempt],
        now: datetime,
    ) -> None:  # fmt: skip
        if isinstance(decision, Start):
            attempt = self._begin(tx, ledgers, decision, now=now)
            if attempt is not None:
                ledgers.live[attempt.token] = attempt
                begun.append(attempt)
        elif isinstance(decision, Reserve):
            tx.append("compute.job.reserved", decision.job, payload=decision._asdict(), at=now)
        elif isinstance(decision, Preempt):
            by = datetime.fromtimestamp(decision.by, UTC)
            for attempt in [a for a in ledgers.live.values() if a.job == decision.job]:
                attempts.notify(tx, attempt, by, why=f"room for {decision.owner}", at=now)
                ledgers.live[attempt.token] = replace(attempt, leaving=stamp(by))

    def _begin(
        self, tx: Transaction, ledgers: Ledgers, start: Start, *, now: datetime
    ) -> Attempt | None:
        """The attempt; None where the job was cancelled in the meantime: its room is given back."""
        run = ledgers.run(start.job)
        others = _others(run.klass.options, run.estimate, start.waiting_fen_s) if run else {}
        attempt = attempts.begin(tx, start, others=others, at=now)
        if attempt is None:
            ledgers.desk.end(start.job, now.timestamp())
        return attempt

    @contextmanager
    def _write(self) -> Iterator[Transaction]:
        """A transaction that comes to nothing where another supervisor decides."""
        with self.store.write() as tx:
            lease.guard(tx, self._epoch)
            tx.take_turns()
            yield tx


def _others(ways: Sequence[Option], estimate: float, waiting_fen_s: float) -> dict[str, int]:
    """Pool -> the lowest sum of the terms there, fen."""
    found: dict[str, int] = {}
    for way in ways:
        fen = sum(way.cost(estimate / way.speed, waiting_fen_s))
        name = way.rack.pool.id
        found[name] = min(fen, found.get(name, fen))
    return found


def _again(kept: Kept, attempt: Attempt, outcome: Outcome) -> bool:
    """Whether the job goes on from its checkpoint: it was told to leave, or lost its machine.

    A machine that goes down may kill the task before its keeper, which then still tells so.
    """
    if kept.cancel or not kept.job.preemptible:
        return False
    if attempt.leaving and (outcome.reason == "cancelled" or outcome.code == _LEFT):
        return True
    killed = outcome.reason == "failed" and outcome.signal == signal.SIGKILL
    return (killed or outcome.reason in {"lost", "parent_died"}) and attempt.epoch < _EPOCHS


def _state(status: Status, ref: str) -> AttemptState:
    if status.knowledge != "known":
        return "unknown" if ref else "submitting"
    return "running" if status.phase == "running" else "submitted"
