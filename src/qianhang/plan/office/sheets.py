"""The ledger as a workbook in the layout that offices use, and what a person made of it."""

from __future__ import annotations

import functools
import io
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import ContractError
from qianhang.core.words import LANGUAGES, Lang, say
from qianhang.plan.office.lines import COLUMNS, EDITABLE, Line
from qianhang.plan.office.wording import figure

if TYPE_CHECKING:
    from openpyxl.cell.cell import Cell
    from openpyxl.styles import Alignment
    from openpyxl.worksheet.worksheet import Worksheet

__all__ = ["Given", "Sheet", "read_sheet", "text_cell", "workbook"]

_BASE = "_qianhang"
_WIDTHS = {
    "number": 6, "section": 8, "task": 30, "indicator": 24, "aim": 11, "unit": 8, "due": 11,
    "lead": 20, "support": 26, "value": 11, "grade": 9, "state": 11, "note": 32, "span": 40,
    "id": 11,
}  # fmt: skip
_NUMBERS = ("number", "value")
_GREY, _HEAD = "F0F2F5", "D9E3F0"
# Below this many rows a header may stand.
_SEARCHED = 10
_LARGEST = 20_000
_UNPACKED = 200 << 20


@dataclass(frozen=True, slots=True)
class Given:
    """One line as it came back: where it stands, its id ("" for a new one), column -> text.

    cells hold only the columns that were there
    """

    row: int
    id: str
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A whole ledger as it came back; was : id -> the cells that had been given out.

    lang : in which its words are
    """

    name: str
    rows: tuple[Given, ...]
    was: Mapping[str, Mapping[str, str]]
    lang: Lang = "zh"


def workbook(found: Sequence[Line], *, plan: str, ref: str, on: date, lang: Lang = "zh") -> bytes:
    """An XLSX file: the ledger, a page that says what may be edited, what was given out (hidden).

    plan, ref : title and reference of the plan
    """
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = say("office.sheet.title", lang=lang)
    _fill(sheet, found, title=f"{plan}{sheet.title}" if lang == "zh" else plan, lang=lang)
    about = book.create_sheet(say("office.sheet.about", lang=lang))
    told = say("office.sheet.about_text", lang=lang, plan=plan, ref=ref, day=on.isoformat())
    text_cell(about, 1, 1, told)
    about.column_dimensions["A"].width = 90
    _given_out(book.create_sheet(_BASE), found)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def text_cell(sheet: Worksheet, row: int, column: int, text: str) -> Cell:
    """A cell that holds text and nothing else: a spreadsheet never takes it for a formula."""
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    cell: Cell = sheet.cell(row, column)  # type: ignore[assignment]  # a merged cell is not written
    cell.value = ILLEGAL_CHARACTERS_RE.sub("", text)
    cell.data_type = "s"
    cell.alignment = _wrapped()
    if text[:1] in ("=", "+", "-", "@", "\t", "\r"):
        # It stays text when a person edits the cell, too.
        cell.quotePrefix = True
    return cell


@functools.cache
def _wrapped() -> Alignment:
    from openpyxl.styles import Alignment

    return Alignment(wrap_text=True, vertical="top")


def _fill(sheet: Worksheet, found: Sequence[Line], *, title: str, lang: Lang) -> None:
    from openpyxl.styles import Font, PatternFill
    from openpyxl.utils import get_column_letter

    text_cell(sheet, 1, 1, title).font = Font(size=15, bold=True)
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(COLUMNS))
    grey = PatternFill("solid", fgColor=_GREY)
    for column, name in enumerate(COLUMNS, start=1):
        head = text_cell(sheet, 2, column, say(f"office.sheet.{name}", lang=lang))
        head.font, head.fill = Font(bold=True), PatternFill("solid", fgColor=_HEAD)
        sheet.column_dimensions[get_column_letter(column)].width = _WIDTHS[name]
        for row, line in enumerate(found, start=3):
            text = getattr(line, name)
            cell = text_cell(sheet, row, column, text)
            if name in _NUMBERS and text:
                cell.value = float(text)
            if name not in EDITABLE:
                cell.fill = grey
    _for_print(sheet)


def _for_print(sheet: Worksheet) -> None:
    """Heads stay on the screen and on every page; the columns fit the width of A3 lying."""
    sheet.freeze_panes = "D3"
    sheet.print_title_rows = "1:2"
    sheet.page_setup.orientation, sheet.page_setup.paperSize = "landscape", 8
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    if sheet.sheet_properties.pageSetUpPr is not None:
        sheet.sheet_properties.pageSetUpPr.fitToPage = True
    if sheet.oddFooter is not None:
        sheet.oddFooter.center.text = "— &P —"


def _given_out(sheet: Worksheet, found: Sequence[Line]) -> None:
    """The lines as they were given out: what differs later was changed by a person."""
    sheet.sheet_state = "veryHidden"
    for column, name in enumerate(COLUMNS, start=1):
        text_cell(sheet, 1, column, name)
        for row, line in enumerate(found, start=2):
            text_cell(sheet, row, column, getattr(line, name))


def read_sheet(source: Path | bytes, name: str = "") -> Sheet:
    """What stands in a workbook of a ledger.

    Raises ContractError naming row and column: no workbook, a column that is not known or is
    there twice, no column of ids, a formula, an id twice.
    """
    from openpyxl import load_workbook

    shown = name or (source.name if isinstance(source, Path) else "ledger.xlsx")
    try:
        file = io.BytesIO(source) if isinstance(source, bytes) else source
        _check_size(file, shown)
        book = load_workbook(file)
    except FileNotFoundError:
        raise ContractError("QH184", f"{shown}: the file is not there") from None
    except ContractError:
        raise
    except Exception as cause:  # the library lets whatever a broken file raises pass through
        raise ContractError("QH184", f"{shown}: no readable XLSX workbook ({cause})") from None
    sheet = book.worksheets[0]
    if sheet.max_row > _LARGEST:
        raise ContractError("QH184", f"{shown}: {sheet.max_row} rows, at most {_LARGEST} are read")
    head, columns = _columns(sheet, shown)
    rows = tuple(_rows(sheet, head, columns, shown))
    _once(rows, shown)
    was = _was(book[_BASE]) if _BASE in book.sheetnames else {}
    return Sheet(shown, rows, was, _language(sheet, head, columns))


def _check_size(file: Path | io.BytesIO, shown: str) -> None:
    """Raise ContractError for a workbook that unpacks to more than a ledger can be."""
    with zipfile.ZipFile(file) as archive:
        size = sum(info.file_size for info in archive.infolist())
    if size > _UNPACKED:
        message = f"{shown}: unpacks to {size >> 20} MiB, at most {_UNPACKED >> 20} MiB are read"
        raise ContractError("QH184", message)


def _columns(sheet: Worksheet, shown: str) -> tuple[int, dict[int, str]]:
    """The row of the heads, and index -> column."""
    from openpyxl.utils import get_column_letter

    known = {_bare(say(f"office.sheet.{c}", lang=g)): c for c in COLUMNS for g in LANGUAGES}
    for row in range(1, min(sheet.max_row, _SEARCHED) + 1):
        shown_cells = ((n, _text(c.value)) for n, c in enumerate(sheet[row], start=1))
        texts = {n: text for n, text in shown_cells if text}
        if not {"id", "number"} & {known.get(_bare(t), "") for t in texts.values()}:
            continue
        found: dict[int, str] = {}
        for index, text in texts.items():
            place = f"{shown}, row {row}, column {get_column_letter(index)}"
            name = known.get(_bare(text))
            if name is None:
                raise ContractError("QH184", f"{place}: head {text!r} is not known", hint=_heads())
            if name in found.values():
                raise ContractError("QH184", f"{place}: head {text!r} is there twice")
            found[index] = name
        if "id" not in found.values():
            wanted = say("office.sheet.id")
            raise ContractError("QH184", f"{shown}, row {row}: no column {wanted}")
        return row, found
    wanted = say("office.sheet.id")
    message = f"{shown}: no row of heads with a column {wanted} among the first {_SEARCHED} rows"
    raise ContractError("QH184", message, hint=_heads())


def _language(sheet: Worksheet, head: int, columns: Mapping[int, str]) -> Lang:
    """The language in which most heads stand."""
    told = {index: _bare(_text(sheet.cell(head, index).value)) for index in columns}

    def alike(lang: Lang) -> int:
        pairs = ((told[n], say(f"office.sheet.{name}", lang=lang)) for n, name in columns.items())
        return sum(shown == _bare(wanted) for shown, wanted in pairs)

    return max(LANGUAGES, key=alike)


def _bare(head: str) -> str:
    """A head without the line breaks and spaces that people put into it."""
    return "".join(head.split()).casefold()


def _heads() -> str:
    return "、".join(say(f"office.sheet.{c}") for c in COLUMNS)


def _rows(sheet: Worksheet, head: int, columns: Mapping[int, str], shown: str) -> Iterator[Given]:
    merged = _merged(sheet)
    for row in range(head + 1, sheet.max_row + 1):
        cells = {}
        for index, name in columns.items():
            cell = sheet.cell(*merged.get((row, index), (row, index)))
            if cell.data_type in ("f", "e"):
                what = "a formula" if cell.data_type == "f" else f"the error {cell.value}"
                place = f"{shown}, row {row}, column {say(f'office.sheet.{name}')}"
                raise ContractError("QH184", f"{place}: holds {what}, expected a value")
            cells[name] = _percent(cell) or _text(cell.value)
        if any(text for name, text in cells.items() if name != "number"):
            yield Given(row, cells.pop("id"), cells)


def _merged(sheet: Worksheet) -> dict[tuple[int, int], tuple[int, int]]:
    """Place -> the place whose value a merged cell shows."""
    return {
        (row, column): (area.min_row, area.min_col)
        for area in sheet.merged_cells.ranges
        for row in range(area.min_row, min(area.max_row, sheet.max_row) + 1)
        for column in range(area.min_col, min(area.max_col, len(COLUMNS)) + 1)
    }


def _percent(cell: Any) -> str:
    """A share that a spreadsheet shows as per cent, in per cent; "" for anything else."""
    shown = "%" in cell.number_format and isinstance(cell.value, int | float)
    return figure(cell.value * 100) if shown else ""


def _text(value: Any) -> str:
    """A cell as the text that a person sees."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value)
    if isinstance(value, int | float):
        return figure(float(value))
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return str(value).strip()


def _once(rows: Sequence[Given], shown: str) -> None:
    seen: dict[str, int] = {}
    for given in rows:
        if given.id and given.id in seen:
            place = f"{shown}, row {given.row}, column {say('office.sheet.id')}"
            message = f"{place}: {given.id} stands in row {seen[given.id]} already"
            raise ContractError("QH184", message)
        seen[given.id] = given.row


def _was(sheet: Worksheet) -> dict[str, dict[str, str]]:
    heads = [_text(c.value) for c in sheet[1]]
    rows = [[_text(c.value) for c in row] for row in sheet.iter_rows(min_row=2)]
    every = [dict(zip(heads, row, strict=True)) for row in rows]
    return {row["id"]: row for row in every if row.get("id")}
