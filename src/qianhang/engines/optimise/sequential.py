"""Linear cost under smooth requirements, by a sequence of linear programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from qianhang.engines.optimise.linear import (
    Array,
    Program,
    Solution,
    Status,
    identity,
    solve,
    stacked,
)

__all__ = ["Smooth", "linearise", "sequential"]

_FULL_STEPS = 8


@dataclass(frozen=True, slots=True)
class Smooth:
    """Least cost @ x with balance(x) >= 0 and low <= x <= high.

    cost, low, high : (n,); balance : (n, k) points -> (m, k), smooth near the answer
    scale : (m,) size of each requirement, above zero
    """

    cost: Array
    balance: Callable[[Array], Array]
    low: Array
    high: Array
    scale: Array


def linearise(problem: Smooth, x: Array, *, step: float = 1e-5) -> Program:
    """The linear program that stands for `problem` around x; rows are in units of their scale."""
    n = len(x)
    moves = step * np.maximum(1.0, np.abs(x))
    points = np.column_stack([x, x[:, None] + np.diag(moves)])
    values = problem.balance(points) / problem.scale[:, None]
    slope = (values[:, 1:] - values[:, :1]) / moves
    if slope.shape[1] != n:
        raise ValueError("balance must give one column for each point")
    need = slope @ x - values[:, 0]
    return Program(problem.cost, slope, need, np.full(len(need), np.inf), problem.low, problem.high)


def sequential(
    problem: Smooth, start: Array, *, rounds: int = 60, tolerance: float = 1e-7
) -> tuple[Solution, Program, int]:
    """A solution that no linearisation can better, the last linear program, and the rounds taken.

    start : (n,) any point. Status is optimal, or infeasible where x, the least broken point found,
    fails a requirement by more than 1e-6 of its scale. Duals are per unit of the requirement; the
    bound is that of the last linear program, hence local.
    Full steps first, which end in a few rounds where the answer is a corner; where they do not
    settle, the exact-penalty trust region of Fletcher and Sainz de la Maza (1989).
    """
    began = time.perf_counter()
    x, best, program, done = _full_steps(problem, np.clip(start, problem.low, problem.high))
    if done > _FULL_STEPS:
        weight = 10 * float(np.max(np.abs(best.duals), initial=1e-6))
        x, best, program, more = _trust(problem, x, weight, (rounds - done, tolerance))
        done += more
    return _answer(problem, x, best, time.perf_counter() - began), program, done


def _full_steps(problem: Smooth, x: Array) -> tuple[Array, Solution, Program, int]:
    """As `_trust`, without any trust: rounds above the limit where x has not come to rest."""
    weight = 100 * max(1.0, float(np.abs(problem.cost) @ np.abs(x)))
    done, moved = 0, np.inf
    while moved >= 1e-7 and done <= _FULL_STEPS:
        program = linearise(problem, x)
        best = solve(_penalised(program, weight))
        before, x = x, np.clip(best.x[: len(x)], problem.low, problem.high)
        moved = float(np.max(np.abs(x - before) / np.maximum(1.0, np.abs(x)), initial=0.0))
        done += 1
    return x, best, program, done


def _trust(
    problem: Smooth, x: Array, weight: float, until: tuple[int, float]
) -> tuple[Array, Solution, Program, int]:
    """Point, last linear program's solution, that program, rounds; every step lowers the merit."""
    rounds, tolerance = until
    radius = float(np.max(problem.high - problem.low, initial=1e-9))
    merit, program, used = _merit(problem, x, weight), linearise(problem, x), 0
    while True:
        used += 1
        best = solve(_penalised(_near(program, x, radius), weight))
        target = np.clip(best.x[: len(x)], problem.low, problem.high)
        foreseen, moved = merit - best.cost, float(np.max(np.abs(target - x), initial=0.0))
        if foreseen <= tolerance * max(1.0, abs(merit)) or used >= rounds:
            return x, best, program, used
        reached = _merit(problem, target, weight)
        share = (merit - reached) / foreseen
        if share > 0.1:
            x, merit, program = target, reached, linearise(problem, target)
        radius = 2 * radius if share > 0.75 else radius if share > 0.1 else 0.3 * min(radius, moved)


def _answer(problem: Smooth, x: Array, best: Solution, seconds: float) -> Solution:
    short = float(np.min(problem.balance(x[:, None])[:, 0] / problem.scale, initial=0.0))
    cost = float(problem.cost @ x)
    bound = min(best.cost, cost)
    gap = (cost - bound) / max(abs(cost), 1e-9)
    status: Status = "optimal" if short >= -1e-6 else "infeasible"
    duals, reduced = best.duals / problem.scale, best.reduced[: len(x)]
    return Solution(x, cost, bound, gap, duals, reduced, status, seconds)


def _merit(problem: Smooth, x: Array, weight: float) -> float:
    """Cost plus weight for each scaled unit that a requirement is short of."""
    balance = problem.balance(x[:, None])[:, 0] / problem.scale
    return float(problem.cost @ x + weight * np.maximum(-balance, 0).sum())


def _near(program: Program, x: Array, radius: float) -> Program:
    low, high = np.maximum(program.low, x - radius), np.minimum(program.high, x + radius)
    return replace(program, low=low, high=high)


def _penalised(program: Program, weight: float) -> Program:
    """The program in which every row may fall short at its price."""
    m = len(program.row_low)
    return Program(
        cost=np.concatenate([program.cost, np.full(m, weight)]),
        matrix=stacked([program.matrix, identity(m, like=program.matrix)], across=True),
        row_low=program.row_low,
        row_high=program.row_high,
        low=np.concatenate([program.low, np.zeros(m)]),
        high=np.concatenate([program.high, np.full(m, np.inf)]),
    )
