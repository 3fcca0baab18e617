"""Programs, diagnosis, sequential linearisation and schedules."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from scipy import sparse

from qianhang.engines import optimise
from qianhang.engines.optimise import JobShop, Program, Smooth

INF = np.inf


def glass() -> Program:
    """Wyndor Glass (Hillier and Lieberman): most of 3 x + 5 y, x <= 4, 2 y <= 12, 3 x + 2 y <= 18."""
    return Program(
        cost=np.array([-3.0, -5.0]),
        matrix=np.array([[1.0, 0.0], [0.0, 2.0], [3.0, 2.0]]),
        row_low=np.full(3, -INF),
        row_high=np.array([4.0, 12.0, 18.0]),
        low=np.zeros(2),
        high=np.full(2, INF),
    )


def test_textbook_program_has_its_textbook_solution_and_shadow_prices() -> None:
    """By hand: x = 2, y = 6, profit 36; y1 = 0, y2 = 3/2, y3 = 1 (the book's table)."""
    best = optimise.solve(glass())
    np.testing.assert_allclose(best.x, [2, 6])
    assert best.cost == pytest.approx(-36)
    np.testing.assert_allclose(best.duals, [0, -1.5, -1], atol=1e-9)
    assert best.bound == pytest.approx(-36)
    assert best.gap == pytest.approx(0, abs=1e-9)


def test_dual_of_a_low_limit_is_what_one_more_unit_costs() -> None:
    """Cheapest 2 a + 3 b with a + b >= 4, a <= 3: by hand a = 3, b = 1, one more unit costs 3."""
    one = np.array([[1.0, 1.0]])
    best = optimise.solve(
        Program(
            np.array([2.0, 3.0]),
            one,
            np.array([4.0]),
            np.array([INF]),
            np.zeros(2),
            np.array([3.0, INF]),
        )
    )
    assert best.cost == pytest.approx(9)
    np.testing.assert_allclose(best.duals, [3])
    np.testing.assert_allclose(best.reduced, [-1, 0], atol=1e-9)


def test_equality_rows_carry_a_dual_too() -> None:
    """x + y = 5 at cost x + 2 y, x <= 2: by hand 2 + 6 = 8; one more unit costs 2."""
    best = optimise.solve(
        Program(
            np.array([1.0, 2.0]),
            np.array([[1.0, 1.0]]),
            np.array([5.0]),
            np.array([5.0]),
            np.zeros(2),
            np.array([2.0, INF]),
        )
    )
    assert best.cost == pytest.approx(8)
    np.testing.assert_allclose(best.duals, [2])


def test_knapsack_equals_enumeration_and_is_proven() -> None:
    """Six things of value and weight, at most 12 kg: all 64 choices tried one by one."""
    value, weight = np.array([10.0, 7, 25, 24, 3, 8]), np.array([2.0, 1, 6, 5, 2, 4])
    best = optimise.solve(
        Program(
            -value,
            weight[None],
            np.array([-INF]),
            np.array([12.0]),
            np.zeros(6),
            np.ones(6),
            np.ones(6, dtype=bool),
        )
    )
    tried = [np.array(c) for c in itertools.product((0, 1), repeat=6)]
    assert best.cost == -max(value @ c for c in tried if weight @ c <= 12)
    assert best.status == "optimal"
    assert best.gap == pytest.approx(0, abs=1e-9)
    assert np.isfinite(best.duals).all()


@pytest.mark.parametrize(("high", "status"), [(1.0, "infeasible"), (INF, "unbounded")])
def test_programs_without_an_answer_say_which_kind(high: float, status: str) -> None:
    problem = Program(
        np.array([-1.0]),
        np.array([[1.0]]),
        np.array([2.0]),
        np.array([INF]),
        np.zeros(1),
        np.array([high]),
    )
    best = optimise.solve(problem)
    assert best.status == status
    assert not best.found


def test_shapes_and_crossed_limits_are_refused() -> None:
    with pytest.raises(ValueError, match="shape"):
        Program(np.zeros(2), np.zeros((1, 3)), np.zeros(1), np.zeros(1), np.zeros(2), np.zeros(2))
    with pytest.raises(ValueError, match="above"):
        Program(np.zeros(1), np.zeros((1, 1)), np.ones(1), np.zeros(1), np.zeros(1), np.zeros(1))


def test_sparse_matrix_gives_the_answers_of_the_dense_one() -> None:
    """Wyndor Glass again, continuous, whole and relaxed, from the same numbers held sparse."""
    dense = glass()
    for made in (sparse.csr_array, sparse.coo_matrix, sparse.csc_array):
        thin = replace(dense, matrix=made(dense.matrix))
        best = optimise.solve(thin)
        np.testing.assert_allclose(best.x, [2, 6])
        np.testing.assert_allclose(best.duals, [0, -1.5, -1], atol=1e-9)
        assert best.bound == pytest.approx(-36)
        whole = optimise.solve(replace(thin, integer=np.ones(2, dtype=bool)))
        assert whole.cost == pytest.approx(-36)
        assert whole.gap == pytest.approx(0, abs=1e-9)
    tight = replace(clash(), matrix=sparse.csr_array(clash().matrix))
    names = ["total", "first", "second", "spare"]
    assert optimise.diagnose(tight, names=names)["row"].tolist() == ["total"]
    assert optimise.irreducible(tight, names=names) == ("total", "first", "second")


def test_search_stopped_early_still_says_what_it_has_proven() -> None:
    """A hard market split: whatever is found, the bound never stands above it."""
    rng = np.random.default_rng(3)
    weight = rng.integers(0, 100, (4, 30)).astype(float)
    half = np.floor(weight.sum(axis=1) / 2)
    split = Program(
        np.concatenate([np.zeros(30), np.ones(8)]),
        sparse.hstack([sparse.csr_array(weight), sparse.eye_array(4), -sparse.eye_array(4)]),
        half,
        half,
        np.zeros(38),
        np.concatenate([np.ones(30), np.full(8, INF)]),
        np.concatenate([np.ones(30, dtype=bool), np.zeros(8, dtype=bool)]),
    )
    best = optimise.solve(split, time_limit_s=0.5)
    assert best.status == "feasible"
    assert 0 <= best.bound < best.cost
    assert best.gap == pytest.approx((best.cost - best.bound) / best.cost)


def clash() -> Program:
    """x + y >= 10, x <= 3, y <= 4 and a row that is met anyway."""
    return Program(
        np.ones(2),
        np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0], [1.0, -1.0]]),
        np.array([10.0, -INF, -INF, -INF]),
        np.array([INF, 3.0, 4.0, 50.0]),
        np.zeros(2),
        np.full(2, 20.0),
    )


def test_diagnosis_names_the_cheapest_relaxation() -> None:
    """By hand: lowering the 10 by 3 costs 3 of 10 = 0.3; lifting the 3 or the 4 costs 1 or 0.75."""
    table = optimise.diagnose(clash(), names=["total", "first", "second", "spare"])
    assert table["row"].tolist() == ["total"]
    assert table.loc[0, "short"] == pytest.approx(3)
    assert table.loc[0, "reached"] == pytest.approx(7)
    assert optimise.diagnose(glass(), names=["a", "b", "c"]).empty


def test_irreducible_rows_clash_and_the_spare_row_is_not_among_them() -> None:
    names = ["total", "first", "second", "spare"]
    assert optimise.irreducible(clash(), names=names) == ("total", "first", "second")
    assert optimise.irreducible(glass(), names=["a", "b", "c"]) == ()


def circle() -> Smooth:
    """Least x + y with x y >= 4: by hand x = y = 2; d cost / d 4 = 1/2."""
    return Smooth(
        np.ones(2), lambda p: (p[0] * p[1] - 4)[None], np.full(2, 0.1), np.full(2, 10.0), np.ones(1)
    )


def test_sequence_of_linear_programs_finds_the_smooth_optimum() -> None:
    best, program, rounds = optimise.sequential(circle(), np.array([3.0, 3.0]), rounds=60)
    np.testing.assert_allclose(best.x, [2, 2], atol=2e-3)
    assert best.cost == pytest.approx(4, abs=1e-4)
    assert best.duals[0] == pytest.approx(0.5, abs=1e-2)
    assert program.matrix.shape == (1, 2)
    assert rounds <= 60


def test_sequence_says_infeasible_where_no_point_satisfies() -> None:
    """x y can be at most 100 in the box, 200 is asked."""
    problem = Smooth(
        np.ones(2),
        lambda p: (p[0] * p[1] - 200)[None],
        np.full(2, 0.1),
        np.full(2, 10.0),
        np.ones(1),
    )
    best, program, _ = optimise.sequential(problem, np.array([3.0, 3.0]))
    assert best.status == "infeasible"
    assert not optimise.diagnose(program, names=["area"]).empty


def shop() -> JobShop:
    return JobShop(
        np.array([[0, 1, 2], [0, 2, 1], [1, 2, 0]]), np.array([[3, 2, 2], [2, 1, 4], [4, 3, 1]])
    )


def makespan_of(order: list[tuple[int, ...]], s: JobShop) -> float:
    """Makespan when each machine serves jobs in the given order; infinite where that locks up."""
    at, ready, free, place = [0] * 3, [0] * 3, [0] * 3, [0] * 3
    for _ in range(9):
        for j in range(3):
            if at[j] == 3:
                continue
            m = int(s.machine[j, at[j]])
            if order[m][place[m]] == j:
                ready[j] = free[m] = max(ready[j], free[m]) + int(s.duration[j, at[j]])
                at[j] += 1
                place[m] += 1
                break
        else:
            return INF
    return max(ready)


def test_small_job_shop_equals_enumeration_of_all_machine_orders() -> None:
    pytest.importorskip("ortools")
    s = shop()
    orders = list(itertools.permutations(range(3)))
    least = min(makespan_of([a, b, c], s) for a in orders for b in orders for c in orders)
    found = optimise.schedule(s, seed=0)
    assert found.makespan == least
    assert found.gap == 0


def test_greedy_timetable_is_feasible_and_never_better_than_the_schedule() -> None:
    pytest.importorskip("ortools")
    s, greedy = shop(), optimise.dispatch(shop())
    assert greedy.makespan >= optimise.schedule(s, seed=0).makespan >= greedy.bound
    end = greedy.start + s.duration
    assert (greedy.start[:, 1:] >= end[:, :-1]).all()
    for m in range(3):
        rows = sorted(zip(greedy.start[s.machine == m], end[s.machine == m], strict=True))
        assert all(a[1] <= b[0] for a, b in itertools.pairwise(rows))
