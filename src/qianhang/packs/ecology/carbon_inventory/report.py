"""What an office reads: the last year by sector, fuel, region and scope, and where errors lie."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from qianhang.engines.formula import Book
from qianhang.packs.ecology.carbon_inventory.ledger import Ledger, items, measures, province
from qianhang.packs.ecology.carbon_inventory.sums import part

__all__ = ["intensity", "one_by_one", "tables"]

_MT = 1e6
_SHOWN = 30


def tables(
    results: pd.DataFrame, held: Ledger, *, draws: int, seed: int
) -> dict[str, pd.DataFrame]:
    """years, sectors, fuels, regions, scopes, sources, approaches; Mt CO2."""
    last = results.loc[results["level"] == "year", "year"].max()
    late = results[results["year"] == last]
    found = {
        "years": _years(held),
        "sectors": _items(late[late["level"] == "sector"], "sector"),
        "fuels": _items(late[late["level"] == "fuel"], "item"),
        "regions": _items(late[late["level"] == "province"], "region"),
        "scopes": _items(late[late["level"] == "year"], "scope"),
    }
    this = (held.rows["year"].astype(str) == last).to_numpy()
    terms = part(held.co2, this)
    lines = [
        (c.name, c.place, c.value, c.unit, amount / _MT, half / _MT, c.version)
        for c, amount, half in terms.sources()
        if half > 0
    ]
    columns = ["constant", "place", "value", "unit", "emissions", "half_width", "version"]
    sources = pd.DataFrame(lines, columns=columns)
    found["sources"] = sources.sort_values("half_width", ascending=False).head(_SHOWN)
    nothing = np.zeros(int(this.sum()), dtype=np.int64)
    value, half = terms.totals(nothing, 1)[0], terms.approach1(nothing, 1)[0]
    low, high = terms.approach2(nothing, 1, draws=draws, seed=seed)
    found["approaches"] = pd.DataFrame(
        {
            "method": ["IPCC approach 1", "IPCC approach 2"],
            "low": [(value - half) / _MT, low[0] / _MT],
            "value": [value / _MT, value / _MT],
            "high": [(value + half) / _MT, high[0] / _MT],
        }
    )
    return found


def _years(held: Ledger) -> pd.DataFrame:
    """year, value, low, high: all regions and scopes, Mt CO2, 95%."""
    codes, years = pd.factorize(held.rows["year"], sort=True)
    value = held.co2.totals(codes, len(years))
    half = held.co2.approach1(codes, len(years))
    return pd.DataFrame(
        {
            "year": np.asarray(years, dtype=int),
            "value": value / _MT,
            "low": np.maximum(value - half, 0.0) / _MT,
            "high": (value + half) / _MT,
        }
    )


def _items(rows: pd.DataFrame, by: str) -> pd.DataFrame:
    """item, amount: Mt CO2, largest first."""
    whole = rows.groupby(by, sort=False)["value"].sum().sort_values(ascending=False) / _MT
    named = [f"scope {n}" for n in whole.index] if by == "scope" else list(whole.index)
    return pd.DataFrame({"item": named, "amount": whole.to_numpy()})


def intensity(results: pd.DataFrame, drivers: pd.DataFrame) -> pd.DataFrame:
    """region, year, t CO2 a head and t CO2 for 10,000 CNY, where population and gdp are known."""
    whole = results[results["level"] == "province"].groupby(["region", "year"])["value"].sum()
    both = drivers.assign(year=drivers["year"].astype(str)).merge(
        whole.reset_index(), on=["region", "year"]
    )
    found = both[["region", "year"]].copy()
    if "population" in both:
        found["t_per_head"] = both["value"] / both["population"]
    if "gdp" in both:
        found["t_per_10k_cny"] = both["value"] / (both["gdp"] / 1e4)
    return found


def one_by_one(table: pd.DataFrame, constants: Book, *, grid: str) -> list[float]:
    """(n,) t CO2 of each row, worked out with plain numbers."""
    plain = table[["year", "region", "item", "amount", "unit"]].to_dict("records")
    return [_one(row, constants, grid) for row in plain]


def _one(row: Mapping[Hashable, Any], constants: Book, grid: str) -> float:
    item = items()[str(row["item"]).strip()]
    base, scale = measures()[str(row["unit"]).strip().casefold()]
    amount, year = float(row["amount"]) * scale, int(row["year"])
    of = partial(_value, constants, year)
    if base == "t CO2":
        return amount * of(f"{item.group}.stated")
    if item.group == "power":
        if grid == "nearest":
            named = [c for c in constants if c.name == "electricity.grid"]
            ends = sorted({y for c in named for y in (c.first, c.last)})
            year = min(ends, key=partial(_apart, year))
        place = province(str(row["region"]))
        factor = constants.find("electricity.grid", year=year, place=place).value
        return amount * factor / (3.6 if base == "GJ" else 1.0)
    if item.group == "heat":
        return amount * of("heat.supply")
    if item.group == "process":
        return amount * of(f"{item.name}.process")
    joules = {"GJ": 1.0, "tce": 29.3076}.get(base)
    terajoules = amount * (joules or of(f"{item.name}.ncv_{base}")) / 1000.0
    try:
        return terajoules * of(f"{item.name}.co2")
    except LookupError:
        return terajoules * of(f"{item.name}.carbon") * of(f"{item.name}.oxidation") * 44 / 12


def _value(constants: Book, year: int, name: str) -> float:
    return constants.find(name, year=year).value


def _apart(a: int, b: int) -> int:
    return abs(a - b)
