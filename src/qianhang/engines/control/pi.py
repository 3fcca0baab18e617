"""Proportional-integral control whose integral does not wind up at the limits."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.engines.control.episode import Policy
from qianhang.engines.control.simulator import Observation
from qianhang.engines.control.stored import Stored

__all__ = ["PI"]


@dataclass(frozen=True, slots=True)
class PI(Stored):
    """Action = gain * (error + integral of error / integral_s), held within low and high.

    measure : observation that follows the set point; step_s : time between actions
    rest : action without error. The integral stands still while it would push past a limit.
    """

    measure: str
    setpoint: float
    gain: float
    integral_s: float
    step_s: float
    low: float
    high: float
    rest: float = 0.0

    def __post_init__(self) -> None:
        if self.integral_s <= 0 or self.step_s <= 0 or self.low >= self.high:
            raise ValueError("integral_s and step_s must be above zero, low below high")

    def start(self) -> Policy:
        """A policy with its integral at zero."""
        total = 0.0

        def act(seen: Observation) -> float:
            nonlocal total
            error = self.setpoint - seen[self.measure]
            grown = total + error * self.step_s
            wish = self.rest + self.gain * (error + grown / self.integral_s)
            held = min(max(wish, self.low), self.high)
            if held == wish or (wish - held) * self.gain * error < 0:
                total = grown
            return held

        return act
