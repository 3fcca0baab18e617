"""A search that begins from a solution: never worse, proven, and duals as without a start."""

import numpy as np
import pytest

from qianhang.engines import optimise


def knapsack(*, n: int = 40) -> optimise.Program:
    rng = np.random.default_rng(3)
    worth, weight = rng.integers(10, 99, n), rng.integers(10, 99, n)
    return optimise.Program(
        cost=-worth.astype(float),
        matrix=weight[None, :].astype(float),
        row_low=np.array([-np.inf]),
        row_high=np.array([weight.sum() / 2]),
        low=np.zeros(n),
        high=np.ones(n),
        integer=np.ones(n, dtype=bool),
    )


def test_start_leads_to_the_same_least_cost_as_a_search_without_one():
    program = knapsack()
    alone = optimise.solve(program)
    found = optimise.solve_from(program, np.zeros(len(program.cost)))
    assert found.cost == pytest.approx(alone.cost)
    assert found.status == "optimal"
    assert found.bound <= found.cost + 1e-6


def test_without_any_time_the_start_itself_comes_back():
    program = knapsack(n=200)
    start = np.zeros(200)
    start[:3] = 1
    found = optimise.solve_from(program, start, cpu_s=0.0)
    assert found.cost <= program.cost @ start + 1e-9
    assert found.found
