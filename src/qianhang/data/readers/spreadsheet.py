"""Excel workbooks (.xlsx) in blocks; the old .xls is not read."""

from __future__ import annotations

import functools
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qianhang.core.errors import ContractError
from qianhang.data import codes
from qianhang.data.readers.blocks import Block, Note, Table
from qianhang.data.readers.files import regular

if TYPE_CHECKING:
    from openpyxl import Workbook

__all__ = ["open_spreadsheet"]

_ROWS = 20_000
# what a damaged workbook makes zipfile, the XML parser and openpyxl raise
_DAMAGE = (
    ArithmeticError, AttributeError, EOFError, LookupError, OSError, SyntaxError, TypeError,
    ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error,
)  # fmt: skip


def open_spreadsheet(path: Path) -> Table:
    """The first sheet that holds anything; dates come as dates, formulas as their last values.

    Raises ContractError where the workbook is empty or damaged.
    """
    with _opened(path) as book:
        for sheet in book.worksheets:
            sheet.reset_dimensions()  # some writers declare too small a sheet
            rows = sheet.iter_rows(min_row=1, max_row=10, values_only=True)
            top = [["" if c is None else str(c).strip() for c in row] for row in rows]
            if top and any(top[0]):
                return _table(path, book, str(sheet.title), top)
    raise ContractError(codes.EMPTY_FILE, f"{path.name}: no sheet has a header in its first row")


def _table(path: Path, book: Workbook, title: str, top: list[list[str]]) -> Table:
    notes: tuple[Note, ...] = ()
    if len(book.worksheets) > 1:
        notes = (Note(codes.EMPTY_FILE, f"{path.name}: sheet {title!r} was read, no other"),)
    blocks = functools.partial(_blocks, path, title)
    return Table(path.name, tuple(top[0]), blocks, top=top, notes=notes)


@contextmanager
def _opened(path: Path) -> Iterator[Workbook]:
    """The workbook while it is read; whatever breaks inside it is one named error."""
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    regular(path)
    try:
        with path.open("rb") as source:
            book = openpyxl.load_workbook(source, read_only=True, data_only=True)
            try:
                yield book
            finally:
                book.close()
    except (*_DAMAGE, InvalidFileException) as cause:
        reason = str(cause) or type(cause).__name__
        raise ContractError(
            codes.BROKEN_FILE,
            f"{path.name}: cannot be read as an Excel workbook: {reason}",
            hint="save it as .xlsx again, without a password",
        ) from None


def _blocks(path: Path, title: str, wanted: Sequence[int]) -> Iterator[Block]:
    with _opened(path) as book:
        rows: list[tuple[Any, ...] | None] = []
        sheet = book[title]
        sheet.reset_dimensions()
        for row in sheet.iter_rows(min_row=2, values_only=True):
            written = any(cell is not None for cell in row)
            cells = tuple(_tidy(row[w]) if w < len(row) else None for w in wanted)
            rows.append(cells if written else None)
            if len(rows) == _ROWS:
                yield _block(rows, wanted)
                rows = []
        if rows:
            yield _block(rows, wanted)


def _tidy(cell: Any) -> Any:
    """The cell, with a date rounded to the millisecond: workbooks store days as fractions."""
    if isinstance(cell, datetime) and cell.microsecond:
        shift = timedelta(milliseconds=round(cell.microsecond / 1000))
        return cell.replace(microsecond=0) + shift
    return cell


def _block(rows: list[tuple[Any, ...] | None], wanted: Sequence[int]) -> Block:
    import pandas as pd

    full = [r for r in rows if r is not None]
    blank = np.array([i for i, r in enumerate(rows) if r is None], dtype=np.int64)
    cells = {w: pd.Series([r[i] for r in full], dtype=object) for i, w in enumerate(wanted)}
    return Block(len(full), cells, blank=blank)
