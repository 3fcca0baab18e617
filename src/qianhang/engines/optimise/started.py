"""A mixed-integer search that begins from a solution at hand, by HiGHS' own interface."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from qianhang.engines.optimise.linear import Array, Program, Solution, finished

__all__ = ["solve_from"]


def solve_from(
    program: Program, start: Array, *, cpu_s: float = 60.0, gap: float = 0.0
) -> Solution:
    """The best solution found in time by a search that begins at `start`, on one thread.

    start : (n,) values that satisfy the program
    cpu_s : CPU time of this process for the search; gap : relative gap at which it may stop
    SciPy's interface to the same solver takes no start. Needs the library highspy.
    """
    began = time.perf_counter()
    solver = _loaded(program)
    for name, value in {"threads": 1, "mip_rel_gap": float(gap)}.items():
        solver.setOptionValue(name, value)
    _limit(solver, time.process_time() + cpu_s)
    _begin(solver, start)
    solver.run()
    bound = float(solver.getInfo().mip_dual_bound)
    proved = solver.getModelStatus().name == "kOptimal"
    values = np.asarray(solver.getSolution().col_value)
    seconds = time.perf_counter() - began
    return finished(program, values, bound, proved=proved, seconds=seconds)


def _loaded(program: Program) -> Any:
    import highspy
    from scipy import sparse

    matrix = sparse.csc_matrix(program.matrix)
    model = highspy.HighsLp()
    model.num_row_, model.num_col_ = matrix.shape
    model.col_cost_ = program.cost
    model.col_lower_, model.col_upper_ = program.low, program.high
    model.row_lower_, model.row_upper_ = program.row_low, program.row_high
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = matrix.indptr
    model.a_matrix_.index_ = matrix.indices
    model.a_matrix_.value_ = matrix.data
    kinds = highspy.HighsVarType.kContinuous, highspy.HighsVarType.kInteger
    whole = program.integer if program.integer is not None else np.zeros(len(program.cost))
    model.integrality_ = [kinds[int(w)] for w in whole]
    solver: Any = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    solver.passModel(model)
    return solver


def _limit(solver: Any, until: float) -> None:
    """Ends the search at that process time; HiGHS itself only knows wall time."""

    def stop(event: Any) -> None:
        if time.process_time() > until:
            event.interrupt()

    solver.cbMipInterrupt.subscribe(stop)
    solver.cbSimplexInterrupt.subscribe(stop)


def _begin(solver: Any, start: Array) -> None:
    import highspy

    solution = highspy.HighsSolution()
    solution.col_value = [float(v) for v in start]
    solver.setSolution(solution)
