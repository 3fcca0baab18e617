"""The text of an Excel workbook: a sheet's name, then its rows, cells joined by tabs."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from qianhang.core.errors import ContractError
from qianhang.plan.reading.grid import DITTO
from qianhang.plan.reading.package import Package

__all__ = ["text"]

_ROWS, _COLUMNS = 20_000, 200


def text(data: bytes, *, name: str) -> str:
    """Rows of every visible sheet; values as last computed, 〃 in cells merged with one above.

    Raises ContractError where the file is damaged, unsafe or holds no text.
    """
    package = Package(data, name=name)
    for part in package.names():
        if part.endswith((".xml", ".rels")):
            package.checked(part)
    sheets = _sheets(data, name)
    for sheet in sheets:
        if sheet.max_row > _ROWS or sheet.max_column > _COLUMNS:
            size = f"{sheet.max_row:,} rows of {sheet.max_column:,} columns"
            message = f"{name}: found {size} in sheet {sheet.title}, expected a table of tasks"
            raise ContractError("QH127", message, hint=f"at most {_ROWS:,} of {_COLUMNS}")
    lines = [line for sheet in sheets for line in _lines(sheet)]
    if not "".join(lines).strip():
        message = f"{name}: found a workbook without text, expected a table of tasks"
        raise ContractError("QH128", message, hint="is the table a picture?")
    return "\n".join(lines) + "\n"


def _sheets(data: bytes, name: str) -> list[Any]:
    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings(action="ignore"):
            book = load_workbook(BytesIO(data), data_only=True)
    # The library raises whatever its own code trips over in a spoilt file.
    except Exception as cause:
        why = " ".join(str(cause).split())[:120]
        message = f"{name}: found a damaged workbook ({why})"
        raise ContractError("QH118", message, hint="open it and save it as .xlsx again") from None
    return [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]


def _lines(sheet: Any) -> Iterator[str]:
    under = {
        (row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row + 1, area.max_row + 1)
    }
    for number, row in enumerate(sheet.iter_rows(), start=1):
        cells = [
            DITTO if (number, column) in under else _value(cell.value, cell.number_format)
            for column, cell in enumerate(row, start=1)
        ]
        line = "\t".join(cells).rstrip("\t")
        if line.strip(f"\t{DITTO}"):
            yield line


def _value(value: Any, printed_as: str) -> str:
    """A cell as it is read: shares in percent, whole numbers without a point, days as dates."""
    if value is None:
        return ""
    if isinstance(value, int | float) and "%" in printed_as:
        return f"{100 * value:.10g}%"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if hasattr(value, "strftime"):
        return str(value.strftime("%Y-%m-%d"))
    return " ".join(str(value).split())
