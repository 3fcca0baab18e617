"""Tables of the China Emission Accounts and Datasets: sectors by fuels, and their own totals.

Source: Shan et al. (2018), Scientific Data 5: 170201; (2020), Scientific Data 7: 54.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.packs.ecology.carbon_inventory.ledger import items

__all__ = ["read"]

_TOTALS = ("total consumption", "total emissions", "totalemissions")
_KEYS = ("year", "province", "sector")
_TOTAL = "scope_1_total"
_SCOPE_2 = {"scope_2_heat": "heat", "scope_2_electricity": "electricity"}


def read(path: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Activity rows (emissions as stated, Mt CO2) and the published totals (t CO2) of a table.

    The rows are the cells of sector by fuel; the totals are the table's own: of each province and
    year, of each sector over its fuels, of each fuel over the sectors, and of each year.
    Raises ContractError for a file that is no such table.
    """
    frame = pd.read_parquet(path)
    frame.columns = [str(c).strip().lower() for c in frame.columns]
    missing = [c for c in (*_KEYS, _TOTAL) if c not in frame]
    if missing:
        raise ContractError(
            "QH103",
            f"{path.name}: column {missing[0]} is missing, expected a table of CEADs",
            hint="activity data of one's own come as CSV: year, region, sector, item, amount, unit",
        )
    fuels = [str(c) for c in frame if c not in (*_KEYS, _TOTAL)]
    if unknown := [c for c in fuels if _SCOPE_2.get(c, c) not in items()]:
        raise ContractError("QH107", f"{path.name}: column {unknown[0]} is not a known fuel")
    whole = frame["sector"].str.strip().str.lower().isin(_TOTALS)
    parts, totals = frame[~whole], frame[whole]
    rows = parts.melt(id_vars=list(_KEYS), value_vars=fuels, var_name="item", value_name="amount")
    rows = rows[rows["amount"] != 0].rename(columns={"province": "region"})
    rows["item"] = rows["item"].replace(_SCOPE_2)
    rows["amount"] = rows["amount"].astype(float)
    return rows.assign(unit="Mt CO2").reset_index(drop=True), _published(parts, totals, fuels)


def _published(parts: pd.DataFrame, totals: pd.DataFrame, fuels: list[str]) -> pd.DataFrame:
    """level, region, year, sector, item, scope, value: the totals that the table itself gives."""
    own = totals.assign(value=totals[_TOTAL].astype(float))
    province = own.assign(level="province", item="all", sector="all")
    year = own.groupby("year", as_index=False)["value"].sum()
    year = year.assign(level="year", province="all", item="all", sector="all")
    sector = parts.assign(value=parts[_TOTAL].astype(float), level="sector", item="all")
    burnt = [f for f in fuels if f not in _SCOPE_2]
    fuel = totals.melt(id_vars=["year", "province"], value_vars=burnt, var_name="item")
    fuel = fuel.assign(level="fuel", sector="all")
    kept = ["level", "province", "year", "sector", "item", "value"]
    whole = pd.concat([f[kept] for f in (province, year, sector, fuel)], ignore_index=True)
    whole = whole[whole["value"] != 0].rename(columns={"province": "region"})
    value = whole["value"].astype(float) * 1e6
    found: pd.DataFrame = whole.assign(value=value, year=whole["year"].astype(str), scope="1")
    return found.reset_index(drop=True)
