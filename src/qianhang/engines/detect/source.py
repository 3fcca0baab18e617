"""What a source tracker is told and what it says: plant, places, thresholds, sources, alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["Declared", "Places", "Plant", "Settings", "Source", "Trace"]

Array = NDArray[np.float64]


class Plant(Protocol):
    """What the tracker asks of the system that it watches."""

    def residual(self, period: int, known: Mapping[int, float]) -> tuple[Array, Array, Array]:
        """Measured minus expected beside the known sources; weight of the bias; noise, (n,) each.

        The noise is a multiple of the usual standard deviation (few readings: above 1).
        """
        ...

    def responses(
        self, period: int, places: Sequence[int], *, sizes: Array, known: Mapping[int, float]
    ) -> Array:
        """Change of the residual a unit of source at each place beside the known, (places, n)."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """Thresholds of a tracker, fixed before it sees data.

    open_at, close_at : log likelihood ratio at which a source is opened, closed
    sure, likely : chance that an alarm is within reach which is enough now, or after `patience`
    growth : standard deviation of a source's change of size, units a period
    settle : periods that a source must have stood before it is told
    least, worth : smallest source opened, smallest one told, units
    first : periods before anything is opened
    memory : periods that the tracker can look back; windows : lengths (periods) tried as onsets
    drift : growth of the bias's variance a period, as a share of its prior
    temper : how far the likelihood is trusted for places, 0 to 1
    stale, again, tries : below this chance an earlier alarm of a source was wrong, above that one
        it is told anew, so often at most
    rest : periods in which nobody is sent again to within half the reach of an earlier alarm
    checked : places that the plant itself is asked about before a source is opened
    """

    open_at: float = 25.0
    close_at: float = 10.0
    sure: float = 0.6
    likely: float = 0.45
    settle: int = 2
    patience: int = 7
    growth: float = 0.3
    least: float = 1.2
    worth: float = 2.0
    first: int = 3
    memory: int = 56
    windows: tuple[int, ...] = (1, 2, 4, 7, 12, 20, 34, 55)
    drift: float = 2e-5
    temper: float = 0.4
    checked: int = 16
    rest: int = 120
    stale: float = 0.1
    again: float = 0.8
    tries: int = 2
    ages: tuple[int, ...] = (1, 2, 4, 7, 11, 16, 24, 34, 48)


@dataclass(frozen=True, slots=True)
class Places:
    """Where a source can be.

    responses : (2, places, n) change a unit at a small and at a large size; sizes : the two
    distance : (places, places) ; reach : distance within which an alarm counts as right
    """

    responses: Array
    sizes: tuple[float, float]
    distance: Array
    reach: float

    def at(self, size: float) -> Array:
        """Responses (places, n) a unit, between the two sizes by straight line."""
        small, large = self.sizes
        share = float(np.clip((size - small) / (large - small), 0.0, 1.0))
        result: Array = (1 - share) * self.responses[0] + share * self.responses[1]
        return result


@dataclass(slots=True)
class Source:
    """A source that the tracker holds to be there; `chance` is its place posterior (places,)."""

    place: int
    start: int
    seen: int
    response: Array
    chance: Array
    sizes: list[float]
    open: bool = True
    said: list[int] = field(default_factory=list)

    @property
    def size(self) -> float:
        """The newest size, units."""
        return self.sizes[-1]


@dataclass(frozen=True, slots=True)
class Declared:
    """One alarm: period, place, first period of the source, size (units), chance to be right."""

    period: int
    place: int
    start: int
    size: float
    chance: float
    source: int


@dataclass(frozen=True, slots=True)
class Trace:
    """One period: best log likelihood ratio of a new source, its place, sources held open."""

    period: int
    statistic: float
    place: int
    held: int
    total: float
