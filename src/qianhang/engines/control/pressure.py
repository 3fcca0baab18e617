"""Signals by pressure: the phase that would let most go, and no red beyond a limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from qianhang.engines.control.episode import Policy
from qianhang.engines.control.simulator import Observation
from qianhang.engines.control.stored import Stored

__all__ = ["AllSignals", "Pressure"]


@dataclass(frozen=True, slots=True)
class Pressure(Stored):
    """For every signal the phase with the highest pressure, unless a red is about to be too long.

    coming : weight of a vehicle that comes beside one that stands; stay : what the present phase is
    multiplied by, as a change costs a yellow; min_green_s, max_red_s : limits; step_s : between
    decisions. Seen are the observations of `Traffic`.
    Source: Varaiya 2013, Max pressure control of a network of signalized intersections.
    """

    coming: float = 0.5
    stay: float = 1.0
    min_green_s: float = 5.0
    max_red_s: float = 120.0
    step_s: float = 5.0

    def __post_init__(self) -> None:
        if self.step_s <= 0 or self.stay <= 0 or self.coming < 0:
            raise ValueError("step_s and stay must be above zero, coming not below")

    def start(self) -> Policy:
        """The controller as a policy; it has no memory."""
        return self.act

    def act(self, seen: Observation) -> Mapping[str, float]:
        """Name of each signal -> number of the phase to show next."""
        found = {}
        for key in seen:
            if key.startswith("phase:"):
                name = key.removeprefix("phase:")
                found[name] = float(self._phase(seen, name))
        return found

    def _phase(self, seen: Observation, name: str) -> int:
        count = 0
        while f"queue:{name}/{count}" in seen:
            count += 1
        now, age = int(seen[f"phase:{name}"]), seen[f"age:{name}"]
        if now >= 0 and age < self.min_green_s:
            return now
        value = [self.pressure(seen, name, k) for k in range(count)]
        reds = [seen[f"red:{name}/{k}"] for k in range(count)]
        if self._due(reds):
            return max(range(count), key=lambda k: (reds[k], value[k]))
        if now >= 0:
            value[now] *= self.stay
        return max(range(count), key=lambda k: (value[k], k == now))

    def pressure(self, seen: Observation, name: str, phase: int) -> float:
        """Vehicles that the phase would let go, weighted by the room that they go to."""
        key = f"{name}/{phase}"
        return seen[f"queue:{key}"] + self.coming * seen[f"coming:{key}"]

    def _due(self, reds: Sequence[float]) -> bool:
        """Whether the reds, served one after another from now on, just keep the limit.

        A turn is a phase of least green and its decision; the first may be a turn away, too.
        """
        turn = max(self.min_green_s, self.step_s) + self.step_s
        limit = self.max_red_s - self.step_s - turn
        ordered = sorted(reds, reverse=True)
        return any(red > 0 and red >= limit - j * turn for j, red in enumerate(ordered))


@dataclass(frozen=True, slots=True)
class AllSignals(Stored):
    """The same action at every signal, whatever is seen."""

    action: float

    def start(self) -> Policy:
        """The action as a policy."""
        return self.act

    def act(self, seen: Observation) -> Mapping[str, float]:
        """Name of each signal -> the action."""
        return {k.removeprefix("phase:"): self.action for k in seen if k.startswith("phase:")}
