"""How alike two places are: correlation by distance, with nugget, range and anisotropy.

Source: Chiles & Delfiner (2012), Geostatistics, chapter 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

__all__ = ["KINDS", "Structure", "drift"]

Floats = NDArray[np.float64]


def _spherical(h: Floats) -> Floats:
    near = np.minimum(h, 1.0)
    return np.asarray(1.0 - 1.5 * near + 0.5 * near**3)


def _exponential(h: Floats) -> Floats:
    return np.asarray(np.exp(-3.0 * h))


def _gaussian(h: Floats) -> Floats:
    return np.asarray(np.exp(-3.0 * h * h))


# Each falls to 0.05 or less at h = 1, so that a range means the same in all of them.
KINDS: Mapping[str, Callable[[Floats], Floats]] = MappingProxyType(
    {"spherical": _spherical, "exponential": _exponential, "gaussian": _gaussian}
)


@dataclass(frozen=True, slots=True)
class Structure:
    """A variogram: nugget + (sill - nugget) * (1 - correlation).

    nugget : share of the sill that two samples at one place do not have in common, 0 to 1
    reach : distance along the long axis beyond which samples say nothing of each other
    sill : variance of the values about their drift
    ratio, angle : short axis over long axis, 0 to 1; direction of the long axis, radians from x
    """

    kind: str
    nugget: float
    reach: float
    sill: float
    ratio: float = 1.0
    angle: float = 0.0

    def distance(self, a: Floats, b: Floats) -> Floats:
        """(n, m) distances between places a (n, 2) and b (m, 2), in ranges."""
        from scipy.spatial.distance import cdist

        return np.asarray(cdist(self._turned(a), self._turned(b)) / self.reach)

    def _turned(self, places: Floats) -> Floats:
        if self.ratio == 1.0:
            return places
        c, s = np.cos(self.angle), np.sin(self.angle)
        turn = np.array([[c, -s / self.ratio], [s, c / self.ratio]])
        return np.asarray(places @ turn)

    def covariance(self, a: Floats, b: Floats) -> Floats:
        """(n, m) covariance of the part that neighbours share, without the nugget."""
        return self.sill * (1.0 - self.nugget) * KINDS[self.kind](self.distance(a, b))

    def between_samples(self, places: Floats) -> Floats:
        """(n, n) covariance of samples at places (n, 2), the nugget on its diagonal."""
        held = self.covariance(places, places)
        return held + self.sill * self.nugget * np.eye(len(places))

    def gamma(self, lag: Floats) -> Floats:
        """(k,) variogram at distances (k,) along the long axis."""
        shared = KINDS[self.kind](np.asarray(lag, dtype=float) / self.reach)
        return np.asarray(self.sill * (1.0 - (1.0 - self.nugget) * shared))


def drift(places: Floats, degree: int, *, centre: Floats, spread: float) -> Floats:
    """(n, p) trend functions at places (n, 2): 1, then x and y, then their squares and product."""
    z = (places - centre) / spread
    columns = [np.ones(len(z))]
    if degree >= 1:
        columns += [z[:, 0], z[:, 1]]
    if degree >= 2:
        columns += [z[:, 0] ** 2, z[:, 1] ** 2, z[:, 0] * z[:, 1]]
    return np.column_stack(columns)
