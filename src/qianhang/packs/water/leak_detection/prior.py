"""How wrong a network model may be before any leak is suspected: covariances of its errors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.packs.water.leak_detection.plant import WatchedNetwork

__all__ = ["Errors", "covariances"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Errors:
    """Standard deviations of what the network file does not know.

    demand, roughness : lasting relative error of each junction's demand, each pipe's roughness
    flicker : relative wander of each junction's demand within days
    season : of the whole demand against the file, before readings are seen ; daily : a day's
    sensor : of a pressure reading, m ; model : of what the equations leave out, m
    flow : of a flow reading and of what follows from it, m3/h
    """

    demand: float = 0.15
    roughness: float = 0.10
    flicker: float = 0.10
    season: float = 0.10
    daily: float = 0.05
    sensor: float = 0.02
    model: float = 0.005
    flow: float = 0.3


def covariances(
    plant: WatchedNetwork, small: Array, owner: NDArray[np.intp], roughness: Array, errors: Errors
) -> tuple[Array, Array]:
    """Prior covariance of the lasting bias, and covariance of one day's residual, (n, n) each.

    small : (places, n) response to 1 m3/h ; owner : (junctions,) place nearest to each junction
    roughness : (pipes, n)
    """
    cells, rows = len(plant.cells), plant.rows
    drawn = np.array([cell.demand for cell in plant.cells])
    demand = small[owner].reshape(len(owner), cells, rows) * drawn.T[:, :, None]
    demand = demand.reshape(len(owner), -1)
    gram = demand.T @ demand
    ratio = np.arange(cells) * rows + rows - 1
    bias = errors.demand**2 * gram + errors.roughness**2 * roughness.T @ roughness
    bias += np.diag(_floor(plant, errors, lasting=True))
    bias[np.ix_(ratio, ratio)] += errors.season**2
    within = np.kron(np.eye(cells), np.ones((rows, rows)))
    noise = errors.flicker**2 * (0.35 * gram + 0.5 * gram * within)
    noise += np.diag(_floor(plant, errors, lasting=False))
    noise[np.ix_(ratio, ratio)] += errors.daily**2
    return bias, noise


def _floor(plant: WatchedNetwork, errors: Errors, *, lasting: bool) -> Array:
    """Variance of each row that no error of demand or roughness explains, (n,)."""
    r = plant.readings
    each = max(r.per_day / len(plant.cells), 1.0)
    if lasting:
        pressure, flow, ratio = errors.model**2, errors.flow**2, 0.005**2
    else:
        pressure = errors.sensor**2 / each + (errors.model / 2) ** 2
        flow, ratio = errors.flow**2, 0.015**2
    flows = len(r.links) + len(r.tanks)
    return np.tile([pressure] * len(r.nodes) + [flow] * flows + [ratio], len(plant.cells))
