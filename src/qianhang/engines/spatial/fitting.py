"""The variogram that samples speak for, by restricted likelihood, and the drift beneath it.

Source: Patterson & Thompson (1971), Biometrika 58, 545-554; Dubrule (1983), Mathematical Geology
15, 687-699 for the samples left out one by one without solving again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.spatial.structure import KINDS, Structure, drift

__all__ = ["LEAST", "Trend", "fit_structure", "left_out"]

Floats = NDArray[np.float64]
LEAST = 6  # samples without which no variogram is fitted
_LIKELIHOOD_ROWS = 400  # samples that the likelihood is computed on
_WORTH = 6.0  # twice the log-likelihood that two more parameters have to bring


@dataclass(frozen=True, slots=True)
class Trend:
    """The drift: its degree, and the centre and spread that coordinates are measured by."""

    degree: int
    centre: Floats
    spread: float

    @classmethod
    def of(cls, places: Floats, degree: int) -> Trend:
        """The drift of places (n, 2)."""
        return cls(degree, places.mean(axis=0), float(places.std()) or 1.0)

    def at(self, places: Floats) -> Floats:
        """(n, p) the drift's functions at places (n, 2)."""
        return drift(places, self.degree, centre=self.centre, spread=self.spread)


def fit_structure(
    places: Floats, values: Floats, *, kinds: Sequence[str], degree: int, seed: int
) -> tuple[Structure, Trend]:
    """The likeliest structure of the samples over a drift of the given degree.

    places : (n, 2), no two the same; values : (n,)
    kinds : of KINDS, the likeliest is taken; degree : of the drift, 0 to 2
    Raises ValueError for an unknown kind, and for fewer samples than a variogram needs.
    """
    if unknown := set(kinds) - set(KINDS):
        raise ValueError(f"kind {unknown.pop()!r} is not known; kinds: {', '.join(KINDS)}")
    trend = Trend.of(places, degree)
    least = LEAST + trend.at(places).shape[1] - 1
    if len(values) < least:
        raise ValueError(f"{len(values)} samples; this variogram and drift need {least}")
    rows = np.arange(len(values))
    if len(values) > _LIKELIHOOD_ROWS:
        chosen = np.random.default_rng(seed).permutation(len(values))[:_LIKELIHOOD_ROWS]
        rows = np.sort(chosen)
    some, y = places[rows], values[rows]
    structure = min((_likeliest(some, y, kind, trend) for kind in kinds), key=lambda f: f[0])[1]
    return _turned(some, y, structure, trend), trend


def _likeliest(places: Floats, y: Floats, kind: str, trend: Trend) -> tuple[float, Structure]:
    """Deviance and the isotropic structure that has the least, by simplex from a coarse grid."""
    from scipy.optimize import minimize

    basis, extent = trend.at(places), float(np.ptp(places, axis=0).max()) or 1.0
    apart = Structure(kind, 0.0, 1.0, 1.0).distance(places, places)

    def lost(p: Floats) -> float:
        return _deviance(KINDS[kind](apart / _reach(p[0], extent)), _share(p[1]), basis, y)[0]

    grid = [np.array([np.log(r), n]) for r in (0.15, 0.4, 1.0) for n in (-1.5, 0.5)]
    options = {"maxiter": 40, "xatol": 0.03, "fatol": 0.02}
    best = minimize(lost, min(grid, key=lost), method="Nelder-Mead", options=options)
    reach, nugget = _reach(best.x[0], extent), _share(best.x[1])
    sill = _deviance(KINDS[kind](apart / reach), nugget, basis, y)[1]
    return float(best.fun), Structure(kind, nugget, reach, sill)


def _reach(log_share: float, extent: float) -> float:
    return float(extent * np.exp(np.clip(log_share, -4.0, 1.5)))


def _share(logit: float) -> float:
    return float(1.0 / (1.0 + np.exp(-np.clip(logit, -6.0, 6.0))))


def _deviance(correlation: Floats, nugget: float, basis: Floats, y: Floats) -> tuple[float, float]:
    """-2 log restricted likelihood up to a constant, and the sill that goes with it."""
    from scipy.linalg import cholesky, solve_triangular

    n, p = basis.shape
    held = (1.0 - nugget) * correlation
    held[np.diag_indices(n)] = 1.0 + 1e-9
    lower = cholesky(held, lower=True, check_finite=False)
    white = solve_triangular(lower, np.column_stack([basis, y]), lower=True, check_finite=False)
    q, r = np.linalg.qr(white[:, :p])
    rest = white[:, p] - q @ (q.T @ white[:, p])
    sill = max(float(rest @ rest) / (n - p), 1e-30)
    logs = 2 * np.log(np.diag(lower)).sum() + 2 * np.log(np.abs(np.diag(r))).sum()
    return float((n - p) * np.log(sill) + logs), sill


def _turned(places: Floats, y: Floats, found: Structure, trend: Trend) -> Structure:
    """The structure with a long and a short axis, where the samples clearly speak for them."""
    from scipy.optimize import minimize

    if len(y) < 50:
        return found
    basis = trend.at(places)

    def shaped(p: Floats) -> Structure:
        ratio = float(np.exp(-abs(np.clip(p[2], -2.0, 2.0))))
        reach, nugget = found.reach * float(np.exp(np.clip(p[0], -3.0, 3.0))), _share(p[1])
        return replace(found, nugget=nugget, reach=reach, ratio=ratio, angle=float(p[3]))

    def lost(p: Floats) -> float:
        structure = shaped(p)
        alike = KINDS[found.kind](structure.distance(places, places))
        return _deviance(alike, structure.nugget, basis, y)[0]

    logit = float(np.log(found.nugget / (1.0 - found.nugget)))
    round_ = lost(np.array([0.0, logit, 0.0, 0.0]))
    starts = [np.array([0.3, logit, 0.6, a]) for a in np.pi * np.arange(4) / 4]
    start = min(starts, key=lost)
    if lost(start) > round_ - 0.5:
        return found
    options = {"maxiter": 120, "xatol": 0.03, "fatol": 0.05}
    best = minimize(lost, start, method="Nelder-Mead", options=options)
    if best.fun > round_ - _WORTH:
        return found
    structure = shaped(best.x)
    alike = KINDS[found.kind](structure.distance(places, places))
    return replace(structure, sill=_deviance(alike, structure.nugget, basis, y)[1])


def left_out(
    structure: Structure, trend: Trend, places: Floats, values: Floats
) -> tuple[Floats, Floats]:
    """(n,) error value - estimate of each sample from all others, and (n,) its kriging variance."""
    n = len(values)
    basis = trend.at(places)
    p = basis.shape[1]
    system = np.zeros((n + p, n + p))
    system[:n, :n] = structure.between_samples(places)
    system[:n, n:], system[n:, :n] = basis, basis.T
    inverse = np.linalg.inv(system)[:n, :n]
    variance = 1.0 / np.diag(inverse)
    return np.asarray((inverse @ values) * variance), np.asarray(np.maximum(variance, 1e-30))
