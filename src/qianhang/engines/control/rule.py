"""Rules: a trigger for each stage, and the fixed timetable that needs no sensor."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.engines.control.episode import Policy
from qianhang.engines.control.simulator import Observation
from qianhang.engines.control.stored import Stored

__all__ = ["EveryDays", "StagedRule"]


@dataclass(frozen=True, slots=True)
class StagedRule(Stored):
    """Give a dose whenever the signal passes the trigger of the present stage.

    triggers : one for each stage, stages counted from 1; the last holds for all later ones
    dose : the most that one action gives; need, spent : observations that limit it further,
    the rest of the demand and what was given so far; budget : the most of all actions together
    """

    signal: str
    stage: str
    triggers: tuple[float, ...]
    dose: float
    need: str
    spent: str
    budget: float

    def start(self) -> Policy:
        """The rule as a policy; it has no memory."""
        return self.act

    def act(self, seen: Observation) -> float:
        """The dose now, zero while the signal is at or below its trigger."""
        stage = min(max(int(seen[self.stage]), 1), len(self.triggers))
        if seen[self.signal] <= self.triggers[stage - 1]:
            return 0.0
        return max(0.0, min(self.dose, seen[self.need], self.budget - seen[self.spent]))


@dataclass(frozen=True, slots=True)
class EveryDays(Stored):
    """The same dose at fixed intervals, never more than `need` says is missing."""

    clock: str
    interval: int
    dose: float
    need: str

    def start(self) -> Policy:
        """The timetable as a policy; it has no memory."""
        return self.act

    def act(self, seen: Observation) -> float:
        """The dose on every `interval`-th step, counted from the first."""
        due = int(seen[self.clock]) % self.interval == 0
        return max(0.0, min(self.dose, seen[self.need])) if due else 0.0
