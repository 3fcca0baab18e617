"""Carbon inventory of a region: activity by sector and fuel, versioned factors, t CO2 by scope."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.formula import Book
from qianhang.packs.ecology.carbon_inventory import ceads, report
from qianhang.packs.ecology.carbon_inventory.ledger import Ledger, book, items, ledger
from qianhang.packs.ecology.carbon_inventory.sums import LEVELS, figures, summed


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """Activity rows; of a CEADs table its cells, with its own totals kept apart as the truth."""
    if "ceads" not in inputs:
        return inputs
    table, truth = ceads.read(inputs["ceads"])
    rest = {n: v for n, v in inputs.items() if n != "ceads"}
    return Inputs({**rest, "table": table, "truth": truth})


def constants(*, spec: Spec) -> Book:
    """Every factor of the chosen set, with unit, limits, source, version and years."""
    return book(spec)


def _ledger(inputs: Inputs, spec: Spec) -> Ledger:
    own = inputs.get("factors")
    return ledger(inputs.table, constants=book(spec, own), spec=spec)


def compute(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """t CO2 by province, year, sector and fuel, each by scope, with its 95% interval."""
    held = _ledger(inputs, spec)
    return pd.concat([figures(held, level=name)[0] for name in LEVELS], ignore_index=True)


def baseline(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """All energy times the one factor of standard coal."""
    held = _ledger(inputs, spec)
    one = book(spec).find("tce.co2", year=0).value / book(spec).find("tce.energy", year=0).value
    return summed(held.rows, one * held.energy.values())


def practice(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """Fuel by fuel, as is usual, but without what processes emit."""
    held = _ledger(inputs, spec)
    return summed(held.rows, np.where(held.rows["group"] == "process", 0.0, held.co2.values()))


def recount(inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """The same sums row by row, each constant looked up by itself: what compute is held against."""
    own = inputs.get("factors")
    values = report.one_by_one(inputs.table, book(spec, own), grid=str(spec.params["grid"]))
    held = inputs.table.reset_index(drop=True)
    kinds = [items()[i.strip()] for i in held["item"]]
    rows = held.assign(item=[k.name for k in kinds], scope=[k.scope for k in kinds])
    return summed(rows, np.array(values)).drop(columns="unit")


def tables(inputs: Inputs, results: pd.DataFrame, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """years, sectors, fuels, regions, scopes, sources of error, both approaches, intensity."""
    held = _ledger(inputs, spec)
    found = report.tables(results, held, draws=int(spec.params["draws"]), seed=spec.seed)
    if "drivers" in inputs:
        found["intensity"] = report.intensity(results, inputs["drivers"])
    return found


def headline(trial: Trial, *, spec: Spec) -> float:
    """Mt CO2 of the last year, scopes 1 and 2."""
    return float(trial.tables["years"]["value"].iloc[-1])


def sample(seed: int) -> Inputs:
    """Two synthetic cities over two years: fuels in several units, power, heat and cement."""
    rng = np.random.default_rng(seed)
    said = [
        ("industry", "raw_coal", 3e6, "t"), ("industry", "natural_gas", 4.0, "1e8 m3"),
        ("industry", "electricity", 90.0, "1e8 kWh"), ("industry", "cement_clinker", 1.5, "Mt"),
        ("transport", "diesel_oil", 4e8, "kg"), ("transport", "gasoline", 30.0, "1e4 t"),
        ("homes", "lpg", 2e4, "t"), ("homes", "heat", 8e6, "GJ"),
    ]  # fmt: skip
    rows = [
        (year, region, sector, item, amount * rng.uniform(0.8, 1.2), unit)
        for year in (2021, 2022)
        for region in ("Henan A", "Zhejiang B")
        for sector, item, amount, unit in said
    ]
    columns = ["year", "region", "sector", "item", "amount", "unit"]
    return Inputs({"table": pd.DataFrame(rows, columns=columns)})
