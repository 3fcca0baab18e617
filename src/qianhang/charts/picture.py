"""A chart as text for a page: SVG for what is drawn, an HTML table for what is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from qianhang.charts import lanes, lettering, mosaic, number, plane, rows, tile
from qianhang.charts.chart import Cell, Chart, Field, Table
from qianhang.charts.drawing import Drawing, clean
from qianhang.charts.furniture import text_of
from qianhang.core.manifest import Words
from qianhang.core.words import Lang, say

__all__ = ["describe", "draw", "table_html"]

_LONG = 40  # characters from which a text has a broad column

_Draw = Callable[..., Drawing]
_DRAWN: Mapping[str, _Draw] = {
    "kpi": tile.draw,
    "fan": plane.draw,
    "line": plane.draw,
    "skill": plane.draw,
    "calibration": plane.draw,
    "decision": plane.draw,
    "scatter": plane.draw,
    "bars": rows.draw_bars,
    "forest": rows.draw_forest,
    "timeline": lanes.draw,
    "gantt": lanes.draw,
    "heat": mosaic.draw_heat,
    "network": mosaic.draw_network,
    "stack": mosaic.draw_stack,
}


def draw(
    chart: Chart, *, lang: Lang, width: float = 720, key: str = "chart", style: bool = True
) -> str:
    """The chart as SVG text; of kind `table`, as an HTML table.

    width : pixels that the picture is laid out for; it scales, but its type stays legible there
    key : prefix of the ids inside; unique on a page. style : embed the style sheet
    """
    if chart.kind == "table":
        return table_html(chart.table, lang=lang, limit=40)
    painter = plane.draw if _is_plane(chart) else _DRAWN[chart.kind]
    pad = painter(chart, lang=lang, width=width) if _holds(chart) else _empty(width, lang)
    tag = "zh-CN" if lang == "zh" else "en"
    title, about = text_of(chart.title, lang), describe(chart, lang)
    return pad.svg(title=title, about=about, key=key, lang=tag, style=style)


def _is_plane(chart: Chart) -> bool:
    """A timeline of a statistic is drawn as lines; one of alarms, on lanes."""
    return chart.kind == "timeline" and bool(chart.series)


def _holds(chart: Chart) -> bool:
    drawn = any(v is not None for s in chart.series for v in s.y)
    filled = any(v is not None for row in chart.matrix for v in row)
    return bool(drawn or filled or chart.spans or chart.links or chart.rows)


def _empty(width: float, lang: Lang) -> Drawing:
    pad = Drawing(width, 60)
    text = lettering.clip(say("chart.empty", lang=lang), width, 12)
    pad.text((width / 2, 34), text, css="m", anchor="middle")
    return pad


def describe(chart: Chart, lang: Lang) -> str:
    """What the chart shows, in words: each series with its range, or the number of rows."""
    parts = []
    for series in chart.series[:6]:
        known = [v for v in series.y if v is not None]
        if known:
            low, high = number.exact(min(known)), number.exact(max(known))
            name = text_of(series.name, lang)
            parts.append(say("chart.described_series", lang=lang, name=name, low=low, high=high))
    if not parts:
        parts.append(say("chart.described_rows", lang=lang, rows=chart.table.total))
    joined = say("word.semicolon", lang=lang).join(parts)
    return say("chart.description", lang=lang, title=text_of(chart.title, lang), parts=joined)


def table_html(table: Table, *, lang: Lang, limit: int = 200) -> str:
    """The numbers as an HTML table: units in the head, figures right-aligned, text escaped."""
    heads = "".join(
        f'<th scope="col" class="{_align(f)}">{clean(_head(f, lang))}</th>' for f in table.fields
    )
    body = "".join(
        "<tr>"
        + "".join(_cell(v, f, lang) for v, f in zip(row, table.fields, strict=True))
        + "</tr>"
        for row in table.rows[:limit]
    )
    shown = min(limit, len(table.rows))
    more = ""
    if table.total > shown:
        note = say("report.rows_shown", lang=lang, shown=f"{shown:,}", all=f"{table.total:,}")
        more = f'<p class="note">{clean(note)}</p>'
    return (
        f'<div class="scroll" tabindex="0"><table><thead><tr>{heads}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{more}"
    )


def _align(field: Field) -> str:
    return "num" if field.kind == "number" else "txt"


def _head(field: Field, lang: Lang) -> str:
    unit = number.unit(field.unit, lang=lang)
    name = text_of(field.name, lang)
    return say("chart.axis", lang=lang, name=name, unit=unit) if unit else name


def _cell(value: Cell, field: Field, lang: Lang) -> str:
    if value is None:
        shown = "–"
    elif isinstance(value, bool):
        shown = say("word.yes" if value else "word.no", lang=lang)
    elif isinstance(value, str):
        shown = value
    elif isinstance(value, Words):
        shown = text_of(value, lang)
    elif field.kind == "time":
        shown = number.moment(value, field.zone)
    else:
        shown = number.exact(value)
    css = "txt long" if field.kind != "number" and len(shown) > _LONG else _align(field)
    return f'<td class="{css}">{clean(shown)}</td>'
