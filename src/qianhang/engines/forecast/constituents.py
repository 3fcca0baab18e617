"""Tidal constituents: speeds, and nodal factors and phases that change over years."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["INFERRED", "STANDARD", "Constituents", "read_constituents"]

Floats = NDArray[np.float64]
Complex = NDArray[np.complex128]
_UNIX_DAY = 719163.0  # 1970-01-01 as the ordinal day that the constants are kept in
_LEAST_DEG = 5.0

# minor -> (major, ratio of their amplitudes in the equilibrium tide)
INFERRED: Mapping[str, tuple[str, float]] = {
    "K2": ("S2", 0.272), "P1": ("K1", 0.331), "NU2": ("N2", 0.194), "2N2": ("N2", 0.133),
    "T2": ("S2", 0.059), "RHO1": ("Q1", 0.190), "2Q1": ("Q1", 0.132), "LDA2": ("L2", 0.262),
    "PI1": ("K1", 0.019),
}  # fmt: skip

# The constituents that tide tables are commonly printed from.
STANDARD: tuple[str, ...] = (
    "M2", "S2", "N2", "K1", "M4", "O1", "M6", "MK3", "S4", "MN4", "NU2", "S6", "MU2", "2N2", "OO1",
    "LDA2", "S1", "NO1", "J1", "MM", "SSA", "SA", "MSF", "MF", "RHO1", "Q1", "T2", "R2", "2Q1",
    "P1", "2SM2", "M3", "L2", "MO3", "K2", "M8", "MS4",
)  # fmt: skip

# Shallow-water constituents of large tidal ranges: products of greater ones.
_COMPOUND: Mapping[str, Mapping[str, int]] = {
    "2MP3": {"M2": 2, "P1": -1}, "MNP3": {"M2": 1, "N2": 1, "P1": -1}, "S3": {"S2": 1, "S1": 1},
    "MQ3": {"M2": 1, "Q1": 1}, "ML4": {"M2": 1, "L2": 1}, "MNU4": {"M2": 1, "NU2": 1},
    "2MNS4": {"M2": 2, "N2": 1, "S2": -1}, "2MKS4": {"M2": 2, "K2": 1, "S2": -1},
    "2MSN4": {"M2": 2, "S2": 1, "N2": -1}, "MSL6": {"M2": 1, "S2": 1, "L2": 1},
    "4MS6": {"M2": 4, "S2": -1}, "3MNS6": {"M2": 3, "N2": 1, "S2": -1},
    "2MNU6": {"M2": 2, "NU2": 1}, "2ML6": {"M2": 2, "L2": 1},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Constituents:
    """Named constituents.

    speed : (k,) cycles a day; slow : (m, k) nodal factor and phase on a grid of days, complex
    """

    names: tuple[str, ...]
    speed: Floats
    slow: Complex

    def of(self, names: Sequence[str]) -> Constituents:
        """Those named, in that order."""
        at = [self.names.index(n) for n in names]
        return Constituents(tuple(names), self.speed[at], self.slow[:, at])

    def apart(self, distance: float) -> Constituents:
        """Those at least `distance` cycles a day from all greater ones."""
        kept: list[int] = []
        for i, speed in enumerate(self.speed):
            near = np.abs(self.speed[kept] - speed) if kept else np.asarray([np.inf])
            if near.min() >= distance and speed >= distance:
                kept.append(i)
        return self.of([self.names[i] for i in kept])


def read_constituents(days: Floats, *, latitude: float) -> Constituents:
    """All constituents known to UTide and some compounds, those that matter most first.

    days : (m,) days since 1970-01-01 UTC at which nodal factor and phase are wanted
    Source: Codiga (2011), URI-GSO 2011-01, after Foreman (1977), as UTide holds them.
    """
    from utide._ut_constants import ut_constants
    from utide.harmonics import FUV, linearized_freqs

    ordinal = np.asarray(days, dtype=np.float64) + _UNIX_DAY
    off = latitude if abs(latitude) >= _LEAST_DEG else _LEAST_DEG  # some factors divide by its sine
    middle = float(ordinal[len(ordinal) // 2])
    names = [str(n).strip() for n in ut_constants.const.name][1:]
    speed = np.asarray(linearized_freqs(middle), dtype=np.float64)[1:] * 24
    factor, nodal, astronomic = FUV(ordinal, middle, np.arange(1, len(names) + 1), off, [False] * 4)
    turns = nodal + astronomic - (days - days[0])[:, None] * speed
    slow = factor * np.exp(2j * np.pi * turns)
    merit = np.asarray(ut_constants.const.df, dtype=np.float64)[1:]
    order = np.argsort(-np.where(np.isfinite(merit), merit, 0.0), kind="stable")
    whole = Constituents(tuple(names), speed, slow).of([names[i] for i in order])
    return _with_compounds(whole)


def _with_compounds(known: Constituents) -> Constituents:
    slow, speed = [known.slow], [known.speed]
    for parts in _COMPOUND.values():
        wave = np.ones(len(known.slow), dtype=np.complex128)
        for name, times in parts.items():
            one = known.slow[:, known.names.index(name)]
            wave = wave * np.abs(one) ** abs(times) * np.exp(1j * np.angle(one) * times)
        slow.append(wave[:, None])
        turned = sum(n * known.speed[known.names.index(m)] for m, n in parts.items())
        speed.append(np.asarray([turned], dtype=np.float64))
    names = (*known.names, *_COMPOUND)
    return Constituents(names, np.concatenate(speed), np.hstack(slow))
