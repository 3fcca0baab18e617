"""Detectors beside scikit-learn; control charts beside a loop over an array."""

from __future__ import annotations

from typing import Any

import numpy as np

from qianhang.engines import detect
from timing import Pair


def pairs(size: float = 1.0) -> list[Pair]:
    """Fitted and asked on the same points."""
    rng = np.random.default_rng(0)
    mixed = rng.normal(size=(int(40000 * size), 30)) @ rng.normal(size=(30, 30))
    signal = mixed[:, :12] @ rng.normal(size=(12, 4)) + rng.normal(size=(len(mixed), 4))
    return [_isolation(size), _whitener(mixed), _residual(mixed, signal), _cusum(size)]


def _isolation(size: float) -> Pair:
    """The trees differ, so what is compared is the share of planted strangers among the worst."""
    from sklearn.ensemble import IsolationForest

    rng = np.random.default_rng(0)
    strange = max(int(100 * size), 5)
    x = rng.normal(size=(int(10000 * size), 8))
    x[:strange] += 5.0

    def caught(score: Any) -> float:
        return float(np.mean(np.argsort(score)[:strange] < strange))

    return Pair("detect", "IsolationDetector", "scikit-learn IsolationForest",
                lambda: caught(detect.IsolationDetector(seed=0).fit(x).score_samples(x)),
                lambda: caught(IsolationForest(random_state=0).fit(x).score_samples(x)),
                0.05, repeats=4, wraps=False,
                why="trees are numpy arrays, kept without pickle; compiled trees are quicker"
                )  # fmt: skip


def _whitener(x: np.ndarray) -> Pair:
    from sklearn.covariance import ShrunkCovariance

    def theirs() -> Any:
        found = ShrunkCovariance(shrinkage=0.05, store_precision=False).fit(x)
        values, vectors = np.linalg.eigh(found.covariance_)
        return (x - found.location_) @ (vectors / np.sqrt(values) @ vectors.T)

    return Pair("detect", "Whitener", "scikit-learn ShrunkCovariance + numpy eigh",
                lambda: detect.Whitener(0.05).fit(x).transform(x), theirs, 1e-3,
                why="np.cov copies the matrix once more")  # fmt: skip


def _residual(x: np.ndarray, y: np.ndarray) -> Pair:
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def theirs() -> Any:
        return y - make_pipeline(StandardScaler(), Ridge(1.0)).fit(x, y).predict(x)

    return Pair("detect", "ResidualModel", "scikit-learn StandardScaler + Ridge",
                lambda: detect.ResidualModel().fit(x, y).residual(x, y), theirs, 1e-6)  # fmt: skip


def _cusum(size: float) -> Pair:
    values = np.random.default_rng(0).normal(size=int(200000 * size))

    def theirs() -> Any:
        up = down = 0.0
        out = np.zeros(len(values))
        for i in range(len(values)):
            up, down = max(0.0, up + values[i] - 0.5), max(0.0, down - values[i] - 0.5)
            out[i] = max(up, down)
            if out[i] > 5.0:
                up = down = 0.0
        return out

    return Pair("detect", "cusum", "a loop over a numpy array",
                lambda: detect.cusum(values).statistic, theirs, wraps=False,
                why="loops over plain floats")  # fmt: skip
