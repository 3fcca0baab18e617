"""Ridge logistic regression for a yes or no: standardised inside, kept as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

__all__ = ["Logistic"]

Floats = NDArray[np.float64]


class Logistic(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Logistic regression whose coefficients, per standard deviation, are drawn towards zero.

    penalty : precision of the normal prior on a standardised coefficient
    balanced : "balanced" weighs the classes equally, at the price of calibration; None does not
    """

    def __init__(
        self,
        penalty: float = 1.0,
        *,
        balanced: Literal["balanced"] | None = None,
        steps: int = 500,
    ) -> None:
        self.penalty = penalty
        self.balanced = balanced
        self.steps = steps

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:
        """This model, fitted on X (n, p) and classes y (n,).

        Raises ValueError where there is only one class.
        """
        rows, labels = validate_data(self, X, y, dtype=np.float64)
        check_classification_targets(labels)
        scaler = StandardScaler().fit(rows)
        model = LogisticRegression(
            C=1.0 / max(float(self.penalty), 1e-9),
            class_weight=self.balanced,
            max_iter=self.steps,
            tol=1e-8,
        ).fit(scaler.transform(rows), labels)
        self.classes_, self.n_iter_ = model.classes_, model.n_iter_
        self.mean_, self.scale_ = scaler.mean_, scaler.scale_
        self.coef_ = model.coef_ / self.scale_
        self.intercept_ = model.intercept_ - self.coef_ @ self.mean_
        return self

    def decision_function(self, X: ArrayLike) -> Floats:
        """(n,) log odds of the second class, or (n, classes) scores where there are more."""
        check_is_fitted(self, "coef_")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        scores: Floats = rows @ self.coef_.T + self.intercept_
        return scores[:, 0] if scores.shape[1] == 1 else scores

    def predict_proba(self, X: ArrayLike) -> Floats:
        """(n, classes) probabilities."""
        scores = self.decision_function(X)
        if scores.ndim == 1:
            yes = 1.0 / (1.0 + np.exp(-np.clip(scores, -700, 700)))
            return np.column_stack([1.0 - yes, yes])
        raised = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Floats = raised / raised.sum(axis=1, keepdims=True)
        return shares

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """(n,) the likelier class."""
        scores = self.decision_function(X)
        place = (scores > 0).astype(int) if scores.ndim == 1 else scores.argmax(axis=1)
        return np.asarray(self.classes_[place])

    def contributions(self, X: ArrayLike) -> Floats:
        """(n, p) what each feature adds to the log odds of the average subject; two classes."""
        check_is_fitted(self, "coef_")
        rows = validate_data(self, X, reset=False, dtype=np.float64)
        parts: Floats = (rows - self.mean_) * self.coef_[0]
        return parts

    def to_files(self) -> dict[str, bytes]:
        """The fitted model as one JSON file."""
        check_is_fitted(self, "coef_")
        state = {"params": self.get_params(), "classes": self.classes_.tolist()}
        for name in ("coef_", "intercept_", "mean_", "scale_"):
            state[name] = getattr(self, name).tolist()
        return {"logistic.json": json.dumps(state, ensure_ascii=False).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        state = json.loads(files["logistic.json"])
        model = cls(**state["params"])
        model.classes_ = np.asarray(state["classes"])
        for name in ("coef_", "intercept_", "mean_", "scale_"):
            setattr(model, name, np.asarray(state[name], dtype=np.float64))
        model.n_features_in_ = model.coef_.shape[1]
        return model
