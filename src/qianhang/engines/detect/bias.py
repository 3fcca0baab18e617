"""A lasting bias that is learnt slowly: a Kalman filter that can be rewound cheaply."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["BiasFilter"]

Array = NDArray[np.float64]


class BiasFilter:
    """Residuals of all periods so far, and what is known of their lasting part before each.

    prior, noise : (n, n) covariance of the bias, and of one period's residual about it
    drift : growth of the bias's variance a period, as a share of the prior
    memory : periods back to which `window` can look
    """

    def __init__(self, prior: Array, noise: Array, *, drift: float, memory: int) -> None:
        self._prior, self._noise, self._drift, self._memory = prior, noise, drift, memory
        self._mean: list[Array] = [np.zeros(len(prior))]
        self._cov: list[Array | None] = [prior]
        self._gain: list[Array | None] = []
        self.residuals: list[Array] = []
        self._weights: list[Array] = []
        self._jumps: dict[int, Array] = {}
        self._spreads: list[Array] = []

    def push(self, residual: Array, weight: Array, spread: Array) -> None:
        """Takes the next period: residual (n,), NaN where unmeasured; weight (n,) of the bias in
        it; spread (n,), its noise's standard deviation as a multiple of the usual."""
        self.residuals.append(residual)
        self._weights.append(weight)
        self._spreads.append(spread)

    def doubt(self, error: Array) -> None:
        """Says that the bias may have changed with the newest period, by this covariance (n, n)."""
        period = len(self._gain)
        cov = _known(self._cov[period])
        self._cov[period] = cov + error
        self._jumps[period] = self._jumps.get(period, 0.0) + error

    def learn(self) -> None:
        """Draws the newest period into the bias."""
        period = len(self._gain)
        cov, weight = _known(self._cov[period]), self._weights[period]
        seen = np.isfinite(self.residuals[period])
        cross = cov[:, seen] * weight[seen]
        spread = self._spreads[period][seen]
        noise = self._noise[np.ix_(seen, seen)] * np.outer(spread, spread)
        inner = cross[seen] * weight[seen][:, None] + noise
        gain = np.zeros_like(self._prior)
        gain[:, seen] = np.linalg.solve(inner, cross.T).T
        after = cov - gain[:, seen] @ cross.T + self._drift * self._prior
        self._gain.append(gain)
        self._cov.append((after + after.T) / 2)
        self._mean.append(self._next(period))
        old = period - self._memory - 2
        if old >= 0:
            self._jumps.pop(old, None)
            self._cov[old] = self._gain[old] = None

    def add(self, start: int, change: Array) -> None:
        """Adds (periods, n) to the residuals from `start` on and learns again from there."""
        for offset, row in enumerate(change):
            self.residuals[start + offset] = self.residuals[start + offset] + row
        for period in range(start, len(self._gain)):
            self._mean[period + 1] = self._next(period)

    def window(self, start: int, *, extra: Array | None = None) -> tuple[Array, Array]:
        """Mean residual from `start` to now beyond what the bias before it foretells, covariance.

        extra : (periods, n) added to the residuals for this look only
        Returns (n,) with NaN where nothing was measured, and (n, n).
        """
        rows = np.array(self.residuals[start:])
        rows = rows if extra is None else rows + extra
        count = np.isfinite(rows).sum(axis=0)
        safe = np.maximum(count, 1)
        wide = np.sqrt(np.mean(np.square(self._spreads[start:]), axis=0) / safe)
        weight = np.mean(self._weights[start:], axis=0)
        mean = np.where(count > 0, np.nansum(rows, axis=0) / safe, np.nan)
        cov = _known(self._cov[start])
        spread = cov * np.outer(weight, weight) + self._noise * np.outer(wide, wide)
        for period, error in self._jumps.items():
            if period > start:
                spread = spread + error
        return mean - weight * self._mean[start], spread

    def _next(self, period: int) -> Array:
        gain, mean = _known(self._gain[period]), self._mean[period]
        surprise = self.residuals[period] - self._weights[period] * mean
        result: Array = mean + gain @ np.nan_to_num(surprise)
        return result


def _known(value: Array | None) -> Array:
    if value is None:
        raise ValueError("that period lies further back than the memory of the filter")
    return value
