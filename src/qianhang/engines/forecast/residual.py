"""What a physical model misses, forecast at all steps ahead at once by ridges, with quantiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qianhang.engines.saving import fitted, fitted_arrays, pack_arrays, unpack_arrays

__all__ = ["ResidualRidge", "lagged"]

Floats = NDArray[np.float64]
_KEPT = ("middle", "spread", "coef", "offset", "miss")


def lagged(past: ArrayLike, lags: Sequence[int], *, means: Sequence[int] = ()) -> Floats:
    """(n, lags + means) readings some steps back, and means over the last steps; 0 where unknown.

    past : (n, lookback) oldest first, NaN where unknown; lag 0 is the last reading
    """
    table = np.asarray(past, dtype=np.float64)
    back = [table[:, -1 - lag] if lag < table.shape[1] else np.zeros(len(table)) for lag in lags]
    over = []
    for steps in means:
        part = table[:, -steps:]
        known = np.isfinite(part)
        over.append(np.where(known, part, 0.0).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    return np.asarray(np.nan_to_num(np.stack([*back, *over], axis=1)))


class ResidualRidge(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Departures at each step ahead by a ridge of their own, with quantiles of what is missed.

    penalty : ridge as a share of the rows, on inputs of unit spread
    levels : of the quantiles, rising; blocks : parts of the past, each forecast from the others,
        whose misses give the quantiles
    gap : rows left out on each side of a block
    """

    def __init__(
        self,
        penalty: float = 1e-4,
        *,
        levels: Sequence[float] = (0.1, 0.5, 0.9),
        blocks: int = 4,
        gap: int = 48,
    ) -> None:
        self.penalty = penalty
        self.levels = levels
        self.blocks = blocks
        self.gap = gap

    def fit(self, inputs: ArrayLike, came: ArrayLike, *, size: ArrayLike = 1.0) -> Self:
        """These ridges, fitted on n rows in order of time.

        inputs : (n, p), or (n, horizon, p) where inputs differ by step ahead
        came : (n, horizon) departures, NaN where unknown
        size : (n, horizon) or a number, what misses are measured in
        Raises ValueError where fewer than 50 departures of a step are known.
        """
        table, later = np.asarray(inputs, dtype=np.float64), np.asarray(came, dtype=np.float64)
        if np.isfinite(later).sum(axis=0).min() < 50:
            raise ValueError("fewer than 50 departures are known at some step ahead")
        scale = np.broadcast_to(np.asarray(size, dtype=np.float64), later.shape)
        misses = np.full(later.shape, np.nan)
        for block in np.array_split(np.arange(len(table)), self.blocks):
            rest = np.ones(len(table), dtype=bool)
            rest[max(block[0] - self.gap, 0) : block[-1] + 1 + self.gap] = False
            if np.isfinite(later[rest]).sum(axis=0).min() >= 20:
                self._solve(table[rest], later[rest])
                misses[block] = (later[block] - self._middle(table[block])) / scale[block]
        self._solve(table, later)
        if not np.isfinite(misses).any():
            misses = (later - self._middle(table)) / scale
        self.miss_ = np.nanquantile(misses, self.levels, axis=0).T
        return self

    def predict(self, inputs: ArrayLike, *, size: ArrayLike = 1.0) -> Floats:
        """(n, horizon, levels) quantiles of departures for inputs like those of `fit`."""
        check_is_fitted(self, "miss_")
        middle = self._middle(np.asarray(inputs, dtype=np.float64))
        scale = np.broadcast_to(np.asarray(size, dtype=np.float64), middle.shape)
        return np.asarray(middle[..., None] + scale[..., None] * self.miss_, dtype=np.float64)

    def to_files(self) -> dict[str, bytes]:
        """Settings as JSON, ridges and quantiles as npz without objects."""
        check_is_fitted(self, "miss_")
        facts = {"params": self.get_params() | {"levels": list(self.levels)}}
        return pack_arrays(fitted_arrays(self, _KEPT), facts, name="residual")

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The ridges that `to_files` wrote."""
        arrays, facts = unpack_arrays(files, name="residual")
        return fitted(cls, facts["params"], arrays)

    def _middle(self, table: Floats) -> Floats:
        """(n, horizon)"""
        if table.ndim == 2:
            scaled = (table - self.middle_[0]) / self.spread_[0]
            return np.asarray(scaled @ self.coef_.T + self.offset_)
        scaled = (table - self.middle_) / self.spread_
        return np.asarray(np.einsum("nhp,hp->nh", scaled, self.coef_) + self.offset_)

    def _solve(self, table: Floats, later: Floats) -> None:
        if table.ndim == 2 and np.isfinite(later).all(axis=1).sum() > 0.5 * len(later):
            known = np.isfinite(later).all(axis=1)
            parts = [_ridge(table[known], later[known], self.penalty)]
            middle, spread, coef, offset = parts[0]
            self.middle_, self.spread_ = middle[None], spread[None]
            self.coef_, self.offset_ = coef.T, offset
            return
        found = []
        for h in range(later.shape[1]):
            known = np.isfinite(later[:, h])
            rows = table[known] if table.ndim == 2 else table[known, h]
            found.append(_ridge(rows, later[known, h : h + 1], self.penalty))
        self.coef_ = np.stack([f[2][:, 0] for f in found])
        self.offset_ = np.concatenate([f[3] for f in found])
        self.middle_, self.spread_ = (np.stack([f[i] for f in found]) for i in (0, 1))
        if table.ndim == 2:  # one scaling serves all steps
            self._rescale()

    def _rescale(self) -> None:
        plain = self.coef_ / self.spread_
        self.offset_ = self.offset_ - (plain * self.middle_).sum(axis=1)
        self.coef_ = plain
        self.middle_, self.spread_ = np.zeros((1, plain.shape[1])), np.ones((1, plain.shape[1]))


def _ridge(rows: Floats, later: Floats, penalty: float) -> tuple[Floats, Floats, Floats, Floats]:
    """Mean and spread of the inputs, coefficients (p, h) and offsets (h,)."""
    middle, offset = rows.mean(axis=0), later.mean(axis=0)
    spread = np.maximum(rows.std(axis=0), 1e-9)
    scaled = (rows - middle) / spread
    gram = scaled.T @ scaled + penalty * len(rows) * np.eye(rows.shape[1])
    return middle, spread, np.linalg.solve(gram, scaled.T @ (later - offset)), offset
