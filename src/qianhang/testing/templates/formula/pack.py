"""$title_en."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines import formula

_FUELS = {"coal": (20.9, 19.9, 21.9), "gas": (48.0, 46.5, 50.4), "oil": (42.3, 40.1, 44.8)}


def constants(*, spec: Spec) -> formula.Book:
    """Calorific values, GJ/t, each with its source; put your own instead."""
    said = {"unit": "GJ/t", "source": "name the source here", "version": "1"}
    rows = _FUELS.items()
    return formula.Book.of(
        formula.Constant(name, value, low=low, high=high, **said)
        for name, (value, low, high) in rows
    )


def compute(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """GJ of each site with its 95% interval."""
    book, rows = constants(spec=spec), inputs.table
    place = {c.name: k for k, c in enumerate(book)}
    used = np.array([[place[fuel]] for fuel in rows["fuel"].astype(str)])
    error, one = np.full(len(rows), 0.02), np.ones(len(rows))
    terms = formula.Terms(rows["burnt"].to_numpy(float), error, book.constants, used, one)
    codes, sites = pd.factorize(rows["site"], sort=True)
    value = terms.totals(codes, len(sites))
    half = terms.approach1(codes, len(sites))
    band = {"value": value, "low": value - half, "high": value + half}
    return pd.DataFrame({"site": sites, **band, "unit": "GJ"})


def baseline(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """The same with the mean calorific value for every fuel."""
    mean = float(np.mean([value for value, _, _ in _FUELS.values()]))
    burnt = inputs.table.groupby("site", sort=True)["burnt"].sum()
    return pd.DataFrame({"site": burnt.index, "value": mean * burnt.to_numpy(), "unit": "GJ"})


def recount(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """The figures once more, row by row: what compute() is held against."""
    heat: dict[str, float] = {}
    for row in inputs.table.itertuples():
        heat[row.site] = heat.get(row.site, 0.0) + row.burnt * _FUELS[str(row.fuel)][0]
    return pd.DataFrame({"site": list(heat), "value": list(heat.values())})


def headline(trial: Trial, *, spec: Spec) -> float:
    """Heat of all sites."""
    return trial.scores["total"]


def sample(seed: int) -> Inputs:
    """Six synthetic sites that burn three fuels."""
    rng = np.random.default_rng(seed)
    sites, fuels = [f"S{k}" for k in range(6)], list(_FUELS)
    table = pd.MultiIndex.from_product([sites, fuels], names=["site", "fuel"]).to_frame(index=False)
    return Inputs({"table": table.assign(year=2024, burnt=rng.uniform(10, 900, len(table)))})
