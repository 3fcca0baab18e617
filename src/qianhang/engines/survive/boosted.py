"""Boosted trees on the Cox partial likelihood, through LightGBM, kept as its own text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.steady import STEADY
from qianhang.engines.survive.metrics import harrell_c
from qianhang.engines.survive.partial import RiskSets, breslow
from qianhang.engines.survive.times import unsigned

__all__ = ["BoostedCox"]

Floats = NDArray[np.float64]


class BoostedCox(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Trees whose sum is a log relative hazard; needs many events, see `few_events`.

    rounds, rate, leaves, least : trees, learning rate, leaves a tree, fewest rows a leaf
    `y` holds signed times: positive where the event happened, negative where censored.
    """

    def __init__(
        self,
        rounds: int = 150,
        *,
        rate: float = 0.03,
        leaves: int = 4,
        least: int = 50,
        seed: int = 0,
    ) -> None:
        self.rounds = rounds
        self.rate = rate
        self.leaves = leaves
        self.least = least
        self.seed = seed

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """This model, fitted on X (n, p), gaps allowed, and signed times y (n,).

        Raises ValueError where no event was seen.
        """
        import lightgbm

        rows, signed = validate_data(
            self,
            X,
            y,
            y_numeric=True,
            dtype=np.float64,
            ensure_all_finite="allow-nan",
            ensure_min_samples=2,
        )
        time, event = unsigned(signed)
        if not event.any():
            raise ValueError(f"no event among n_samples = {len(event)}: nothing to learn from")
        sets = RiskSets.of(time, event)

        def slopes(score: Floats, _: object) -> tuple[Floats, Floats]:
            return _slopes(score, sets, event)

        data = lightgbm.Dataset(rows, label=time)
        settings = self._settings(len(rows)) | {"objective": slopes}
        self._booster = lightgbm.train(settings, data, num_boost_round=self.rounds)
        score = np.asarray(self._booster.predict(rows, num_threads=1))
        self.centre_ = float(score.mean())
        self.times_, self.hazard_, _ = breslow(score - self.centre_, sets)
        self.n_iter_ = self.rounds
        return self

    def _settings(self, rows: int) -> dict[str, Any]:
        return {
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": max(1, min(self.least, rows // 10)),
            "min_data_in_bin": 1,
            "min_sum_hessian_in_leaf": 1e-6,
            "seed": self.seed,
            **STEADY,
        }

    def predict(self, X: ArrayLike) -> Floats:
        """(n,) log relative hazard, zero on average over the training rows."""
        check_is_fitted(self, "times_")
        rows = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        score: Floats = np.asarray(self._booster.predict(rows, num_threads=1)) - self.centre_
        return score

    def risk(self, X: ArrayLike, horizon: float) -> Floats:
        """(n,) probability of the event by `horizon`, in the unit of the signed times."""
        place = int(np.searchsorted(self.times_, horizon, side="right"))
        hazard = float(self.hazard_[place - 1]) if place else 0.0
        return np.asarray(-np.expm1(-hazard * np.exp(self.predict(X))))

    def score(self, X: ArrayLike, y: ArrayLike) -> float:
        """Harrell's C of `predict` on signed times y (n,)."""
        time, event = unsigned(y)
        return harrell_c(time, event, self.predict(X))

    def to_files(self) -> dict[str, bytes]:
        """Settings and baseline as JSON, trees as LightGBM's text."""
        check_is_fitted(self, "times_")
        state = {
            "params": self.get_params(),
            "features": self.n_features_in_,
            "centre": self.centre_,
            "times": self.times_.tolist(),
            "hazard": self.hazard_.tolist(),
        }
        return {
            "boosted_cox.json": json.dumps(state).encode(),
            "trees.txt": self._booster.model_to_string().encode(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        import lightgbm

        state = json.loads(files["boosted_cox.json"])
        model = cls(**state["params"])
        model.n_features_in_, model.centre_ = state["features"], state["centre"]
        model.times_, model.hazard_ = np.asarray(state["times"]), np.asarray(state["hazard"])
        model.n_iter_ = model.rounds
        model._booster = lightgbm.Booster(model_str=files["trees.txt"].decode())
        return model


def _slopes(score: Floats, sets: RiskSets, event: NDArray[np.bool_]) -> tuple[Floats, Floats]:
    """Gradient and curvature (n,) of the negative log partial likelihood, ties by Breslow."""
    weight = np.exp(score - score.max())
    suffix = np.cumsum(weight[sets.order][::-1])[::-1][sets.first]
    once, twice = np.zeros(len(score)), np.zeros(len(score))
    np.add.at(once, sets.first, 1.0 / suffix)
    np.add.at(twice, sets.first, 1.0 / suffix**2)
    exposure, squared = np.empty(len(score)), np.empty(len(score))
    exposure[sets.order], squared[sets.order] = np.cumsum(once), np.cumsum(twice)
    expected = weight * exposure
    return expected - event, np.maximum(expected - weight**2 * squared, 1e-6)
