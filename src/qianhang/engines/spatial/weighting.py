"""What is done without a variogram: the nearest sample, and weights by inverse distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["inverse_distance", "nearest", "power_left_out"]

Floats = NDArray[np.float64]
POWERS = (1.0, 1.5, 2.0, 2.5, 3.0, 4.0)
_AT_ONCE = 2_000_000  # distances held at a time


def nearest(places: Floats, values: Floats, at: Floats) -> Floats:
    """(m,) value of the sample nearest to each of at (m, 2); places (n, 2), values (n,)."""
    from scipy.spatial import cKDTree

    rows = np.asarray(cKDTree(places).query(at)[1])
    return np.asarray(np.asarray(values, dtype=float)[rows])


def inverse_distance(places: Floats, values: Floats, at: Floats, *, power: float) -> Floats:
    """(m,) mean of all values (n,) with weights 1 / distance**power; a sample's place is its own.

    places : (n, 2); at : (m, 2)
    """
    from scipy.spatial.distance import cdist

    step = max(1, _AT_ONCE // max(len(places), 1))
    found = []
    for first in range(0, len(at), step):
        apart = np.maximum(cdist(at[first : first + step], places), 1e-12)
        weight = (apart.min(axis=1, keepdims=True) / apart) ** power
        found.append(weight @ values / weight.sum(axis=1))
    return np.concatenate(found) if found else np.empty(0)


def power_left_out(places: Floats, values: Floats, *, powers: Sequence[float] = POWERS) -> float:
    """The power under which samples left out one by one are foretold best."""
    from scipy.spatial.distance import cdist

    rows = slice(0, 2000)
    apart = cdist(places[rows], places[rows])
    np.fill_diagonal(apart, np.inf)
    near = apart.min(axis=1, keepdims=True)
    y = np.asarray(values, dtype=float)[rows]

    def lost(power: float) -> float:
        weight = (near / apart) ** power
        return float(np.mean((y - weight @ y / weight.sum(axis=1)) ** 2))

    return min(powers, key=lost)
