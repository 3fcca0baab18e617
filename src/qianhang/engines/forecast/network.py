"""Forecasts of a whole network of series: a linear map of each and trees shared by all."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qianhang.engines.forecast.habits import habits, likest
from qianhang.engines.forecast.leads import LeadTrees
from qianhang.engines.forecast.neighbours import NeighbourRidge, filled
from qianhang.engines.saving import fitted, fitted_arrays, pack_arrays, unpack_arrays

__all__ = ["NetworkForecaster"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
_MODES = 5
_NEAR = 6
_MEAN_LAGS, _LAGS = (0, 1, 2, 3, 5), (0, 1, 2)
_CHUNK = 128  # windows whose inputs are laid out at a time
_MOST_WINDOWS = 6000
_MOST_DAYS = 21  # in a longer history one day hardly moves what is usual

_KEPT = ("habits", "near", "level", "spread", "modes")


class NetworkForecaster(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Low, middle and high of every series at every step ahead; the middle is the mean.

    The middle weighs a `NeighbourRidge` of each series with `LeadTrees` shared by all, the band is
    that of the trees around it.
    horizon : steps ahead; lookback : readings seen; slots : steps of a day
    ridge_share : weight of the ridge; rounds : trees of each step
    most_rows : rows that trees learn from at most, evenly spaced in time
    check_share : share of the history, its end, that checks the band
    """

    def __init__(
        self,
        horizon: int = 3,
        *,
        lookback: int = 12,
        slots: int = 288,
        ridge_share: float = 0.3,
        rounds: int = 150,
        most_rows: int = 60_000,
        check_share: float = 0.25,
        seed: int = 0,
    ) -> None:
        self.horizon = horizon
        self.lookback = lookback
        self.slots = slots
        self.ridge_share = ridge_share
        self.rounds = rounds
        self.most_rows = most_rows
        self.check_share = check_share
        self.seed = seed

    def fit(self, values: ArrayLike, marks: ArrayLike) -> Self:
        """This forecaster, fitted on a history.

        values : (t, g) readings on one clock, NaN where unknown
        marks : (t,) places in the day as `habit_marks` gives them
        Raises ValueError where the history is shorter than two windows.
        """
        table, place = np.asarray(values, dtype=np.float64), np.asarray(marks, dtype=np.int64)
        first, last = self.lookback, len(table) - self.horizon
        if last - first < self.lookback + self.horizon:
            raise ValueError(f"{len(table)} steps of history are too few for a network forecast")
        self._learn_network(table, place)
        origins = _thinned(np.arange(first, last + 1), _MOST_WINDOWS)
        past, usual, later = self._windows(table, place, origins)
        self.ridge_ = NeighbourRidge(self.horizon, own=self.lookback, near=self.lookback // 2)
        self.ridge_.fit(past, usual, later, near=self.near_)
        kept = _thinned(np.arange(len(origins)), max(self.most_rows // table.shape[1], 50))
        past = filled(past[kept], self.level_)
        hours = place[origins[kept]]
        rows = self._inputs(past, usual[kept], hours)
        change = (later[kept] - past[..., -1:]).reshape(-1, self.horizon)
        held = origins[kept] >= first + (1 - self.check_share) * (last - first)
        self.trees_ = LeadTrees(
            tuple(range(1, self.horizon + 1)), objective="regression", rounds=self.rounds,
            band_rounds=-(-2 * self.rounds // 3), seed=self.seed,
        )  # fmt: skip
        self.trees_.fit(rows, change, checked=np.repeat(held, table.shape[1]))
        return self

    def predict(self, past: ArrayLike, marks: ArrayLike) -> Floats:
        """(n, g, horizon, 3) low, middle, high.

        past : (n, g, lookback) readings, oldest first, NaN where unknown
        marks : (n, horizon + 1) place in the day of the last reading and of each step ahead
        """
        check_is_fitted(self, "trees_")
        whole = filled(np.asarray(past, dtype=np.float64)[..., -self.lookback :], self.level_)
        place = np.asarray(marks, dtype=np.int64)
        usual = self.habits_[place].transpose(0, 2, 1)
        out = np.empty((*whole.shape[:2], self.horizon, 3))
        for i in range(0, len(whole), _CHUNK):
            at = slice(i, i + _CHUNK)
            rows = self._inputs(whole[at], usual[at], place[at, 1])
            out[at] = self.trees_.predict(rows).reshape(out[at].shape)
        out += whole[..., -1, None, None]
        linear = self.ridge_.predict(whole, usual)
        out += (self.ridge_share * (linear - out[..., 1]))[..., None]
        return out

    def to_files(self) -> dict[str, bytes]:
        """Settings as JSON, arrays as npz, trees as LightGBM text."""
        check_is_fitted(self, "trees_")
        own = pack_arrays(fitted_arrays(self, _KEPT), self.get_params(), name="network")
        return own | self.ridge_.to_files() | self.trees_.to_files()

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        arrays, params = unpack_arrays(files, name="network")
        model = fitted(cls, params, arrays)
        model.ridge_ = NeighbourRidge.from_files(files)
        model.trees_ = LeadTrees.from_files(files)
        return model

    def _learn_network(self, table: Floats, place: Ints) -> None:
        """Usual readings, who runs like whom, and the few ways in which the network moves."""
        self.habits_ = habits(table, place, slots=self.slots)
        self.near_ = likest(table, count=2 * _NEAR)
        known = np.isfinite(table)
        count = np.maximum(known.sum(axis=0), 1)
        self.level_ = np.where(known, table, 0.0).sum(axis=0) / count
        away = np.where(known, table - self.level_, 0.0)
        self.spread_ = np.sqrt((away**2).sum(axis=0) / count)
        few = away[_thinned(np.arange(len(away)), 2000)]
        modes = np.linalg.svd(few, full_matrices=False)[2][:_MODES].T
        largest = modes[np.abs(modes).argmax(axis=0), np.arange(modes.shape[1])]
        self.modes_ = modes * np.where(largest < 0, -1.0, 1.0)

    def _windows(self, table: Floats, place: Ints, origins: Ints) -> tuple[Floats, Floats, Floats]:
        """past (n, g, lookback), usual (n, g, horizon + 1), later (n, g, horizon)."""
        past = table[origins[:, None] + np.arange(-self.lookback, 0)].transpose(0, 2, 1)
        usual = self._usual_elsewhere(table, place, origins[:, None] + np.arange(-1, self.horizon))
        later = table[origins[:, None] + np.arange(self.horizon)].transpose(0, 2, 1)
        return past, usual.transpose(0, 2, 1), later

    def _usual_elsewhere(self, table: Floats, place: Ints, rows: Ints) -> Floats:
        """(n, horizon + 1, g) usual readings at rows, learnt without the day of each row.

        A usual reading that holds the very reading that is to be forecast would be trusted too
        much; in a long history one day no longer tells.
        """
        usual = self.habits_[place[rows]]
        day = np.cumsum(np.diff(place % self.slots, prepend=place[0] % self.slots) < 0)
        if day[-1] + 1 > _MOST_DAYS or day[-1] < 2:
            return usual
        for d in range(int(day[-1]) + 1):
            others = habits(np.where((day == d)[:, None], np.nan, table), place, slots=self.slots)
            at = day[rows] == d
            usual[at] = others[place[rows][at]]
        return usual

    def _inputs(self, past: Floats, usual: Floats, place: Ints) -> NDArray[np.float32]:
        """(n * g, p) what the trees see of each series, as departures from its last reading."""
        n, g, _ = past.shape
        last = past[..., -1]
        parts = [last[..., None], past[..., :-1] - last[..., None], usual - last[..., None]]
        near = self.near_[:, :_NEAR]
        if near.shape[1]:
            mean = np.stack([past[..., -1 - k][:, near].mean(axis=2) for k in _MEAN_LAGS], axis=-1)
            lags = [past[..., -1 - k][:, near] for k in _LAGS]
            parts += [mean - last[..., None]] + [k - last[..., None] for k in lags]
        away = last - self.level_
        common = [away @ self.modes_, (last - usual[..., 0]).mean(axis=1, keepdims=True)]
        common.append((place % self.slots)[:, None].astype(np.float64))
        parts.append(np.repeat(np.concatenate(common, axis=1)[:, None], g, axis=1))
        fixed = np.stack([self.level_, self.spread_], axis=-1)
        parts += [np.repeat(fixed[None], n, axis=0)]
        parts += [past[..., -k:].std(axis=-1, keepdims=True) for k in (6, self.lookback)]
        return np.concatenate(parts, axis=-1).reshape(n * g, -1).astype(np.float32)


def _thinned(numbers: Ints, most: int) -> Ints:
    """At most `most` of the numbers, evenly spaced, the last one among them."""
    stride = -(-len(numbers) // most)
    return numbers[::-1][::stride][::-1]
