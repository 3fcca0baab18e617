"""A table of numbers as a file to keep: CSV for programs, XLSX for offices."""

from __future__ import annotations

import csv
import io
import re
from datetime import datetime

from qianhang.charts import Field, Table, number
from qianhang.charts.chart import Cell
from qianhang.core.manifest import Words
from qianhang.core.words import Lang, say

__all__ = ["KINDS", "csv_of", "sheet_of", "xlsx_of"]

KINDS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMULA = re.compile(r"[=+\-@\t\r].")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
_SHEET_ROWS = 1_048_575  # what a sheet holds under its head


def sheet_of(table: Table, *, kind: str, lang: Lang, title: str) -> bytes:
    """The table as a file of one of KINDS."""
    if kind == "csv":
        return csv_of(table, lang=lang)
    return xlsx_of(table, lang=lang, title=title)


def csv_of(table: Table, *, lang: Lang) -> bytes:
    """The table as UTF-8 CSV with a mark of its encoding, which office programs need."""
    pad = io.StringIO()
    writer = csv.writer(pad, lineterminator="\r\n")
    writer.writerow([_head(f, lang) for f in table.fields])
    for row in table.rows:
        writer.writerow([_plain(v, f, lang) for v, f in zip(row, table.fields, strict=True)])
    return pad.getvalue().encode("utf-8-sig")


def xlsx_of(table: Table, *, lang: Lang, title: str) -> bytes:
    """The table as a workbook of one sheet: numbers as numbers, times as times, text as text."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", title)[:31].strip() or "1")
    sheet.freeze_panes = "A2"
    heads = [WriteOnlyCell(sheet, value=_safe(_head(f, lang))) for f in table.fields]
    for head in heads:
        head.font = Font(bold=True)
    sheet.append(heads)
    for row in table.rows[:_SHEET_ROWS]:
        sheet.append([_cell(v, f, lang) for v, f in zip(row, table.fields, strict=True)])
    pad = io.BytesIO()
    book.save(pad)
    return pad.getvalue()


def _head(field: Field, lang: Lang) -> str:
    name = field.name.zh if lang == "zh" else field.name.en
    unit = number.unit(field.unit, lang=lang) or (field.zone if field.kind == "time" else "")
    return _safe(say("chart.axis", lang=lang, name=name, unit=unit) if unit else name)


def _plain(value: Cell, field: Field, lang: Lang) -> str | float:
    """Times as local ISO 8601 with their offset, so that nothing is lost."""
    if field.kind == "time" and isinstance(value, float) and not isinstance(value, bool):
        return datetime.fromtimestamp(value, number.zone(field.zone)).isoformat()
    found = _text(value, lang)
    return "" if found is None else found


def _cell(value: Cell, field: Field, lang: Lang) -> str | float | datetime | None:
    """Times as the clock on the wall shows them: a sheet knows no zones, the head names it."""
    if field.kind == "time" and isinstance(value, float):
        return datetime.fromtimestamp(value, number.zone(field.zone)).replace(tzinfo=None)
    return _text(value, lang)


def _text(value: Cell, lang: Lang) -> str | float | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return say("word.yes" if value else "word.no", lang=lang)
    if isinstance(value, float | int):
        return int(value) if float(value).is_integer() and abs(value) < 1e15 else float(value)
    return _safe(value if isinstance(value, str) else _word(value, lang))


def _word(value: Words, lang: Lang) -> str:
    return value.zh if lang == "zh" else value.en


def _safe(text: str) -> str:
    """The text without control characters, and never taken for a formula by a spreadsheet."""
    clean = _CONTROL.sub("", text)
    return f"'{clean}" if _FORMULA.match(clean) else clean
