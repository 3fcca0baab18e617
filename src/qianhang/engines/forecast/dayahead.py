"""Day-ahead forecasts with intervals: boosted trees, and conformal bands from what they missed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qianhang.engines.forecast.conformal import forward_level, recent_quantiles
from qianhang.engines.forecast.features import MEMORY_DAYS, DayAheadRows, day_ahead_rows
from qianhang.engines.forecast.series import SeasonalSeries, crop, fold_days
from qianhang.engines.forecast.trees import BoostedTrees
from qianhang.engines.saving import pack_arrays, under, unpack_arrays

__all__ = ["DayAheadForecaster"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_FIRST_DAYS = 28  # days that a training origin must have behind it
_LEAST_DAYS = 14  # days below which there is nothing to learn from


class DayAheadForecaster(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Low, middle and high forecast of every step of the next day, from local midnight.

    The middle is the mean of two boosted models, one of the level and one of the departure from
    the last seven days, moved by the median of recent misses. Low and high come from misses on
    days that the model had not seen: forward checks inside the history, then every day since.
    coverage : share of readings that [low, high] is to hold
    rounds, leaves : trees of each model, leaves of a tree; fewer on a short history
    half_life_days : age at which a training day counts half
    checks, check_days : forward checks kept out of training in turn, and their length
    miss_half_life_days : age at which a past miss counts half
    """

    def __init__(
        self,
        *,
        coverage: float = 0.8,
        rounds: int = 500,
        leaves: int = 63,
        half_life_days: float = 365.0,
        checks: int = 2,
        check_days: int = 42,
        miss_half_life_days: float = 20.0,
        seed: int = 0,
    ) -> None:
        self.coverage = coverage
        self.rounds = rounds
        self.leaves = leaves
        self.half_life_days = half_life_days
        self.checks = checks
        self.check_days = check_days
        self.miss_half_life_days = miss_half_life_days
        self.seed = seed

    def fit(self, series: SeasonalSeries) -> Self:
        """This forecaster, fitted on whole days of `series`, all values known.

        Raises ValueError where fewer than 14 days are known before the first possible origin.
        """
        starts = series.day_starts()
        ends = np.append(starts[1:], len(series.values))
        first = min(_FIRST_DAYS, max(len(starts) // 3, 8))
        use = slice(first, None)
        if len(starts) - first < _LEAST_DAYS:
            raise ValueError(
                f"{len(starts)} days of history, at least {first + _LEAST_DAYS} needed"
            )
        known = series.values[np.isfinite(series.values)]
        self.log_ = bool(len(known) and known.min() > 0)
        rows = day_ahead_rows(self._inside(series), origins=starts[use], ends=ends[use])
        target = self._inside(series).values[rows.row]
        day = series.clock.day[rows.row]
        self.misses_ = self._check_forward(rows, target, day, series)
        self.models_ = self._train(rows, target, day, before=int(day[-1]) + 1)
        self.trained_until_ = series.clock.first + len(starts)
        return self

    def predict(self, series: SeasonalSeries, *, origin: int) -> Floats:
        """(steps ahead, 3) low, middle, high for the rows of `series` from `origin` on.

        Days between training and the origin are forecast again: their misses keep the interval
        honest as the series drifts.
        series : history with values, then the rows ahead with drivers only
        origin : first row ahead; inside a day, what is known of that day is not used
        """
        check_is_fitted(self, "models_")
        recent, origin, since = crop(
            series, origin=origin, since=self.trained_until_, days=MEMORY_DAYS
        )
        inside = self._inside(recent)
        starts = inside.day_starts()
        begin = int(starts[inside.clock.day[origin]])
        fresh = starts[(starts >= since) & (starts < begin)]
        origins = np.append(fresh, begin)
        ends = np.append(origins[1:], len(inside.values))
        rows = day_ahead_rows(inside, origins=origins, ends=ends)
        middle = self._middle(rows)
        known = rows.row < begin
        pool = self._pool(inside, rows.row[known], middle[known])
        low, shift, high = self._quantiles(pool)
        slot, ahead = inside.clock.slot[origin:], middle[rows.row >= origin]
        out = np.column_stack([ahead + low[slot], ahead + shift[slot], ahead + high[slot]])
        return np.exp(out) if self.log_ else out

    def to_files(self) -> dict[str, bytes]:
        """Settings as JSON, misses as npz without objects, trees as LightGBM text."""
        check_is_fitted(self, "models_")
        facts = {"params": self.get_params(), "log": self.log_, "models": len(self.models_),
                 "trained_until": self.trained_until_}  # fmt: skip
        files = pack_arrays({"misses": self.misses_}, facts, name="dayahead")
        for i, model in enumerate(self.models_):
            files |= {f"{i}.{name}": data for name, data in model.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        arrays, facts = unpack_arrays(files, name="dayahead")
        model = cls(**facts["params"])
        model.log_, model.trained_until_ = facts["log"], facts["trained_until"]
        model.misses_ = arrays["misses"]
        model.models_ = [
            BoostedTrees.from_files(under(files, f"{i}.")) for i in range(facts["models"])
        ]
        return model

    def _inside(self, series: SeasonalSeries) -> SeasonalSeries:
        """The series in the unit that the models work in."""
        return series.with_values(np.log(series.values)) if self.log_ else series

    def _train(
        self, rows: DayAheadRows, target: Floats, day: Ints, *, before: int
    ) -> list[BoostedTrees]:
        use = (day < before) & np.isfinite(target) & np.isfinite(rows.anchor)
        # A short history that is boosted for long, or in fine leaves, is learnt by heart.
        count = int(use.sum())
        rounds = min(self.rounds, max(count // 20, 50))
        leaves = min(self.leaves, max(count // 600, 15))
        weight = 0.5 ** ((before - day[use]) / self.half_life_days)
        models = []
        for anchored in (0.0, 1.0):
            model = BoostedTrees(rounds, leaves=leaves, seed=self.seed)
            departure = target[use] - anchored * rows.anchor[use]
            models.append(model.fit(rows.X[use], departure, weight))
        return models

    def _middle(self, rows: DayAheadRows, models: list[BoostedTrees] | None = None) -> Floats:
        level, departure = self.models_ if models is None else models
        first = level.predict(rows.X)
        second = departure.predict(rows.X) + rows.anchor
        return np.where(np.isfinite(second), (first + second) / 2, first)

    def _check_forward(
        self, rows: DayAheadRows, target: Floats, day: Ints, series: SeasonalSeries
    ) -> Floats:
        """(days, slots) misses of models that were trained before each check began."""
        end = int(day[-1]) + 1
        span = min(self.check_days, (end - int(day[0])) // (2 * self.checks + 1))
        misses = np.full(len(series.values), np.nan)
        for i in range(self.checks, 0, -1):
            begin = end - i * span
            models = self._train(rows, target, day, before=begin)
            here = (day >= begin) & (day < begin + span)
            misses[rows.row[here]] = target[here] - self._middle(rows.take(here), models)
        return fold_days(misses, series.clock)[end - self.checks * span :]

    def _pool(self, series: SeasonalSeries, row: Ints, middle: Floats) -> Floats:
        """Misses of the forward checks, then of every day since training."""
        if not len(row):
            return self.misses_
        missed = np.full(len(series.values), np.nan)
        missed[row] = series.values[row] - middle
        days = fold_days(missed, series.clock)[np.unique(series.clock.day[row])]
        return np.vstack([self.misses_, days])[-2 * MEMORY_DAYS :]

    def _quantiles(self, pool: Floats) -> Floats:
        """(3, slots): low, median and high miss."""
        half_life, smooth = self.miss_half_life_days, max(pool.shape[1] // 24, 1)
        level = forward_level(pool, target=self.coverage, half_life=half_life, smooth=smooth)
        tails = [(1 - level) / 2, 0.5, (1 + level) / 2]
        return recent_quantiles(pool, levels=tails, half_life=half_life, smooth=smooth)
