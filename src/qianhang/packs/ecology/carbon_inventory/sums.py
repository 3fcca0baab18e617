"""Sums of a ledger that an office reports: by region, year, sector and fuel, with intervals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.formula import Terms
from qianhang.packs.ecology.carbon_inventory.ledger import Ledger

__all__ = ["LEVELS", "figures", "keys_of", "part", "summed"]

# level -> the columns that its sums are made by; a column that is not there is written "all"
LEVELS: Mapping[str, tuple[str, ...]] = {
    "province": ("region", "year", "scope"),
    "year": ("year", "scope"),
    "sector": ("region", "year", "sector", "scope"),
    "fuel": ("region", "year", "item", "scope"),
}
_KEYS = ("region", "year", "sector", "item", "scope")


def keys_of(rows: pd.DataFrame, level: str) -> pd.DataFrame:
    """The keys of each row's sum at that level: level, region, year, sector, item, scope."""
    by = LEVELS[level]
    kept = {k: rows[k].astype(str) if k in by else "all" for k in _KEYS}
    return pd.DataFrame({"level": level, **kept}, index=rows.index)


def figures(book: Ledger, *, level: str) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """t CO2 of every sum of one level with its 95% interval (approach 1), and each row's sum."""
    keys = keys_of(book.rows, level)
    codes, _ = pd.factorize(pd.MultiIndex.from_frame(keys))
    first = np.unique(codes, return_index=True)[1]
    value = book.co2.totals(codes, len(first))
    half = book.co2.approach1(codes, len(first))
    frame = keys.iloc[first].reset_index(drop=True)
    low = np.maximum(value - half, 0.0)
    return frame.assign(value=value, low=low, high=value + half, unit="t"), codes


def summed(rows: pd.DataFrame, values: NDArray[np.float64]) -> pd.DataFrame:
    """The same sums of any (n,) values, t CO2, without interval."""
    found = []
    for level in LEVELS:
        keys = keys_of(rows, level).assign(value=values)
        names = ["level", *_KEYS]
        found.append(keys.groupby(names, sort=False, as_index=False)["value"].sum())
    whole: pd.DataFrame = pd.concat(found, ignore_index=True).assign(unit="t")
    return whole


def part(terms: Terms, rows: NDArray[np.bool_]) -> Terms:
    """The terms of some rows (n,) alone."""
    return Terms(
        terms.amounts[rows],
        terms.errors[rows],
        terms.constants,
        terms.used[rows],
        terms.scales[rows],
    )
