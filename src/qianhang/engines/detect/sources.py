"""Sequential detection and localisation of additive sources behind a slowly known bias."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.detect.localise import match, neighbourhood, posterior

__all__ = ["Declared", "Plant", "Settings", "Source", "SourceTracker", "Trace"]

Array = NDArray[np.float64]


class Plant(Protocol):
    """What the tracker asks of the system that it watches."""

    def residual(self, period: int, sources: Mapping[int, float]) -> tuple[Array, Array]:
        """Measured minus expected beside the sources, and weight of the bias, (n,) each."""
        ...

    def response(self, period: int, place: int, *, size: float, known: Mapping[int, float]) -> Array:
        """Change of the residual for one unit of source at a place, beside the known ones, (n,)."""
        ...


@dataclass(frozen=True, slots=True)
class Settings:
    """Thresholds of a tracker, fixed before it sees data.

    open_at, close_at : log likelihood ratio (nats) at which a source is opened, closed
    sure, likely : share of the place posterior within reach for an alarm now, or after `patience`
    growth : standard deviation of a source's change of size, units a period
    least : smallest source worth opening, units
    memory : periods that the tracker can look back; windows : lengths (periods) tried as onsets
    drift : standard deviation of the bias's daily wander, as a share of its prior
    temper : how far the likelihood is trusted for places, 0 to 1
    """

    open_at: float = 14.0
    close_at: float = 8.0
    sure: float = 0.6
    likely: float = 0.35
    patience: int = 6
    growth: float = 0.3
    least: float = 0.8
    memory: int = 60
    windows: tuple[int, ...] = (1, 2, 4, 7, 12, 20, 34, 55)
    drift: float = 0.01
    temper: float = 0.5
    first: int = 3
    checked: int = 16


@dataclass(slots=True)
class Source:
    """A source that the tracker holds to be there; `chance` is its place posterior (places,)."""

    place: int
    start: int
    size: float
    seen: int
    response: Array
    chance: Array
    open: bool = True
    said: int = -1
    said_times: int = 0
    sizes: dict[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Declared:
    """One alarm: period, place, size (units), chance that the place is within reach."""

    period: int
    place: int
    start: int
    size: float
    chance: float
    source: int


@dataclass(frozen=True, slots=True)
class Trace:
    """The statistic of one period: best log likelihood ratio, its place, onset, sources open."""

    period: int
    statistic: float
    place: int
    start: int
    open: int
    total: float


class SourceTracker:
    """Opens, sizes, moves and closes sources from residuals, one period at a time.

    responses : (2, places, n) response per unit at a small and a large size
    sizes : the two sizes; bias : (n, n) prior covariance of the lasting bias
    noise : (n, n) covariance of one period's residual; near : (places, places) True within reach
    """

    def __init__(self, responses: Array, sizes: Sequence[float], bias: Array, noise: Array,
                 near: NDArray[np.bool_], settings: Settings = Settings()) -> None:
        self.responses, self.reference = responses, tuple(sizes)
        self.bias, self.noise, self.near, self.settings = bias, noise, near, settings
        self.sources: list[Source] = []
        self.declared: list[Declared] = []
        self.trace: list[Trace] = []
        self._mean = [np.zeros(len(bias))]
        self._cov: list[Array | None] = [bias]
        self._gain: list[Array | None] = []
        self._residual: list[Array] = []
        self._weight: list[Array] = []
