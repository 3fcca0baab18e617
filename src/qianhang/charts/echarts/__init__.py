"""Charts as options of ECharts: plain data that a browser draws, with no function in it.

Colours are the palette's names (`$ours`, `$s3`, `$grid/50` with an opacity in percent); functions
are names too (`@number:10000:万`, `@band`). The page's own script puts in the colours of the theme
and the functions, so that one option serves light, dark and print. `qh` holds what ECharts has no
word for: the height that the picture needs, the language, whether its axes share one scale.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from qianhang.charts.chart import Chart
from qianhang.charts.echarts import lanes, mosaic, plane, rows
from qianhang.charts.echarts.parts import frame, heading
from qianhang.core.words import Lang, say

__all__ = ["option"]

_MADE: Mapping[str, Callable[..., dict[str, Any]]] = {
    "kpi": rows.kpi,
    "fan": plane.plane,
    "line": plane.plane,
    "skill": plane.plane,
    "calibration": plane.plane,
    "decision": plane.plane,
    "scatter": plane.plane,
    "bars": rows.bars,
    "forest": rows.forest,
    "stack": rows.stack,
    "timeline": lanes.lanes,
    "gantt": lanes.lanes,
    "heat": mosaic.heat,
    "network": mosaic.network,
}


def option(chart: Chart, *, lang: Lang) -> dict[str, Any]:
    """The chart as an ECharts option: dicts, lists, text, finite numbers, None; {} for a table."""
    if chart.kind == "table":
        return {}
    if not _holds(chart):
        return frame(chart, lang, height=60) | {
            "title": [heading(say("chart.empty", lang=lang), top=20)]
        }
    # A timeline of a statistic is drawn as lines; one of alarms, on lanes.
    lined = chart.kind == "timeline" and bool(chart.series)
    return plane.plane(chart, lang) if lined else _MADE[chart.kind](chart, lang)


def _holds(chart: Chart) -> bool:
    drawn = any(v is not None for s in chart.series for v in s.y)
    filled = any(v is not None for row in chart.matrix for v in row)
    return bool(drawn or filled or chart.spans or chart.links or chart.rows)
