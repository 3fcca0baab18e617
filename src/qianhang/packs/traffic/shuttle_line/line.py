"""A loop with stops and shuttles, event by event: who waits, boards, and holds."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from qianhang.engines.control import Action

__all__ = ["Day", "Line"]

_BEHIND_S = 10.0  # a shuttle leaves a stop at least so long after the one ahead


@dataclass(frozen=True, slots=True)
class Day:
    """What a day on a loop is like; arrays over its stops (n,), in order of travel.

    run_s, spread_s : running time to the next stop and its standard deviation
    riders_h : passengers that come to the stop in an hour; leave : share of the load that gets off
    starts : (m, 2) first stop and time of day, s, of each shuttle; end_s : when service stops
    door_s : dwell without anybody; each_s : for each passenger; seats : most on board
    """

    run_s: np.ndarray
    spread_s: np.ndarray
    riders_h: np.ndarray
    leave: np.ndarray
    starts: np.ndarray
    end_s: float
    door_s: float
    each_s: float
    seats: int
    control: tuple[int, ...]


@dataclass
class Line:
    """A day of service; an action is the wait, s, of the shuttle that stands at a control stop.

    Every arrival is one row of `log`: vehicle, stop, arrival, departure, load, boarded, run_s.
    """

    day: Day
    draw: int = 0
    log: list[tuple[float, ...]] = field(default_factory=list)
    _rng: np.random.Generator = field(init=False, repr=False)
    _queue: list[tuple[float, int, int]] = field(init=False, repr=False)
    _held: tuple[float, int, int, int] | None = field(default=None, init=False)

    def reset(self, seed: int) -> None:
        """The first shuttles are on their way."""
        day = self.day
        stops = len(day.run_s)
        self._rng = np.random.default_rng([seed, self.draw])
        self._queue = [(float(t), v, int(s)) for v, (s, t) in enumerate(day.starts)]
        heapq.heapify(self._queue)
        begin = float(day.starts[:, 1].min())
        self._load = [0] * len(day.starts)
        self._run = [float("nan")] * len(day.starts)
        self._last: list[float] = [begin] * stops
        self._seen = [False] * stops
        self._left = [0] * stops
        self._headways: list[float] = []
        self._waits = self._riders = self._holds = 0.0
        self._stands = self._full = 0
        self.log = []
        self._held = None
        self._advance()

    def _advance(self) -> None:
        """Serves stops until a shuttle stands at a control stop, or the day is over."""
        while self._queue and self._held is None:
            at, vehicle, stop = heapq.heappop(self._queue)
            if at >= self.day.end_s:
                continue
            boarded, ready = self._serve(at, vehicle, stop)
            self.log.append(
                (vehicle, stop, at, ready, self._load[vehicle], boarded, self._run[vehicle])
            )
            if stop in self.day.control:
                self._held = (ready, vehicle, stop, len(self.log) - 1)
            else:
                self._depart(ready, vehicle, stop)

    def _serve(self, at: float, vehicle: int, stop: int) -> tuple[int, float]:
        """Passengers get off and on; how many boarded, and when the doors close."""
        day = self.day
        off = int(self._rng.binomial(self._load[vehicle], day.leave[stop]))
        gap = max(at - self._last[stop], 0.0)
        came = int(self._rng.poisson(day.riders_h[stop] * gap / 3600))
        waiting = self._left[stop] + came
        free = day.seats - self._load[vehicle] + off
        boarded = min(waiting, free)
        self._waits += came * gap / 2 + self._left[stop] * gap
        self._riders += came
        self._full += waiting - boarded
        self._left[stop] = waiting - boarded
        self._load[vehicle] += boarded - off
        dwell = day.door_s + day.each_s * (boarded + off)
        return boarded, max(at + dwell, self._last[stop] + _BEHIND_S)

    def _depart(self, when: float, vehicle: int, stop: int) -> None:
        day = self.day
        if self._seen[stop]:
            self._headways.append(when - self._last[stop])
        self._seen[stop] = True
        self._last[stop] = when
        mean, spread = day.run_s[stop], max(day.spread_s[stop], 1e-6)
        # lognormal with this mean and standard deviation
        sigma = float(np.sqrt(np.log1p((spread / mean) ** 2)))
        self._run[vehicle] = float(self._rng.lognormal(np.log(mean) - sigma**2 / 2, sigma))
        onward = (stop + 1) % len(day.run_s)
        heapq.heappush(self._queue, (when + self._run[vehicle], vehicle, onward))

    def observe(self) -> Mapping[str, float]:
        """The shuttle that stands: gaps ahead and behind, s, its load, the planned headway, s."""
        if self._held is None:
            raise ValueError("no shuttle stands at a control stop")
        ready, vehicle, stop, _ = self._held
        behind = self._behind(ready, stop)
        round_s = float(self.day.run_s.sum()) + len(self.day.run_s) * self.day.door_s
        planned = round_s / len(self.day.starts)
        ahead = ready - self._last[stop] if self._seen[stop] else planned
        return {
            "time": ready, "vehicle": float(vehicle), "stop": float(stop), "ahead_s": ahead,
            "behind_s": planned if behind is None else behind, "planned_s": planned,
            "load": float(self._load[vehicle]),
        }  # fmt: skip

    def _behind(self, now: float, stop: int) -> float | None:
        """Seconds until the next shuttle could leave from here, by the mean running times."""
        day, n = self.day, len(self.day.run_s)
        due = []
        for at, _, where in self._queue:
            between = [(where + i) % n for i in range((stop - where) % n)]
            due.append(at + float(day.run_s[between].sum()) + day.door_s * (len(between) + 1) - now)
        return max(min(due), 0.0) if due else None

    def act(self, action: Action) -> None:
        """The standing shuttle waits so long, then leaves; those who come meanwhile board."""
        if isinstance(action, Mapping) or self._held is None:
            raise ValueError("the action is one number, s of waiting, for a shuttle that stands")
        ready, vehicle, stop, row = self._held
        hold = max(float(action), 0.0)
        came = int(self._rng.poisson(self.day.riders_h[stop] * hold / 3600))
        boarded = min(came, self.day.seats - self._load[vehicle])
        self._load[vehicle] += boarded
        self._left[stop] += came - boarded
        self._riders += came
        self._holds += hold
        self._stands += 1
        old = self.log[row]
        self.log[row] = (*old[:3], ready + hold, self._load[vehicle], old[5] + boarded, old[6])
        self._held = None
        self._depart(ready + hold, vehicle, stop)
        self._advance()

    @property
    def done(self) -> bool:
        """Whether the last shuttle of the day has gone in."""
        return self._held is None

    def score(self) -> Mapping[str, float]:
        """Regularity, waiting and loads of the day, see `compare`."""
        gaps = np.array(self._headways or [0.0])
        loads = [row[4] for row in self.log]
        hours = (self.day.end_s - float(self.day.starts[:, 1].min())) / 3600
        return {
            "headway_cv": float(gaps.std() / max(gaps.mean(), 1e-9)),
            "wait_min": self._waits / max(self._riders, 1.0) / 60,
            "wait_h": self._waits / 3600,
            "max_load": float(max(loads, default=0)),
            "left_behind": float(self._full),
            "hold_s": self._holds / max(self._stands, 1),
            "riders": self._riders,
            "rounds": len(self.log) / len(self.day.run_s),
            "hours": hours,
        }
