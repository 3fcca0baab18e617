"""Options of charts on an x-y plane: lines, bands, dots, reference lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from qianhang.charts.chart import Band, Chart, Number, Series
from qianhang.charts.echarts.parts import (
    LEGEND,
    NAME,
    Option,
    axis_of_values,
    frame,
    grid,
    heading,
    ink,
    legend,
    line_style,
    named_points,
    places,
    rounded,
    rule,
    unit_of,
)
from qianhang.charts.furniture import axis_name, span, text_of
from qianhang.core.words import Lang

__all__ = ["plane"]

_LONG = 300  # points above which a course can be zoomed
_DENSE = 5000  # points above which a line is thinned to the pixels
_FEW = 24  # points up to which each has its dot
_MANY = 2000  # dots above which they are painted in one go
_FIRST = ("ours", "actual")


def plane(chart: Chart, lang: Lang) -> Option:
    """The option of a chart on a plane: the upright axis named above it, the other below."""
    zone = chart.x.zone if chart.x.kind == "time" else None
    ends = _across(chart), _heights(chart)
    entries = _entries(chart, lang)
    top = (LEGEND if entries else 0) + NAME
    zoomed = max((len(s.x) for s in chart.series), default=0) > _LONG and not _of_dots(chart)
    square = chart.kind in ("calibration", "scatter")
    height = (380 if square else 270) + top + (34 if zoomed else 0)
    made = frame(chart, lang, height=height, trigger="item" if square else "axis")
    if square:
        made["tooltip"]["formatter"] = "@point"
    made["tooltip"]["valueFormatter"] = f"@value:{unit_of(chart.y, lang)}"
    made["legend"] = legend(entries) | {"show": bool(entries)}
    made["title"] = [heading(axis_name(chart.y, lang), top=top - NAME)]
    made["grid"] = grid(top, bottom=34 if zoomed else 4, right=24 if zone is not None else 14)
    made["xAxis"] = axis_of_values(chart.x, ends[0], lang, across=True)
    made["yAxis"] = axis_of_values(chart.y, ends[1], lang, across=False)
    made["series"] = _contents(chart, lang, zone=zone, ends=ends)
    if zoomed:
        made["dataZoom"] = _zoom()
    return made


def _contents(
    chart: Chart, lang: Lang, *, zone: str | None, ends: tuple[tuple[float, float], ...]
) -> list[Option]:
    made = [_series(s, i, lang, zone=zone) for i, s in enumerate(chart.series)]
    both = max(ends[0][0], ends[1][0]), min(ends[0][1], ends[1][1])
    made += [rule(m, lang, ends=both, zone=zone) for m in chart.marks if m.kind != "point"]
    # After the lines: where both share a name, the legend shows the line.
    made += [_band(b, chart, lang, zone=zone) for b in chart.bands]
    if points := [m for m in chart.marks if m.kind == "point"]:
        made.append(named_points(points, lang, zone))
    return made


def _of_dots(chart: Chart) -> bool:
    return all(s.shape == "dot" for s in chart.series)


def _heights(chart: Chart) -> tuple[float, float]:
    found: list[Number] = [v for s in chart.series for v in s.y]
    found += [v for b in chart.bands for v in (*b.low, *b.high)]
    found += [m.at for m in chart.marks if m.kind == "horizontal"]
    found += [m.y for m in chart.marks if m.kind == "point"]
    zero = chart.kind in ("skill", "bars") or any(s.shape == "bar" for s in chart.series)
    return span(chart.y, found, zero=zero)


def _across(chart: Chart) -> tuple[float, float]:
    found: list[Number] = [v for s in chart.series for v in s.x]
    found += [v for b in chart.bands for v in b.x]
    found += [m.at for m in chart.marks if m.kind in ("vertical", "point")]
    return span(chart.x, found)


def _entries(chart: Chart, lang: Lang) -> list[Option]:
    """Names for the legend, ours and what came first; none for one line that its axis names."""
    order = sorted(chart.series, key=lambda s: _FIRST.index(s.role) if s.role in _FIRST else 2)
    names = [text_of(s.name, lang) for s in order]
    names += [text_of(b.name, lang) for b in chart.bands]
    names += [text_of(m.name, lang) for m in chart.marks if m.kind != "point"]
    unique = list(dict.fromkeys(n for n in names if n))
    if len(unique) < 2 and chart.series and chart.series[0].name == chart.y.name:
        return []
    own = {text_of(s.name, lang): s for s in chart.series}
    areas = {text_of(b.name, lang) for b in chart.bands if b.shape == "area"} - set(own)
    return [_entry(n, own.get(n), area=n in areas) for n in unique]


def _entry(name: str, series: Series | None, *, area: bool) -> Option:
    if area:
        return {"name": name, "icon": "roundRect"}
    dots = series is not None and (series.shape in ("dot", "bar") or _dotted(series))
    # A line that has no dots has none in the legend.
    return {"name": name} | ({} if dots else {"itemStyle": {"opacity": 0}})


def _band(band: Band, chart: Chart, lang: Lang, *, zone: str | None) -> Option:
    index = next((i for i, s in enumerate(chart.series) if s.name == band.name), 0)
    at = places(zone, band.x)
    ends = zip(at, band.low, band.high, strict=True)
    data = [[x, rounded(a), rounded(b)] for x, a, b in ends]
    area = band.shape == "area"
    return {
        "type": "custom",
        "name": text_of(band.name, lang),
        "renderItem": "@band" if area else "@whisker",
        "data": data,
        "encode": {"x": 0, "y": [1, 2], "tooltip": [1, 2]},
        "itemStyle": {"color": ink(band.role, index) + ("/16" if area else "")},
        "clip": True,
        "silent": area,
        "progressive": 0,
        "z": 1,
    }


def _series(series: Series, index: int, lang: Lang, *, zone: str | None) -> Option:
    pairs = [[x, rounded(y)] for x, y in zip(places(zone, series.x), series.y, strict=True)]
    tint = ink(series.role, index)
    made: Option = {"name": text_of(series.name, lang), "itemStyle": {"color": tint}, "z": 3}
    if series.shape == "dot":
        border = {"color": tint, "borderColor": "$paper", "borderWidth": 0.5, "opacity": 0.8}
        return made | {"type": "scatter", "data": pairs, "symbolSize": 6, "itemStyle": border,
                       "large": len(pairs) > _MANY}  # fmt: skip
    if series.shape == "bar":
        return made | {"type": "bar", "data": pairs, "barMaxWidth": 24}
    style = line_style(series.role, index)
    if len(pairs) > _LONG:
        style["width"] = min(style["width"], 1.5)
    made |= {"type": "line", "data": pairs, "lineStyle": style}
    made |= {"connectNulls": False, "showSymbol": False, "symbol": "circle", "symbolSize": 5}
    if series.shape == "step":
        return made | {"step": "end"}
    if len(pairs) > _DENSE:
        made["sampling"] = "lttb"
    elif _dotted(series):
        made |= {"showSymbol": True, "showAllSymbol": True}
    elif alone := _alone(series.y):
        # A point between two gaps has no line through it: it is seen as a dot or not at all.
        made |= {"showSymbol": True, "showAllSymbol": True, "symbol": "none"}
        made["data"] = [{"value": p, "symbol": "circle"} if i in alone else p
                        for i, p in enumerate(pairs)]  # fmt: skip
    return made


def _dotted(series: Series) -> bool:
    few = sum(y is not None for y in series.y) <= _FEW
    return few and series.role != "limit" and series.shape == "line"


def _alone(values: Sequence[Number]) -> set[int]:
    padded = [None, *values, None]
    return {
        i
        for i, value in enumerate(values)
        if value is not None and padded[i] is None and padded[i + 2] is None
    }


def _zoom() -> list[dict[str, Any]]:
    """Zoom by slider, by pinching, by the wheel with Ctrl; the page scrolls as it did."""
    inside = {
        "type": "inside",
        "filterMode": "none",
        "zoomOnMouseWheel": "ctrl",
        "moveOnMouseMove": True,
        "moveOnMouseWheel": False,
        "preventDefaultMouseMove": False,
    }
    slider = {
        "type": "slider",
        "filterMode": "none",
        "height": 20,
        "bottom": 4,
        "left": 8,
        "right": 14,
        "showDetail": False,
        "brushSelect": False,
        "borderColor": "$grid",
        "backgroundColor": "$paper/0",
        "fillerColor": "$ours/12",
        "handleStyle": {"color": "$paper", "borderColor": "$ours"},
        "moveHandleStyle": {"color": "$axis", "opacity": 0.5},
        "moveHandleSize": 4,
        "emphasis": {
            "moveHandleStyle": {"color": "$ours"},
            "handleStyle": {"color": "$paper", "borderColor": "$ours"},
        },
        "dataBackground": {
            "lineStyle": {"color": "$axis"},
            "areaStyle": {"color": "$grid"},
        },
        "selectedDataBackground": {
            "lineStyle": {"color": "$ours"},
            "areaStyle": {"color": "$ours/20"},
        },
    }
    return [inside, slider]
