"""Logistic regression beside scikit-learn, boosted trees beside LightGBM."""

from __future__ import annotations

from typing import Any

import numpy as np

from qianhang.engines.classify import BoostedTrees, Logistic
from timing import Pair

TREES = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 8, "min_data_in_leaf": 20,
    "min_data_in_bin": 1, "seed": 0, "deterministic": True, "force_row_wise": True,
    "num_threads": 1, "verbosity": -1,
}  # fmt: skip


def pairs(size: float = 1.0) -> list[Pair]:
    """Fitted and asked on the same rows."""
    import lightgbm
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rng = np.random.default_rng(0)
    x = rng.normal(size=(int(40000 * size), 14))
    yes = (rng.random(len(x)) < 1 / (1 + np.exp(-x[:, 0]))).astype(int)
    some, their_yes = x[: len(x) // 4], yes[: len(x) // 4]

    def logistic() -> Any:
        pipe = make_pipeline(StandardScaler(), LogisticRegression(tol=1e-8, max_iter=500))
        return pipe.fit(x, yes).predict_proba(x)

    def trees() -> Any:
        data = lightgbm.Dataset(some, label=their_yes)
        return lightgbm.train(TREES, data, num_boost_round=200).predict(some, num_threads=1)

    return [
        Pair("classify", "Logistic", "scikit-learn StandardScaler + LogisticRegression",
             lambda: Logistic().fit(x, yes).predict_proba(x), logistic, 1e-6),
        Pair("classify", "BoostedTrees", "lightgbm.train",
             lambda: BoostedTrees().fit(some, their_yes).predict_proba(some)[:, 1], trees),
    ]  # fmt: skip
