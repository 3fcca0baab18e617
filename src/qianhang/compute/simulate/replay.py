"""A log through the policy on a virtual clock: the same `decide` that serves live."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush

from qianhang.compute.network import Network
from qianhang.compute.policy.decide import decide
from qianhang.compute.policy.decision import Decision, Preempt, Refuse, Start
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.predict import Predictor
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.rack import Running
from qianhang.compute.policy.view import View
from qianhang.compute.simulate.trace import Traced

__all__ = ["Replay", "Run", "replay"]


@dataclass(frozen=True, slots=True)
class Run:
    """One stay of a job in a pool. Times are seconds of the log."""

    job: str
    pool: str
    rack: int
    start: float
    end: float
    chips: float


@dataclass(frozen=True, slots=True)
class Replay:
    """What a replay left: waits of the jobs in order of submission, and every stay.

    waits : s until the first start; ends : end of each, s of the log
    refused : decisions on jobs that no pool ever takes
    cpu_s : CPU of the loop; decisions : how many were made
    """

    jobs: tuple[Traced, ...]
    waits: tuple[float, ...]
    ends: tuple[float, ...]
    runs: tuple[Run, ...]
    refused: tuple[Refuse, ...]
    decisions: int
    cpu_s: float


class _Clock:
    """The state of one replay: the ledgers, ends to come, what became of each job."""

    def __init__(self, network: Network, params: Params, predictor: Predictor | None) -> None:
        self.params, self.predictor = params, predictor
        self.view, self.queue = View(network, params), Queue(params)
        self.ends: list[tuple[float, int, Running]] = []
        self.really: dict[str, float] = {}
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.runs: list[Run] = []
        self.refused: list[Refuse] = []
        self.decisions = self.count = 0

    def arrive(self, traced: Traced, now: float) -> None:
        job, run_s = traced
        self.really[job.id] = run_s
        estimate = self.predictor.estimate(job) if self.predictor else 0.0
        found = self.view.admit(job, self.queue, now=now, estimate=estimate)
        if found is not None:
            self.refused.append(found)

    def leave(self, run: Running, now: float) -> None:
        """The run ends: for good, or to go on elsewhere from its checkpoint."""
        job, view = run.entry.job, self.view
        if view.running.get((job.id, run.number)) is not run:
            return
        view.end(job.id, self.queue, now=now, part=run.number)
        rack = run.rack
        self.runs.append(Run(job.id, rack.pool.id, rack.index, run.since, now, run.total))
        option = next(o for o in run.entry.klass.options if o.rack is rack)
        done = max(0.0, now - run.since - option.data_s) * option.speed
        left = self.really[job.id] - done
        if left > 1e-6:
            left += job.checkpoint_s
            self.really[job.id] = left
            again = replace(job, estimate_s=max(job.estimate_s - done, 1.0), home=rack.pool.id)
            view.admit(again, self.queue, now=now)
            return
        self.last[job.id] = now
        if self.predictor:
            self.predictor.learn(job, self.really[job.id])

    def settle(self, now: float, listen: Callable[[float, Decision], None] | None) -> None:
        view, queue, params = self.view, self.queue, self.params
        dues = queue.dues
        if dues and dues[0][0] <= now:
            queue.tick(now)
        while queue.touched or queue.review:
            found = decide(view, queue, now, params)
            if not found:
                queue.touched.clear()
                queue.review = False
                return
            for decision in found:
                self.decisions += 1
                if listen:
                    listen(now, decision)
                self._carry_out(decision, now)

    def _carry_out(self, decision: Decision, now: float) -> None:
        if type(decision) is Start:
            run = self.view.start(decision, self.queue, now)
            job = decision.job
            end = now + decision.run_s * self.really[job] / run.entry.estimate
            if job not in self.first:
                self.first[job] = now
            self.count += 1
            heappush(self.ends, (end, self.count, run))
            return
        self.view.carry_out(decision, self.queue, now)
        if isinstance(decision, Preempt):
            self.count += 1
            run = self.view.running[decision.job, decision.part]
            heappush(self.ends, (decision.by, self.count, run))


def replay(
    traced: Sequence[Traced],
    network: Network,
    *,
    params: Params,
    predictor: Predictor | None = None,
    listen: Callable[[float, Decision], None] | None = None,
) -> Replay:
    """The log's jobs, each decided when it was submitted or room came free.

    traced : by order of submission
    listen : told every decision with its moment, s of the log
    """
    began = time.process_time()
    clock = _Clock(network, params, predictor)
    ends, position, count = clock.ends, 0, len(traced)
    while position < count or ends:
        now = ends[0][0] if ends else traced[position].job.submitted
        if position < count and traced[position].job.submitted < now:
            now = traced[position].job.submitted
        while ends and ends[0][0] <= now:
            clock.leave(heappop(ends)[2], now)
        while position < count and traced[position].job.submitted <= now:
            clock.arrive(traced[position], now)
            position += 1
        clock.settle(now, listen)
    return _told(traced, clock, time.process_time() - began)


def _told(traced: Sequence[Traced], clock: _Clock, cpu_s: float) -> Replay:
    kept = tuple(one for one in traced if one.job.id in clock.last)
    waits = tuple(clock.first[one.job.id] - one.job.submitted for one in kept)
    ends = tuple(clock.last[one.job.id] for one in kept)
    return Replay(
        kept, waits, ends, tuple(clock.runs), tuple(clock.refused), clock.decisions, cpu_s
    )
