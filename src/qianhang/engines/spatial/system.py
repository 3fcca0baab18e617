"""The kriging equations of a set of samples, factored once for any number of targets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.spatial.fitting import Trend
from qianhang.engines.spatial.structure import Structure

__all__ = ["System"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class System:
    """Samples whitened: factor of their covariance, basis (n, p) and values (n,) divided by it.

    gain : (p, p) inverse of the basis' normal matrix; slope : (p,) drift by least squares
    """

    factor: Floats
    basis: Floats
    rest: Floats
    gain: Floats
    slope: Floats

    @classmethod
    def of(cls, structure: Structure, trend: Trend, places: Floats, values: Floats) -> Self:
        """The system of samples (n,) at places (n, 2)."""
        from scipy.linalg import cholesky, solve_triangular

        held = structure.between_samples(places)
        held[np.diag_indices(len(held))] += 1e-9 * structure.sill
        factor = cholesky(held, lower=True, check_finite=False)
        both = np.column_stack([trend.at(places), values])
        white: Any = solve_triangular(factor, both, lower=True, check_finite=False)
        basis, y = white[:, :-1], white[:, -1]
        gain = np.linalg.inv(basis.T @ basis)
        slope = gain @ (basis.T @ y)
        return cls(factor, basis, y - basis @ slope, gain, slope)

    def estimate(self, cross: Floats, basis: Floats, prior: Floats) -> tuple[Floats, Floats]:
        """(m,) estimates and (m,) kriging variances of targets.

        cross : (n, m) covariance of samples and targets; basis : (m, p) drift at the targets
        prior : (m,) variance of each target before anything is known of it
        """
        pulled, unknown = self._pulled(cross, basis)
        estimate = basis @ self.slope + pulled.T @ self.rest
        variance = prior - (pulled**2).sum(axis=0) + ((unknown @ self.gain) * unknown).sum(axis=1)
        return np.asarray(estimate), np.asarray(np.maximum(variance, 0.0))

    def together(self, cross: Floats, basis: Floats, prior: Floats) -> Floats:
        """(m, m) covariance of the targets' errors; prior (m, m) before anything is known."""
        pulled, unknown = self._pulled(cross, basis)
        return np.asarray(prior - pulled.T @ pulled + unknown @ self.gain @ unknown.T)

    def _pulled(self, cross: Floats, basis: Floats) -> tuple[Floats, Floats]:
        from scipy.linalg import solve_triangular

        pulled: Any = solve_triangular(self.factor, cross, lower=True, check_finite=False)
        return np.asarray(pulled), np.asarray(basis - pulled.T @ self.basis)
