"""Options of charts made of filled cells: heat maps, networks coloured by value."""

from __future__ import annotations

from collections.abc import Sequence

from qianhang.charts import number
from qianhang.charts.chart import Axis, Chart, Number
from qianhang.charts.echarts.parts import (
    CROSS,
    NAME,
    Option,
    frame,
    grid,
    heading,
    ink,
    rounded,
)
from qianhang.charts.furniture import axis_name, text_of
from qianhang.charts.style import RAMP
from qianhang.core.words import Lang

__all__ = ["heat", "network"]

_STEPS = len(RAMP)
_DARK = 5  # the step of the ramp from which a cell carries paper-coloured figures
_KEY = 24  # pixels that the colour key takes
_CELL = 38  # pixels that a cell needs to carry its figure


def _value_name(chart: Chart, lang: Lang) -> str:
    name = chart.series[0].name if chart.series else chart.title
    return axis_name(Axis(name, chart.units[0] if chart.units else ""), lang)


def _key(values: Sequence[float], *, dimension: int, series: list[int]) -> Option:
    """The colour key: low to high in the ramp's one hue, with both ends written out."""
    low, high = min(values, default=0.0), max(values, default=1.0)
    ends = [number.exact(high, digits=3), number.exact(low, digits=3)]
    return {
        "type": "continuous",
        "min": rounded(low),
        "max": rounded(high if high > low else low + 1.0),
        "dimension": dimension,
        "seriesIndex": series,
        "inRange": {"color": [f"$r{i}" for i in range(_STEPS)]},
        "outOfRange": {"color": ["$trivial"]},
        "orient": "horizontal",
        "left": 0,
        "top": NAME - 4,
        "padding": 0,
        "itemWidth": 12,
        "itemHeight": 150,
        "text": ends,
        "textGap": 8,
        "textStyle": {"color": "$muted", "fontSize": 12},
        "calculable": False,
        "hoverLink": True,
    }


def heat(chart: Chart, lang: Lang) -> Option:
    """A matrix of cells, each with its number where it fits, and a colour key."""
    rows = [text_of(c, lang) for c in chart.y.categories]
    columns = [text_of(c, lang) for c in chart.x.categories]
    known = [v for row in chart.matrix for v in row if v is not None]
    tall = 26 if len(rows) <= 20 else 20
    top = NAME + _KEY + NAME - 4
    made = frame(chart, lang, height=top + tall * len(rows) + 48)
    names = [_value_name(chart, lang), axis_name(chart.y, lang)]
    made["title"] = [heading(names[0], top=0), heading(names[1], top=top - NAME)]
    made["tooltip"]["formatter"] = f"@cell:{number.unit(_unit(chart), lang=lang)}"
    made["visualMap"] = _key(known, dimension=2, series=[0])
    made["grid"] = grid(top, right=2)
    made["xAxis"] = _columns(columns, axis_name(chart.x, lang))
    made["yAxis"] = _lines(rows)
    limits = min(known, default=0.0), max(known, default=1.0)
    made["series"] = [_cells(chart.matrix, limits, columns=len(columns))]
    return made


def _unit(chart: Chart) -> str:
    return chart.units[0] if chart.units else ""


def _columns(names: list[str], name: str) -> Option:
    return {
        "type": "category",
        "data": names,
        "name": name,
        "nameLocation": "middle",
        "nameGap": 28,
        "nameTextStyle": {"color": "$muted", "fontSize": 12},
        "axisLabel": {"color": "$muted", "hideOverlap": True},
        "axisLine": {"show": False},
        "axisTick": {"show": False},
        "splitArea": {"show": False},
    }


def _lines(names: list[str]) -> Option:
    return {
        "type": "category",
        "inverse": True,
        "data": names,
        "axisLabel": {"color": "$muted", "interval": 0, "width": "@width:0.3",
                      "overflow": "truncate"},
        "axisLine": {"show": False},
        "axisTick": {"show": False},
    }  # fmt: skip


def _cells(
    matrix: Sequence[Sequence[Number]], limits: tuple[float, float], *, columns: int
) -> Option:
    low, high = limits
    data: list[object] = []
    for i, row in enumerate(matrix):
        for j, value in enumerate(row):
            if value is None:
                continue
            share = (value - low) / (high - low) if high > low else 0.5
            dark = min(int(share * _STEPS), _STEPS - 1) >= _DARK
            one = [j, i, rounded(value)]
            data.append({"value": one, "label": {"color": "$paper"}} if dark else one)
    return {
        "type": "heatmap",
        "data": data,
        "itemStyle": {"borderColor": "$paper", "borderWidth": 1},
        "label": {"show": f"@roomy:{columns}:{_CELL}", "formatter": "@exact:3", "color": "$ink",
                  "fontSize": 11},
        "progressive": 0,
    }  # fmt: skip


def network(chart: Chart, lang: Lang) -> Option:
    """Links and nodes at their coordinates, coloured by value, marked places named."""
    nodes = chart.matrix[0] if chart.matrix else ()
    nodes = nodes if any(v is not None for v in nodes) else ()
    values = [k.value for k in chart.links if k.value is not None]
    values += [v for v in nodes if v is not None]
    top = NAME + _KEY if values else 4
    made = frame(chart, lang, height=top + 430)
    about = f"{axis_name(chart.x, lang)} · {axis_name(chart.y, lang)}"
    made["title"] = [heading(about, top=0) | {"top": None, "bottom": 0}]
    made["grid"] = {"left": 12, "right": 12, "top": top + 10, "bottom": 30,
                    "outerBoundsMode": "none"}  # fmt: skip
    made["xAxis"], made["yAxis"] = _ends(chart)
    made["qh"]["square"] = True  # the page's script lowers the picture of a broad network
    made["series"] = [_links(chart), *_nodes(chart, nodes), _marks(chart, lang)]
    if values:
        made["title"].append(heading(_value_name(chart, lang), top=0))
        shown = [0, 1] if nodes else [0]
        made["visualMap"] = _key(values, dimension=4, series=shown)
    unit = number.unit(_unit(chart), lang=lang)
    made["tooltip"]["formatter"] = f"@link:{unit}:{_value_name(chart, lang)}"
    return made


def _ends(chart: Chart) -> tuple[Option, Option]:
    xs = [v for k in chart.links for v in (k.x, k.x2)] + [v for s in chart.series for v in s.x]
    ys = [v for k in chart.links for v in (k.y, k.y2)]
    ys += [v for s in chart.series for v in s.y if v is not None]
    same = {"type": "value", "show": False}
    return (
        same | {"min": rounded(min(xs)), "max": rounded(max(xs))},
        same | {"min": rounded(min(ys)), "max": rounded(max(ys))},
    )


def _links(chart: Chart) -> Option:
    data = [[rounded(v) for v in (k.x, k.y, k.x2, k.y2, k.value)] for k in chart.links]
    return {
        "type": "custom",
        "renderItem": "@link",
        "data": data,
        "encode": {"x": [0, 2], "y": [1, 3]},
        "itemStyle": {"color": "$trivial"},
        "progressive": 0,
        "z": 2,
    }


def _nodes(chart: Chart, values: Sequence[Number]) -> list[Option]:
    """Nodes in the colour of their value, small grey dots where they have none."""
    made = []
    for series in chart.series:
        data: list[list[Number]] = []
        for i, (x, y) in enumerate(zip(series.x, series.y, strict=True)):
            if y is not None:
                value = values[i] if i < len(values) else None
                data.append([rounded(x), rounded(y), None, None, rounded(value)])
        made.append(
            {
                "type": "scatter",
                "data": data,
                "symbolSize": 8 if values else 3,
                "itemStyle": {"color": "$trivial", "borderColor": "$muted",
                              "borderWidth": 0.6 if values else 0},
                "silent": not values,
                "z": 3,
            }
        )  # fmt: skip
    return made


def _marks(chart: Chart, lang: Lang) -> Option:
    data = []
    for mark in chart.marks:
        bad = mark.role == "bad"
        shape: Option = {"symbol": CROSS, "symbolSize": 11} if bad else {"symbol": "circle"}
        name = text_of(mark.name, lang)
        where = {"value": [rounded(mark.at), rounded(mark.y)], "name": name, "tip": name}
        ring = {"color": "$paper", "borderColor": ink(mark.role)}
        tint = {"color": ink(mark.role), "borderWidth": 0} if bad else ring
        data.append(where | shape | {"itemStyle": tint})
    return {
        "type": "scatter",
        "data": data,
        "symbolSize": 11,
        "itemStyle": {"borderWidth": 2.5},
        "label": {"show": True, "position": "right", "formatter": "{b}", "color": "$ink",
                  "fontWeight": "bold", "textBorderColor": "$paper", "textBorderWidth": 3},
        "labelLayout": {"hideOverlap": True},
        "tooltip": {"formatter": "@tip"},
        "z": 5,
    }  # fmt: skip
