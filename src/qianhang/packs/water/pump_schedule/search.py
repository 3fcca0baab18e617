"""From first schedules to a good one: switching times moved one by one, each day simulated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.packs.water.pump_schedule.document import DAY_S, Run
from qianhang.packs.water.pump_schedule.plant import Day, Plant

__all__ = ["Limits", "Search", "tidy"]

Array = NDArray[np.float64]
Spans = list[tuple[int, int]]
Schedule = dict[str, Spans]


@dataclass(frozen=True, slots=True)
class Limits:
    """What a day has to keep.

    pressure : (judged,) m ; levels : (tanks,) m at the end of the day ; drawn : m3 from sources
    that no pump draws on ; starts : runs of a pump in a day ; shortest : s, of a run or a pause
    """

    pressure: Array
    levels: Array
    drawn: float
    starts: int
    shortest: int = 600

    def broken(self, day: Day, areas: Array) -> tuple[float, float]:
        """m3 missing in tanks (or taken from other sources), and m of pressure missing."""
        short = float((np.maximum(self.levels - day.levels, 0) * areas).sum())
        more = max(day.drawn - self.drawn - 0.005 * abs(self.drawn), 0.0)
        pressure = float(np.minimum(np.maximum(self.pressure - day.pressure, 0), 50).sum())
        return short + more, pressure + 10.0 * day.warnings


def tidy(spans: Sequence[tuple[int, int]], *, shortest: int) -> Spans:
    """Spans inside the day, in order, short pauses closed and short runs dropped."""
    kept = sorted((max(int(a), 0), min(int(b), DAY_S)) for a, b in spans)
    joined: Spans = []
    for a, b in kept:
        if b <= a:
            continue
        if joined and a - joined[-1][1] < shortest:
            joined[-1] = (joined[-1][0], max(b, joined[-1][1]))
        else:
            joined.append((a, b))
    return [(a, b) for a, b in joined if b - a >= shortest]


class Search:
    """Annealing over switching times, steered by which pump fills which tank.

    effect : (pumps, tanks) m3/h that a pump adds ; worth : money that a m3 in a tank is worth at
    first; it rises while tanks stay short and falls while they do not.
    """

    def __init__(
        self, plant: Plant, limits: Limits, effect: Array, *, worth: float, seed: int
    ) -> None:
        self.plant, self.limits, self.effect = plant, limits, effect
        self.worth, self._least = worth, worth / 2
        self._rng = np.random.default_rng(seed)

    def run(self, starts: Sequence[Sequence[Run]], *, runs: int) -> tuple[list[Run], Day]:
        """The cheapest schedule found that breaks nothing, else the one that breaks least."""
        first = [self._schedule(s) for s in starts]
        days = [self.plant.day(self._runs(s)) for s in first]
        at = int(np.argmin([self._price(d) for d in days]))
        here, day = first[at], days[at]
        best, best_day = here, day
        for number in range(runs):
            part = number / runs
            there = self._neighbour(here, day, part)
            if there == here or max(map(len, there.values())) > self.limits.starts:
                continue
            seen = self.plant.day(self._runs(there))
            heat = (0.003 * (1 - part) ** 2 + 1e-5) * (abs(best_day.cost) + 1e-9)
            rise = self._price(seen) - self._price(day)
            if rise < 0 or self._rng.random() < np.exp(-rise / heat):
                here, day = there, seen
            self._steer(day)
            if self._better(seen, best_day):
                best, best_day = there, seen
        return self._runs(best), best_day

    def _price(self, day: Day) -> float:
        volume, pressure = self.limits.broken(day, self.plant.areas)
        return day.cost + self.worth * (volume + 20.0 * pressure)

    def _better(self, new: Day, old: Day) -> bool:
        fresh, stale = (sum(self.limits.broken(d, self.plant.areas)) for d in (new, old))
        if fresh > 0 or stale > 0:
            return fresh < stale
        return new.cost < old.cost

    def _steer(self, day: Day) -> None:
        broken = sum(self.limits.broken(day, self.plant.areas)) > 0
        self.worth = (
            min(self.worth * 1.01, self._least * 100)
            if broken
            else max(self.worth * 0.99, self._least)
        )

    def _neighbour(self, here: Schedule, day: Day, part: float) -> Schedule:
        there = {p: list(spans) for p, spans in here.items()}
        rng, scale = self._rng, 300 + 3600 * (1 - part)
        pumps = self.plant.pumps
        if rng.random() < 0.45 and len(self.plant.tanks):
            pump, seconds = self._repair(day)
            _stretch(there[pump], seconds, rng)
        else:
            pump = pumps[rng.integers(len(pumps))]
            _disturb(there[pump], scale, rng)
        if rng.random() < 0.3:
            pump = pumps[rng.integers(len(pumps))]
            _disturb(there[pump], scale, rng)
        shortest = self.limits.shortest
        return {p: tidy(spans, shortest=shortest) for p, spans in there.items()}

    def _repair(self, day: Day) -> tuple[str, float]:
        """A pump, and by how many seconds longer it should run for a tank to end as it began."""
        rng = self._rng
        missing = (self.limits.levels - day.levels) * self.plant.areas
        weight = np.maximum(missing, 0) * 4 + np.maximum(-missing, 0) + 1e-6
        tank = rng.choice(len(missing), p=weight / weight.sum())
        helps = np.abs(self.effect[:, tank]) ** 2 + 1e-9
        pump = rng.choice(len(helps), p=helps / helps.sum())
        rate = self.effect[pump, tank]
        rate = rate if abs(rate) > 1e-3 else 1e-3
        seconds = 3600 * missing[tank] / rate * rng.uniform(0.4, 1.2)
        return self.plant.pumps[pump], float(np.clip(seconds, -7200, 7200))

    def _schedule(self, runs: Sequence[Run]) -> Schedule:
        shortest = self.limits.shortest
        plan = {p: tidy([(r.start, r.end) for r in runs if r.pump == p], shortest=shortest)
                for p in self.plant.pumps}  # fmt: skip
        return {p: _fewer(spans, self.limits.starts) for p, spans in plan.items()}

    def _runs(self, schedule: Schedule) -> list[Run]:
        return [Run(p, a, b) for p, spans in schedule.items() for a, b in spans]


def _fewer(spans: Spans, most: int) -> Spans:
    """The spans with the shortest pauses closed until few enough are left."""
    left = list(spans)
    while len(left) > most:
        pauses = [b[0] - a[1] for a, b in zip(left, left[1:], strict=False)]
        at = int(np.argmin(pauses))
        left[at : at + 2] = [(left[at][0], left[at + 1][1])]
    return left


def _stretch(spans: Spans, seconds: float, rng: np.random.Generator) -> None:
    """Moves one end of one span by so many seconds, or begins a span."""
    if not spans:
        begin = int(rng.integers(DAY_S))
        spans.append((begin, begin + int(max(seconds, 600))))
        return
    at = int(rng.integers(len(spans)))
    a, b = spans[at]
    spans[at] = (a, int(b + seconds)) if rng.random() < 0.5 else (int(a - seconds), b)


def _disturb(spans: Spans, scale: float, rng: np.random.Generator) -> None:
    """Moves an end or a whole span, trades time between two, or adds, splits, drops one."""
    if not spans or rng.random() < 0.05:
        begin = int(rng.integers(DAY_S))
        spans.append((begin, begin + 600 + int(rng.exponential(3600))))
        return
    at, move, kind = int(rng.integers(len(spans))), int(rng.normal(0, scale)), rng.random()
    a, b = spans[at]
    if kind < 0.35:
        spans[at] = (a + move, b)
    elif kind < 0.65:
        spans[at] = (a, b + move)
    elif kind < 0.8:
        spans[at] = (a + move, b + move)
    elif kind < 0.9 and len(spans) > 1:
        other = (at + 1 + int(rng.integers(len(spans) - 1))) % len(spans)
        spans[at] = (a, b + move)
        spans[other] = (spans[other][0] + move, spans[other][1])
    elif kind < 0.95:
        del spans[at]
    else:
        middle, half = (a + b) // 2, abs(move) // 2 + 300
        spans[at] = (a, middle - half)
        spans.append((middle + half, b))
