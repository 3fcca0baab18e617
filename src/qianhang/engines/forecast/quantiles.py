"""Quantile forecasts by boosted trees, calibrated forward and kept from crossing."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.forecast.trees import BoostedTrees
from qianhang.engines.saving import under

__all__ = ["QuantileTrees", "quantiles_at", "recalibrate"]

Floats = NDArray[np.float64]
_TURNS = 10
_LEAST_CHECKED = 50  # rows; fewer say nothing about coverage


class QuantileTrees(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Trees for a few levels, lines between them, levels moved until they hold what they say.

    Rows are set aside first: on them it is seen which asked level covers which share. Then all
    rows are learnt from. Rows are taken in the order given, oldest first.
    levels : levels that are answered, rising; knots : levels with trees of their own, rising
    middle : what the trees of level 0.5 aim at; the mean where squared errors count
    check_share : share of the rows, at the end, that check; 0 for no check
    blocks : where above 1, the history is cut into so many stretches, dealt to ten parts that
        check in turn instead, each against trees of the others: every season speaks, and is known
    low, high : no answer lies outside
    Source of the check: Kuleshov, Fenner, Ermon (2018), ICML 80, calibrated regression.
    """

    def __init__(
        self,
        levels: Sequence[float] = (0.1, 0.5, 0.9),
        *,
        knots: Sequence[float] = (0.1, 0.5, 0.9),
        middle: Literal["median", "mean"] = "median",
        check_share: float = 0.25,
        blocks: int = 0,
        low: float = -np.inf,
        high: float = np.inf,
        rounds: int = 100,
        rate: float = 0.05,
        leaves: int = 12,
        least_rows: int = 30,
        columns: float = 0.5,
        seed: int = 0,
    ) -> None:
        self.levels = levels
        self.knots = knots
        self.middle = middle
        self.check_share = check_share
        self.blocks = blocks
        self.low = low
        self.high = high
        self.rounds = rounds
        self.rate = rate
        self.leaves = leaves
        self.least_rows = least_rows
        self.columns = columns
        self.seed = seed

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        counted: ArrayLike | None = None,
    ) -> Self:
        """This model, fitted on X (n, p), NaN where unknown, and y (n,), oldest first.

        counted : (n,) rows that speak where they are checked (a season like the one to come, say);
            all where it is not given
        """
        X, y = validate_data(
            self, X, y, y_numeric=True, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        X, y = np.asarray(X), np.asarray(y, dtype=np.float64)
        if not np.isfinite(y).all():
            raise ValueError("y contains NaN or infinity")
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        speaks = np.ones(len(y), dtype=bool) if counted is None else np.asarray(counted, dtype=bool)
        self.moved_ = self._check(X, y, weight, speaks)
        self.trees_ = self._grow(X, y, weight)
        return self

    def predict_quantiles(self, X: ArrayLike) -> Floats:
        """(n, levels) forecasts for X (n, p), rising along the levels."""
        check_is_fitted(self, "trees_")
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        asked = self._ask(self.trees_, np.asarray(X))
        told = quantiles_at(asked, knots=self.knots, levels=self.moved_)
        if self.middle == "mean":
            told = _around(told, asked[:, _place(0.5, self.knots)], _place(0.5, self.levels))
        return np.clip(told, self.low, self.high)

    def predict(self, X: ArrayLike) -> Floats:
        """(n,) the answer of the level next to the middle."""
        told = self.predict_quantiles(X)
        return np.asarray(told[:, _place(0.5, self.levels)], dtype=np.float64)

    def to_files(self) -> dict[str, bytes]:
        """Settings and moved levels as JSON, trees as LightGBM text."""
        check_is_fitted(self, "trees_")
        facts = {"params": self.get_params(), "moved": self.moved_.tolist()}
        facts["params"] |= {"levels": list(self.levels), "knots": list(self.knots)}
        facts["features"] = int(self.n_features_in_)
        files = {"quantiles.json": json.dumps(facts).encode()}
        for i, trees in enumerate(self.trees_):
            files |= {f"knot{i}.{name}": data for name, data in trees.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        facts = json.loads(files["quantiles.json"])
        model = cls(**facts["params"])
        model.n_features_in_ = facts["features"]
        model.moved_ = np.asarray(facts["moved"], dtype=np.float64)
        model.trees_ = [
            BoostedTrees.from_files(under(files, f"knot{i}.")) for i in range(len(model.knots))
        ]
        return model

    def _check(
        self, X: Floats, y: Floats, weight: Floats | None, speaks: NDArray[np.bool_]
    ) -> Floats:
        """(levels,) the levels to ask for."""
        told, came = [], []
        for held in self._held(len(y)):
            rest, asked = ~held, held & speaks
            if min(asked.sum(), rest.sum()) < _LEAST_CHECKED:
                continue
            trees = self._grow(X[rest], y[rest], None if weight is None else weight[rest])
            told.append(self._ask(trees, X[asked]))
            came.append(y[asked])
        if not told:
            return np.asarray(self.levels, dtype=np.float64)
        return recalibrate(
            np.concatenate(came),
            np.concatenate(told),
            knots=self.knots,
            levels=self.levels,
            limits=(self.low, self.high),
        )

    def _held(self, rows: int) -> list[NDArray[np.bool_]]:
        """Which rows (n,) check, once for each time that trees are grown to be checked."""
        at = np.arange(rows)
        if self.blocks > 1:
            return [at * self.blocks // rows % _TURNS == turn for turn in range(_TURNS)]
        return [at >= round(rows * (1 - self.check_share))]

    def _grow(self, X: Floats, y: Floats, weight: Floats | None) -> list[BoostedTrees]:
        return [self._make(level).fit(X, y, weight) for level in self.knots]

    def _make(self, level: float) -> BoostedTrees:
        mean = self.middle == "mean" and level == 0.5
        trees = BoostedTrees(
            self.rounds, objective="regression" if mean else "quantile", level=level, seed=self.seed
        )
        trees.set_params(
            rate=self.rate,
            leaves=self.leaves,
            least_rows=self.least_rows,
            columns=self.columns,
            ridge=1.0,
        )
        return trees

    def _ask(self, trees: Sequence[BoostedTrees], X: Floats) -> Floats:
        told = np.stack([one.predict(X) for one in trees], axis=-1)
        if self.middle != "mean":
            return np.sort(told, axis=-1)
        at = _place(0.5, self.knots)
        return _around(np.sort(told, axis=-1), told[:, at], at)


def quantiles_at(values: ArrayLike, *, knots: ArrayLike, levels: ArrayLike) -> Floats:
    """(..., levels) on straight lines through values (..., knots), the outer lines prolonged."""
    told, at = np.asarray(values, dtype=np.float64), np.asarray(knots, dtype=np.float64)
    asked = np.asarray(levels, dtype=np.float64)
    if told.shape[-1] != len(at) or len(at) < 2:
        raise ValueError(f"{told.shape[-1]} values for {len(at)} knots; two or more are needed")
    above = np.clip(np.searchsorted(at, asked), 1, len(at) - 1)
    share = (asked - at[above - 1]) / (at[above] - at[above - 1])
    found = told[..., above - 1] * (1 - share) + told[..., above] * share
    return np.asarray(np.sort(found, axis=-1), dtype=np.float64)


def recalibrate(
    actual: ArrayLike,
    values: ArrayLike,
    *,
    knots: ArrayLike,
    levels: ArrayLike,
    limits: tuple[float, float] = (-np.inf, np.inf),
) -> Floats:
    """(levels,) the levels to ask for so that bands hold the share of `actual` that they promise.

    actual : (n,) readings that the model had not seen; values : (n, knots) what it said of them
    limits : no answer lies outside; readings there (none at all, full output) are in the band
    """
    came, promised = np.asarray(actual, dtype=np.float64), np.asarray(levels, dtype=np.float64)
    asked = np.linspace(-0.5, 1.5, 401)  # outer lines go on: a band can be much too narrow
    told = np.clip(quantiles_at(values, knots=knots, levels=asked), *limits)
    under, up_to = (came[:, None] < told).mean(axis=0), (came[:, None] <= told).mean(axis=0)
    held = np.select([asked < 0.5, asked > 0.5], [under, up_to], (under + up_to) / 2)
    rising = np.maximum.accumulate(held) + 1e-9 * np.arange(len(asked))
    return np.asarray(np.interp(promised, rising, asked), dtype=np.float64)


def _around(told: Floats, middle: Floats, at: int) -> Floats:
    """`told` (n, levels) with its column `at` put to `middle` (n,) and no crossing."""
    found = told.copy()
    found[:, : at + 1] = np.minimum(found[:, : at + 1], middle[:, None])
    found[:, at:] = np.maximum(found[:, at:], middle[:, None])
    found[:, at] = middle
    return found


def _place(level: float, levels: Sequence[float]) -> int:
    return int(np.argmin(np.abs(np.asarray(levels, dtype=np.float64) - level)))
