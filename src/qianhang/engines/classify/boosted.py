"""Boosted trees for classes, through LightGBM, kept as its own text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import Tags
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.steady import STEADY

__all__ = ["BoostedTrees"]

Floats = NDArray[np.float64]


class BoostedTrees(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Gradient boosted trees; small and slow by default, since few events overfit quickly.

    rounds, rate, leaves, least : trees, learning rate, leaves a tree, fewest rows a leaf
    balanced : "balanced" weighs the classes equally, at the price of calibration; None does not
    Gaps (NaN) in X are allowed.
    """

    def __init__(
        self,
        rounds: int = 200,
        *,
        rate: float = 0.05,
        leaves: int = 8,
        least: int = 20,
        balanced: Literal["balanced"] | None = None,
        seed: int = 0,
    ) -> None:
        self.rounds = rounds
        self.rate = rate
        self.leaves = leaves
        self.least = least
        self.balanced = balanced
        self.seed = seed

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """This model, fitted on X (n, p), gaps allowed, and classes y (n,).

        Raises ValueError where there is only one class.
        """
        import lightgbm

        rows, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite="allow-nan")
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y has one class only; this classifier needs at least two")
        data = lightgbm.Dataset(rows, label=codes, weight=self._weights(codes))
        self._booster = lightgbm.train(self._settings(len(rows)), data, num_boost_round=self.rounds)
        self.n_iter_ = self.rounds
        return self

    def _weights(self, codes: NDArray[np.intp]) -> Floats | None:
        if self.balanced is None:
            return None
        counts = np.bincount(codes)
        return np.asarray(len(codes) / (len(counts) * counts))[codes]

    def _settings(self, rows: int) -> dict[str, Any]:
        several = len(self.classes_) > 2
        return {
            "objective": "multiclass" if several else "binary",
            **({"num_class": len(self.classes_)} if several else {}),
            "learning_rate": self.rate,
            "num_leaves": self.leaves,
            "min_data_in_leaf": max(1, min(self.least, rows // 10)),
            "min_data_in_bin": 1,
            "seed": self.seed,
            **STEADY,
        }

    def predict_proba(self, X: ArrayLike) -> Floats:
        """(n, classes) probabilities."""
        check_is_fitted(self, "classes_")
        rows = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        found: Floats = np.asarray(self._booster.predict(rows, num_threads=1))
        return np.column_stack([1.0 - found, found]) if found.ndim == 1 else found

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """(n,) the likeliest class."""
        chances = self.predict_proba(X)
        return np.asarray(self.classes_[chances.argmax(axis=1)])

    def contributions(self, X: ArrayLike) -> Floats:
        """(n, p) what each feature adds to the log odds (SHAP values); two classes."""
        check_is_fitted(self, "classes_")
        rows = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite="allow-nan")
        parts: Floats = np.asarray(self._booster.predict(rows, pred_contrib=True, num_threads=1))
        return parts[:, : rows.shape[1]]

    def to_files(self) -> dict[str, bytes]:
        """Settings as JSON, trees as LightGBM's text."""
        check_is_fitted(self, "classes_")
        state = {
            "params": self.get_params(),
            "classes": self.classes_.tolist(),
            "features": self.n_features_in_,
        }
        return {
            "boosted.json": json.dumps(state, ensure_ascii=False).encode(),
            "trees.txt": self._booster.model_to_string().encode(),
        }

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        import lightgbm

        state = json.loads(files["boosted.json"])
        model = cls(**state["params"])
        model.classes_, model.n_features_in_ = np.asarray(state["classes"]), state["features"]
        model.n_iter_ = model.rounds
        model._booster = lightgbm.Booster(model_str=files["trees.txt"].decode())
        return model
