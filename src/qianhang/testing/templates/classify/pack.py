"""$title_en."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.classify import Logistic

_FEATURES = ["load", "temperature"]


def fit(train: pd.DataFrame, *, spec: Spec) -> Logistic:
    """A model of the yes or no in the target column."""
    return Logistic().fit(train[_FEATURES].to_numpy(), train[spec.target].to_numpy())


def predict(model: Logistic, rows: pd.DataFrame, *, spec: Spec) -> pd.Series:
    """(n,) probability of a yes."""
    risk = model.predict_proba(rows[_FEATURES].to_numpy())[:, 1]
    return pd.Series(risk, index=rows.index)


def baseline(train: pd.DataFrame, rows: pd.DataFrame, *, spec: Spec) -> pd.Series:
    """(n,) the same probability for all: the share in training."""
    return pd.Series(float(train[spec.target].mean()), index=rows.index)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Net true positives per thousand, beyond treating nobody or all."""
    return 1000.0 * max(trial.scores.get("net_benefit", 0.0), 0.0)


def sample(seed: int) -> Inputs:
    """400 synthetic machines: hot and loaded ones fail more often."""
    rng = np.random.default_rng(seed)
    load, temperature = rng.uniform(20, 110, 400), rng.normal(60, 15, 400).clip(-30, 140)
    odds = np.exp(0.06 * (load - 80) + 0.08 * (temperature - 65))
    fault = (rng.uniform(size=400) < odds / (1 + odds)).astype(int)
    table = pd.DataFrame({"fault": fault, "load": load, "temperature": temperature})
    return Inputs({"table": table})
