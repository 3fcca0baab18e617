"""Reserves of a deposit by kriging: blocks, their error and class, tonnes and the cut-off curve."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines import spatial
from qianhang.packs.mining.reserve_estimate import deposit

_PLACE = ["x", "y"]


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """Samples with a hole each; those at one place averaged; the publisher's own split kept.

    Raises ContractError where a validation set lacks the columns of the table.
    """
    if spec.target not in inputs.table:
        return inputs  # places to be estimated, not samples
    parts = {"train": inputs.table}
    if "validation" in inputs:
        parts["test"] = deposit.renamed(inputs["validation"], spec)
    table = deposit.merged({n: deposit.averaged(p) for n, p in parts.items()})
    least = spatial.LEAST + 4
    if len(table) < least:
        raise ContractError("QH132", f"{len(table)} places with samples, at least {least} needed")
    rest = {n: v for n, v in inputs.items() if n not in ("table", "validation")}
    return Inputs({**rest, "table": table})


def fit(train: pd.DataFrame, *, spec: Spec) -> spatial.Field:
    """The field of the samples: variogram by likelihood, band by samples left out one by one."""
    return spatial.Field.fit(
        train[_PLACE].to_numpy(float),
        train[spec.target].to_numpy(float),
        kinds=[k.strip() for k in str(spec.params["kinds"]).split(",")],
        degree=int(spec.params["drift"]),
        level=float(spec.params["level"]),
        seed=spec.seed,
    )


def predict(model: spatial.Field, points: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """Columns estimate, sd, low, high: a new sample at each point, in the unit of the values."""
    found = model.predict(points[_PLACE].to_numpy(float))
    low = np.maximum(found.low, 0.0)
    estimate = np.maximum(found.estimate, low)
    band = {"sd": found.sd, "low": low, "high": np.maximum(found.high, estimate)}
    return pd.DataFrame({"estimate": estimate, **band}, index=points.index)


def baseline(train: pd.DataFrame, points: pd.DataFrame, *, spec: Spec) -> pd.Series:
    """(m,) the nearest hole, as in estimates by polygons."""
    held = train[_PLACE].to_numpy(float), train[spec.target].to_numpy(float)
    return pd.Series(spatial.nearest(*held, points[_PLACE].to_numpy(float)), index=points.index)


def practice(train: pd.DataFrame, points: pd.DataFrame, *, spec: Spec) -> pd.Series:
    """(m,) inverse distance, its power the one that foretells the training holes best."""
    held = train[_PLACE].to_numpy(float), train[spec.target].to_numpy(float)
    power = spatial.power_left_out(*held)
    found = spatial.inverse_distance(*held, points[_PLACE].to_numpy(float), power=power)
    return pd.Series(found, index=points.index)


def tables(model: spatial.Field, inputs: Inputs, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """map, map_error, quantities, classes, cut_off, cut_off_grade, blocks, variogram, model."""
    laid = deposit.lay(model, inputs, spec)
    found = deposit.estimates(laid, model, inputs, spec)
    return {**found, "variogram": deposit.variogram(model), "model": deposit.facts(model, spec)}


def headline(trial: Trial, *, spec: Spec) -> float:
    """Mt in the classes measured and indicated."""
    classes = trial.tables["classes"].set_index("item")["amount"]
    return float(classes.reindex(["Measured", "Indicated"]).fillna(0.0).sum())


def sample(seed: int) -> Inputs:
    """60 synthetic holes through a smooth seam with a nugget."""
    rng = np.random.default_rng(seed)
    cells = rng.permutation(144)[:60]
    x = 500.0 * (cells % 12) + rng.uniform(-150, 150, 60) + 1000
    y = 500.0 * (cells // 12) + rng.uniform(-150, 150, 60) + 2000
    ash = 30 + 8 * np.sin(x / 1500) + 6 * np.cos(y / 1800) + rng.normal(0, 1.5, 60)
    thick = 3 + np.sin(x / 2500) + rng.normal(0, 0.1, 60)
    holes = [f"H{k:02d}" for k in range(60)]
    table = pd.DataFrame({"hole": holes, "x": x, "y": y, "value": ash, "thickness": thick})
    return Inputs({"table": table})
