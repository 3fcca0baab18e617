"""A run's widgets as a page shows them: an option to draw, the same numbers to read and to keep."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from markupsafe import Markup

from qianhang.charts import Chart, table_html
from qianhang.charts.echarts import option
from qianhang.core import words as core_words
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Manifest, Words
from qianhang.core.words import Lang, say
from qianhang.runs.display import tables_of
from qianhang.runs.record import Record
from qianhang.runs.report.figures import Figures, wanted
from qianhang.web import sheets, words
from qianhang.web.asked import Asked

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Figure", "figure_of", "figures", "figures_of", "file_of", "json_in_page"]

_BROAD = ("fan", "line", "timeline", "network", "heat", "gantt", "table")
_ROWS = 200  # rows of a number table on a page; a file has them all
_FIRST = 12  # rows of a table that is the figure itself which are in sight
_KEPT = 40  # runs whose figures a process keeps, some hundred kB each
_LOW, _TALL = 230, 400  # pixels that part low, middling and tall pictures before they are drawn


@dataclass(frozen=True, slots=True)
class Figure:
    """One widget: its words, its option as JSON for a script element, its numbers as HTML.

    why : the reason where it cannot be drawn; csv, xlsx : addresses of the whole table, or ""
    size : "low", "tall" or "", until the picture knows its height
    """

    key: str
    title: str
    kind: str = ""
    stamps: tuple[str, ...] = ()
    option: Markup | None = None
    size: str = ""
    broad: bool = True
    table: Markup | None = None
    first: Markup | None = None
    rows: int = 0
    source: str = ""
    note: str = ""
    csv: str = ""
    xlsx: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Kept:
    """Figures as they were made by a manifest."""

    manifest: Manifest | None
    figures: tuple[Figure, ...]


def figures(
    ask: Asked, record: Record, body: Mapping[str, Any], manifest: Manifest | None
) -> tuple[Figure, ...]:
    """The figures of a finished run in the reader's language.

    body : the record as its report takes it
    A finished run does not change: its figures are kept for whoever looks next.
    """
    kept: OrderedDict[tuple[str, Lang], _Kept] = ask.request.app.state.figures
    key = (record.id, ask.lang)
    found = kept.pop(key, None)  # a pop and a new entry are each atomic, so no lock
    if found is None or found.manifest != manifest:
        tables, address = tables_of(ask.store, record), f"/runs/{record.id}/figures"
        made = figures_of(body, tables, manifest, lang=ask.lang, address=address)
        found = _Kept(manifest, made)
    kept[key] = found
    while len(kept) > _KEPT:
        kept.popitem(last=False)
    return found.figures


def figures_of(
    body: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    manifest: Manifest | None,
    *,
    lang: Lang,
    address: str = "",
) -> tuple[Figure, ...]:
    """One figure for each widget of the pack, in its order.

    address : under which the tables are to be had as files; "" where they are not
    """
    said = _source(body, lang)
    return tuple(
        figure_of(chart, lang, key=_key(spec), address=address, source=said)
        if chart
        else _broken(spec, why, lang)
        for spec, chart, why in Figures.of(body, tables, manifest).told_in(lang)
    )


def figure_of(chart: Chart, lang: Lang, *, key: str, address: str = "", source: str = "") -> Figure:
    """A chart as a figure of a page; `key` is unique on it."""
    made = option(chart, lang=lang)
    height = made["qh"]["height"] if made else 0
    where = f"{address}/{key}" if address else ""
    own = _word(chart.source, lang)
    return Figure(
        key=key,
        title=_word(chart.title, lang),
        kind=chart.kind,
        stamps=tuple(_word(s, lang) for s in chart.stamps),
        option=json_in_page(made) if made else None,
        size="low" if height < _LOW else "tall" if height > _TALL else "",
        broad=chart.kind in _BROAD or len(chart.x.categories) > _FIRST,
        table=_numbers(chart, lang),
        first=None if made else _opening(chart, lang),
        rows=chart.table.total,
        source=own or source,
        note=_word(chart.note, lang),
        csv=f"{where}.csv" if where else "",
        xlsx=f"{where}.xlsx" if where else "",
    )


def file_of(
    body: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    manifest: Manifest | None,
    *,
    name: str,
    lang: Lang,
) -> tuple[bytes, str]:
    """The whole table behind one figure, and its media type.

    name : the figure's key with .csv or .xlsx
    Raises UsageError where the run has no such figure.
    """
    key, _, kind = name.rpartition(".")
    spec = next((s for s in wanted(body, tables, manifest) if _key(s) == key), "")
    found = Figures.of(body, tables, manifest, only=spec, whole=True).charts if spec else ()
    chart = found[0][1] if found else None
    if chart is None or kind not in sheets.KINDS:
        raise UsageError("QH804", f"this run has no table {name!r}")
    title = _word(chart.title, lang)
    return sheets.sheet_of(chart.table, kind=kind, lang=lang, title=title), sheets.KINDS[kind]


def json_in_page(value: Any) -> Markup:
    """The value as JSON that no script element ends within."""
    text = orjson.dumps(value).decode("utf8")
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return Markup(text)  # noqa: S704 - every sign that HTML knows has just been escaped


def _numbers(chart: Chart, lang: Lang) -> Markup:
    return Markup(table_html(chart.table, lang=lang, limit=_ROWS))  # noqa: S704 - escaped there


def _opening(chart: Chart, lang: Lang) -> Markup:
    """The rows in sight of a table; the rest is one click away."""
    shown = replace(chart.table, total=0)
    limit = _FIRST if chart.table.total > _FIRST else _ROWS
    return Markup(table_html(shown, lang=lang, limit=limit))  # noqa: S704 - escaped there


def _key(spec: str) -> str:
    return re.sub(r"[^\w.-]", "-", spec)


def _word(value: Words | None, lang: Lang) -> str:
    return "" if value is None else value.zh if lang == "zh" else value.en


def _source(body: Mapping[str, Any], lang: Lang) -> str:
    """Where the run's data come from: each source once, else the mark that says what they are."""
    data = body.get("data") or {}
    named = [str(d.get("source") or "") for d in data.values() if isinstance(d, Mapping)]
    unique = list(dict.fromkeys(n for n in named if n))
    if unique:
        return say("word.semicolon", lang=lang).join(unique)
    marks = [m for m in body.get("marks") or () if m in ("twin", "sample", "simulator", "own")]
    return say(f"report.note_{marks[0]}", lang=lang) if marks else ""


def _broken(spec: str, why: str, lang: Lang) -> Figure:
    table = spec.partition(":")[2].partition(".")[0]
    name = say(f"table.{table}", lang=lang) if core_words.has(f"table.{table}") else table
    said = why if lang == "en" else words.say("phrase.not_drawn", lang=lang)
    text = say("report.broken_widget", lang=lang, name=name, why=said)
    return Figure(_key(spec), name, why=text)
