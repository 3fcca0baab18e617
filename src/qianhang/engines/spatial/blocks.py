"""Blocks of a deposit: estimates of their means, of the whole, and of what lies above a cut-off.

Source: Chiles & Delfiner (2012), sections 3.5 (block kriging) and 7.3 (conditional simulation);
classes by the precision of a block after JORC (2012) and GB/T 17766-2020, whose shares are set
by the user.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.spatial.field import Estimate, Field
from qianhang.engines.spatial.system import System

__all__ = ["Blocks", "cut_off", "inside", "lay"]

Floats = NDArray[np.float64]
_INSIDE = 4  # points along a side that stand for a block
_MOST = 1200  # blocks whose errors are told together


@dataclass(frozen=True, slots=True)
class Blocks:
    """Square blocks: centres (m, 2) and the length of a side, in the unit of the coordinates."""

    centres: Floats
    side: float

    def estimate(self, field: Field) -> Estimate:
        """The mean of each block, its standard deviation, and the band; the nugget averages out.

        The samples nearest to the deposit's middle serve where there are more than a few thousand.
        """
        system, cross, basis = self._against(field)
        points = self._points()
        within = float(field.structure.covariance(points, points).mean())
        prior = np.full(len(self.centres), within)
        estimate, variance = system.estimate(cross, basis, prior)
        return _banded(field, estimate, np.sqrt(variance))

    def _against(self, field: Field) -> tuple[System, Floats, Floats]:
        """The system of the samples, their covariance (n, m) with the blocks, the drift (m, p)."""
        system, rows = _system(field)
        places = field.places[rows]
        cross = np.zeros((len(rows), len(self.centres)))
        points = self._points()
        for shift in points:
            cross += field.structure.covariance(places, self.centres + shift) / len(points)
        basis = np.mean([field.trend.at(self.centres + s) for s in points], axis=0)
        return system, cross, basis

    def _points(self) -> Floats:
        """(16, 2) places inside a block, about its centre."""
        line = (np.arange(_INSIDE) + 0.5) / _INSIDE - 0.5
        return self.side * np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)

    def whole(self, field: Field) -> tuple[float, float]:
        """Mean over all blocks together and its standard deviation."""
        system, cross, basis = self._against(field)
        some = Blocks(self.centres[:: -(-len(self.centres) // _MOST)], self.side)
        prior = np.array([some._between(field).mean()])
        mean, variance = system.estimate(
            cross.mean(axis=1, keepdims=True), basis.mean(axis=0, keepdims=True), prior
        )
        return float(mean[0]), float(np.sqrt(variance[0]))

    def _between(self, field: Field) -> Floats:
        """(m, m) covariance of the blocks' means before anything is known of them."""
        found = np.zeros((len(self.centres), len(self.centres)))
        # The points of two blocks are apart by so many displacements, the short ones most often.
        steps = np.arange(1 - _INSIDE, _INSIDE)
        often = (_INSIDE - np.abs(steps)) / _INSIDE**2
        for across, share in zip(steps, often, strict=True):
            for up, other in zip(steps, often, strict=True):
                shift = self.side / _INSIDE * np.array([across, up], dtype=float)
                near = field.structure.covariance(self.centres, self.centres + shift)
                found += share * other * near
        return found

    def simulate(self, field: Field, count: int, *, seed: int) -> Floats:
        """(count, m) block means that agree with the samples, each as likely as the next.

        Unlike estimates they are as uneven as the deposit, so that a cut-off falls rightly.
        Raises ValueError for more blocks than can be told together.
        """
        if len(self.centres) > _MOST:
            raise ValueError(f"{len(self.centres)} blocks, at most {_MOST} are simulated")
        system, cross, basis = self._against(field)
        held = system.together(cross, basis, self._between(field))
        mean = self.estimate(field).estimate
        values, vectors = np.linalg.eigh((held + held.T) / 2)
        root = vectors * np.sqrt(np.maximum(values, 0.0))
        drawn = np.random.default_rng(seed).standard_normal((count, len(values)))
        return np.asarray(mean + drawn @ root.T)


def _system(field: Field) -> tuple[System, NDArray[np.int64]]:
    most = 3000
    rows = np.arange(len(field.values))
    if len(rows) > most:
        away = ((field.places - field.places.mean(axis=0)) ** 2).sum(axis=1)
        rows = np.sort(np.argsort(away, kind="stable")[:most])
    system = System.of(field.structure, field.trend, field.places[rows], field.values[rows])
    return system, rows


def _banded(field: Field, estimate: Floats, sd: Floats) -> Estimate:
    low, high = field.tails
    return Estimate(estimate, sd, estimate - low * sd, estimate + high * sd)


def lay(places: Floats, *, side: float, margin: float, boundary: Floats | None = None) -> Blocks:
    """Blocks over samples (n, 2): those near enough to a sample, and inside the boundary if any.

    side : length of a block, 0 for one that gives about 900 blocks
    margin : how far from a sample a block may lie, in typical distances between neighbours
    boundary : (k, 2) corners of a polygon, or None
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(places)
    typical = float(np.median(tree.query(places, k=2)[0][:, 1]))
    low, high = places.min(axis=0) - typical / 2, places.max(axis=0) + typical / 2
    if boundary is not None:
        low, high = boundary.min(axis=0), boundary.max(axis=0)
    if side <= 0:
        side = float(np.sqrt(np.prod(high - low) / 900))
    axes = [np.arange(a + side / 2, b, side) for a, b in zip(low, high, strict=True)]
    centres = np.stack(np.meshgrid(*axes), axis=-1).reshape(-1, 2)
    near = tree.query(centres)[0] <= margin * typical
    if boundary is not None:
        near = inside(centres, boundary)
    return Blocks(centres[near], side)


def inside(points: Floats, polygon: Floats) -> NDArray[np.bool_]:
    """(m,) whether points (m, 2) lie inside a polygon (k, 2), by the crossings of a ray."""
    within = np.zeros(len(points), dtype=bool)
    x, y = points[:, 0], points[:, 1]
    for (x1, y1), (x2, y2) in zip(polygon, np.roll(polygon, -1, axis=0), strict=True):
        across = (y1 > y) != (y2 > y)
        with np.errstate(divide="ignore", invalid="ignore"):
            within ^= across & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
    return within


def cut_off(grades: Floats, tonnes: float, levels: Floats, *, above: bool) -> pd.DataFrame:
    """One row a cut-off: share of the tonnes that pass it, and their mean grade, with 90% limits.

    grades : (draws, m) simulated block means; tonnes : of one block
    """
    lines = []
    for level in levels:
        passed = grades >= level if above else grades <= level
        amount = passed.sum(axis=1) * tonnes
        total = np.where(passed, grades, 0.0).sum(axis=1)
        mean = total / np.maximum(passed.sum(axis=1), 1)
        low, middle, high = np.quantile(amount, [0.05, 0.5, 0.95])
        grade = float(np.mean(mean[passed.any(axis=1)])) if passed.any() else float("nan")
        lines.append((float(level), middle, low, high, grade))
    return pd.DataFrame(lines, columns=["cutoff", "tonnes", "low", "high", "grade"])
