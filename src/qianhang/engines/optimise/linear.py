"""Linear and mixed-integer programs through HiGHS, always with bound, gap and shadow prices."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Array",
    "Matrix",
    "Program",
    "Solution",
    "Status",
    "finished",
    "identity",
    "solve",
    "stacked",
]

Array = NDArray[np.float64]
Matrix = Any  # (m, n) numpy array, or any matrix of scipy.sparse
Status = Literal["optimal", "feasible", "infeasible", "unbounded", "unsolved"]
_LARGE = 20_000  # variables; the dual simplex is named so that no release chooses otherwise
_DISPATCH_S = 60.0  # wall time for the linear program that is left
_PROVED: dict[bool, Status] = {True: "optimal", False: "feasible"}
_FAILED: dict[int, Status] = {2: "infeasible", 3: "unbounded"}


@dataclass(frozen=True, slots=True)
class Program:
    """Least cost @ x with row_low <= matrix @ x <= row_high and low <= x <= high.

    cost : (n,); matrix : (m, n), dense or of scipy.sparse
    row_low, row_high : (m,), infinite where there is no limit
    low, high : (n,); integer : (n,) bool, or None where every variable is continuous
    Raises ValueError where shapes differ or a low limit stands above its high limit.
    """

    cost: Array
    matrix: Matrix
    row_low: Array
    row_high: Array
    low: Array
    high: Array
    integer: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        m, n = self.matrix.shape
        if {self.cost.shape, self.low.shape, self.high.shape} != {(n,)}:
            raise ValueError(f"cost, low and high must have shape ({n},)")
        if {self.row_low.shape, self.row_high.shape} != {(m,)}:
            raise ValueError(f"row_low and row_high must have shape ({m},)")
        if np.any(self.low > self.high) or np.any(self.row_low > self.row_high):
            raise ValueError("a low limit stands above its high limit")

    @property
    def mixed(self) -> bool:
        """Whether some variable must be a whole number."""
        return self.integer is not None and bool(self.integer.any())


@dataclass(frozen=True, slots=True)
class Solution:
    """What the solver found, and the proof.

    x : (n,), NaN where nothing was found; cost, bound : in the unit of the cost
    gap : (cost - bound) / |cost|
    duals : (m,) change of the least cost for one more unit of the row's binding limit
    reduced : (n,) change of the least cost for one more unit of the variable's binding limit
    seconds : wall time inside the solver
    """

    x: Array
    cost: float
    bound: float
    gap: float
    duals: Array
    reduced: Array
    status: Status
    seconds: float

    @property
    def found(self) -> bool:
        """Whether `x` satisfies the program."""
        return self.status in ("optimal", "feasible")


def solve(program: Program, *, time_limit_s: float = 60.0, gap: float = 0.0) -> Solution:
    """The best solution found in time; with integers, duals hold with the integers fixed.

    time_limit_s : wall time; the answer holds what was found and proven until then
    gap : relative gap at which a mixed-integer search may stop
    """
    if program.mixed:
        return _mixed(program, time_limit_s, gap)
    return _continuous(program, time_limit_s)


def _continuous(p: Program, time_limit_s: float) -> Solution:
    from scipy.optimize import linprog

    matrix = _by_rows(p.matrix)
    equal = p.row_low == p.row_high
    method = "highs-ds" if len(p.cost) > _LARGE else "highs"
    upper = np.isfinite(p.row_high) & ~equal
    lower = np.isfinite(p.row_low) & ~equal
    began = time.perf_counter()
    found: Any = linprog(
        p.cost,
        A_ub=stacked([matrix[upper], -matrix[lower]]),
        b_ub=np.concatenate([p.row_high[upper], -p.row_low[lower]]),
        A_eq=matrix[equal],
        b_eq=p.row_low[equal],
        bounds=np.column_stack([p.low, p.high]),
        method=method,
        options={"time_limit": time_limit_s},
    )
    seconds = time.perf_counter() - began
    if found.status != 0:
        return _nothing(p, _FAILED.get(found.status, "unsolved"), seconds)
    duals = np.zeros(len(p.row_low))
    count = int(upper.sum())
    duals[upper] += found.ineqlin.marginals[:count]
    duals[lower] -= found.ineqlin.marginals[count:]
    duals[equal] = found.eqlin.marginals
    reduced = found.lower.marginals + found.upper.marginals
    cost = float(found.fun)
    bound = _dual_value(p, duals, reduced)
    return Solution(found.x, cost, bound, _gap(cost, bound), duals, reduced, "optimal", seconds)


def stacked(parts: Sequence[Matrix], *, across: bool = False) -> Matrix:
    """The parts below each other, or side by side; sparse where one of them is."""
    from scipy import sparse

    if any(sparse.issparse(part) for part in parts):
        join = sparse.hstack if across else sparse.vstack
        return join(parts, format="csr")
    return np.hstack(parts) if across else np.vstack(parts)


def identity(size: int, *, like: Matrix) -> Matrix:
    """The identity matrix, sparse where `like` is."""
    from scipy import sparse

    return sparse.eye_array(size, format="csr") if sparse.issparse(like) else np.eye(size)


def _by_rows(matrix: Matrix) -> Matrix:
    """The matrix in a form that gives up chosen rows."""
    from scipy import sparse

    return sparse.csr_array(matrix) if sparse.issparse(matrix) else matrix


def _dual_value(p: Program, duals: Array, reduced: Array) -> float:
    """The objective of the dual program: a lower bound that anybody can check by hand."""
    rows = np.where(duals >= 0, p.row_low, p.row_high)
    ends = np.where(reduced >= 0, p.low, p.high)
    return _priced(duals, rows) + _priced(reduced, ends)


def _priced(price: Array, limit: Array) -> float:
    """price @ limit, where a price that is only rounding noise asks no limit for its value."""
    noise = 1e-7 * max(1.0, float(np.max(np.abs(price), initial=0.0)))
    counts = np.isfinite(limit) | (np.abs(price) > noise)
    return float(price[counts] @ limit[counts])


def _mixed(p: Program, time_limit_s: float, gap: float) -> Solution:
    from scipy.optimize import Bounds, LinearConstraint, milp

    began = time.perf_counter()
    found: Any = milp(
        p.cost,
        integrality=p.integer,
        bounds=Bounds(p.low, p.high),
        constraints=LinearConstraint(p.matrix, p.row_low, p.row_high),
        options={"time_limit": time_limit_s, "mip_rel_gap": gap},
    )
    seconds = time.perf_counter() - began
    if found.x is None:
        return _nothing(p, _FAILED.get(found.status, "unsolved"), seconds, found.mip_dual_bound)
    bound, proved = float(found.mip_dual_bound), found.status == 0
    return finished(p, found.x, bound, proved=proved, seconds=seconds)


def finished(p: Program, values: Array, bound: float, *, proved: bool, seconds: float) -> Solution:
    """The answer of a mixed-integer search: the rest solved with the integers fixed, for duals.

    values : (n,); proved : whether the search ended within its gap
    """
    whole = p.integer if p.integer is not None else np.zeros(len(p.cost), dtype=bool)
    low = np.where(whole, np.round(values), p.low)
    high = np.where(whole, np.round(values), p.high)
    fixed = replace(p, low=low, high=high, integer=None)
    rest = _continuous(fixed, _DISPATCH_S)
    x = rest.x if rest.found else values
    cost = float(p.cost @ x)
    gap, status = _gap(cost, bound), _PROVED[proved]
    return Solution(x, cost, bound, gap, rest.duals, rest.reduced, status, seconds)


def _gap(cost: float, bound: float) -> float:
    return max(0.0, cost - bound) / max(abs(cost), 1e-9)


def _nothing(p: Program, status: Status, seconds: float, proven: float | None = None) -> Solution:
    m, n = p.matrix.shape
    bound = np.inf if status == "infeasible" else -np.inf
    if status == "unsolved" and proven is not None and np.isfinite(proven):
        bound = float(proven)
    x, duals = np.full(n, np.nan), np.full(m, np.nan)
    return Solution(x, np.nan, bound, np.inf, duals, x.copy(), status, seconds)
