"""Controllers: the weather curves of today, and room feedback on valves and supply."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.control import Observation, Policy
from qianhang.engines.control.stored import Stored
from qianhang.packs.heating.balance_control.simulator import curve_at

__all__ = ["RoomFeedback", "WeatherCurve", "constant"]

Floats = NDArray[np.float64]
LOW, HIGH = 35.0, 95.0
_SHUT, _TURN = 0.12, 0.15  # least opening of a valve, most that it turns in an hour
_RAMP = 7.2  # K in an hour: 1.8 K in 15 minutes


def constant(supply: float) -> Policy:
    """The same supply temperature all season, reached without breaking the ramp."""

    def act(seen: Observation) -> dict[str, float]:
        return {"supply": _reached(seen, supply)}

    return act


@dataclass(frozen=True, slots=True)
class WeatherCurve(Stored):
    """Supply by the outdoor mean, at the level that the town's worst building needs.

    balanced : valves are set once by flow, as a technician does, and the curve lowered to suit
    """

    balanced: bool
    outside: float

    def start(self) -> Policy:
        """The curve as a policy; it has no memory."""

        def act(seen: Observation) -> dict[str, float]:
            level = seen["curve_balanced" if self.balanced else "curve_open"]
            wished = float(curve_at(level, seen["outdoor_mean"], self.outside))
            presets = {k[4:]: v for k, v in seen.items() if k.startswith("set_")}
            valves = {f"valve_{n}": v if self.balanced else 1.0 for n, v in presets.items()}
            return {"supply": _reached(seen, wished), **valves}

        return act


@dataclass(frozen=True, slots=True)
class RoomFeedback(Stored):
    """Valves that bring every building to one temperature, and the least supply that suffices.

    target : degC of the room sensors; gain : valve share per K; reset_h : integral time, hours
    trim_k_h : K that the supply moves per K of the index building's lack, each hour
    sun_k : K taken off the outdoor deficit per 100 W/m2 of sun to come; outside : degC of design
    level : of the weather curve at the start, and as long as no sensor is heard
    """

    target: float
    gain: float
    reset_h: float
    trim_k_h: float
    sun_k: float
    outside: float
    level: float = 0.8

    def start(self) -> Policy:
        """The controller with fresh memory."""
        return _Feedback(self).act


class _Feedback:
    """Filtered rooms, integrals of the valves, level of the curve."""

    def __init__(self, rule: RoomFeedback) -> None:
        self.rule = rule
        self.names: tuple[str, ...] = ()
        self.level = rule.level

    def act(self, seen: Observation) -> dict[str, float]:
        if not self.names:
            self._begin(seen)
        error = self.rule.target - self._rooms(seen)
        valves = self._valves(error)
        self._trim(error, valves)
        air = 0.5 * seen["outdoor_mean"] + 0.5 * seen["outdoor_24h"]
        air += self.rule.sun_k * seen["sun_6h"] / 100
        wished = float(curve_at(self.level, air, self.rule.outside))
        told = dict(zip((f"valve_{n}" for n in self.names), valves.tolist(), strict=True))
        return {"supply": _reached(seen, wished), **told}

    def _begin(self, seen: Observation) -> None:
        self.names = tuple(k[5:] for k in seen if k.startswith("room_") and f"back_{k[5:]}" in seen)
        self.filtered = np.full(len(self.names), self.rule.target)
        self.total = np.full(len(self.names), 0.7)
        self.before = np.full(len(self.names), np.nan)
        self.noise, self.last = np.full(len(self.names), 0.3), np.ones(len(self.names))
        self.heard = np.zeros(len(self.names))

    def _rooms(self, seen: Observation) -> Floats:
        """Room temperatures with noise filtered; one never heard of keeps its valve open."""
        now = np.array([seen[f"room_{n}"] for n in self.names])
        known = np.isfinite(now)
        self.heard = np.where(known, self.heard + 1, self.heard)
        value = np.nan_to_num(now)
        jump = np.where(known & np.isfinite(self.before), np.abs(value - self.before), self.noise)
        self.noise = 0.97 * self.noise + 0.03 * np.nan_to_num(jump)
        self.before = np.where(known, now, self.before)
        weight = 0.25 * np.minimum(1.0, 0.35 / self.noise)  # noisy ones are followed slowly
        self.filtered = np.where(
            known, self.filtered + weight * (value - self.filtered), self.filtered
        )
        return self.filtered

    def _valves(self, error: Floats) -> Floats:
        r = self.rule
        wished = self.total + r.gain * error
        grown = self.total + r.gain * error / r.reset_h
        stuck = ((wished >= 1.0) & (error > 0)) | ((wished <= _SHUT) & (error < 0))
        self.total = np.clip(np.where(stuck, self.total, grown), _SHUT, 1.0)
        held = np.clip(np.clip(wished, _SHUT, 1.0), self.last - _TURN, self.last + _TURN)
        self.last = np.where(self.heard > 0, held, 1.0)
        return self.last

    def _trim(self, error: Floats, valves: Floats) -> None:
        """Raise the curve for the building that lacks most at an open valve, else lower it."""
        known = self.heard > 24
        if not known.any():
            return
        lack = np.where(valves > 0.85, error, error - 0.5)[known]
        index = float(np.sort(lack)[-2:].mean())
        self.level = float(np.clip(self.level + self.rule.trim_k_h * index / 40, 0.35, 1.3))


def _reached(seen: Observation, wished: float) -> float:
    """The wished supply as far as the ramp lets it go in an hour, within its range."""
    now = seen["supply_now"]
    return float(np.clip(np.clip(wished, now - _RAMP, now + _RAMP), LOW, HIGH))
