"""What a contract check finds, and how it is told: as one error, or row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from qianhang.core.errors import ContractError, Place

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["REJECT_COLUMNS", "Finding", "first_error", "rejects", "show"]

REJECT_COLUMNS = ("row", "time", "field", "found", "expected", "code")


@dataclass(frozen=True, slots=True)
class Finding:
    """One kind of problem in one column.

    rows (k,) : rows of the file; positions (k,) : of the records, to be dropped, -1 for none
    found : what the first rows held, with unit; all of them where rows are told one by one
    """

    code: str
    field: str
    rows: np.ndarray
    positions: np.ndarray
    found: Sequence[str]
    expected: str
    hint: str = ""


def show(value: float, unit: str = "") -> str:
    """A number as people read it, with its unit."""
    text = f"{value:,.0f}" if float(value).is_integer() else f"{value:,.6g}"
    return f"{text} {unit}" if unit and unit != "1" else text


def first_error(findings: Sequence[Finding], label: str, times: Sequence[str]) -> ContractError:
    """The first finding as an error that names file, column, row, time, found and expected.

    times : for each finding the time stamp of its first row, "" where there is none
    """
    worst, time = findings[0], times[0]
    stamp = f" ({time})" if time else ""
    where = f"column {worst.field}, row {worst.rows[0]:,}{stamp}" if worst.field else (
        f"row {worst.rows[0]:,}{stamp}"
    )  # fmt: skip
    more = f"; {len(worst.rows) - 1:,} more rows" if len(worst.rows) > 1 else ""
    others = [f"{f.code} {f.field} {len(f.rows):,} rows".replace("  ", " ") for f in findings[1:4]]
    also = f"; also {', '.join(others)}" if others else ""
    message = f"{label}: {where}: found {worst.found[0]}, expected {worst.expected}{more}{also}"
    place = Place(
        label, worst.field, int(worst.rows[0]), time, found=worst.found[0], expected=worst.expected
    )
    return ContractError(worst.code, message, hint=worst.hint, place=place)


def rejects(findings: Sequence[Finding], times: Sequence[Sequence[str]]) -> pd.DataFrame:
    """One row a finding and file row, in the order of the file: what was found and expected.

    times : for each finding the time stamps of its rows, "" where there is none
    """
    import pandas as pd

    parts = [
        pd.DataFrame(
            {
                "row": finding.rows,
                "time": list(stamps),
                "field": finding.field,
                "found": list(finding.found),
                "expected": finding.expected,
                "code": finding.code,
            }
        )
        for finding, stamps in zip(findings, times, strict=True)
    ]
    if not parts:
        return pd.DataFrame({c: pd.Series(dtype=object) for c in REJECT_COLUMNS})
    table = pd.concat(parts, ignore_index=True)
    return table.sort_values("row", kind="stable", ignore_index=True)
