"""A schedule near the least cost, with a bound that no schedule can beat.

The relaxation of a tight formulation gives the bound and shows which units are in question.
Rounding and repair give a first schedule; binaries whose reduced cost exceeds the gap are fixed for
good; what is left is small enough for branch and cut.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

import numpy as np

from qianhang.core.errors import ContractError
from qianhang.engines import optimise
from qianhang.engines.optimise import Program, Solution
from qianhang.packs.energy.unit_commitment import merit
from qianhang.packs.energy.unit_commitment.dispatch import dispatch
from qianhang.packs.energy.unit_commitment.formulation import Formulation
from qianhang.packs.energy.unit_commitment.system import Array, Chosen, System

__all__ = ["Answer", "search"]

_THRESHOLDS = (0.5, 0.25, 0.05)
_WIDTHS = (3, 5)  # hours around a doubtful one that are freed with it


@dataclass(frozen=True, slots=True)
class Answer:
    """The best commitment (units, hours), its dispatch, and the bound, USD.

    steps : what was tried in order, with the best cost and bound after it, and CPU seconds
    """

    on: Array
    best: Solution
    bound: float
    steps: tuple[dict[str, float | str], ...]

    @property
    def gap(self) -> float:
        """(cost - bound) / cost."""
        return max(0.0, self.best.cost - self.bound) / max(abs(self.best.cost), 1e-9)


@dataclass(slots=True)
class _Clock:
    """CPU time left, and how long the wall clock takes for it on this machine just now."""

    budget_s: float
    cpu: float = field(default_factory=time.process_time)
    wall: float = field(default_factory=time.perf_counter)

    @property
    def spent(self) -> float:
        return time.process_time() - self.cpu

    @property
    def left(self) -> float:
        return self.budget_s - self.spent

    def walls(self, cpu_s: float) -> float:
        """Wall seconds in which about cpu_s of CPU time pass."""
        pace = (time.perf_counter() - self.wall) / max(self.spent, 1e-3)
        return max(1.0, cpu_s * float(np.clip(pace, 1.0, 10.0)))


@dataclass(slots=True)
class _Search:
    form: Formulation
    system: System
    target: float
    clock: _Clock
    relaxed: Solution
    bound: float
    on: Array | None = None
    best: Solution | None = None
    steps: list[dict[str, float | str]] = field(default_factory=list)

    def gap(self) -> float:
        """Relative gap so far."""
        if self.best is None:
            return np.inf
        return (self.best.cost - self.bound) / max(abs(self.best.cost), 1e-9)

    def done(self) -> bool:
        """Whether the gap is small enough, or the time nearly used up."""
        return self.gap() <= self.target or self.clock.left < 0.03 * self.clock.budget_s

    def offer(self, on: Array, name: str, found: Solution | None = None) -> None:
        """Keeps the commitment where its dispatch is the cheapest so far."""
        result = found if found is not None else dispatch(self.form, self.system, on)
        if result.found and (self.best is None or result.cost < self.best.cost):
            self.on, self.best = on, result
        self.note(name)

    def note(self, name: str) -> None:
        """One line of the log."""
        cost = np.nan if self.best is None else self.best.cost
        spent = self.clock.spent
        self.steps.append(
            {"step": name, "cost": cost, "bound": self.bound, "gap": self.gap(), "cpu_s": spent}
        )


def search(form: Formulation, system: System, *, target: float, budget_s: float) -> Answer:
    """The best schedule found in about `budget_s` of CPU time, or sooner within the target gap.

    Raises ContractError where no schedule can serve demand and reserve.
    """
    clock = _Clock(budget_s)
    relaxed = optimise.solve(replace(form.program, integer=None), time_limit_s=3600.0)
    if not relaxed.found:
        raise ContractError(
            "QH141",
            "demand or reserve cannot be met by these units, not even by fractions of them",
            hint="compare demand and reserves with power_output_maximum, mw_t0 with ramps",
        )
    state = _Search(form, system, target, clock, relaxed, relaxed.bound)
    state.note("relaxation")
    for step in (_round, _polish, _whole):
        step(state)
        if state.done():
            break
    if state.on is None or state.best is None:
        on, found = merit.commit(form, system, merit.by_cost(system))
        state.offer(on, "merit order", found)
    if state.on is None or state.best is None:
        raise ContractError(
            "QH141",
            "no schedule was found that serves demand and reserve in every hour",
            hint="give more time with --param budget_s, or check ramp and minimum-time limits",
        )
    return Answer(state.on, state.best, min(state.bound, state.best.cost), tuple(state.steps))


def _round(state: _Search) -> None:
    """Units that the relaxation runs beyond a threshold, repaired by the next best ones."""
    shares = state.relaxed.x[np.array([p.on for p in state.form.units])]
    order = merit.by_cost(state.system)
    tried: set[bytes] = set()
    for threshold in _THRESHOLDS:
        on = (shares >= threshold).astype(float)
        on, found = merit.repair(state.form, state.system, order, on)
        if on.tobytes() not in tried:
            tried.add(on.tobytes())
            state.offer(on, f"rounded at {threshold:g}", found)
        if state.done():
            return


def _polish(state: _Search) -> None:
    """Free where relaxation and best schedule disagree, and around it, until that helps no more."""
    shares = state.relaxed.x[np.array([p.on for p in state.form.units])]
    for width in _WIDTHS:
        while state.on is not None and state.best is not None and not state.done():
            before, doubt = state.best.cost, np.abs(shares - state.on) > 1e-6
            _branch(state, _spread(doubt, width), 0.06, f"within {width} h of doubt")
            if state.best.cost > before * (1 - 1e-4):
                break


def _spread(doubt: Chosen, width: int) -> Chosen:
    """Hours within `width` of a doubtful one of the same unit."""
    out = doubt.copy()
    for shift in range(1, width + 1):
        out[:, shift:] |= doubt[:, :-shift]
        out[:, :-shift] |= doubt[:, shift:]
    return out


def _whole(state: _Search) -> None:
    """All that reduced costs leave open, from the best schedule on; the bound rises as well."""
    if state.best is None:
        return
    found = optimise.solve_from(
        _priced_out(state), state.best.x, cpu_s=0.95 * state.clock.left, gap=0.85 * state.target
    )
    if np.isfinite(found.bound):
        state.bound = max(state.bound, min(found.bound, state.best.cost))
    _take(state, found, "whole")


def _branch(state: _Search, free: Chosen, share: float, name: str) -> None:
    """Branch and cut over the free hours."""
    program = _held(state, _priced_out(state), free)
    limit = state.clock.walls(max(1.0, share * state.clock.left))
    _take(state, optimise.solve(program, time_limit_s=limit, gap=0.85 * state.target), name)


def _take(state: _Search, found: Solution, name: str) -> None:
    if found.found:
        state.offer(np.round(found.x[np.array([p.on for p in state.form.units])]), name)
    else:
        state.note(name)


def _held(state: _Search, program: Program, free: Chosen) -> Program:
    """The program with `on` as in the best schedule wherever it is not free."""
    low, high = program.low.copy(), program.high.copy()
    place = np.array([p.on for p in state.form.units])[~free]
    if state.on is not None:
        value = state.on[~free]
        low[place], high[place] = np.maximum(low[place], value), np.minimum(high[place], value)
        high[place] = np.maximum(high[place], low[place])
    return replace(program, low=low, high=high)


def _priced_out(state: _Search) -> Program:
    """The program without binaries that would cost more than the best schedule already does."""
    program = state.form.program
    if state.best is None or program.integer is None:
        return program
    room = state.best.cost - state.relaxed.bound
    x, price = state.relaxed.x, state.relaxed.reduced
    never = program.integer & (price > room) & (x < program.low + 1e-6)
    always = program.integer & (price < -room) & (x > program.high - 1e-6)
    low, high = program.low.copy(), program.high.copy()
    high[never] = low[never]
    low[always] = high[always]
    return replace(program, low=low, high=high)
