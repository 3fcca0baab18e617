"""What would make a score too good: rows that repeat, also across a split, features that tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

__all__ = ["groups_across", "leak_probe", "near_duplicates", "repeated_rows"]

ROW_NUMBER = "(row number)"
_LEAST_IN_CATEGORY = 20
_BY_CHANCE = 50  # possible rows for each row: fewer, and over 1 % coincide without any fault


def near_duplicates(
    frame: pd.DataFrame,
    part: ArrayLike,
    *,
    columns: Sequence[str] | None = None,
    digits: int = 4,
) -> pd.DataFrame:
    """Rows that stand, the same or nearly so, in another part than an earlier row.

    frame (n, columns); a time index counts as a column, so that equal readings of different hours
    are no duplicates
    part (n,) : label of each row, such as "train" and "test"
    digits : two numbers are near when they differ by less than their column's spread / 10**digits
    Returns row, twin (positions), kind ("exact" or "near"); empty where the columns take so few
    values that rows must coincide by chance.
    """
    table = _comparable(frame, columns)
    labels = pd.factorize(np.asarray(part))[0]
    empty = pd.DataFrame({"row": [], "twin": [], "kind": []}).astype({"row": int, "twin": int})
    if table.shape[1] == 0 or not _telling(table):
        return empty
    exact = _twins(_hash(table, None, 0.0), labels).assign(kind="exact")
    near = [_twins(_hash(table, digits, shift), labels).assign(kind="near") for shift in (0.0, 0.5)]
    pairs = pd.concat([exact, *near], ignore_index=True).drop_duplicates("row")
    return pairs.sort_values("row", ignore_index=True) if len(pairs) else empty


def repeated_rows(frame: pd.DataFrame) -> int:
    """How many rows are the same as an earlier one, their time included.

    0 where the columns take so few values that rows must coincide by chance.
    """
    table = _comparable(frame, None)
    if table.shape[1] == 0 or _log_possible(table) < np.log(_BY_CHANCE * max(len(table), 1)):
        return 0
    return int(pd.Series(_hash(table, None, 0.0)).duplicated().sum())


def _comparable(frame: pd.DataFrame, columns: Sequence[str] | None) -> pd.DataFrame:
    table = frame if columns is None else frame[list(columns)]
    if isinstance(frame.index, pd.DatetimeIndex):
        table = table.assign(**{"(time)": frame.index.astype("int64").to_numpy()})
    return table


def _telling(table: pd.DataFrame) -> bool:
    """Whether two equal rows are a surprise: more possible rows than there are pairs."""
    return bool(_log_possible(table) > 2 * np.log(max(len(table), 2)))


def _log_possible(table: pd.DataFrame) -> float:
    """Logarithm of how many different rows the columns' values can make."""
    return float(sum(np.log(max(table[c].astype(str).nunique() if table[c].dtype == object
                                else table[c].nunique(), 1)) for c in table))  # fmt: skip


def _hash(table: pd.DataFrame, digits: int | None, shift: float) -> np.ndarray:
    """One uint64 (n,) for each row; numbers on a grid of spread / 10**digits, or as they are."""
    total = np.full(len(table), 1469598103934665603, dtype=np.uint64)
    for name in table:
        total = total * np.uint64(1099511628211) ^ _cells(table[name], digits, shift)
    return total


def _cells(values: pd.Series[Any], digits: int | None, shift: float) -> np.ndarray:
    if pd.api.types.is_numeric_dtype(values.dtype) and values.dtype != bool:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
        if digits is not None and pd.api.types.is_float_dtype(values.dtype):
            spread = np.nanstd(numbers) if np.isfinite(numbers).any() else 0.0
            step = (spread or 1.0) / 10.0**digits
            numbers = np.floor(numbers / step + shift)
        return pd.util.hash_array(np.where(np.isnan(numbers), np.nan, numbers))
    words = values.astype(str).to_numpy(dtype=object)
    return pd.util.hash_array(words)


def _twins(hashes: np.ndarray, labels: np.ndarray) -> pd.DataFrame:
    """Rows whose hash was first seen in another part, beside the row where it was."""
    order = np.arange(len(hashes))
    first = pd.Series(order).groupby(hashes, sort=False).transform("first").to_numpy()
    across = labels != labels[first]
    return pd.DataFrame({"row": order[across], "twin": first[across]})


def groups_across(groups: ArrayLike, part: ArrayLike) -> list[Any]:
    """The groups that have rows in more than one part, in order of appearance.

    groups (n,), part (n,) : labels of each row
    """
    table = pd.DataFrame({"group": np.asarray(groups), "part": np.asarray(part)})
    counts = table.groupby("group", sort=False)["part"].nunique()
    return [g for g, count in counts.items() if count > 1]


def leak_probe(frame: pd.DataFrame, target: ArrayLike, *, limit: float = 0.99) -> pd.DataFrame:
    """Single columns that alone tell a yes/no target almost perfectly, the row number among them.

    frame (n, features); target (n,) with two values
    limit : area under the curve from which a column is named; 0.5 is chance
    Returns column, auc; a real cause is rarely that good, a leak often is.
    Raises ValueError where the target has not exactly two values.
    """
    truth, kinds = pd.factorize(np.asarray(target), sort=True)
    if len(kinds) != 2:
        raise ValueError(f"target has {len(kinds)} values, expected 2")
    found = []
    for name, values in _signals(frame, truth):
        held = ~np.isnan(values)
        area = _auc(values[held], truth[held] == 1)
        if max(area, 1 - area) > limit:
            found.append((name, max(area, 1 - area)))
    return pd.DataFrame(found, columns=["column", "auc"])


def _signals(frame: pd.DataFrame, truth: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Each column as numbers: categories by their rate, unless they are too small to have one."""
    yield ROW_NUMBER, np.arange(len(frame), dtype=np.float64)
    for name in frame:
        values = frame[name]
        if pd.api.types.is_numeric_dtype(values.dtype):
            yield str(name), values.to_numpy(dtype=np.float64, na_value=np.nan)
        elif pd.api.types.is_datetime64_any_dtype(values.dtype):
            yield str(name), values.astype("int64").to_numpy(dtype=np.float64)
        else:
            groups = pd.Series(truth).groupby(values.astype(str).to_numpy())
            rate = groups.transform("mean").to_numpy(dtype=np.float64)
            size = groups.transform("size").to_numpy()
            yield str(name), np.where(size >= _LEAST_IN_CATEGORY, rate, np.nan)


def _auc(values: np.ndarray, positive: np.ndarray) -> float:
    """Chance that a positive row has the larger value, ties half; 0.5 if one side is empty.

    Source: Mann and Whitney 1947.
    """
    count = int(positive.sum())
    others = len(values) - count
    if not count or not others:
        return 0.5
    ranks = pd.Series(values).rank().to_numpy()
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * others))
