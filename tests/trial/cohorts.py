"""Invented cohorts and packs for the trial tests."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Column, Split, Words
from qianhang.core.spec import Spec

TITLE = Words("例", "case")


def followed(n: int = 400, seed: int = 0) -> Inputs:
    """People followed for up to 12 years; risk grows with x; sex says nothing."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=n)
    years = rng.exponential(1 / (0.08 * np.exp(x)))
    lost = rng.uniform(5, 12, n)
    table = pd.DataFrame({"x": x, "sex": np.where(rng.random(n) < 0.5, "m", "f")})
    table["person"] = np.arange(n) // 2
    table["years"], table["died"] = np.minimum(years, lost), years <= lost
    return Inputs({"table": table})


def survive_spec(**more) -> Spec:
    columns = {
        "x": Column(),
        "sex": Column(role="protected"),
        "person": Column(role="group"),
        "years": Column(role="duration", unit="a"),
        "died": Column(role="event"),
    }
    return Spec(columns=columns, group_by=("person",), horizon=5, params={"threshold": 0.3}, **more)


CASE = Case(name="c", title=TITLE, split=Split(kind="group", folds=4, column="person"))


def spy() -> SimpleNamespace:
    """A pack that predicts from x alone and remembers what it was shown."""
    seen: list[tuple[set[str], set[int]]] = []

    def fit(train, *, spec):
        seen.append((set(train.columns), set(train["person"])))
        return SimpleNamespace(people=set(train["person"]))

    def predict(model, rows, *, spec):
        seen.append((set(rows.columns), set(rows["person"])))
        assert not model.people & set(rows["person"]), "scored on people it was fitted on"
        return pd.DataFrame(
            {"risk": 1 - np.exp(-0.4 * np.exp(rows["x"])), "score": rows["x"]}, index=rows.index
        )

    def baseline(train, rows, *, spec):
        rows["x"] = 0.0  # spoiling its own copy must not reach the others
        return pd.Series(0.33, index=rows.index)

    return SimpleNamespace(fit=fit, predict=predict, baseline=baseline, seen=seen)
