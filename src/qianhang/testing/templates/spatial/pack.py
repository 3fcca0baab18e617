"""$title_en."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines import spatial

_PLACE = ["x", "y"]


def fit(train: pd.DataFrame, *, spec: Spec) -> spatial.Field:
    """A field through the samples."""
    places, values = train[_PLACE].to_numpy(float), train[spec.target].to_numpy(float)
    return spatial.Field.fit(places, values, kinds=["spherical"], seed=spec.seed)


def predict(model: spatial.Field, points: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """Columns estimate, sd, low, high at the points."""
    found = model.predict(points[_PLACE].to_numpy(float))
    band = {"sd": found.sd, "low": found.low, "high": found.high}
    return pd.DataFrame({"estimate": found.estimate, **band}, index=points.index)


def baseline(train: pd.DataFrame, points: pd.DataFrame, *, spec: Spec) -> pd.Series:
    """(m,) the nearest sample."""
    held = train[_PLACE].to_numpy(float), train[spec.target].to_numpy(float)
    return pd.Series(spatial.nearest(*held, points[_PLACE].to_numpy(float)), index=points.index)


def practice(train: pd.DataFrame, points: pd.DataFrame, *, spec: Spec) -> pd.Series:
    """(m,) all samples by inverse squared distance."""
    held = train[_PLACE].to_numpy(float), train[spec.target].to_numpy(float)
    found = spatial.inverse_distance(*held, points[_PLACE].to_numpy(float), power=2.0)
    return pd.Series(found, index=points.index)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Error saved over the nearest sample."""
    return trial.trivial["rmse"] - trial.scores["rmse"]


def sample(seed: int) -> Inputs:
    """90 synthetic samples of a smooth hill with noise, no two at one place."""
    rng = np.random.default_rng(seed)
    cells = rng.permutation(400)[:90]
    x = 25.0 + 50.0 * (cells % 20) + rng.uniform(-20, 20, 90)
    y = 25.0 + 50.0 * (cells // 20) + rng.uniform(-20, 20, 90)
    hill = 40 + 20 * np.sin(x / 160) + 15 * np.cos(y / 200)
    value = (hill + rng.normal(0, 4, 90)).clip(1, 99)
    return Inputs({"table": pd.DataFrame({"x": x, "y": y, "value": value})})
