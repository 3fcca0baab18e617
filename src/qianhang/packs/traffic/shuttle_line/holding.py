"""How long a shuttle waits at a control stop."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.engines.control import Observation, Policy
from qianhang.engines.control.stored import Stored

__all__ = ["NoHold", "OneWayHold", "TwoWayHold"]


@dataclass(frozen=True, slots=True)
class TwoWayHold(Stored):
    """Wait so that the gap ahead grows towards the gap behind, never longer than max_s.

    gain : share of half the difference that is made good at one stop
    Source: Bartholdi and Eisenstein 2012, A self-coordinating bus route to resist bus bunching;
    Daganzo and Pilachowski 2011, Reducing bunching with bus-to-bus cooperation.
    """

    gain: float
    max_s: float

    def start(self) -> Policy:
        """The controller as a policy; it has no memory."""
        return self.act

    def act(self, seen: Observation) -> float:
        """Seconds to wait now."""
        wish = self.gain * (seen["behind_s"] - seen["ahead_s"]) / 2
        return min(max(wish, 0.0), self.max_s)


@dataclass(frozen=True, slots=True)
class OneWayHold(Stored):
    """Wait until the planned headway to the shuttle ahead is reached, as dispatchers do."""

    share: float
    max_s: float

    def start(self) -> Policy:
        """The controller as a policy; it has no memory."""
        return self.act

    def act(self, seen: Observation) -> float:
        """Seconds to wait now."""
        return min(max(self.share * seen["planned_s"] - seen["ahead_s"], 0.0), self.max_s)


@dataclass(frozen=True, slots=True)
class NoHold(Stored):
    """Leave as soon as everybody is on board."""

    def start(self) -> Policy:
        """The policy."""
        return lambda seen: 0.0  # noqa: ARG005 - a policy that looks at nothing
