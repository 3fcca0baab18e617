"""Signals made uncorrelated and of unit variance, by a shrunk covariance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.saving import pack_arrays, unpack_arrays

__all__ = ["Whitener"]

Array = NDArray[np.float64]


class Whitener(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Linear map after which a healthy residual has unit covariance.

    shrinkage : share of the mean variance mixed into the covariance, 0 to 1
    """

    def __init__(self, shrinkage: float = 0.05) -> None:
        self.shrinkage = shrinkage

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Learns mean and covariance from healthy residuals (n, p)."""
        X = validate_data(self, X, ensure_min_samples=2, dtype=np.float64)
        self.mean_ = X.mean(axis=0)
        cov = np.atleast_2d(np.cov(X, rowvar=False))
        level = float(np.trace(cov)) / len(cov) or 1.0
        cov = (1 - self.shrinkage) * cov + self.shrinkage * level * np.eye(len(cov))
        values, vectors = np.linalg.eigh(cov)
        floor = 1e-10 * max(float(values[-1]), 1e-300)
        self.matrix_ = vectors / np.sqrt(np.maximum(values, floor)) @ vectors.T
        return self

    def transform(self, X: Any) -> Array:
        """Whitened residuals, (n, p)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False, dtype=np.float64)
        white: Array = (X - self.mean_) @ self.matrix_
        return white

    def distance(self, X: Any) -> Array:
        """Squared length of each whitened row, (n,): chi-squared with p degrees when healthy."""
        return np.asarray((self.transform(X) ** 2).sum(axis=1))

    def to_files(self) -> dict[str, bytes]:
        """The fitted map as arrays and notes."""
        check_is_fitted(self)
        notes = {"shrinkage": self.shrinkage, "features": self.n_features_in_}
        return pack_arrays({"mean_": self.mean_, "matrix_": self.matrix_}, notes)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The map that `to_files` wrote."""
        arrays, notes = unpack_arrays(files)
        model = cls(shrinkage=notes["shrinkage"])
        model.n_features_in_ = notes["features"]
        model.mean_, model.matrix_ = arrays["mean_"], arrays["matrix_"]
        return model
