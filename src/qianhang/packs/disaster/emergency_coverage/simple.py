"""How stations are placed without optimisation: spread evenly, or one best site after another."""

from __future__ import annotations

import numpy as np

from qianhang.packs.disaster.emergency_coverage.location import Chosen, value
from qianhang.packs.disaster.emergency_coverage.places import Array, Places

__all__ = ["greedy", "spread"]


def greedy(at: Places, count: int, *, aim: str, limit: float) -> Chosen:
    """Existing sites, then the one that helps most at each step; mean time decides ties."""
    chosen = at.existing.copy()
    while chosen.sum() < count:
        tried = []
        for j in np.flatnonzero(~chosen):
            more = chosen.copy()
            more[j] = True
            first = value(at, more, aim=aim, limit=limit)
            tried.append((first, value(at, more, aim="mean", limit=limit), int(j)))
        chosen[min(tried)[2]] = True
    return chosen


def spread(at: Places, count: int) -> Chosen:
    """Existing sites, then each time the one farthest from those chosen (Gonzalez 1985).

    Distance between sites is how differently far they are from the points; nobody is counted.
    """
    chosen = at.existing.copy()
    if not chosen.any():
        middle = np.where(np.isfinite(at.minutes), at.minutes, 1e6).mean(axis=0)
        chosen[int(np.argmin(middle))] = True
    apart = _apart(at)
    while chosen.sum() < count:
        nearest = apart[:, chosen].min(axis=1)
        nearest[chosen] = -1.0
        chosen[int(np.argmax(nearest))] = True
    return chosen


def _apart(at: Places) -> Array:
    """(sites, sites) least detour through a point, minutes: short for neighbours."""
    count = len(at.sites)
    apart = np.empty((count, count))
    for j in range(count):
        apart[j] = (at.minutes + at.minutes[:, [j]]).min(axis=0)
    return np.where(np.isfinite(apart), apart, 1e6)
