"""How long a job will wait, as an interval that is kept honest by the waits that came true."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import exp, log, log2
from typing import NamedTuple

from qianhang.compute.policy.entry import Klass

__all__ = ["Case", "Interval", "Waits", "case"]


class Interval(NamedTuple):
    """Quantiles of a wait, s."""

    low: float
    middle: float
    high: float


class Case(NamedTuple):
    """What is known of a job when it is submitted, in steps: its chips, its estimate, the crowd.

    chips, estimate, crowd : log2 of chips, of s, of the seconds that the waiting work would keep
        its racks busy
    """

    chips: int
    estimate: int
    crowd: int


def case(klass: Klass, estimate: float, *, waiting_chip_s: float, chips: int) -> Case:
    """The case of a job, from what waits for the pools that may take it."""
    crowd = waiting_chip_s / max(chips, 1)
    return Case(int(log2(klass.total)), int(log2(estimate + 1) / 2), int(log2(crowd + 60)))


class Waits:
    """Running quantiles of the waits of like cases, widened or narrowed until they cover.

    cover : share of waits that shall lie within; step : by how much the level moves after each
    Levels follow the misses on either side (adaptive conformal inference: Gibbs and Candes, 2021),
    so the share covered holds in the long run whatever the waits do.
    """

    def __init__(self, *, cover: float = 0.9, keep: int = 200, step: float = 0.01) -> None:
        self.side, self.keep, self.step = (1.0 - cover) / 2.0, keep, step
        self.seen: dict[tuple[int, ...], tuple[list[float], deque[float]]] = {}
        self.levels: dict[int, list[float]] = {}

    def interval(self, one: Case) -> Interval | None:
        """The interval for a job that has to wait; None as long as too few have waited."""
        ranked = self._ranked(one)
        if ranked is None:
            return None
        low, high = self.levels.get(one.chips, [self.side, 1.0 - self.side])
        return Interval(_at(ranked, low), _at(ranked, 0.5), _at(ranked, high))

    def learn(self, one: Case, wait_s: float, told: Interval | None) -> None:
        """The job of this case, of which `told` was foretold, waited so long."""
        value = log(wait_s + 1.0)
        for key in _keys(one):
            ranked, order = self.seen.setdefault(key, ([], deque()))
            insort(ranked, value)
            order.append(value)
            if len(order) > self.keep:
                del ranked[bisect_left(ranked, order.popleft())]
        if told is not None:
            levels = self.levels.setdefault(one.chips, [self.side, 1.0 - self.side])
            levels[0] += self.step * (self.side - (wait_s < told.low))
            levels[1] -= self.step * (self.side - (wait_s > told.high))

    def _ranked(self, one: Case) -> list[float] | None:
        for key in _keys(one):
            found = self.seen.get(key)
            if found and len(found[0]) >= 20:
                return found[0]
        return None


def _keys(one: Case) -> tuple[tuple[int, ...], ...]:
    return (one.chips, one.estimate, one.crowd), (one.chips, one.crowd), (one.chips,), ()


def _at(ranked: list[float], level: float) -> float:
    """The quantile, s; below 0 and above 1 the range goes on by its own width."""
    last = len(ranked) - 1
    if level < 0.0:
        return max(0.0, exp(ranked[0] + level * (ranked[last] - ranked[0] + 1.0)) - 1.0)
    if level > 1.0:
        return exp(min(ranked[last] + (level - 1.0) * (ranked[last] - ranked[0] + 1.0), 40.0)) - 1.0
    place = level * last
    at = int(place)
    above = ranked[min(at + 1, last)]
    return max(0.0, exp(ranked[at] + (place - at) * (above - ranked[at])) - 1.0)
