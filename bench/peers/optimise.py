"""Programs beside scipy's HiGHS, timetables beside OR-tools."""

from __future__ import annotations

from typing import Any

import numpy as np

from qianhang.engines import optimise
from timing import Pair


def pairs(size: float = 1.0) -> list[Pair]:
    """The same program, the same answer."""
    found = [_linear(size), _mixed(size)]
    try:
        return [*found, _schedule(size)]
    except ImportError:
        return found


def _linear(size: float) -> Pair:
    from scipy.optimize import linprog

    rng = np.random.default_rng(0)
    m, n = int(150 * size) + 3, int(250 * size) + 5
    matrix, cost = rng.uniform(size=(m, n)), rng.uniform(1, 2, n)
    need, free, low = rng.uniform(5, 9, m), np.full(m, np.inf), np.zeros(n)
    program = optimise.Program(cost, matrix, need, free, low, np.full(n, 10.0))
    return Pair("optimise", "solve, linear", "scipy.optimize.linprog",
                lambda: optimise.solve(program).x,
                lambda: linprog(cost, A_ub=-matrix, b_ub=-need, bounds=(0, 10), method="highs").x,
                1e-7, repeats=8)  # fmt: skip


def _mixed(size: float) -> Pair:
    from scipy.optimize import Bounds, LinearConstraint, milp

    rng = np.random.default_rng(1)
    m, n = 6, int(30 * size) + 8
    matrix, worth = rng.integers(1, 40, (m, n)).astype(float), rng.integers(1, 40, n).astype(float)
    room = np.floor(matrix.sum(axis=1) / 3)
    none, low, high = np.full(m, -np.inf), np.zeros(n), np.ones(n)
    whole = np.ones(n, dtype=bool)
    program = optimise.Program(-worth, matrix, none, room, low, high, whole)

    def theirs() -> Any:
        limit = LinearConstraint(matrix, none, room)
        options = {"mip_rel_gap": 0.0}
        return milp(-worth, integrality=whole, bounds=Bounds(low, high), constraints=limit,
                    options=options).fun  # fmt: skip

    return Pair("optimise", "solve, mixed-integer", "scipy.optimize.milp",
                lambda: optimise.solve(program).cost, theirs, repeats=4,
                why="one linear program more, for shadow prices with the integers fixed"
                )  # fmt: skip


def _schedule(size: float) -> Pair:
    """Random job shop; without our greedy hint the library searches on its own."""
    from ortools.sat.python import cp_model

    rng = np.random.default_rng(2)
    jobs = max(int(8 * size), 3)
    machine = np.array([rng.permutation(jobs) for _ in range(jobs)])
    length = rng.integers(1, 30, (jobs, jobs))
    shop = optimise.JobShop(machine, length)

    def theirs() -> Any:
        model, most = cp_model.CpModel(), int(length.sum())
        begin = [[model.new_int_var(0, most, "") for _ in row] for row in length]
        end = model.new_int_var(0, most, "")
        for j, row in enumerate(length):
            for k in range(1, jobs):
                model.add(begin[j][k] >= begin[j][k - 1] + int(row[k - 1]))
            model.add(end >= begin[j][-1] + int(row[-1]))
        for number in range(jobs):
            model.add_no_overlap([
                model.new_fixed_size_interval_var(begin[j][k], int(length[j, k]), "")
                for j, k in np.argwhere(machine == number)
            ])  # fmt: skip
        model.minimize(end)
        solver = cp_model.CpSolver()
        solver.parameters.num_workers, solver.parameters.random_seed = 1, 0
        solver.solve(model)
        return solver.objective_value

    return Pair("optimise", "schedule", "OR-tools CP-SAT", repeats=4,
                ours=lambda: float(optimise.schedule(shop, seed=0, time_limit_s=60).makespan),
                theirs=theirs, why="starts from a greedy timetable")  # fmt: skip
