"""A log through the policy on a virtual clock: the same `decide` that serves live."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import NamedTuple

from qianhang.compute.job import Job
from qianhang.compute.network import Network
from qianhang.compute.policy.decide import decide
from qianhang.compute.policy.decision import Decision, Preempt, Refuse, Start
from qianhang.compute.policy.entry import Entry, Klass
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.predict import Predictor
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.view import View
from qianhang.compute.simulate.trace import Traced

__all__ = ["Replay", "Run", "replay"]


class Run(NamedTuple):
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
        self.ends: list[tuple[float, int, Entry]] = []
        self.really: dict[str, float] = {}
        self.first: dict[str, float] = {}
        self.last: dict[str, float] = {}
        self.runs: list[tuple[Entry, float]] = []
        self.refused: list[Refuse] = []
        self.decisions = self.count = 0
        self.meet: Callable[[Job, Klass, float], None] | None = None

    def arrive(self, traced: Traced) -> None:
        job, run_s = traced
        self.really[job.id] = run_s
        view, queue = self.view, self.queue
        klass = view.klass(job, queue)
        if klass.options:
            found = self.predictor.estimate(job) if self.predictor else job.estimate_s
            queue.add(job, klass, found)
            if self.meet:
                self.meet(job, klass, found)
        else:
            self.refused.append(Refuse(job.id, view.refusals(job)))

    def leave(self, run: Entry, now: float) -> None:
        """The run ends: for good, or to go on elsewhere from its checkpoint."""
        job = run.job
        if run.leaving and self.view.running.get((job.id, run.number)) is not run:
            return
        self.view.end(run, self.queue, now)
        self.runs.append((run, now))
        if run.leaving and self._again(run, now):
            return
        self.last[job.id] = now
        if self.predictor:
            self.predictor.learn(job, self.really[job.id])

    def _again(self, run: Entry, now: float) -> bool:
        job, option = run.job, run.option
        done = max(0.0, now - run.since - option.data_s) * option.speed
        left = self.really[job.id] - done
        if left <= 1e-6:
            return False
        self.really[job.id] = left + job.checkpoint_s
        again = replace(job, estimate_s=max(job.estimate_s - done, 1.0), home=option.rack.pool.id)
        self.view.admit(again, self.queue)
        return True

    def settle(self, now: float, listen: Callable[[float, Decision], None] | None) -> None:
        view, queue, params = self.view, self.queue, self.params
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
                if type(decision) is Start:
                    self._start(decision, now)
                else:
                    self._carry_out(decision, now)

    def _start(self, decision: Start, now: float) -> None:
        run = self.view.start(decision, self.queue, now)
        name, option = decision.job, decision.option
        if name not in self.first:
            self.first[name] = now
        self.count += 1
        end = now + option.data_s + self.really[name] / option.speed
        heappush(self.ends, (end, self.count, run))

    def _carry_out(self, decision: Decision, now: float) -> None:
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
    arrive: Callable[[Job, Klass, float], None] | None = None,
) -> Replay:
    """The log's jobs, each decided when it was submitted or room came free.

    traced : by order of submission
    listen : told every decision with its moment, s of the log
    arrive : told every job that begins to wait, with its class and estimate
    """
    clock = _Clock(network, params, predictor)
    clock.meet = arrive
    collecting = gc.isenabled()
    gc.disable()  # the loop leaves no cycles, and a collection would walk the whole log each time
    began = time.process_time()
    try:
        _loop(clock, traced, listen)
    finally:
        cpu_s = time.process_time() - began
        if collecting:
            gc.enable()
    return _told(traced, clock, cpu_s)


def _loop(
    clock: _Clock, traced: Sequence[Traced], listen: Callable[[float, Decision], None] | None
) -> None:
    ends, queue = clock.ends, clock.queue
    dues, touched = queue.dues, queue.touched
    leave, arrive, settle = clock.leave, clock.arrive, clock.settle
    position, count, never = 0, len(traced), float("inf")
    next_at = traced[0].job.submitted if count else never
    while position < count or ends:
        now = ends[0][0] if ends and ends[0][0] < next_at else next_at
        while ends and ends[0][0] <= now:
            leave(heappop(ends)[2], now)
        while next_at <= now:
            arrive(traced[position])
            position += 1
            next_at = traced[position].job.submitted if position < count else never
        if (dues and dues[0][0] <= now) or queue.wake <= now:
            queue.tick(now)
        if touched or queue.review:
            settle(now, listen)


def _told(traced: Sequence[Traced], clock: _Clock, cpu_s: float) -> Replay:
    kept = tuple(one for one in traced if one.job.id in clock.last)
    waits = tuple(clock.first[one.job.id] - one.job.submitted for one in kept)
    ends = tuple(clock.last[one.job.id] for one in kept)
    runs = tuple(
        Run(run.job.id, run.rack.pool.id, run.rack.index, run.since, end, run.klass.total)
        for run, end in clock.runs
    )
    return Replay(kept, waits, ends, runs, tuple(clock.refused), clock.decisions, cpu_s)
