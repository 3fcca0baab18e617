"""A log through the policy on a virtual clock: the same `decide` that serves live."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from typing import NamedTuple

import numpy as np

from qianhang.compute.job import Job
from qianhang.compute.network import Network
from qianhang.compute.policy.decide import at_once, decide
from qianhang.compute.policy.decision import Decision, Preempt, Refuse, Start
from qianhang.compute.policy.entry import Entry, Klass
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.predict import Kind, Predictor
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
    names, racks : ids of all jobs; (pool, index of the stock) of each rack
    stays : (n, 5) by time of end: place of the job in `names` and of the rack in `racks`, start and
        end, s of the log, chips
    refused : decisions on jobs that no pool ever takes
    cpu_s : CPU of the loop; decisions : how many were made
    """

    jobs: tuple[Traced, ...]
    waits: tuple[float, ...]
    ends: tuple[float, ...]
    names: tuple[str, ...]
    racks: tuple[tuple[str, int], ...]
    stays: np.ndarray
    refused: tuple[Refuse, ...]
    decisions: int
    cpu_s: float

    @property
    def runs(self) -> tuple[Run, ...]:
        """Every stay by time of its end."""
        names, racks = self.names, self.racks
        return tuple(
            Run(names[int(job)], *racks[int(rack)], start, end, chips)
            for job, rack, start, end, chips in self.stays.tolist()
        )


class _Clock:
    """The state of one replay: the ledgers, ends to come, what became of each job by its place."""

    def __init__(
        self, traced: Sequence[Traced], network: Network, params: Params,
        predictor: Predictor | None,
    ) -> None:  # fmt: skip
        self.traced, self.params, self.predictor = traced, params, predictor
        self.view, self.queue = View(network, params), Queue(params)
        self.ends: list[tuple[float, int, Entry]] = []
        self.really = [one.run_s for one in traced]
        self.first: list[float | None] = [None] * len(traced)
        self.last: list[float | None] = [None] * len(traced)
        self.kinds: list[Kind | None] = [None] * len(traced)
        self.place = {rack: at for at, rack in enumerate(self.view.racks)}
        self.stays: list[tuple[int, int, float, float, int]] = []
        self.refused: list[Refuse] = []
        self.others = self.count = 0
        self.listen: Callable[[float, Decision], None] | None = None
        self.meet: Callable[[Job, Klass, float], None] | None = None

    def arrive(self, place: int) -> None:
        job = self.traced[place].job
        queue, klass = self.queue, self.view.klass(job, self.queue)
        if klass.options:
            found = self._estimate(place, job)
            queue.add(job, klass, found).mark = place
            if self.meet:
                self.meet(job, klass, found)
        else:
            self.refused.append(Refuse(job.id, self.view.refusals(job)))

    def arrive_alone(self, place: int, now: float) -> bool:
        """Whether the job, the only one of this moment, starts at once."""
        job = self.traced[place].job
        view, queue, params = self.view, self.queue, self.params
        klass = view.klass(job, queue)
        if not klass.options or klass.waiting:
            return False
        entry = Entry(job, klass, self._estimate(place, job), now)
        found = at_once(entry, view, queue, now=now, params=params)
        if found is None:
            return False
        entry.mark = place
        if self.meet:
            self.meet(job, klass, entry.estimate)
        if self.listen:
            self.listen(now, found)
        view.start_at_once(found, entry, queue, now)
        self._begun(entry, now)
        return True

    def _estimate(self, place: int, job: Job) -> float:
        if self.predictor is None:
            return job.estimate_s
        kind = self.kinds[place] = self.predictor.kind(job)
        return self.predictor.foretell(kind, job.estimate_s)

    def _begun(self, run: Entry, now: float) -> None:
        """The run is under way: what it really takes is known here, and nowhere else."""
        mark, option = run.mark, run.option
        if self.first[mark] is None:
            self.first[mark] = now
        self.count += 1
        end = now + option.data_s + self.really[mark] / option.speed
        heappush(self.ends, (end, self.count, run))

    def leave(self, run: Entry, now: float) -> None:
        """The run ends: for good, or to go on elsewhere from its checkpoint."""
        if run.leaving and self.view.running.get((run.job.id, run.number)) is not run:
            return
        self.view.end(run, self.queue, now)
        mark = run.mark
        place = self.place[run.option.rack]
        self.stays.append((mark, place, run.since, now, run.klass.total))
        if run.leaving and self._again(run, now):
            return
        self.last[mark] = now
        kind = self.kinds[mark]
        if kind is not None:
            kind.note(self.really[mark], run.job.estimate_s)

    def _again(self, run: Entry, now: float) -> bool:
        job, option = run.job, run.option
        done = max(0.0, now - run.since - option.data_s) * option.speed
        left = self.really[run.mark] - done
        if left <= 1e-6:
            return False
        self.really[run.mark] = left + job.checkpoint_s
        again = replace(job, estimate_s=max(job.estimate_s - done, 1.0), home=option.rack.pool.id)
        if self.predictor:
            self.kinds[run.mark] = self.predictor.kind(again)
        if self.view.admit(again, self.queue) is None:
            self.queue.entries[job.id].mark = run.mark
        return True

    def settle(self, now: float) -> None:
        view, queue, params, listen = self.view, self.queue, self.params, self.listen
        touched, start, begun = queue.touched, view.start, self._begun
        while touched or queue.review:
            found = decide(view, queue, now, params)
            if not found:
                view.rest(queue, now)
                return
            for decision in found:
                if listen:
                    listen(now, decision)
                if type(decision) is Start:
                    begun(start(decision, queue, now), now)
                else:
                    self._carry_out(decision, now)

    def _carry_out(self, decision: Decision, now: float) -> None:
        self.view.carry_out(decision, self.queue, now)
        if isinstance(decision, Preempt):
            self.count += 1
            run = self.view.running[decision.job, decision.part]
            heappush(self.ends, (decision.by, self.count, run))
        else:
            self.others += 1


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
    clock = _Clock(traced, network, params, predictor)
    clock.listen, clock.meet = listen, arrive
    collecting = gc.isenabled()
    gc.disable()  # the loop leaves no cycles, and a collection would walk the whole log each time
    began = time.process_time()
    try:
        _loop(clock)
        cpu_s = time.process_time() - began
        return _told(clock, cpu_s)
    finally:
        if collecting:
            gc.enable()


def _loop(clock: _Clock) -> None:
    ends, queue, never = clock.ends, clock.queue, float("inf")
    dues, turns, touched = queue.dues, queue.turns, queue.touched
    leave, arrive, alone, settle = clock.leave, clock.arrive, clock.arrive_alone, clock.settle
    params = clock.params
    young = min(params.reserve_after_s, params.hard_after_s, params.pinned_after_s) > 0.0
    moments = [one.job.submitted for one in clock.traced]
    count, place = len(moments), 0
    moments.append(never)
    next_at = moments[0]
    while place < count or ends:
        now = ends[0][0] if ends and ends[0][0] < next_at else next_at
        while ends and ends[0][0] <= now:
            leave(heappop(ends)[2], now)
        due = (
            (turns and turns[0][0] <= now)
            or (dues and dues[0][0] <= now)
            or (queue.wake <= now or queue.again <= now)
        )
        if next_at <= now < moments[place + 1] and young and not (due or touched or queue.review):
            if not alone(place, now):
                arrive(place)
            place += 1
            next_at = moments[place]
        while next_at <= now:
            arrive(place)
            place += 1
            next_at = moments[place]
        if due or (turns and turns[0][0] <= now) or (dues and dues[0][0] <= now):
            queue.tick(now)
        if touched or queue.review:
            settle(now)


def _told(clock: _Clock, cpu_s: float) -> Replay:
    kept = [
        (one, first, last)
        for one, first, last in zip(clock.traced, clock.first, clock.last, strict=True)
        if first is not None and last is not None
    ]
    return Replay(
        jobs=tuple(one for one, _, _ in kept),
        waits=tuple(first - one.job.submitted for one, first, _ in kept),
        ends=tuple(last for _, _, last in kept),
        names=tuple(one.job.id for one in clock.traced),
        racks=tuple((rack.pool.id, rack.index) for rack in clock.place),
        stays=np.array(clock.stays, dtype=np.float64).reshape(-1, 5),
        refused=tuple(clock.refused),
        decisions=clock.count + clock.others,
        cpu_s=cpu_s,
    )
