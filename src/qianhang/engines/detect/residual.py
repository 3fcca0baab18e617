"""A regression of each signal on its drivers, and what it leaves unexplained."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import Ridge
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.saving import pack_arrays, unpack_arrays

__all__ = ["ResidualModel"]

Array = NDArray[np.float64]


class ResidualModel(RegressorMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Linear model whose `residual` is the signal minus what the drivers foretell.

    method : "ridge" or "pls" ; alpha : ridge penalty on standardised drivers
    components : latent variables of the PLS
    """

    def __init__(self, method: str = "ridge", *, alpha: float = 1.0, components: int = 3) -> None:
        self.method = method
        self.alpha = alpha
        self.components = components

    def fit(self, X: Any, y: Any) -> Self:
        """Learns from drivers (n, p) and signals (n,) or (n, k).

        Raises ValueError where the method is unknown.
        """
        X, y = validate_data(self, X, y, multi_output=True, y_numeric=True, ensure_min_samples=2)
        self.center_, scale = X.mean(axis=0), X.std(axis=0)
        self.scale_ = np.where(scale > 0, scale, 1.0)
        inner = self._inner(X.shape).fit((X - self.center_) / self.scale_, y)
        shape = (-1, X.shape[1]) if y.ndim > 1 else (X.shape[1],)
        self.coef_ = np.reshape(inner.coef_, shape)
        # PLS centres its drivers itself; ours have mean zero already.
        self.intercept_ = np.reshape(inner.intercept_, y.shape[1:])
        return self

    def predict(self, X: Any) -> Array:
        """Foretold signals, (n,) or (n, k)."""
        check_is_fitted(self)
        X = validate_data(self, X, reset=False)
        foretold: Array = (X - self.center_) / self.scale_ @ self.coef_.T + self.intercept_
        return foretold

    def residual(self, X: Any, y: Any) -> Array:
        """Signals minus foretold, in the unit of the signals."""
        left: Array = np.asarray(y, dtype=float) - self.predict(X)
        return left

    def to_files(self) -> dict[str, bytes]:
        """The fitted model as arrays and notes."""
        check_is_fitted(self)
        names = ("center_", "scale_", "coef_", "intercept_")
        notes = {**self.get_params(), "features": self.n_features_in_}
        return pack_arrays({n: getattr(self, n) for n in names}, notes)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        arrays, notes = unpack_arrays(files)
        features = notes.pop("features")
        model = cls(**notes)
        model.n_features_in_ = features
        for name, value in arrays.items():
            setattr(model, name, value)
        return model

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

    def _inner(self, shape: tuple[int, int]) -> Any:
        if self.method == "ridge":
            return Ridge(alpha=self.alpha)
        if self.method == "pls":
            return PLSRegression(n_components=min(self.components, *shape), scale=False)
        raise ValueError(f"method is {self.method!r}, expected 'ridge' or 'pls'")
