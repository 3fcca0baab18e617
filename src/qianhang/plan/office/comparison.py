"""A comparison of plans as tables: for a terminal, as JSON, as a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from qianhang.core.words import Lang, has, say
from qianhang.plan.office.compare import Aim, Comparison, Row
from qianhang.plan.office.paper import Grid
from qianhang.plan.office.sheets import text_cell
from qianhang.plan.office.wording import aim

__all__ = ["as_json", "comparison_workbook", "grids", "rule_words"]


def grids(found: Comparison, *, lang: Lang = "zh") -> tuple[Grid, ...]:
    """Indicators that several plans have, those of one alone, systems, fields, units."""
    shared = tuple(r for r in found.indicators if r.shared > 1)
    alone = tuple(r for r in found.indicators if r.shared == 1)
    has, lacks = say("office.compare.has", lang=lang), say("office.compare.lacks", lang=lang)
    return (
        _grid("indicators", "indicator", shared, found, lang),
        _grid("alone", "indicator", alone, found, lang),
        _grid("systems", "name", found.systems, found, lang, present=(has, lacks)),
        _grid("industries", "industry", _tagged(found.industries, lang), found, lang),
        _grid("units", "unit", found.units, found, lang),
    )


def as_json(found: Comparison) -> dict[str, Any]:
    """The comparison as plain JSON, the rule by which things were put together with it."""
    return {"rule": rule_words(found, "en"), **asdict(found)}


def rule_words(found: Comparison, lang: Lang) -> str:
    """By what rule indicators were put together."""
    return say("office.compare.rule", lang=lang, threshold=f"{found.threshold:g}")


def comparison_workbook(found: Comparison, *, lang: Lang = "zh") -> bytes:
    """An XLSX file, a page for each table, the rule on the first."""
    from openpyxl import Workbook
    from openpyxl.styles import Font
    from openpyxl.utils import get_column_letter

    book = Workbook()
    for n, grid in enumerate(grids(found, lang=lang)):
        sheet = book.worksheets[0] if n == 0 else book.create_sheet()
        sheet.title = grid.title[:31]
        text_cell(sheet, 1, 1, rule_words(found, lang) if n == 0 else grid.title)
        for row, cells in enumerate((grid.heads, *grid.rows), start=2):
            for column, text in enumerate(cells, start=1):
                cell = text_cell(sheet, row, column, text)
                cell.font = Font(bold=row == 2)
        for column in range(1, len(grid.heads) + 1):
            sheet.column_dimensions[get_column_letter(column)].width = 30 if column == 1 else 26
        sheet.freeze_panes = "B3"
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def _grid(
    key: str,
    head: str,
    rows: tuple[Row, ...],
    found: Comparison,
    lang: Lang,
    *,
    present: tuple[str, str] | None = None,
) -> Grid:
    heads = (say(f"office.head.{head}", lang=lang), say("office.head.plans", lang=lang))
    return Grid(
        heads=(*heads, *found.plans),
        rows=tuple(tuple(_cells(row, present, lang)) for row in rows),
        title=say(f"office.compare.{key}", lang=lang),
        right=(1,),
    )


def _cells(row: Row, present: tuple[str, str] | None, lang: Lang) -> Iterator[str]:
    yield row.name
    yield f"{row.shared}/{len(row.cells)}"
    for cell in row.cells:
        if present:
            yield present[0] if cell else present[1]
        else:
            semicolon = say("office.semicolon", lang=lang)
            yield semicolon.join(_shown(thing) for thing in cell) or "—"


def _shown(thing: Any) -> str:
    if not isinstance(thing, Aim):
        return str(thing)
    year = f" ({thing.deadline})" if thing.deadline else ""
    return f"{aim(thing.values())}{thing.unit}{year}"


def _tagged(rows: tuple[Row, ...], lang: Lang) -> tuple[Row, ...]:
    """Tags of fields in words, where the catalogue has them."""
    keys = ((row, f"office.field.{row.name}") for row in rows)
    return tuple(replace(row, name=say(key, lang=lang)) if has(key) else row for row, key in keys)
