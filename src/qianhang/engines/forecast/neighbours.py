"""Closed-form linear forecasts of a network: each series from its own readings and others'."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qianhang.engines.saving import fitted, fitted_arrays, pack_arrays, unpack_arrays

__all__ = ["NeighbourRidge", "filled"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def filled(past: ArrayLike, level: ArrayLike) -> Floats:
    """(n, g, lookback) readings without gaps: the last one before, else the first after.

    level : (g,) taken where a series has no reading in a window
    """
    table = np.asarray(past, dtype=np.float64)
    if np.isfinite(table).all():
        return table
    forward = _carried(table)
    backward = _carried(forward[..., ::-1])[..., ::-1]
    usual = np.asarray(level, dtype=np.float64)[None, :, None]
    return np.where(np.isfinite(backward), backward, usual)


_KEPT = ("near", "level", "middle", "spread", "coef", "offset")


class NeighbourRidge(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """All steps ahead of each series by a ridge of its own, on changes from its last reading.

    Inputs of a series: its own last readings, those of the series that run most like it, and its
    usual readings at the times asked for.
    horizon : steps ahead; own, near : readings of the series itself, of each neighbour
    neighbours : how many; penalty : ridge on inputs of unit spread
    """

    def __init__(
        self,
        horizon: int = 3,
        *,
        own: int = 12,
        near: int = 6,
        neighbours: int = 8,
        penalty: float = 100.0,
    ) -> None:
        self.horizon = horizon
        self.own = own
        self.near = near
        self.neighbours = neighbours
        self.penalty = penalty

    def fit(self, past: ArrayLike, usual: ArrayLike, later: ArrayLike, *, near: ArrayLike) -> Self:
        """This map, fitted on n windows.

        past : (n, g, lookback >= own) readings, oldest first, NaN where unknown
        usual : (n, g, horizon + 1) usual readings at the last step known and at each step ahead
        later : (n, g, horizon) what came, NaN where unknown
        near : (g, k) numbers of the series that run most like each one
        Raises ValueError where shapes do not fit.
        """
        table, came = np.asarray(past, dtype=np.float64), np.asarray(later, dtype=np.float64)
        if table.shape[-1] < max(self.own, self.near) or came.shape[-1] != self.horizon:
            raise ValueError(f"past {table.shape} and later {came.shape} do not fit the settings")
        self.near_ = np.asarray(near, dtype=np.int64)[:, : self.neighbours]
        self.level_ = _level(table)
        whole, habit = filled(table, self.level_), np.asarray(usual, dtype=np.float64)
        solved = [self._solve(whole, habit, came, g) for g in range(table.shape[1])]
        self.middle_, self.spread_, self.coef_, self.offset_ = (
            np.stack([s[i] for s in solved]) for i in range(4)
        )
        return self

    def predict(self, past: ArrayLike, usual: ArrayLike) -> Floats:
        """(n, g, horizon) forecasts for windows like those of `fit`."""
        check_is_fitted(self, "coef_")
        whole, habit = filled(past, self.level_), np.asarray(usual, dtype=np.float64)
        out = np.empty((*whole.shape[:2], self.horizon))
        for g in range(whole.shape[1]):
            rows = (self._inputs(whole, habit, g) - self.middle_[g]) / self.spread_[g]
            out[:, g] = rows @ self.coef_[g] + self.offset_[g] + whole[:, g, -1:]
        return out

    def to_files(self) -> dict[str, bytes]:
        """Settings as JSON, maps as npz without objects."""
        check_is_fitted(self, "coef_")
        facts = {"params": self.get_params()}
        return pack_arrays(fitted_arrays(self, _KEPT), facts, name="neighbours")

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The map that `to_files` wrote."""
        arrays, facts = unpack_arrays(files, name="neighbours")
        return fitted(cls, facts["params"], arrays)

    def _inputs(self, whole: Floats, usual: Floats, g: int) -> Floats:
        """(n, inputs) of series g, as departures from levels that do not move."""
        others = whole[:, self.near_[g], -self.near :] - self.level_[self.near_[g], None]
        parts = [whole[:, g, -self.own :], usual[:, g]]
        own = [p - self.level_[g] for p in parts]
        return np.concatenate([*own, others.reshape(len(whole), -1)], axis=1)

    def _solve(self, whole: Floats, usual: Floats, later: Floats, g: int) -> tuple[Floats, ...]:
        known = np.isfinite(later[:, g]).all(axis=1)
        inputs = self._inputs(whole, usual, g)[known]
        change = later[known, g] - whole[known, g, -1:]
        size = inputs.shape[1]
        if not known.any():
            return (
                np.zeros(size),
                np.ones(size),
                np.zeros((size, self.horizon)),
                np.zeros(self.horizon),
            )
        middle, offset = inputs.mean(axis=0), change.mean(axis=0)
        spread = np.maximum(inputs.std(axis=0), 1e-6)
        rows = (inputs - middle) / spread
        gram = rows.T @ rows + self.penalty * np.eye(size)
        return middle, spread, np.linalg.solve(gram, rows.T @ (change - offset)), offset


def _level(table: Floats) -> Floats:
    """(g,) mean of the last reading of each window, 0 where there never is one."""
    last = table[..., -1]
    known = np.isfinite(last)
    total = np.where(known, last, 0.0).sum(axis=0)
    return np.asarray(total / np.maximum(known.sum(axis=0), 1), dtype=np.float64)


def _carried(table: Floats) -> Floats:
    """Each gap filled with the last value before it."""
    at = np.where(np.isfinite(table), np.arange(table.shape[-1]), 0)
    return np.take_along_axis(table, np.maximum.accumulate(at, axis=-1), axis=-1)
