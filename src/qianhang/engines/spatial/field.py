"""Kriging: the best linear estimate at places and blocks, with a band that keeps its promise.

Source: Chiles & Delfiner (2012), chapters 3 and 7; the band is conformal: the errors of samples
left out one by one say how many standard deviations hold the wanted share (Vovk et al. 2005).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.saving import pack_arrays, unpack_arrays
from qianhang.engines.spatial.fitting import Trend, fit_structure, left_out
from qianhang.engines.spatial.structure import KINDS, Structure

__all__ = ["Estimate", "Field"]

Floats = NDArray[np.float64]
_WHOLE = 1200  # samples up to which one system is solved for all of them
_NEAREST = 80  # samples that a place is estimated from beyond that


@dataclass(frozen=True, slots=True)
class Estimate:
    """Estimates (m,), their kriging standard deviation, and the calibrated band about them."""

    estimate: Floats
    sd: Floats
    low: Floats
    high: Floats


@dataclass(frozen=True, slots=True)
class Field:
    """A fitted field: samples, structure, drift, and the tails of the standardised errors.

    places : (n, 2); values : (n,)
    tails : how many standard deviations below and above the estimate the band reaches
    level : share of new samples that the band is made to hold
    """

    places: Floats
    values: Floats
    structure: Structure
    trend: Trend
    tails: tuple[float, float]
    level: float

    @classmethod
    def fit(
        cls,
        places: Floats,
        values: Floats,
        *,
        kinds: Sequence[str] = tuple(KINDS),
        degree: int = 0,
        level: float = 0.9,
        seed: int = 0,
    ) -> Self:
        """The field that samples speak for.

        places : (n, 2), no two the same; values : (n,)
        kinds : variogram kinds to choose from; degree : of the drift, 0 is ordinary kriging, 1 or
        2 universal kriging
        Raises ValueError for two samples at one place, gaps, equal values, and too few samples.
        """
        places, values = np.asarray(places, dtype=float), np.asarray(values, dtype=float)
        if not (np.isfinite(places).all() and np.isfinite(values).all()):
            raise ValueError("places and values must be finite")
        if len(np.unique(places, axis=0)) < len(places):
            raise ValueError("two samples lie at one place: average them")
        if not np.ptp(values) > 0:
            raise ValueError("all values are the same")
        structure, trend = fit_structure(places, values, kinds=kinds, degree=degree, seed=seed)
        made = cls(places, values, structure, trend, (0.0, 0.0), level)
        errors, sd = made.left_out()
        return cls(places, values, structure, trend, _tails(errors / sd, level), level)

    def left_out(self) -> tuple[Floats, Floats]:
        """(n,) error of each sample foretold from the others, and (n,) its standard deviation."""
        if len(self.values) <= _WHOLE:
            error, variance = left_out(self.structure, self.trend, self.places, self.values)
            return error, np.sqrt(variance)
        found = [
            self._solved(self.places[k : k + 1], rows[rows != k])
            for k, rows in enumerate(self._near(self.places, _NEAREST + 1))
        ]
        estimate = np.array([e[0] for e, _ in found])
        sd = np.sqrt([v[0] for _, v in found])
        return self.values - estimate, np.asarray(sd)

    def predict(self, places: Floats) -> Estimate:
        """The estimate of a new sample at places (m, 2)."""
        places = np.asarray(places, dtype=float)
        if len(self.values) <= _WHOLE:
            return self._banded(*self._solved(places, np.arange(len(self.values))))
        found = [
            self._solved(places[k : k + 1], rows)
            for k, rows in enumerate(self._near(places, _NEAREST))
        ]
        estimate = np.concatenate([e for e, _ in found]) if found else np.empty(0)
        variance = np.concatenate([v for _, v in found]) if found else np.empty(0)
        return self._banded(estimate, variance)

    def _banded(self, estimate: Floats, variance: Floats) -> Estimate:
        sd = np.sqrt(variance)
        low, high = self.tails
        return Estimate(estimate, sd, estimate - low * sd, estimate + high * sd)

    def _near(self, places: Floats, count: int) -> NDArray[np.int64]:
        from scipy.spatial import cKDTree

        return np.asarray(cKDTree(self.places).query(places, k=count)[1])

    def _solved(self, places: Floats, rows: NDArray[np.int64]) -> tuple[Floats, Floats]:
        """(m,) estimates and kriging variances of new samples at places (m, 2) from some rows."""
        from qianhang.engines.spatial.system import System

        system = System.of(self.structure, self.trend, self.places[rows], self.values[rows])
        cross = self.structure.covariance(self.places[rows], places)
        prior = np.full(len(places), self.structure.sill)
        return system.estimate(cross, self.trend.at(places), prior)

    def to_files(self) -> dict[str, bytes]:
        """Samples as arrays, the rest as JSON."""
        held = {"places": self.places, "values": self.values, "centre": self.trend.centre}
        facts = {
            "structure": asdict(self.structure), "degree": self.trend.degree,
            "spread": self.trend.spread, "tails": list(self.tails), "level": self.level,
        }  # fmt: skip
        return pack_arrays(held, facts, name="field")

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The field that `to_files` wrote."""
        held, facts = unpack_arrays(files, name="field")
        places, values, centre = (held[n] for n in ("places", "values", "centre"))
        trend = Trend(facts["degree"], centre, facts["spread"])
        low, high = facts["tails"]
        structure = Structure(**facts["structure"])
        return cls(places, values, structure, trend, (low, high), facts["level"])


def _tails(scaled: Floats, level: float) -> tuple[float, float]:
    """How far below and above the estimate, in standard deviations, the wanted share of errors is.

    The rank is of n + 1, so that the band holds for a sample that is not among these.
    """
    n, out = len(scaled), (1.0 - level) / 2.0
    ordered = np.sort(scaled)
    rank = min(int(np.ceil((n + 1) * (1.0 - out))), n) - 1
    return float(max(-ordered[n - 1 - rank], 0.0)), float(max(ordered[rank], 0.0))
