"""Model predictive control on a linear model, as a bounded least-squares problem."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.control.episode import Policy
from qianhang.engines.control.simulator import Observation
from qianhang.engines.control.stored import Stored

__all__ = ["LinearMPC"]

Array = NDArray[np.float64]
Rows = tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class LinearMPC(Stored):
    """First action of the plan that is cheapest over the horizon for x' = a x + b u, u scalar.

    state : observations that make up x, (n,); a : n rows; b : (n,); weight : (n,) on x squared
    effort : on u squared, above zero; low, high : limits of u; goal : (n,) x to be held
    Behind the horizon the cost of the unlimited optimum (Riccati equation) is counted.
    """

    state: tuple[str, ...]
    a: Rows
    b: tuple[float, ...]
    weight: tuple[float, ...]
    effort: float
    horizon: int
    low: float
    high: float
    goal: tuple[float, ...]

    def __post_init__(self) -> None:
        n = len(self.state)
        shapes = {len(self.b), len(self.weight), len(self.goal), len(self.a), *map(len, self.a)}
        if shapes != {n} or self.horizon < 1 or self.effort <= 0:
            raise ValueError(f"a must be {n} x {n}; b, weight, goal ({n},); effort above zero")

    def start(self) -> Policy:
        """The controller as a policy; it has no memory."""
        free, forced = self._condensed()
        effort = np.sqrt(self.effort) * np.eye(self.horizon)
        matrix = np.vstack([forced, effort])

        def act(seen: Observation) -> float:
            from scipy.optimize import lsq_linear

            x = np.array([seen[s] for s in self.state]) - np.array(self.goal)
            right = np.concatenate([-free @ x, np.zeros(self.horizon)])
            plan = lsq_linear(matrix, right, bounds=(self.low, self.high), tol=1e-12)
            return float(plan.x[0])

        return act

    def _condensed(self) -> tuple[Array, Array]:
        """Weighted x to come = free @ x0 + forced @ u, with n * horizon rows each."""
        from scipy.linalg import solve_discrete_are

        a, b = np.array(self.a), np.array(self.b)[:, None]
        n, steps = len(b), self.horizon
        weight = np.diag(self.weight)
        last = solve_discrete_are(a, b, weight, np.array([[self.effort]]))
        powers = [np.linalg.matrix_power(a, k) for k in range(steps + 1)]
        free = np.zeros((n * steps, n))
        forced = np.zeros((n * steps, steps))
        for k in range(1, steps + 1):
            # L.T with L L.T = weight turns |x| weighted into a plain length
            root = np.linalg.cholesky(last).T if k == steps else np.sqrt(weight)
            rows = slice(n * (k - 1), n * k)
            free[rows] = root @ powers[k]
            for j in range(k):
                forced[rows, j] = (root @ powers[k - 1 - j] @ b)[:, 0]
        return free, forced
