"""The heated town as a simulator: hourly decisions on supply temperature and every valve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.control import Action, Observation
from qianhang.packs.heating.balance_control.physics import STEP_S, Rooms
from qianhang.packs.heating.balance_control.town import Town, supply_curve
from qianhang.packs.heating.balance_control.winter import STEPS, Winter

__all__ = ["SETTLE_H", "Commissioned", "HeatedTown", "commission", "outdoor_mean"]

Floats = NDArray[np.float64]
SETTLE_H = 72  # hours before comfort is counted: the start of the season is a guess
COLD, COOL, LEAST = 18.0, 20.0, 16.0  # degC
_LEVELS = np.array([0.5, 0.6, 0.7, 0.8, 0.95])


@dataclass(frozen=True, slots=True)
class Commissioned:
    """Levels of the weather curve at which a town has `share` cold hours, valves open or balanced.

    Found with hindsight on the very season that is played, for the baselines alone.
    """

    open: float
    balanced: float


def outdoor_mean(weather: Winter) -> Floats:
    """(h,) the outdoor temperature that a controller sees: a mean that fades in 12 h."""
    seen, now = np.empty(weather.hours), float(weather.air[0])
    for hour in range(weather.hours):
        seen[hour] = now
        now += (float(weather.air[hour * STEPS : (hour + 1) * STEPS].mean()) - now) / 12
    return seen


def commission(town: Town, weather: Winter, *, share: float) -> Commissioned:
    """The lowest weather curves that leave at most `share` of building-hours below 18 degC."""
    k, seen = len(_LEVELS), outdoor_mean(weather)
    levels = np.tile(_LEVELS, 2)
    opening = np.repeat([np.ones(len(town.names)), town.balanced], k, axis=0)
    rooms, cold = Rooms(town, copies=2 * k), np.zeros(2 * k)
    rooms.turn(opening)
    counted = 0
    for hour in range(weather.hours):
        supply = curve_at(levels, seen[hour], town.outside)
        for step in range(hour * STEPS, (hour + 1) * STEPS):
            rooms.step(supply, float(weather.air[step]), float(weather.sun[step]))
        if hour >= SETTLE_H:
            cold += (rooms.coldest() < COLD).mean(axis=1)
            counted += 1
    found = cold.reshape(2, k) / max(counted, 1)
    return Commissioned(*(_level_for(row, share) for row in found))


def curve_at(level: Floats | float, outdoor: float, outside: float) -> Floats:
    """Supply temperature, degC, of the weather curve at a level, 1 as designed."""
    wished = 20.0 + np.asarray(level) * (supply_curve(outdoor, outside=outside) - 20.0)
    return np.clip(wished, 35.0, 95.0)


def _level_for(cold: Floats, share: float) -> float:
    """The level, by a straight line between levels tried, at which `share` is cold."""
    falling = np.minimum.accumulate(cold)[::-1]
    return float(np.interp(share, falling, _LEVELS[::-1]))


class HeatedTown:
    """One town over one season. Observations are named numbers, NaN where a sensor is silent.

    Actions: supply (degC wished at the end of the hour; the source goes there in four equal steps)
    and valve_<building> (0..1; where none is given the valve stays). Nothing is held back: range
    and ramp of the supply are scored, not enforced.
    """

    def __init__(
        self, town: Town, weather: Winter, *, commissioned: Commissioned, noise_k: float = 0.3,
        missing: float = 0.05,
    ) -> None:  # fmt: skip
        self.town, self.weather, self.commissioned = town, weather, commissioned
        self.noise_k, self.missing = noise_k, missing
        self.seen_outdoor = outdoor_mean(weather)
        self.names = town.names
        self.keys = [f"{what}_{n}" for what in ("room", "back", "set") for n in self.names]
        self.reset(0)

    def reset(self, seed: int) -> None:
        """Rooms at 19 degC, valves open, meters at zero; sensor noise from the seed."""
        self.rng = np.random.default_rng([seed, 7])
        self.rooms = Rooms(self.town)
        self.opening = np.ones(len(self.names))
        self.hour = 0
        self.supply = float(
            curve_at(self.commissioned.open, self.seen_outdoor[0], self.town.outside)
        )
        self.flowing = self.rooms.water(np.array([self.supply]))
        self.meter = dict.fromkeys(("heat_j", "loss_j", "cold", "short_k_h", "cool_k_h"), 0.0)
        self.extremes = {"coldest": 99.0, "supply_high": self.supply, "supply_low": self.supply}
        self.ramp, self.least_spare, self.counted = 0.0, np.inf, 0
        self.room_sum = np.zeros(len(self.names))

    @property
    def done(self) -> bool:
        """Whether the season is over."""
        return self.hour >= self.weather.hours

    def observe(self) -> Observation:
        """What the control room sees at the full hour."""
        w, at = self.weather, self.hour * STEPS
        day = slice(at, at + 24 * STEPS)
        rooms = self.rooms.room[0] + self.rng.normal(0, self.noise_k, len(self.names))
        silent = (self.rng.random(len(self.names)) < self.missing) | ~self.town.sensor
        rooms[silent] = np.nan
        flow = self.flowing
        seen = {
            "hour": float(self.hour),
            "outdoor": float(w.air[at]),
            "outdoor_mean": float(self.seen_outdoor[self.hour]),
            "outdoor_6h": float(w.air[at : at + 6 * STEPS].mean()),
            "outdoor_24h": float(w.air[day].mean()),
            "sun_6h": float(w.sun[at : at + 6 * STEPS].mean()),
            "supply_now": self.supply,
            "return_now": float(flow.back[0]),
            "heat_mw": float(flow.plant[0]) / 1e6,
            "room_mean": float(self.rooms.room.mean()),
            "coldest_room": float(self.rooms.coldest().min()),
            "warmest_room": float(self.rooms.room.max()),
            "curve_open": self.commissioned.open,
            "curve_balanced": self.commissioned.balanced,
        }
        values = np.concatenate([rooms, flow.behind[0], self.town.balanced])
        return seen | dict(zip(self.keys, values.tolist(), strict=True))

    def act(self, action: Action) -> None:
        """An hour under this action."""
        asked: Mapping[str, float] = action if isinstance(action, Mapping) else {"supply": action}
        wished = [asked.get(f"valve_{n}", v) for n, v in zip(self.names, self.opening, strict=True)]
        self.opening = np.clip(np.nan_to_num(np.array(wished), nan=1.0), 0.0, 1.0)
        self.rooms.turn(self.opening[None])
        start, goal = self.supply, float(asked.get("supply", self.supply))
        for part in range(1, STEPS + 1):
            step = self.hour * STEPS + part - 1
            self.supply = start + (goal - start) * (part / STEPS)
            air, sun = float(self.weather.air[step]), float(self.weather.sun[step])
            self.flowing = self.rooms.step(np.array([self.supply]), air, sun)
            self.meter["heat_j"] += float(self.flowing.plant[0]) * STEP_S
            self.meter["loss_j"] += float(self.flowing.loss[0]) * STEP_S
        self.ramp = max(self.ramp, abs(goal - start) / STEPS)
        self.hour += 1
        self._count()

    def _count(self) -> None:
        top, low = self.extremes["supply_high"], self.extremes["supply_low"]
        self.extremes["supply_high"] = max(top, self.supply)
        self.extremes["supply_low"] = min(low, self.supply)
        if self.hour < SETTLE_H:
            return
        cold = self.rooms.coldest()[0]
        self.meter["cold"] += float((cold < COLD).mean())
        self.meter["short_k_h"] += float(np.maximum(COLD - cold, 0).mean())
        self.meter["cool_k_h"] += float(np.maximum(COOL - cold, 0).mean())
        self.extremes["coldest"] = min(self.extremes["coldest"], float(cold.min()))
        self.least_spare = min(self.least_spare, float(self.flowing.spare.min()) / 1e5)
        self.room_sum = self.room_sum + self.rooms.room[0]
        self.counted += 1

    def score(self) -> Mapping[str, float]:
        """Heat GJ, cold hours, extremes, spread between buildings, K; least pressure, bar."""
        counted = max(self.counted, 1)
        means = self.room_sum / counted
        return {
            "heat_gj": self.meter["heat_j"] / 1e9,
            "loss_share": 100 * self.meter["loss_j"] / max(self.meter["heat_j"], 1.0),
            "cold_share": 100 * self.meter["cold"] / counted,
            "short_k_h": self.meter["short_k_h"],
            "cool_k_h": self.meter["cool_k_h"],
            **self.extremes,
            "ramp": self.ramp,
            "room_average": float(means.mean()),
            "room_spread": float(means.std()),
            "spare_bar": self.least_spare,
        }
