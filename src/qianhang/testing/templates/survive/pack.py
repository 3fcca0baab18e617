"""$title_en."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.survive import CoxRidge, signed

_FEATURES = ["load", "age"]


def fit(train: pd.DataFrame, *, spec: Spec) -> CoxRidge:
    """A Cox model of the time to failure."""
    outcome = signed(train["years"].to_numpy(float), train["failed"].to_numpy() > 0)
    return CoxRidge().fit(train[_FEATURES].to_numpy(), outcome)


def predict(model: CoxRidge, rows: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """Columns risk (probability of failure by the horizon) and score (any monotone risk)."""
    X = rows[_FEATURES].to_numpy()
    risk = model.risk(X, float(spec.horizon))
    return pd.DataFrame({"risk": risk, "score": model.predict(X)}, index=rows.index)


def baseline(train: pd.DataFrame, rows: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """The same risk for all: the share that failed by the horizon."""
    early = (train["years"] <= spec.horizon) & (train["failed"] > 0)
    return pd.DataFrame({"risk": float(early.mean()), "score": 0.0}, index=rows.index)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Net true positives per thousand."""
    return 1000.0 * max(trial.scores.get("net_benefit", 0.0), 0.0)


def sample(seed: int) -> Inputs:
    """400 synthetic machines followed for up to ten years."""
    rng = np.random.default_rng(seed)
    load, age = rng.uniform(20, 110, 400), rng.uniform(0, 30, 400)
    rate = 0.05 * np.exp(0.02 * (load - 65) + 0.08 * (age - 15))
    years = rng.exponential(1 / rate)
    table = pd.DataFrame(
        {
            "failed": (years < 10).astype(int),
            "years": years.clip(0.01, 10),
            "load": load,
            "age": age,
        }
    )
    return Inputs({"table": table})
