"""Options of charts in rows: bars by metric, dots by fold, forests, stacks, the headline."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from qianhang.charts import number
from qianhang.charts.chart import Chart, Number, Row, Series
from qianhang.charts.echarts.parts import (
    LEGEND,
    NAME,
    STROKE,
    Option,
    axis_of_categories,
    axis_of_values,
    frame,
    grid,
    heading,
    ink,
    legend,
    line_style,
    pointed,
    rounded,
    rule,
)
from qianhang.charts.furniture import axis_name, span, text_of
from qianhang.core.words import Lang, say

__all__ = ["bars", "forest", "kpi", "stack"]

_BAR = 16  # pixels of a bar
_MANY = 6  # above this many categories a bar each is too tall: dots on one axis instead
_BOTTOM = 46  # pixels of tick labels and name along the bottom
_PART = 0.06  # share of the longest bar from which a part carries its number


def bars(chart: Chart, lang: Lang) -> Option:
    """Bars in groups, each with its value; metrics with units of their own a plot each."""
    if len(chart.x.categories) > _MANY and len(chart.series) > 1 and not chart.units:
        return _dots(chart, lang)
    if not chart.units and len(chart.series) == 1:
        return _one_each(chart, lang)
    return _blocks(chart, lang)


def _one_each(chart: Chart, lang: Lang) -> Option:
    """One bar a category, its name beside it."""
    names = [text_of(c, lang) for c in chart.x.categories]
    made = frame(chart, lang, height=NAME + 26 * len(names) + 8)
    made["title"] = [heading(axis_name(chart.y, lang), top=0)]
    made["grid"] = grid(NAME, right=10)
    made["xAxis"] = _hidden(chart.series[0].y)
    made["yAxis"] = axis_of_categories(names, share=0.36)
    made["series"] = [_bars(chart, chart.series[0], list(enumerate(chart.series[0].y)), lang)]
    return made


def _hidden(values: Sequence[Number]) -> Option:
    """An axis of values that the numbers at the bars make needless, with room for those."""
    known = [v for v in values if v is not None]
    low, high = min([*known, 0.0]), max([*known, 0.0])
    wide = (high - low) or 1.0
    return {
        "type": "value",
        "show": False,
        "min": rounded(low - 0.2 * wide if low < 0 else 0.0),
        "max": rounded(high + 0.2 * wide if high > 0 else 0.0),
    }


def _blocks(chart: Chart, lang: Lang) -> Option:
    """A plot for each category, under its name; on a scale of its own where it has a unit."""
    entries = [
        {"name": text_of(s.name, lang)} | ({"icon": STROKE} if s.role == "limit" else {})
        for s in chart.series
    ]
    top = (LEGEND if len(entries) > 1 else 0) + (0 if chart.units else NAME)
    tops = list(accumulate((_tall(chart, i) + 30 for i in _rows(chart)), initial=top))
    made = frame(chart, lang, height=tops[-1])
    made["legend"] = legend(entries) | {"show": len(entries) > 1}
    made |= {"title": [], "grid": [], "xAxis": [], "yAxis": [], "series": []}
    if not chart.units:
        made["title"].append(heading(axis_name(chart.y, lang), top=top - NAME))
    shared = [v for s in chart.series for v in s.y]
    for i in _rows(chart):
        name = _category(chart, i, lang)
        if chart.units or chart.x.categories[i] != chart.y.name:
            made["title"].append(heading(name, top=tops[i] + 2, css="$ink", fontWeight="bold"))
        made["grid"].append(grid(tops[i] + 22, height=round(_tall(chart, i)), right=10))
        own = [s.y[i] for s in chart.series]
        made["xAxis"].append(_hidden(own if chart.units else shared) | {"gridIndex": i})
        made["yAxis"].append({"type": "category", "gridIndex": i, "data": [name], "show": False})
        present = [s for s in chart.series if s.y[i] is not None]
        made["series"] += [_in_block(chart, s, i, lang) for s in present]
    return made


def _rows(chart: Chart) -> range:
    return range(len(chart.x.categories))


def _tall(chart: Chart, index: int) -> float:
    """Pixels that the bars of one category take."""
    known = [s for s in chart.series if s.role != "limit" and s.y[index] is not None]
    return _BAR * 1.35 * max(len(known), 1)


def _in_block(chart: Chart, series: Series, index: int, lang: Lang) -> Option:
    where = {"xAxisIndex": index, "yAxisIndex": index}
    value = series.y[index]
    if series.role == "limit":
        made: Option = {
            "type": "custom",
            "renderItem": "@limit",
            "name": text_of(series.name, lang),
        }
        made |= {"itemStyle": {"color": "$limit"}, "tooltip": {"formatter": "@tip"}}
        tip = _tip(chart, series, index, lang)
        data = [] if value is None else [pointed(value, 0, tip)]
        return made | where | {"data": data, "encode": {"x": 0, "y": 1}, "z": 1}
    made = _bars(chart, series, [(0, value)], lang, category=index)
    return made | where


def _bars(
    chart: Chart,
    series: Series,
    values: Sequence[tuple[int, Number]],
    lang: Lang,
    *,
    category: int | None = None,
) -> Option:
    tint = ink(series.role, chart.series.index(series))
    data = []
    for row, value in values:
        if value is None:
            continue
        tip = _tip(chart, series, row if category is None else category, lang)
        side = {"label": {"position": "left"}} if value < 0 else {}
        data.append(pointed(value, row, tip, **side))
    return {
        "type": "bar",
        "name": text_of(series.name, lang),
        "data": data,
        "barWidth": _BAR,
        "barGap": "25%",
        "itemStyle": {"color": tint, "borderRadius": 2},
        "label": {"show": True, "position": "right", "formatter": "@exact:3", "color": "$ink",
                  "fontSize": 12, "textBorderColor": "$paper", "textBorderWidth": 3},
        "tooltip": {"formatter": "@tip"},
    }  # fmt: skip


def _tip(chart: Chart, series: Series, index: int, lang: Lang) -> str:
    value = series.y[index]
    unit = chart.units[index] if chart.units else chart.y.unit
    shown = "–" if value is None else number.exact(value)
    head = text_of(chart.x.categories[index], lang)
    name = text_of(series.name, lang)
    line = f"{name}  {shown} {number.unit(unit, lang=lang)}".rstrip()
    return head + "\n" + line


def _category(chart: Chart, index: int, lang: Lang) -> str:
    name = text_of(chart.x.categories[index], lang)
    unit = number.unit(chart.units[index], lang=lang) if chart.units else ""
    return say("chart.axis", lang=lang, name=name, unit=unit) if unit else name


def _dots(chart: Chart, lang: Lang) -> Option:
    """One row a category, a dot for each series: twelve folds stay readable."""
    names = [text_of(c, lang) for c in chart.x.categories]
    made = frame(chart, lang, height=LEGEND + 22 * len(names) + _BOTTOM + 8)
    made["legend"] = legend({"name": text_of(s.name, lang)} for s in chart.series)
    made["grid"] = grid(LEGEND + 4)
    limits = span(chart.y, [v for s in chart.series for v in s.y])
    made["xAxis"] = axis_of_values(chart.y, limits, lang, across=True)
    made["yAxis"] = axis_of_categories(names, share=0.36, color="$muted")
    made["yAxis"]["splitLine"] = {"show": True, "lineStyle": {"color": "$grid"}}
    made["series"] = [_dotted(chart, s, i, lang) for i, s in enumerate(chart.series)]
    return made


def _dotted(chart: Chart, series: Series, index: int, lang: Lang) -> Option:
    limit = series.role == "limit"
    known = [(i, v) for i, v in enumerate(series.y) if v is not None]
    return {
        "type": "scatter",
        "name": text_of(series.name, lang),
        "symbol": "rect" if limit else "circle",
        "symbolSize": [2, 16] if limit else 10,
        "z": 3 + (series.role == "ours"),
        "itemStyle": {"color": ink(series.role, index), "borderColor": "$paper",
                      "borderWidth": 0 if limit else 1},
        "data": [pointed(v, i, _tip(chart, series, i, lang)) for i, v in known],
        "tooltip": {"formatter": "@tip"},
    }  # fmt: skip


def forest(chart: Chart, lang: Lang) -> Option:
    """A value with its interval on each row, the numbers under the row's name."""
    names = [f"{text_of(r.name, lang)}\n{_interval(r)}" for r in chart.rows]
    known = [v for r in chart.rows for v in (r.value, r.low, r.high)] + [m.at for m in chart.marks]
    limits = span(chart.x, known)
    entries = [{"name": text_of(m.name, lang), "itemStyle": {"opacity": 0}} for m in chart.marks]
    top = (LEGEND if entries else 0) + 4
    made = frame(chart, lang, height=top + 38 * len(names) + _BOTTOM)
    made["legend"] = legend(entries) | {"show": bool(entries)}
    made["grid"] = grid(top)
    made["xAxis"] = axis_of_values(chart.x, limits, lang, across=True)
    made["yAxis"] = axis_of_categories(
        names,
        share=0.42,
        overflow="truncate",
        formatter="@row",
        rich={"m": {"color": "$muted", "fontSize": 11.5}},
    )
    made["series"] = [_intervals(chart, lang)]
    made["series"] += [rule(m, lang, ends=limits) for m in chart.marks]
    return made


def _intervals(chart: Chart, lang: Lang) -> Option:
    data = [
        {"value": [rounded(r.value), i, rounded(r.low), rounded(r.high)], "tip": _row_tip(r, lang)}
        for i, r in enumerate(chart.rows)
        if r.value is not None
    ]
    return {
        "type": "custom",
        "name": text_of(chart.x.name, lang),
        "renderItem": "@interval",
        "data": data,
        "encode": {"x": [0, 2, 3], "y": 1},
        "itemStyle": {"color": "$ours"},
        "clip": True,
        "tooltip": {"formatter": "@tip"},
    }


def _row_tip(row: Row, lang: Lang) -> str:
    lines = [text_of(row.name, lang), _interval(row)]
    if row.size is not None:
        count = say("chart.count", lang=lang)
        lines.append(f"{count}  {number.exact(row.size)}")
    return "\n".join(lines)


def _interval(row: Row) -> str:
    if row.value is None:
        return "–"
    text = number.fixed(row.value)
    if row.low is not None and row.high is not None:
        text += f" ({number.fixed(row.low)}–{number.fixed(row.high)})"
    return text


def stack(chart: Chart, lang: Lang) -> Option:
    """One bar a plan, cut into its items; each item's amount stands in its part and the legend."""
    names = [text_of(c, lang) for c in chart.x.categories]
    totals = [sum(s.y[i] or 0.0 for s in chart.series) for i in range(len(names))]
    several = len(names) > 1
    top = LEGEND + NAME
    made = frame(chart, lang, height=top + (44 if len(names) < 12 else 31) * len(names) + 6)
    entries = [_item(s, lang, several=several) for s in chart.series]
    made["legend"] = legend({"name": n, "icon": "roundRect"} for n in entries)
    made["title"] = [heading(axis_name(chart.y, lang), top=LEGEND)]
    made["grid"] = grid(top, right=10)
    made["xAxis"] = {"type": "value", "show": False, "max": rounded(max(*totals, 1e-12) * 1.16)}
    made["yAxis"] = axis_of_categories(names, share=0.3) | {"show": several}
    most = max(*totals, 1e-12)
    made["series"] = [
        _part(chart, i, entries[i], most=most, lang=lang) for i in range(len(chart.series))
    ]
    made["series"].append(_totals(totals))
    return made


def _item(series: Series, lang: Lang, *, several: bool) -> str:
    name = text_of(series.name, lang)
    value = series.y[0] if series.y else None
    return name if several or value is None else f"{name} {number.exact(value, digits=3)}"


def _part(chart: Chart, index: int, name: str, *, most: float, lang: Lang) -> Option:
    series = chart.series[index]
    data = []
    for row, value in enumerate(series.y):
        shown = {"label": {"show": (value or 0.0) / most > _PART}}
        data.append(pointed(value or 0.0, row, _tip(chart, series, row, lang), **shown))
    return {
        "type": "bar",
        "name": name,
        "stack": "all",
        "barWidth": 26,
        "data": data,
        "itemStyle": {"color": ink(series.role, index), "borderColor": "$paper", "borderWidth": 1},
        "label": {"position": "inside", "formatter": "@exact:3", "color": "$paper", "fontSize": 11},
        "tooltip": {"formatter": "@tip"},
    }


def _totals(totals: Sequence[float]) -> Option:
    return {
        "type": "scatter",
        "symbolSize": 0.01,
        "silent": True,
        "data": [[rounded(v), i] for i, v in enumerate(totals)],
        "itemStyle": {"color": "$ink"},
        "label": {"show": True, "position": "right", "formatter": "@exact:4", "color": "$ink",
                  "fontWeight": "bold"},
    }  # fmt: skip


def kpi(chart: Chart, lang: Lang) -> Option:
    """The figure large, its verdict, then a bar each for ours and what it is read against."""
    own = chart.series[0].y[0] if chart.series else None
    shown = number.amount(own, chart.y.unit, lang=lang) if own is not None else "–"
    bars_ = [s for s in chart.series if s.y and s.y[0] is not None]
    limits = [m for m in chart.marks if m.kind == "horizontal"]
    verdicts = list(dict.fromkeys((text_of(m.name, lang), m.role) for m in chart.marks))
    top = 42 + 22 * len(verdicts)
    several = len(bars_) > 1
    made = frame(chart, lang, height=top + (26 * len(bars_) + 6 if several else 0))
    made["title"] = [heading(shown, top=0, css="$ours", fontSize=30, fontWeight="bold",
                             lineHeight=36)]  # fmt: skip
    made["title"] += [
        heading(text, top=42 + 22 * i, css=ink(role), fontWeight="bold")
        for i, (text, role) in enumerate(verdicts)
    ]
    if not several:
        return made
    values = [s.y[0] for s in bars_]
    made["grid"] = grid(top, right=10)
    made["xAxis"] = _hidden([*values, *(m.at for m in limits)])
    made["yAxis"] = axis_of_categories(
        [text_of(s.name, lang) for s in bars_], share=0.36, color="$muted"
    )
    made["series"] = [_tile_bars(chart, bars_, limits, lang)]
    return made


def _tile_bars(chart: Chart, bars_: Sequence[Series], limits: Sequence[Any], lang: Lang) -> Option:
    data = []
    for row, series in enumerate(bars_):
        value = series.y[0] or 0.0
        tint = {"itemStyle": {"color": ink(series.role, row)}}
        side = {"label": {"position": "left"}} if value < 0 else {}
        data.append(pointed(value, row, _tip(chart, series, 0, lang), **tint, **side))
    made = _bars(chart, bars_[0], [], lang) | {"data": data}
    made["markLine"] = {
        "silent": True,
        "symbol": "none",
        "animation": False,
        "label": {"show": False},
        "lineStyle": line_style("limit"),
        "data": [{"xAxis": rounded(m.at)} for m in limits],
    }
    return made
