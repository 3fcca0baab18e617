"""Points that lie apart from the healthy ones: an isolation forest that is kept without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from qianhang.engines.saving import pack_arrays, unpack_arrays

__all__ = ["IsolationDetector"]

Array = NDArray[np.float64]
_EULER = 0.5772156649015329


def _path(count: Array) -> Array:
    """Mean depth of a search among `count` points that finds nothing, (k,)."""
    n = np.maximum(np.asarray(count, dtype=float), 2.0)
    depth = 2 * (np.log(n - 1) + _EULER) - 2 * (n - 1) / n
    return np.where(np.asarray(count) > 2, depth, np.where(np.asarray(count) == 2, 1.0, 0.0))


class IsolationDetector(OutlierMixin, BaseEstimator):  # type: ignore[misc]  # sklearn is untyped
    """Isolation forest: how few random cuts part a point from the rest.

    trees : number of trees ; sample : points each tree sees ; share : part of the training points
    that counts as strange ; seed : of the random cuts
    Source: Liu, Ting and Zhou (2008), Isolation forest.
    """

    def __init__(
        self, trees: int = 100, *, sample: int = 256, share: float = 0.01, seed: int = 0
    ) -> None:
        self.trees = trees
        self.sample = sample
        self.share = share
        self.seed = seed

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: ARG002 - scikit-learn's signature
        """Grows the trees on points (n, p), most of them healthy."""
        X = validate_data(self, X, ensure_min_samples=2, dtype=np.float64)
        rng = np.random.default_rng(self.seed)
        size = min(self.sample, len(X))
        self.size_ = size
        grown = [_grow(X[rng.choice(len(X), size, replace=False)], rng) for _ in range(self.trees)]
        nodes = max(len(tree) for tree in grown)
        # feature (-1 at a leaf), cut, left child, right child, depth credit at a leaf
        self.forest_ = np.zeros((self.trees, nodes, 5))
        for number, tree in enumerate(grown):
            self.forest_[number, : len(tree)] = tree
        self.offset_ = float(np.quantile(self._score(X), self.share))
        return self

    def score_samples(self, X: Any) -> Array:
        """Minus the anomaly score in (0, 1), (n,): the lower, the stranger."""
        check_is_fitted(self)
        return self._score(validate_data(self, X, reset=False, dtype=np.float64))

    def decision_function(self, X: Any) -> Array:
        """Below zero for strange points, (n,)."""
        value: Array = self.score_samples(X) - self.offset_
        return value

    def predict(self, X: Any) -> NDArray[np.int64]:
        """-1 for strange points, 1 for the others, (n,)."""
        return np.where(self.decision_function(X) < 0, -1, 1)

    def to_files(self) -> dict[str, bytes]:
        """The forest as arrays and notes."""
        check_is_fitted(self)
        notes = {
            "params": self.get_params(),
            "features": self.n_features_in_,
            "size": self.size_,
            "offset": self.offset_,
        }
        return pack_arrays({"forest": self.forest_}, notes)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forest that `to_files` wrote."""
        arrays, notes = unpack_arrays(files)
        model = cls(**notes["params"])
        model.n_features_in_, model.size_ = notes["features"], notes["size"]
        model.offset_, model.forest_ = notes["offset"], arrays["forest"]
        return model

    def _score(self, X: Array) -> Array:
        depth = np.zeros(len(X))
        for tree in self.forest_:
            depth += _depth(tree, X)
        usual = float(_path(np.array([self.size_]))[0]) or 1.0
        score: Array = -(2.0 ** (-depth / len(self.forest_) / usual))
        return score


def _grow(points: Array, rng: np.random.Generator) -> Array:
    """One tree as rows: feature, cut, left, right, depth; leaves have feature -1."""
    limit = int(np.ceil(np.log2(max(len(points), 2))))
    rows: list[list[float]] = []
    waiting = [(points, 0, -1, 0)]
    while waiting:
        part, depth, parent, side = waiting.pop()
        number = len(rows)
        if parent >= 0:
            rows[parent][2 + side] = number
        spread = np.ptp(part, axis=0) if len(part) else np.zeros(points.shape[1])
        free = np.flatnonzero(spread > 0)
        if depth >= limit or len(part) <= 1 or not len(free):
            rows.append([-1.0, 0.0, 0.0, 0.0, depth + float(_path(np.array([len(part)]))[0])])
            continue
        feature = int(rng.choice(free))
        column = part[:, feature]
        cut = float(rng.uniform(column.min(), column.max()))
        rows.append([feature, cut, 0.0, 0.0, 0.0])
        waiting.append((part[column >= cut], depth + 1, number, 1))
        waiting.append((part[column < cut], depth + 1, number, 0))
    return np.array(rows)


def _depth(tree: Array, X: Array) -> Array:
    """Depth at which each point ends, (n,)."""
    at = np.zeros(len(X), dtype=np.intp)
    while True:
        feature = tree[at, 0].astype(np.intp)
        inner = feature >= 0
        if not inner.any():
            return np.asarray(tree[at, 4])
        rows = np.flatnonzero(inner)
        right = X[rows, feature[rows]] >= tree[at[rows], 1]
        at[rows] = np.where(right, tree[at[rows], 3], tree[at[rows], 2]).astype(np.intp)
