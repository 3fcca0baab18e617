"""Options of charts on lanes over time: alarms with hits and misses, jobs on machines."""

from __future__ import annotations

from collections.abc import Sequence

from qianhang.charts import number
from qianhang.charts.chart import Chart, Role, Span
from qianhang.charts.echarts.parts import (
    CROSS,
    LEGEND,
    Option,
    axis_of_categories,
    axis_of_values,
    frame,
    grid,
    ink,
    legend,
    places,
)
from qianhang.charts.furniture import span, text_of
from qianhang.core.manifest import Words
from qianhang.core.words import Lang

__all__ = ["lanes"]

_FEW = 6  # above this many lanes the names stand closely
_SYMBOLS: dict[Role, Option] = {
    "bad": {"symbol": CROSS, "symbolSize": 11},
    "warn": {"symbol": "circle", "symbolSize": 9},
}


def lanes(chart: Chart, lang: Lang) -> Option:
    """Lanes from top to bottom, a stretch or a moment for each span, time along the bottom."""
    zone = chart.x.zone if chart.x.kind == "time" else None
    names = [text_of(c, lang) for c in chart.y.categories]
    few = len(names) <= _FEW
    order = list(dict.fromkeys(s.name for s in chart.spans))
    entries = [_entry(chart, name, lang) for name in order]
    made = frame(chart, lang, height=LEGEND + 8 + (38 if few else 22) * len(names) + 46)
    made["legend"] = legend(entries)
    made["grid"] = grid(LEGEND + 4, right=24)
    made["xAxis"] = axis_of_values(chart.x, _limits(chart), lang, across=True)
    made["yAxis"] = axis_of_categories(names, share=0.3)
    made["yAxis"]["splitLine"] = {"show": True, "lineStyle": {"color": "$grid"}}
    made["series"] = [
        one for i, name in enumerate(order) for one in _kind(chart, name, i, lang=lang, zone=zone)
    ]
    return made


def _limits(chart: Chart) -> tuple[float, float]:
    low, high = span(chart.x, [v for s in chart.spans for v in (s.start, s.end)])
    room = (high - low) * 0.02 if chart.x.kind == "time" else 0.0
    return low - room, high + room


def _entry(chart: Chart, name: Words, lang: Lang) -> Option:
    stretched = any(s.name == name and s.end > s.start for s in chart.spans)
    return {"name": text_of(name, lang)} | ({"icon": "roundRect"} if stretched else {})


def _kind(chart: Chart, name: Words, index: int, *, lang: Lang, zone: str | None) -> list[Option]:
    """The stretches and the moments of one kind, which share a name, a colour, a legend entry."""
    own = sorted((s for s in chart.spans if s.name == name), key=lambda s: s.start)
    tint = ink(own[0].role, index)
    same: Option = {
        "name": text_of(name, lang),
        "itemStyle": {"color": tint},
        "tooltip": {"formatter": "@tip"},
        "z": 3,
    }
    made = []
    if stretches := [s for s in own if s.end > s.start]:
        made.append(same | _stretches(chart, stretches, lang, zone))
    if moments := [s for s in own if s.end <= s.start]:
        made.append(same | _moments(chart, moments, lang, zone))
    return made


def _stretches(chart: Chart, spans: Sequence[Span], lang: Lang, zone: str | None) -> Option:
    data = [
        {
            "value": [s.lane, *places(zone, (s.start, s.end))],
            "name": text_of(s.label, lang),
            "tip": _tip(chart, s, lang),
        }
        for s in spans
    ]
    return {
        "type": "custom",
        "renderItem": "@span",
        "data": data,
        "dimensions": ["lane", "start", "end"],
        "encode": {"x": [1, 2], "y": 0, "itemName": -1},
        "clip": True,
        "z": 2,
    }


def _moments(chart: Chart, spans: Sequence[Span], lang: Lang, zone: str | None) -> Option:
    data = [
        {"value": [places(zone, (s.start,))[0], s.lane], "tip": _tip(chart, s, lang)} for s in spans
    ]
    role = spans[0].role
    shape = _SYMBOLS.get(role, {"symbol": "circle", "symbolSize": 10})
    made: Option = {"type": "scatter", "data": data, "z": 4} | shape
    if role == "warn":
        made["itemStyle"] = {"color": "$paper", "borderColor": ink(role), "borderWidth": 2}
    elif role != "other":
        made["itemStyle"] = {"color": ink(role), "borderColor": "$paper", "borderWidth": 1}
    return made


def _tip(chart: Chart, item: Span, lang: Lang) -> str:
    lane = text_of(chart.y.categories[item.lane], lang)
    name = text_of(item.name, lang)
    about = text_of(item.label, lang)
    lines = [name if lane == name else f"{lane} · {name}", about, _when(chart, item, lang)]
    return "\n".join(line for line in lines if line)


def _when(chart: Chart, item: Span, lang: Lang) -> str:
    if chart.x.kind == "time":
        start, end = (number.moment(v, chart.x.zone) for v in (item.start, item.end))
        unit = ""
    else:
        start, end = number.exact(item.start), number.exact(item.end)
        unit = number.unit(chart.x.unit, lang=lang)
    shown = start if item.end <= item.start else f"{start} – {end}"
    return f"{shown} {unit}".rstrip()
