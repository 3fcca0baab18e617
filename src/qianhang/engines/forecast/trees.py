"""Boosted trees as a scikit-learn regressor that is kept as LightGBM's own text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils import Tags
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.steady import STEADY

__all__ = ["BoostedTrees"]


class BoostedTrees(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """LightGBM regression on one thread, the same for the same seed; NaN in X means unknown.

    rounds, rate, leaves : number of trees, shrinkage, leaves of a tree
    least_rows : fewest rows in a leaf; columns, rows : share of each drawn for a tree
    bins : into which each column is cut; fewer are quicker
    objective : regression, regression_l1, quantile (with `level`)
    """

    def __init__(
        self,
        rounds: int = 500,
        *,
        rate: float = 0.04,
        leaves: int = 31,
        least_rows: int = 40,
        columns: float = 0.4,
        rows: float = 0.7,
        ridge: float = 5.0,
        bins: int = 255,
        objective: str = "regression",
        level: float = 0.5,
        seed: int = 0,
    ) -> None:
        self.rounds = rounds
        self.rate = rate
        self.leaves = leaves
        self.least_rows = least_rows
        self.columns = columns
        self.rows = rows
        self.ridge = ridge
        self.bins = bins
        self.objective = objective
        self.level = level
        self.seed = seed

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """This model, fitted on X (n, p) and y (n,)."""
        import lightgbm

        X, y = validate_data(
            self, X, y, y_numeric=True, ensure_all_finite="allow-nan", ensure_min_samples=2
        )
        if not np.isfinite(np.asarray(y, dtype=np.float64)).all():
            raise ValueError("y contains NaN or infinity")
        weight = None if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if weight is not None and (weight.shape != (len(np.asarray(y)),) or not weight.any()):
            raise ValueError("sample_weight must be (n,) with a weight that is not zero")
        data = lightgbm.Dataset(X, label=np.asarray(y), weight=weight, params={"verbose": -1})
        self.booster_ = lightgbm.train(self._settings(), data, num_boost_round=self.rounds)
        return self

    def predict(self, X: ArrayLike) -> NDArray[np.float64]:
        """(n,) forecasts for X (n, p)."""
        check_is_fitted(self, "booster_")
        X = validate_data(self, X, reset=False, ensure_all_finite="allow-nan")
        return np.asarray(self.booster_.predict(X, num_threads=1), dtype=np.float64)

    def to_files(self) -> dict[str, bytes]:
        """Settings as JSON, trees as LightGBM text."""
        check_is_fitted(self, "booster_")
        facts = {"params": self.get_params(), "features": int(self.n_features_in_)}
        text = self.booster_.model_to_string()
        return {"trees.json": json.dumps(facts).encode(), "trees.txt": text.encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        import lightgbm

        facts = json.loads(files["trees.json"])
        model = cls(**facts["params"])
        model.n_features_in_ = facts["features"]
        model.booster_ = lightgbm.Booster(model_str=files["trees.txt"].decode())
        return model

    def _settings(self) -> dict[str, Any]:
        return {
            "objective": self.objective,
            "alpha": self.level,
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": self.least_rows,
            "feature_fraction": self.columns,
            "bagging_fraction": self.rows,
            "bagging_freq": 1,
            "lambda_l2": self.ridge,
            "max_bin": self.bins,
            "seed": self.seed,
            **STEADY,
        }
