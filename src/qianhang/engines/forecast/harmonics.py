"""Tides as a sum of constituents: fitted with nodal corrections, rebuilt without any library."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qianhang.engines.forecast.constituents import INFERRED, Constituents, read_constituents
from qianhang.engines.saving import fitted, fitted_arrays, pack_arrays, unpack_arrays

__all__ = ["TidalHarmonics"]

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
_GRID_DAYS = 20.0
_AHEAD_DAYS = 3660.0  # how far past the record the slow corrections are kept
_YEAR_DAYS = 350.0
_SAME = 1e-4  # cycles a day
_BLOCK = 4096

_KEPT = ("speed", "waves", "grid", "slow", "minor_speed", "minor_slow", "ratio")


class TidalHarmonics(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Sea level at one port as a mean and tidal constituents with nodal corrections.

    latitude : degrees north, for the nodal corrections
    only : names of the constituents to use, () for all that the record can tell apart
    rayleigh : least distance of two constituents in cycles of a record shorter than a year
    ridge : penalty as a share of the readings, which keeps weak constituents from fitting noise
    Constituents that the record cannot part from a greater one are inferred from the equilibrium
    tide. Source: Foreman (1977), Pac. Mar. Sci. Rep. 77-10; Codiga (2011), URI-GSO 2011-01.
    """

    def __init__(
        self,
        latitude: float = 0.0,
        *,
        only: Sequence[str] = (),
        rayleigh: float = 0.9,
        ridge: float = 5e-4,
    ) -> None:
        self.latitude = latitude
        self.only = only
        self.rayleigh = rayleigh
        self.ridge = ridge

    def fit(self, times: pd.DatetimeIndex, level: ArrayLike) -> Self:
        """This tide, fitted on levels (n,) in m at instants (n,) with a zone, NaN where unknown.

        Raises ValueError where fewer than 15 days are known.
        """
        values, days = np.asarray(level, dtype=np.float64), _days(times)
        known = np.isfinite(values)
        if known.sum() < 2 or np.ptp(days[known]) < 15 or known.sum() < 200:
            raise ValueError("a tide needs at least 15 days and 200 readings")
        record = float(np.ptp(days[known]))
        self._take(days[known], record)
        waves = self._waves(days[known]) + self._minor(days[known])
        design = np.hstack([np.ones((len(waves), 1)), waves.real, waves.imag])
        gram = design.T @ design
        penalty = np.full(len(gram), self.ridge * len(waves) / 2)
        penalty[0] = 0.0
        found = np.linalg.solve(gram + np.diag(penalty), design.T @ values[known])
        k = len(self.names_)
        self.mean_ = float(found[0])
        self.waves_: Complex = found[1 : k + 1] - 1j * found[k + 1 :]
        return self

    def predict(self, times: pd.DatetimeIndex) -> Floats:
        """(n,) tide in m at instants (n,) with a zone."""
        check_is_fitted(self, "waves_")
        days = _days(times)
        out = np.empty(len(days))
        for i in range(0, len(days), _BLOCK):
            part = days[i : i + _BLOCK]
            waves = self._waves(part) + self._minor(part)
            out[i : i + _BLOCK] = self.mean_ + (waves @ self.waves_).real
        return out

    def table(self) -> pd.DataFrame:
        """One row a constituent, largest first.

        Columns: constituent, speed_deg_h, amplitude_m, phase_deg (lag on Greenwich).
        """
        check_is_fitted(self, "waves_")
        lag = np.degrees(-np.angle(self.waves_)) % 360
        frame = pd.DataFrame({"constituent": self.names_, "speed_deg_h": self.speed_ * 15.0})
        frame = frame.assign(amplitude_m=np.abs(self.waves_), phase_deg=lag)
        return frame.sort_values("amplitude_m", ascending=False, ignore_index=True)

    def to_files(self) -> dict[str, bytes]:
        """Settings as JSON, constituents and slow corrections as npz without objects."""
        check_is_fitted(self, "waves_")
        facts = {"params": self.get_params() | {"only": list(self.only)}, "names": self.names_}
        facts |= {"minor": self.minor_names_, "major": self.major_, "mean": self.mean_}
        return pack_arrays(fitted_arrays(self, _KEPT), facts, name="tide")

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The tide that `to_files` wrote."""
        arrays, facts = unpack_arrays(files, name="tide")
        model = fitted(cls, facts["params"], arrays)
        model.names_, model.minor_names_ = facts["names"], facts["minor"]
        model.major_, model.mean_ = facts["major"], facts["mean"]
        return model

    def _take(self, days: Floats, record: float) -> None:
        """Choose the constituents and keep their slow corrections on a grid of days."""
        self.grid_ = np.arange(days[0] - 2 * _GRID_DAYS, days[-1] + _AHEAD_DAYS, _GRID_DAYS)
        known = read_constituents(self.grid_, latitude=self.latitude)
        if self.only:
            known = known.of([n for n in self.only if n in known.names])
        # From a year on the ridge parts what differs by nodal modulation alone.
        use = known.apart(self.rayleigh / record if record < _YEAR_DAYS else _SAME)
        self.names_, self.speed_ = list(use.names), use.speed
        self.slow_ = use.slow.astype(np.complex64)  # as it is kept
        hidden = [
            (minor, major, ratio)
            for minor, (major, ratio) in INFERRED.items()
            if minor in known.names and minor not in use.names and major in use.names
        ]
        rest: Constituents = known.of([h[0] for h in hidden])
        self.minor_names_, self.minor_speed_, self.minor_slow_ = (
            list(rest.names), rest.speed, rest.slow.astype(np.complex64),
        )  # fmt: skip
        self.major_ = [self.names_.index(h[1]) for h in hidden]
        self.ratio_ = np.asarray([h[2] for h in hidden], dtype=np.float64)

    def _waves(self, days: Floats) -> Complex:
        """(n, k) unit waves with their nodal factors and phases."""
        return self._turn(days, self.speed_, self.slow_)

    def _minor(self, days: Floats) -> Complex:
        """(n, k) what the inferred constituents add to the waves of their greater ones."""
        out = np.zeros((len(days), len(self.names_)), dtype=np.complex128)
        turned = self._turn(days, self.minor_speed_, self.minor_slow_) * self.ratio_
        for column, major in enumerate(self.major_):
            out[:, major] += turned[:, column]
        return out

    def _turn(self, days: Floats, speed: Floats, slow: NDArray[Any]) -> Complex:
        at = np.clip((days - self.grid_[0]) / _GRID_DAYS, 0, len(self.grid_) - 1.001)
        low = at.astype(np.int64)
        share = (at - low)[:, None]
        factor = slow[low] * (1 - share) + slow[low + 1] * share
        turned = np.exp(2j * np.pi * (days - self.grid_[0])[:, None] * speed)
        return np.asarray(factor * turned, dtype=np.complex128)


def _days(times: pd.DatetimeIndex) -> Floats:
    """(n,) days since 1970-01-01 UTC."""
    return np.asarray(times.as_unit("ns").astype("int64"), dtype=np.float64) / 86_400e9
