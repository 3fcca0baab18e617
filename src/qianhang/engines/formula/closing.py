"""Whether computed figures agree with those that were published, key by key."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["closure"]

_SMALL = 1e-6  # of the largest figure of a level: what is smaller cannot be off by a share


def closure(found: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """One row a published figure: its keys, level, value, found, low, high and relative error.

    found, published : key columns that both have, value in one unit; `level` where there are
    several kinds of sums; low and high (95%) of `found` where they are known
    A figure that was not found at all counts as found to be 0.
    """
    keys = [c for c in published if c in found and c not in ("value", "low", "high", "unit")]
    if not keys:
        raise ValueError("no key column stands in both tables")
    for name, table in (("found", found), ("published", published)):
        if table.duplicated(keys).any():
            raise ValueError(f"{name}: two rows of one key")
    ours = found.rename(columns={"value": "found"})
    kept = [*keys, *(c for c in ("found", "low", "high") if c in ours)]
    both = published[[*keys, "value"]].merge(ours[kept], on=keys, how="left")
    both["found"] = both["found"].fillna(0.0)
    level = both["level"] if "level" in both else pd.Series("all", index=both.index)
    largest = both["value"].abs().groupby(level).transform("max")
    scale = np.maximum(both["value"].abs(), np.maximum(_SMALL * largest, 1e-300))
    return both.assign(level=level, error=(both["found"] - both["value"]).abs() / scale)
