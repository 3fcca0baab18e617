"""Where to put stations, proven: most people in time, least mean time, least longest time.

Maximal covering: Church and ReVelle (1974). p-median: ReVelle and Swain (1970). p-center by
set covering over the distinct times: Minieka (1970).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines import optimise
from qianhang.engines.optimise import Assembly
from qianhang.packs.disaster.emergency_coverage.places import Array, Places

__all__ = ["Siting", "locate", "reached", "value"]

Chosen = NDArray[np.bool_]
_FAR = 1e6  # minutes, stands for no way at all


@dataclass(frozen=True, slots=True)
class Siting:
    """chosen : (sites,); cost and bound in the unit of the aim; gap 0 where proven best."""

    chosen: Chosen
    cost: float
    bound: float

    @property
    def gap(self) -> float:
        """(cost - bound) / cost, 0 where nothing is left to gain."""
        short = max(0.0, self.cost - self.bound)
        return 0.0 if short <= 1e-7 * max(1.0, abs(self.cost)) else short / max(self.cost, 1e-9)


def reached(at: Places, chosen: Chosen) -> Array:
    """Minutes (points,) from the nearest chosen site."""
    nearest: Array = at.minutes[:, chosen].min(axis=1, initial=np.inf)
    return nearest


def value(at: Places, chosen: Chosen, *, aim: str, limit: float) -> float:
    """cover: people beyond `limit` minutes; mean: minutes a person; worst: minutes."""
    minutes = reached(at, chosen)
    if aim == "cover":
        return float(at.people[minutes > limit + 1e-9].sum())
    if aim == "mean":
        some = at.people > 0
        return float(at.people[some] @ minutes[some] / max(at.people.sum(), 1e-9))
    return float(minutes[at.people > 0].max(initial=0.0))


def locate(at: Places, count: int, *, aim: str, limit: float, time_limit_s: float) -> Siting:
    """The best `count` sites, existing ones among them."""
    if aim == "worst":
        return _center(at, count, time_limit_s)
    chosen, bound = (_cover if aim == "cover" else _median)(at, count, limit, time_limit_s)
    cost = value(at, chosen, aim=aim, limit=limit)
    return Siting(chosen, cost, min(bound, cost))


def _sites(made: Assembly, at: Places, count: int) -> NDArray[np.int64]:
    low = at.existing.astype(float)
    sites = made.add((len(at.sites),), low=low, high=1.0, whole=True)
    made.hold([(sites[None, :], 1.0)], low=float(count), high=float(count))
    return sites


def _cover(at: Places, count: int, limit: float, time_limit_s: float) -> tuple[Chosen, float]:
    """Least people left out; points that the same sites reach count as one."""
    near = at.minutes <= limit + 1e-9
    sets, which = np.unique(near, axis=0, return_inverse=True)
    people = np.bincount(which.ravel(), weights=at.people, minlength=len(sets)).astype(float)
    made = Assembly()
    sites = _sites(made, at, count)
    left_out = made.add((len(sets),), cost=people, high=1.0)
    served = np.where(sets, sites[None, :], -1)
    made.hold([(left_out, 1.0), (served, 1.0)], low=1.0)
    found = optimise.solve(made.program(), time_limit_s=time_limit_s)
    if not found.found:
        return _first(at, count), max(0.0, found.bound)
    return np.round(found.x[sites]) > 0.5, _whole(found.bound, people)


def _whole(bound: float, people: Array) -> float:
    """The bound rounded up where people are whole numbers, so that rounding noise is no gap."""
    if np.allclose(people, np.round(people)):
        return float(np.ceil(bound - 1e-3))
    return bound


def _median(at: Places, count: int, limit: float, time_limit_s: float) -> tuple[Chosen, float]:
    """Least person minutes; a point without people asks for nothing."""
    points = np.flatnonzero(at.people > 0)
    minutes = at.minutes[points]
    open_way = np.isfinite(minutes)
    made = Assembly()
    sites = _sites(made, at, count)
    weight = np.where(open_way, minutes, 0.0) * at.people[points][:, None] / at.people.sum()
    share = made.add(minutes.shape, cost=weight, high=open_way.astype(float))
    made.hold([(share, 1.0)], low=1.0, high=1.0)
    spread = np.broadcast_to(sites, share.shape)
    made.hold([(share.ravel(), 1.0), (spread.ravel(), -1.0)], high=0.0)
    found = optimise.solve(made.program(), time_limit_s=time_limit_s)
    if not found.found:
        return _first(at, count), max(0.0, found.bound) if np.isfinite(found.bound) else 0.0
    return np.round(found.x[sites]) > 0.5, found.bound


def _center(at: Places, count: int, time_limit_s: float) -> Siting:
    """The shortest time within which `count` sites reach everybody, by halving over all times."""
    minutes = at.minutes[at.people > 0]
    times = np.unique(minutes[np.isfinite(minutes)])
    low, high = -1, len(times) - 1
    best, proven = _first(at, count), True
    while high - low > 1:
        middle = (low + high) // 2
        chosen, sure = _within(at, minutes <= times[middle], count, time_limit_s)
        if chosen is None:
            low, proven = middle, proven and sure
        else:
            best, high = chosen, middle
    cost = value(at, best, aim="worst", limit=0.0)
    return Siting(best, cost, cost if proven else float(minutes.min(axis=1).max()))


def _within(
    at: Places, near: Chosen, count: int, time_limit_s: float
) -> tuple[Chosen | None, bool]:
    """Sites that reach every row of `near`, or None, and whether that is sure."""
    made = Assembly()
    sites = made.add(
        (len(at.sites),), cost=1.0, low=at.existing.astype(float), high=1.0, whole=True
    )
    made.hold([(np.where(near, sites[None, :], -1), 1.0)], low=1.0)
    found = optimise.solve(made.program(), time_limit_s=time_limit_s)
    if not found.found:
        return None, found.status == "infeasible"
    chosen = np.round(found.x[sites]) > 0.5
    if chosen.sum() > count:
        return None, found.bound > count + 1e-6
    return _filled(at, chosen, count), True


def _filled(at: Places, chosen: Chosen, count: int) -> Chosen:
    """The choice with further sites up to `count`, each where it shortens times most."""
    out, minutes = chosen.copy(), np.minimum(at.minutes, _FAR)
    while out.sum() < count:
        before = np.minimum(reached(at, out), _FAR)
        gains = [
            -np.inf if out[j] else float(at.people @ np.maximum(before - minutes[:, j], 0))
            for j in range(len(out))
        ]
        out[int(np.argmax(gains))] = True
    return out


def _first(at: Places, count: int) -> Chosen:
    return _filled(at, at.existing, count)
