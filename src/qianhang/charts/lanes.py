"""Charts on lanes over time: alarms with hits and misses, jobs on machines."""

from __future__ import annotations

from collections.abc import Sequence

from qianhang.charts import lettering
from qianhang.charts.chart import Chart, Role, Span
from qianhang.charts.drawing import Drawing
from qianhang.charts.furniture import (
    Entry,
    bottom_axis,
    colour,
    legend,
    legend_height,
    span,
    text_of,
)
from qianhang.charts.rows import Gutter
from qianhang.charts.scale import Scale
from qianhang.core.words import Lang

__all__ = ["draw"]

_LANE = 30.0
_FEW = 6  # above this many lanes the names stand beside them, closely spaced
_SHAPES: dict[Role, str] = {"good": "dot", "bad": "cross", "warn": "hollow"}


def draw(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    """Lanes from top to bottom, a stretch or a moment for each span, time along the bottom."""
    entries = _entries(chart, lang)
    head = legend_height(entries, chart, room=width, lang=lang)
    names = [text_of(c, lang) for c in chart.y.categories]
    few = len(names) <= _FEW
    gutter = Gutter.of(names, width, share=0.25, column=not few)
    tall = _LANE if few else 20.0
    step = tall + (16 if gutter.above else 0)
    top = head + 6
    bottom = top + len(names) * step
    pad = Drawing(width, bottom + 42)
    legend(pad, entries, chart, room=width, lang=lang)
    low, high = span(chart.x, [v for s in chart.spans for v in (s.start, s.end)])
    if chart.x.kind == "time":
        room = (high - low) * 0.02
        low, high = low - room, high + room
    scale = Scale(low, high, start=max(gutter.left, 6), stop=width - 8)
    bottom_axis(pad, chart.x, scale, box=(top, bottom), lang=lang)
    for i, name in enumerate(names):
        y = top + (i + 1) * step - tall / 2
        pad.line((scale.start, y), (scale.stop, y), css="g")
        gutter.label(pad, name, y - (2 if gutter.above else 0))
        lane = [s for s in chart.spans if s.lane == i]
        half = 8.0 if few else 6.0
        _lane(pad, chart, lane, scale=scale, y=y, half=half, lang=lang)
    return pad


def _lane(
    pad: Drawing,
    chart: Chart,
    spans: Sequence[Span],
    *,
    scale: Scale,
    y: float,
    half: float,
    lang: Lang,
) -> None:
    order = _order(chart)
    for item in sorted(spans, key=lambda s: s.start):
        name = colour(item.role, order.index(item.name))
        x, end = scale.at(item.start), scale.at(item.end)
        if item.end > item.start and end - x >= 3:
            pad.rect((x, y - half), (end - x, 2 * half), css=f"f-{name} edge", round_=2)
            label = text_of(item.label, lang)
            if lettering.width(label, 11) + 6 < end - x:
                pad.text(((x + end) / 2, y + 4), label, css="sm on", anchor="middle")
        elif _SHAPES.get(item.role) == "cross":
            pad.cross((x, y), 5, css=f"line l-{name} thick")
        elif _SHAPES.get(item.role) == "hollow":
            pad.circle((x, y), 5, css=f"hollow l-{name}")
        else:
            pad.circle((x, y), 5, css=f"f-{name} halo")


def _order(chart: Chart) -> list[object]:
    found: list[object] = []
    for item in chart.spans:
        if item.name not in found:
            found.append(item.name)
    return found


def _entries(chart: Chart, lang: Lang) -> list[Entry]:
    entries: dict[str, Entry] = {}
    order = _order(chart)
    for item in chart.spans:
        name = text_of(item.name, lang)
        shape = _SHAPES.get(item.role, "bar") if item.end <= item.start else "bar"
        tint = colour(item.role, order.index(item.name))
        entries.setdefault(name, Entry(name, tint, shape))  # type: ignore[arg-type]  # the shapes above are Entry's own
    return list(entries.values())
