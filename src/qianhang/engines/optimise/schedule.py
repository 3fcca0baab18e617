"""Job shops through CP-SAT, always with a greedy timetable as hint, bound and gap."""

from __future__ import annotations

import time
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qianhang.core.errors import MissingExtra

__all__ = ["JobShop", "Timetable", "dispatch", "schedule"]

Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class JobShop:
    """Jobs whose operations run in order, each on its machine, one at a time.

    machine, duration : (jobs, operations), machines numbered from 0, whole time units
    """

    machine: Whole
    duration: Whole

    def __post_init__(self) -> None:
        if self.machine.shape != self.duration.shape or self.machine.ndim != 2:
            raise ValueError("machine and duration must have one shape (jobs, operations)")
        if (self.duration < 0).any() or (self.machine < 0).any():
            raise ValueError("machines and durations must not be negative")


@dataclass(frozen=True, slots=True)
class Timetable:
    """start : (jobs, operations); makespan and bound in time units; gap 0 where proven optimal."""

    start: Whole
    makespan: int
    bound: float
    gap: float
    seconds: float


def dispatch(shop: JobShop) -> Timetable:
    """The greedy timetable: whenever a machine is free, the job with most work left goes first."""
    began = time.perf_counter()
    jobs, operations = shop.duration.shape
    start = np.zeros_like(shop.duration)
    ready = np.zeros(jobs, dtype=np.int64)
    free = np.zeros(int(shop.machine.max(initial=0)) + 1, dtype=np.int64)
    at = np.zeros(jobs, dtype=np.int64)
    for _ in range(jobs * operations):
        open_jobs = np.flatnonzero(at < operations)
        first = [max(ready[j], free[shop.machine[j, at[j]]]) for j in open_jobs]
        left = [-shop.duration[j, at[j] :].sum() for j in open_jobs]
        job = open_jobs[np.lexsort((left, first))[0]]
        k = at[job]
        begin = max(ready[job], free[shop.machine[job, k]])
        start[job, k] = begin
        ready[job] = free[shop.machine[job, k]] = begin + shop.duration[job, k]
        at[job] += 1
    makespan = int(ready.max(initial=0))
    bound = _least(shop)
    gap = (makespan - bound) / max(makespan, 1)
    return Timetable(start, makespan, bound, gap, time.perf_counter() - began)


def schedule(shop: JobShop, *, seed: int, time_limit_s: float = 10.0) -> Timetable:
    """The shortest timetable found in time, never longer than `dispatch` gives.

    Raises MissingExtra where OR-tools is not installed.
    """
    try:
        from ortools.sat.python import cp_model
    except ImportError:
        hint = 'pip install "qianhang[schedule]"'
        raise MissingExtra("QH810", "schedules need OR-tools", hint=hint) from None
    greedy = dispatch(shop)
    model, begins = _model(cp_model, shop, greedy)
    solver: Any = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = time_limit_s
    solver.parameters.num_workers = 1  # several would make the answer depend on timing
    solver.parameters.random_seed = seed
    status = solver.solve(model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return greedy
    start = np.vectorize(solver.value, otypes=[np.int64])(begins)
    makespan = int((start + shop.duration).max(initial=0))
    bound = float(solver.best_objective_bound)
    gap = (makespan - bound) / max(makespan, 1)
    return Timetable(start, makespan, bound, gap, greedy.seconds + float(solver.wall_time))


def _model(cp: ModuleType, shop: JobShop, greedy: Timetable) -> tuple[Any, NDArray[Any]]:
    model = cp.CpModel()
    end = model.new_int_var(0, greedy.makespan, "end")
    begins = np.empty(shop.duration.shape, dtype=object)
    machines: dict[int, list[Any]] = {}
    for (j, k), length in np.ndenumerate(shop.duration):
        begin = model.new_int_var(0, greedy.makespan, "")
        model.add_hint(begin, int(greedy.start[j, k]))
        begins[j, k] = begin
        interval = model.new_fixed_size_interval_var(begin, int(length), "")
        machines.setdefault(int(shop.machine[j, k]), []).append(interval)
        if k:
            model.add(begin >= begins[j, k - 1] + int(shop.duration[j, k - 1]))
        model.add(end >= begin + int(length))
    for intervals in machines.values():
        model.add_no_overlap(intervals)
    model.add_hint(end, greedy.makespan)
    model.minimize(end)
    return model, begins


def _least(shop: JobShop) -> float:
    """No timetable is shorter than its longest job or its busiest machine."""
    longest = shop.duration.sum(axis=1).max(initial=0)
    busy = np.bincount(shop.machine.ravel(), weights=shop.duration.ravel()).max(initial=0)
    return float(max(longest, busy))
