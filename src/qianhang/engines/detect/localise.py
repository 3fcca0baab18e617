"""Where an additive source is: matched filters, place posteriors, and sizes of known sources."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cholesky, solve_triangular
from scipy.optimize import nnls

__all__ = ["Match", "cover", "fit_sizes", "match", "posterior", "within_reach"]

Array = NDArray[np.float64]


class Match(NamedTuple):
    """ratio : (places,) log likelihood ratio of a source there; size : (places,) its best size."""

    ratio: Array
    size: Array


def match(difference: Array, responses: Array, covariance: Array) -> Match:
    """How much better one source of free, positive size explains a difference than none does.

    difference : (n,) ; responses : (places, n) change for one unit ; covariance : (n, n)
    Raises numpy.linalg.LinAlgError where the covariance is not positive definite.
    Source: the generalised likelihood ratio (matched filter) in Gaussian noise.
    """
    low = cholesky(covariance, lower=True)
    left = solve_triangular(low, difference, lower=True)
    right = solve_triangular(low, responses.T, lower=True)
    power = np.maximum((right**2).sum(axis=0), 1e-300)
    size = right.T @ left / power
    return Match(np.where(size > 0, 0.5 * size**2 * power, 0.0), size)


def posterior(ratio: Array, *, temper: float = 1.0) -> Array:
    """Probability of each place given that one holds the source, (places,), equal priors.

    temper : below 1 the likelihood is trusted less, which pays where the model is only near
    """
    weight = np.exp(temper * (ratio - ratio.max()))
    share: Array = weight / weight.sum()
    return share


def within_reach(chance: Array, near: NDArray[np.bool_]) -> Array:
    """Probability that the source lies near each place, (places,).

    chance : (places,) ; near : (places, places) True where two places lie within reach
    """
    hit: Array = near @ chance
    return hit


def cover(distance: Array, radius: float) -> NDArray[np.intp]:
    """Few places such that every place has one of them within the radius, (k,), greedy in order."""
    left = np.ones(len(distance), dtype=bool)
    chosen = []
    for place in range(len(distance)):
        if left[place]:
            chosen.append(place)
            left &= distance[place] > radius
    return np.array(chosen)


def fit_sizes(difference: Array, responses: Array, covariance: Array) -> Array:
    """Non-negative sizes (k,) of known sources that explain a difference best.

    difference : (n,) ; responses : (k, n) ; covariance : (n, n)
    Source: non-negative least squares (Lawson and Hanson 1974) after whitening.
    """
    low = cholesky(covariance, lower=True)
    right = solve_triangular(low, responses.T, lower=True)
    sizes: Array = nnls(right, solve_triangular(low, difference, lower=True))[0]
    return sizes
