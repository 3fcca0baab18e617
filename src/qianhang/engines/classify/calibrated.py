"""A classifier whose probabilities are set right on rows that it was not fitted on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.isotonic import IsotonicRegression
from sklearn.utils import Tags
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.classify.boosted import BoostedTrees
from qianhang.engines.classify.inner import group_folds
from qianhang.engines.classify.logistic import Logistic

__all__ = ["Calibrated"]

Floats = NDArray[np.float64]
Inner: TypeAlias = Logistic | BoostedTrees
_KINDS: dict[str, type[Logistic] | type[BoostedTrees]] = {
    "Logistic": Logistic,
    "BoostedTrees": BoostedTrees,
}


class Calibrated(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Two-class model fitted on all rows, its log odds mapped by what out-of-fold rows showed.

    estimator : Logistic or BoostedTrees; None is Logistic()
    method : "platt" (a line on the log odds; safe with few events) or "isotonic" (steps)
    """

    def __init__(
        self,
        estimator: Inner | None = None,
        *,
        method: Literal["platt", "isotonic"] = "platt",
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.estimator = estimator
        self.method = method
        self.folds = folds
        self.seed = seed

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        inner = Logistic() if self.estimator is None else self.estimator
        tags.input_tags.allow_nan = inner.__sklearn_tags__().input_tags.allow_nan
        return tags

    def fit(self, X: ArrayLike, y: ArrayLike, groups: ArrayLike | None = None) -> Self:
        """This model, fitted on X (n, p), two classes y (n,) and groups (n,) kept whole.

        Raises ValueError where there are not exactly two classes.
        """
        inner = Logistic() if self.estimator is None else self.estimator
        gaps = "allow-nan" if self.__sklearn_tags__().input_tags.allow_nan else True
        rows, labels = validate_data(self, X, y, dtype=np.float64, ensure_all_finite=gaps)
        _only_two_classes(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("y has one class only; this classifier needs two")
        self.x_, self.y_ = self._map(self._out_of_fold(inner, rows, codes, groups), codes)
        self.estimator_ = clone(inner).fit(rows, codes)
        return self

    def _out_of_fold(
        self, inner: Inner, X: Floats, codes: NDArray[np.intp], groups: ArrayLike | None
    ) -> Floats:
        """(n,) log odds of each row from a model that did not see its group."""
        labels = np.arange(len(X)) if groups is None else np.asarray(groups)
        folds = min(self.folds, int(np.bincount(codes).min()), len(np.unique(labels)))
        if folds < 2:
            return _log_odds(clone(inner).fit(X, codes), X)
        number = group_folds(labels, folds, seed=self.seed, events=codes == 1)
        found = np.zeros(len(X))
        for k in range(folds):
            train, test = number != k, number == k
            if len(np.unique(codes[train])) < 2:
                train = np.ones(len(X), dtype=bool)
            found[test] = _log_odds(clone(inner).fit(X[train], codes[train]), X[test])
        return found

    def _map(self, odds: Floats, codes: NDArray[np.intp]) -> tuple[Floats, Floats]:
        """Knots of the map from log odds to probability (isotonic) or its line (Platt)."""
        if self.method == "isotonic":
            steps = IsotonicRegression(out_of_bounds="clip").fit(odds, codes)
            return np.asarray(steps.X_thresholds_), np.asarray(steps.y_thresholds_)
        line = Logistic(penalty=1e-3).fit(odds[:, None], codes)
        # A falling line would turn the ranking round: then the odds carry nothing, keep the rate.
        slope = max(float(line.coef_[0, 0]), 0.0)
        return np.array([slope]), np.array([float(line.intercept_[0])])

    def predict_proba(self, X: ArrayLike) -> Floats:
        """(n, 2) probabilities."""
        check_is_fitted(self, "estimator_")
        gaps = "allow-nan" if self.__sklearn_tags__().input_tags.allow_nan else True
        rows = validate_data(self, X, reset=False, dtype=np.float64, ensure_all_finite=gaps)
        odds = _log_odds(self.estimator_, rows)
        if self.method == "isotonic":
            yes = np.interp(odds, self.x_, self.y_)
        else:
            yes = 1.0 / (1.0 + np.exp(-(odds * self.x_[0] + self.y_[0])))
        return np.column_stack([1.0 - yes, yes])

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """(n,) the likelier class."""
        chances = self.predict_proba(X)
        return np.asarray(self.classes_[(chances[:, 1] > 0.5).astype(int)])

    def contributions(self, X: ArrayLike) -> Floats:
        """(n, p) what each feature adds to the log odds before the map."""
        check_is_fitted(self, "estimator_")
        parts: Floats = self.estimator_.contributions(X)
        return parts

    def to_files(self) -> dict[str, bytes]:
        """The map as JSON beside the files of the inner model."""
        check_is_fitted(self, "estimator_")
        state = {
            "kind": type(self.estimator_).__name__,
            "method": self.method,
            "folds": self.folds,
            "seed": self.seed,
            "classes": self.classes_.tolist(),
            "x": self.x_.tolist(),
            "y": self.y_.tolist(),
        }
        own = {"calibrated.json": json.dumps(state, ensure_ascii=False).encode()}
        files: dict[str, bytes] = own | self.estimator_.to_files()
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        state = json.loads(files["calibrated.json"])
        inner = _KINDS[state["kind"]].from_files(files)
        settings = {k: state[k] for k in ("method", "folds", "seed")}
        model = cls(_KINDS[state["kind"]](**inner.get_params()), **settings)
        model.estimator_, model.n_features_in_ = inner, inner.n_features_in_
        model.classes_ = np.asarray(state["classes"])
        model.x_, model.y_ = np.asarray(state["x"]), np.asarray(state["y"])
        return model


def _only_two_classes(y: NDArray[Any]) -> None:
    kind = type_of_target(y, input_name="y", raise_unknown=True)
    if kind != "binary":
        raise ValueError(
            f"Only binary classification is supported. The type of the target is {kind}."
        )


def _log_odds(model: Inner, X: Floats) -> Floats:
    yes = np.clip(model.predict_proba(X)[:, 1], 1e-9, 1.0 - 1e-9)
    return np.asarray(np.log(yes) - np.log1p(-yes))
