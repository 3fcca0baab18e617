"""Linear cost under smooth requirements, by a sequence of linear programs."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from qianhang.engines.optimise.elastic import elastic
from qianhang.engines.optimise.linear import Array, Program, Solution, Status, solve

__all__ = ["Smooth", "linearise", "sequential"]


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
    problem: Smooth, start: Array, *, rounds: int = 30, tolerance: float = 1e-7
) -> tuple[Solution, Program, int]:
    """A solution that is optimal for its own linearisation, that program, and the rounds taken.

    start : (n,) any point. Status is infeasible where no round could meet every requirement,
    feasible where the rounds ran out, optimal once x stands still. Duals are per unit of the
    requirement. The bound is that of the last linear program: local, not global.
    """
    began = time.perf_counter()
    x = np.clip(start, problem.low, problem.high)
    radius = np.maximum(problem.high - problem.low, 1e-9)
    step = np.inf
    for done in range(1, rounds + 1):
        program = linearise(problem, x)
        best = solve(_near(program, x, radius))
        target = best.x if best.found else _least_broken(_near(program, x, radius))
        step = float(np.max(np.abs(target - x) / np.maximum(1.0, np.abs(x))))
        x = target
        if step < tolerance:
            break
        if done >= 6:  # what has not settled by now swings between corners
            radius = radius * 0.5
    broken = float(np.min(problem.balance(x[:, None])[:, 0] / problem.scale))
    status: Status = best.status
    if not best.found:
        best = replace(best, x=x)
    elif broken < -1e-6 or step >= tolerance:
        status = "feasible" if broken >= -1e-6 else "infeasible"
    duals = best.duals / problem.scale
    seconds = time.perf_counter() - began
    return replace(best, status=status, duals=duals, seconds=seconds), program, done


def _near(program: Program, x: Array, radius: Array) -> Program:
    return replace(
        program,
        low=np.maximum(program.low, x - radius),
        high=np.minimum(program.high, x + radius),
    )


def _least_broken(program: Program) -> Array:
    best = solve(elastic(program, np.ones(len(program.row_low))))
    return best.x[: len(program.cost)]
