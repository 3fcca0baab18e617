"""Limits on the numbers of a column: sentinels, whole numbers, bounds, allowed codes, units."""

from __future__ import annotations

import numpy as np

from qianhang.core import units
from qianhang.core.manifest import Column
from qianhang.data import codes
from qianhang.data.findings import show
from qianhang.data.readers.blocks import Note

__all__ = ["expected_range", "other_units", "outside", "small_scale", "unit_suspected", "unmark"]

_MOST_OUTSIDE = 0.2  # a larger share outside the bounds is a matter of unit, not of single readings
_TINY = 1e-3


def unmark(values: np.ndarray, column: Column) -> np.ndarray:
    """Values (n,) with every sentinel as NaN."""
    if not column.sentinel:
        return values
    return np.where(np.isin(values, column.sentinel), np.nan, values)


def outside(values: np.ndarray, column: Column) -> np.ndarray:
    """True (n,) where a value lies below `low` or above `high`."""
    mask = np.zeros(len(values), dtype=bool)
    if column.low is not None:
        mask |= values < column.low
    if column.high is not None:
        mask |= values > column.high
    return mask


def expected_range(column: Column) -> str:
    """The bounds in words."""
    if column.low is None or column.high is None:
        return (
            f"at least {show(column.low, column.unit)}"
            if column.low is not None
            else f"at most {show(column.high or 0.0, column.unit)}"
        )
    return f"{show(column.low)} to {show(column.high, column.unit)}"


def unit_suspected(values: np.ndarray, mask: np.ndarray) -> bool:
    """Whether so much of a column lies outside that its unit is in doubt.

    values (n,), mask (n,) : True where outside the bounds
    """
    present = np.count_nonzero(~np.isnan(values))
    count = np.count_nonzero(mask)
    return bool(count > 2 and count > _MOST_OUTSIDE * present)


def other_units(values: np.ndarray, column: Column) -> str:
    """A hint such as "is the meter in MJ/h?": units in which the values would lie in bounds.

    values (k,) : readings that lie outside
    """
    known = column.unit if units.known(column.unit) else "1"
    good: list[tuple[int, float, str]] = []
    for unit in units.alternatives(known):
        low, high = (
            units.convert(0.0, from_=unit, to=known),
            units.convert(1.0, from_=unit, to=known),
        )
        there = low + (high - low) * values
        if np.mean(outside(there, column)) <= 0.01:
            thousand = np.isclose(np.log10(abs(high - low)) % 3, (0, 3)).any()
            used = column.high is None or np.nanmax(np.abs(there)) > 0.02 * abs(column.high)
            good.append((0 if thousand and used else 1, abs(np.log(abs(high - low))), unit))
    if good:
        return f"is the meter in {' or '.join(u for *_, u in sorted(good)[:2])}?"
    for factor, words in ((1e3, "large"), (1e-3, "small")):
        if not outside(values / factor, column).any():
            return f"values look 1,000 times too {words}"
    return ""


def small_scale(values: np.ndarray, name: str, column: Column) -> tuple[Note, ...]:
    """A note where the whole column keeps below a thousandth of its upper bound."""
    if column.high is None or column.high <= 0 or column.unit in ("", "1", "%"):
        return ()
    top = max(np.nanmax(values, initial=0.0), -np.nanmin(values, initial=0.0))
    if not 0 < top < _TINY * column.high:
        return ()
    text = f"column {name}: the largest value, {show(top, column.unit)}, is below a thousandth of the bound {show(column.high, column.unit)}; check the unit"  # noqa: E501  # one sentence
    return (Note(codes.BELOW_SCALE, text),)
