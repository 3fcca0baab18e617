"""What every option is made of: colours by name, axes, legend, tooltip, wall-clock times."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from qianhang.charts import number, picture
from qianhang.charts.chart import Axis, Chart, Mark, Number, Role
from qianhang.charts.furniture import axis_name, colour, stroke, text_of
from qianhang.charts.scale import Scale, step_for, ticks
from qianhang.core.words import Lang

__all__ = [
    "CROSS",
    "LEGEND",
    "NAME",
    "STROKE",
    "axis_of_categories",
    "axis_of_values",
    "frame",
    "grid",
    "heading",
    "ink",
    "legend",
    "line_style",
    "named_points",
    "places",
    "pointed",
    "rounded",
    "rule",
    "span_of",
    "unit_of",
]

Option = dict[str, Any]
LEGEND = 26  # pixels that one row of the legend takes; the page's script adds rows where it wraps
NAME = 22  # pixels that the name of the upright axis takes
CROSS = "path://M2 0L5 3L8 0L10 2L7 5L10 8L8 10L5 7L2 10L0 8L3 5L0 2Z"
STROKE = "path://M0 4H12V6H0Z"
_WIDTHS = {"thick": 2.5, "thin": 1.25}
_DASHES: dict[str, list[float]] = {"dash": [6, 4], "dots": [1.5, 4]}


def ink(role: Role, index: int = 0) -> str:
    """The name of a role's colour; things without a role take turns."""
    return f"${colour(role, index)}"


def line_style(role: Role, index: int = 0) -> Option:
    """Colour, weight and dash of a role's line, so that it is told apart without colour."""
    said = stroke(role).split()
    width = next((_WIDTHS[w] for w in said if w in _WIDTHS), 1.75)
    dash = next((_DASHES[w] for w in said if w in _DASHES), "solid")
    return {"color": ink(role, index), "width": width, "type": dash}


def frame(chart: Chart, lang: Lang, *, height: float, trigger: str = "item") -> Option:
    """What every option begins with.

    height : pixels that the picture needs under a legend of one row
    """
    return {
        "qh": {"height": round(height), "lang": lang},
        "useUTC": True,
        "animationDuration": 250,
        "aria": {"enabled": True, "label": {"description": picture.describe(chart, lang)}},
        "textStyle": {"color": "$ink", "fontSize": 12},
        "tooltip": {
            "trigger": trigger,
            "renderMode": "richText",
            "confine": True,
            "backgroundColor": "$paper",
            "borderColor": "$axis",
            "borderWidth": 1,
            "padding": [7, 10],
            "textStyle": {"color": "$ink", "fontSize": 12, "lineHeight": 18},
            "axisPointer": {"lineStyle": {"color": "$axis", "type": "solid"}},
        },
    }


def legend(entries: Iterable[Mapping[str, Any]]) -> Option:
    """The legend along the top; an entry has a name, and an icon where the series has none."""
    return {
        "top": 4,
        "left": 0,
        "right": 0,
        "padding": 0,
        "itemWidth": 22,
        "itemHeight": 10,
        "itemGap": 12,
        "align": "left",
        "data": [dict(e) for e in entries],
        "textStyle": {"color": "$muted", "fontSize": 12},
        "inactiveColor": "$axis",
        "inactiveBorderColor": "$axis",
    }


def heading(text: str, *, top: float, css: str = "$muted", **style: Any) -> Option:
    """A line of text from the left border: the name of an upright axis, of a block, of a colour."""
    said = {"color": css, "fontSize": 12, "fontWeight": "normal", "lineHeight": 16} | style
    wide = {"width": "@width:1", "overflow": "truncate"}
    return {"text": text, "left": 0, "top": top, "padding": 0, "textStyle": wide | said}


def grid(top: float, *, bottom: float = 4, right: float = 14, **more: Any) -> Option:
    """Where a plot stands: labels and names of axes lie within these borders."""
    place = {"left": 2, "right": right, "top": top, "bottom": bottom}
    return place | {"outerBoundsMode": "same", "outerBoundsContain": "all"} | more


def unit_of(axis: Axis, lang: Lang) -> str:
    """The unit as printed."""
    return number.unit(axis.unit, lang=lang)


def span_of(values: Iterable[Number]) -> float:
    """The largest size among the values."""
    return max((abs(v) for v in values if v is not None), default=0.0)


def axis_of_values(axis: Axis, limits: tuple[float, float], lang: Lang, *, across: bool) -> Option:
    """An axis of numbers or times from low to high, named and in its unit.

    across : along the bottom, with its name under it; else upright, its name is a heading
    """
    low, high = limits
    label: Option = {"color": "$muted", "fontSize": 12, "hideOverlap": True}
    made: Option = {
        "type": {"number": "value", "category": "value"}.get(axis.kind, axis.kind),
        "min": rounded(low),
        "max": rounded(high),
        "axisLabel": label,
        "axisLine": {"show": across, "onZero": False, "lineStyle": {"color": "$axis"}},
        "axisTick": {"show": False},
        "splitLine": {"show": True, "lineStyle": {"color": "$grid"}},
        "splitNumber": 5,
    }
    if across:
        name = axis_name(axis, lang, scale=Scale(low, high, 0, 1))
        made |= {"name": name, "nameLocation": "middle", "nameGap": 28}
        made["nameTextStyle"] = {"color": "$muted", "fontSize": 12}
        made["axisPointer"] = {"label": {"show": False, "formatter": _at(axis, lang)}}
    if axis.kind == "time":
        ends = places(axis.zone, (low, high))
        made |= {"min": ends[0], "max": ends[1], "splitLine": {"show": False}}
        label["formatter"] = "@time"
        made["axisTick"] = {"show": True, "lineStyle": {"color": "$axis"}}
    elif axis.kind == "log":
        at = [t.value for t in ticks(Scale(low, high, 0, 1, log=True), "log", count=6, lang=lang)]
        made["axisTick"]["customValues"] = label["customValues"] = at
        label["formatter"] = "@exact:4"
    else:
        label["formatter"] = _ticks(axis, limits, lang)
        made["minInterval"] = 1 if axis.whole else 0
        label |= _round_ends(limits)
    return made


def _round_ends(limits: tuple[float, float]) -> Option:
    """Ends of an axis that are no round numbers carry no label."""
    step = step_for(*limits, 5)
    shown = (abs(v / step - round(v / step)) < 1e-6 for v in limits)
    return dict(zip(("showMinLabel", "showMaxLabel"), shown, strict=True))


def _at(axis: Axis, lang: Lang) -> str:
    return (
        "@moment"
        if axis.kind == "time"
        else f"@at:{unit_of(axis, lang)}:{text_of(axis.name, lang)}"
    )


def _ticks(axis: Axis, limits: tuple[float, float], lang: Lang) -> str:
    if axis.whole and limits[0] >= 1000 and limits[1] < 10000:
        return "@plain"  # years need no separator
    size, name = number.shared(max(map(abs, limits)), lang=lang)
    return f"@number:{size:g}:{name}"


def axis_of_categories(names: Sequence[str], *, share: float, **label: Any) -> Option:
    """An upright axis of names, the first on top; a long name breaks at `share` of the width."""
    return {
        "type": "category",
        "inverse": True,
        "data": list(names),
        "axisLine": {"show": True, "onZero": False, "lineStyle": {"color": "$axis"}},
        "axisTick": {"show": False},
        "splitLine": {"show": False},
        "axisLabel": {
            "color": "$ink",
            "fontSize": 12,
            "lineHeight": 15,
            "interval": 0,
            "width": f"@width:{share:g}",
            "overflow": "break",
        }
        | label,
    }


def rule(mark: Mark, lang: Lang, *, ends: tuple[float, float], zone: str | None = None) -> Option:
    """A line across the plot as a series without data, so that the legend can name and hide it.

    ends : where a diagonal begins and ends, on both axes; zone : of a time axis along the bottom
    """
    at = places(zone, (mark.at,))[0] if zone is not None else rounded(mark.at)
    where: Any = {"horizontal": {"yAxis": rounded(mark.at)}, "vertical": {"xAxis": at}}.get(
        mark.kind, [{"coord": [ends[0], ends[0]]}, {"coord": [ends[1], ends[1]]}]
    )
    style = line_style(mark.role)
    return {
        "type": "line",
        "name": text_of(mark.name, lang),
        "data": [],
        "symbol": "none",
        "lineStyle": style,
        "itemStyle": {"color": style["color"]},
        "markLine": {
            "silent": True,
            "symbol": "none",
            "animation": False,
            "label": {"show": False},
            "lineStyle": style,
            "data": [where],
        },
    }


def named_points(marks: Sequence[Mark], lang: Lang, zone: str | None = None) -> Option:
    """Points with a word beside them where it fits; wrong ones are crosses."""
    data = []
    for mark in marks:
        at = places(zone, (mark.at,))[0] if zone is not None else rounded(mark.at)
        name = text_of(mark.name, lang)
        one: Option = {"name": name, "value": [at, rounded(mark.y)], "tip": name}
        one["itemStyle"] = {"color": ink(mark.role)}
        data.append(one | ({"symbol": CROSS, "symbolSize": 10} if mark.role == "bad" else {}))
    return {
        "type": "scatter",
        "data": data,
        "symbolSize": 9,
        "z": 5,
        "itemStyle": {"borderColor": "$paper", "borderWidth": 1},
        "label": {"show": True, "position": "right", "formatter": "{b}", "color": "$ink",
                  "textBorderColor": "$paper", "textBorderWidth": 3},
        "labelLayout": {"hideOverlap": True},
        "tooltip": {"formatter": "@tip"},
    }  # fmt: skip


def pointed(value: float, row: int, tip: str, **more: Any) -> Option:
    """One item of a chart in rows, with the text that the pointer brings up."""
    return {"value": [rounded(value), row], "tip": tip} | more


def rounded(value: Number) -> Number:
    """The value with seven significant digits: more than a screen shows, half the bytes."""
    return None if value is None else float(f"{value:.7g}")


@functools.lru_cache(maxsize=64)
def places(zone: str | None, values: tuple[float, ...]) -> tuple[float, ...]:
    """Where values lie on an axis: on one of time, the clock on the wall there in milliseconds."""
    if zone is None:
        return tuple(float(f"{v:.9g}") for v in values)
    there = number.zone(zone)
    shown = (datetime.fromtimestamp(v, there).replace(tzinfo=UTC) for v in values)
    return tuple(round(when.timestamp() * 1000) for when in shown)
