"""What a simulator has to offer so that a controller can be tried on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

__all__ = ["Action", "Observation", "Simulator"]

Observation = Mapping[str, float]
Action = float | Mapping[str, float]


class Simulator(Protocol):
    """A process that is stepped: reset once, then observe and act until it is done."""

    def reset(self, seed: int) -> None:
        """Back to the start; everything random comes from the seed."""
        ...

    def observe(self) -> Observation:
        """What the controller may know now, name -> value."""
        ...

    def act(self, action: Action) -> None:
        """One step under this action."""
        ...

    @property
    def done(self) -> bool:
        """Whether the episode is over."""
        ...

    def score(self) -> Mapping[str, float]:
        """The totals of a finished episode, name -> value."""
        ...
