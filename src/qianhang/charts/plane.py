"""Charts on an x-y plane: lines, bands, dots, reference lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from qianhang.charts import lettering
from qianhang.charts.chart import Band, Chart, Mark, Number, Series
from qianhang.charts.drawing import Drawing
from qianhang.charts.furniture import (
    NARROW,
    SIZE,
    Entry,
    axis_name,
    bottom_axis,
    colour,
    legend,
    legend_height,
    span,
    stroke,
    text_of,
)
from qianhang.charts.scale import Scale, ticks
from qianhang.core.words import Lang

__all__ = ["draw"]

_BOTTOM = 42.0


@dataclass(frozen=True, slots=True)
class _Plot:
    pad: Drawing
    x: Scale
    y: Scale
    lang: Lang


def draw(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    """The chart with its legend on top, y name above the axis, x name below it."""
    entries = _legend(chart, lang)
    head = legend_height(entries, chart, room=width, lang=lang)
    tall = 200.0 if width < NARROW else 270.0
    if chart.kind in ("calibration", "scatter"):
        tall = min(width * 0.8, 380.0)
    top = head + 22
    pad = Drawing(width, top + tall + _BOTTOM)
    legend(pad, entries, chart, room=width, lang=lang)
    y_range = span(chart.y, _heights(chart), zero=_from_zero(chart))
    y = Scale(*y_range, start=top + tall, stop=top, log=chart.y.kind == "log")
    left = _left_axis(pad, chart, y, head=head, lang=lang)
    x_range = span(chart.x, _across(chart))
    x = Scale(*x_range, start=left, stop=width - 8, log=chart.x.kind == "log")
    _rows(pad, chart, y, left=left, lang=lang)
    bottom_axis(pad, chart.x, x, box=(top, top + tall), lang=lang)
    pad.line((left, top + tall), (width - 8, top + tall), css="a")
    _contents(_Plot(pad, x, y, lang), chart)
    return pad


def _contents(plot: _Plot, chart: Chart) -> None:
    for band in chart.bands:
        _band(plot, band, chart)
    for mark in chart.marks:
        if mark.kind != "point":
            _rule(plot, mark)
    for index, series in enumerate(chart.series):
        _series(plot, series, colour(series.role, index))
    _points(plot, [m for m in chart.marks if m.kind == "point"])


def _from_zero(chart: Chart) -> bool:
    return chart.kind in ("skill", "bars") or any(s.shape == "bar" for s in chart.series)


def _heights(chart: Chart) -> list[Number]:
    found: list[Number] = [v for s in chart.series for v in s.y]
    found += [v for b in chart.bands for v in (*b.low, *b.high)]
    found += [m.at for m in chart.marks if m.kind == "horizontal"]
    found += [m.y for m in chart.marks if m.kind == "point"]
    return found


def _across(chart: Chart) -> list[Number]:
    found: list[Number] = [v for s in chart.series for v in s.x]
    found += [v for b in chart.bands for v in b.x]
    found += [m.at for m in chart.marks if m.kind in ("vertical", "point")]
    return found


def _kind(chart: Chart) -> Literal["number", "log"]:
    return "log" if chart.y.kind == "log" else "number"


def _left_axis(pad: Drawing, chart: Chart, y: Scale, *, head: float, lang: Lang) -> float:
    labels = [t.label for t in ticks(y, _kind(chart), count=5, lang=lang)]
    name = lettering.clip(axis_name(chart.y, lang), pad.width, SIZE)
    pad.text((0, head + 12), name, css="m")
    return max((lettering.width(label, SIZE) for label in labels), default=0.0) + 8


def _rows(pad: Drawing, chart: Chart, y: Scale, *, left: float, lang: Lang) -> None:
    for tick in ticks(y, _kind(chart), count=5, lang=lang):
        at = y.at(tick.value)
        pad.line((left, at), (pad.width - 8, at), css="g")
        pad.text((left - 7, at + 4), tick.label, css="m", anchor="end")


def _band(plot: _Plot, band: Band, chart: Chart) -> None:
    index = next((i for i, s in enumerate(chart.series) if s.name == band.name), 0)
    css = colour(band.role, index)
    known = [
        (plot.x.at(x), plot.y.at(low), plot.y.at(high))
        for x, low, high in zip(band.x, band.low, band.high, strict=True)
        if low is not None and high is not None
    ]
    if band.shape == "area":
        outline = [(x, high) for x, _, high in known] + [(x, low) for x, low, _ in known[::-1]]
        plot.pad.path(outline, css=f"area f-{css}", closed=True)
        return
    for x, low, high in known:
        plot.pad.line((x, low), (x, high), css=f"line l-{css} thin")


def _series(plot: _Plot, series: Series, name: str) -> None:
    pairs = list(zip(series.x, series.y, strict=True))
    if series.shape == "dot":
        for x, y in pairs:
            if y is not None:
                plot.pad.circle((plot.x.at(x), plot.y.at(y)), 3.2, css=f"f-{name} halo")
        return
    if series.shape == "bar":
        _bars(plot, pairs, name)
        return
    css = f"line l-{name} {stroke(series.role)}".strip()
    for piece in _inside(pairs, plot.y):
        points = [(plot.x.at(x), plot.y.at(y)) for x, y in piece]
        if series.shape == "step":
            points = _stairs(points)
        plot.pad.path(_thin(points), css=css)
    known = [p for p in pairs if p[1] is not None]
    if len(known) <= 24 and series.role != "limit" and series.shape != "step":
        for x, y in known:
            plot.pad.circle((plot.x.at(x), plot.y.at(y or 0.0)), 2.6, css=f"f-{name}")


def _bars(plot: _Plot, pairs: Sequence[tuple[float, Number]], name: str) -> None:
    room = abs(plot.x.stop - plot.x.start) / max(len(pairs), 1)
    wide = min(max(room * 0.7, 1.0), 24.0)
    base = plot.y.at(max(plot.y.low, 0.0))
    for x, y in pairs:
        if y is not None:
            at = plot.x.at(x)
            plot.pad.rect(
                (at - wide / 2, plot.y.at(y)), (wide, base - plot.y.at(y)), css=f"f-{name}"
            )


def _inside(pairs: Sequence[tuple[float, Number]], y: Scale) -> list[list[tuple[float, float]]]:
    """The pieces between gaps, cut where they leave the plot at its top or bottom."""
    cut: list[tuple[float, Number]] = []
    for (x1, y1), (x2, y2) in zip(pairs, [*pairs[1:], (0.0, None)], strict=True):
        cut.append((x1, y1 if y1 is not None and y.holds(y1) else None))
        if y1 is None or y2 is None or y.holds(y1) == y.holds(y2):
            continue
        edge = y.low if min(y1, y2) < y.low else y.high
        border = (x1 + (x2 - x1) * (edge - y1) / (y2 - y1), edge)
        cut += [border, (border[0], None)] if y.holds(y1) else [border]
    return _pieces(cut)


def _pieces(pairs: Sequence[tuple[float, Number]]) -> list[list[tuple[float, float]]]:
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in pairs:
        if y is None:
            pieces.append([])
        else:
            pieces[-1].append((x, y))
    return [p for p in pieces if p]


def _stairs(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    steps: list[tuple[float, float]] = []
    for x, y in points:
        if steps:
            steps.append((x, steps[-1][1]))
        steps.append((x, y))
    return steps


def _thin(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The lowest and highest point of each pixel column: the same picture in fewer points."""
    wide = abs(points[-1][0] - points[0][0])
    if len(points) <= max(wide * 2, 16):
        return list(points)
    columns: dict[int, list[tuple[float, float]]] = {}
    for point in points:
        columns.setdefault(int(point[0]), []).append(point)
    kept: list[tuple[float, float]] = []
    for column in columns.values():
        ends = {
            column.index(min(column, key=lambda p: p[1])),
            column.index(max(column, key=lambda p: p[1])),
        }
        kept += [column[i] for i in sorted(ends)]
    return kept


def _rule(plot: _Plot, mark: Mark) -> None:
    css = f"line l-{colour(mark.role)} {stroke(mark.role)}".strip()
    x, y = plot.x, plot.y
    if mark.kind == "horizontal":
        plot.pad.line((x.start, y.at(mark.at)), (x.stop, y.at(mark.at)), css=css)
    elif mark.kind == "vertical":
        plot.pad.line((x.at(mark.at), y.start), (x.at(mark.at), y.stop), css=css)
    else:
        low, high = max(x.low, y.low), min(x.high, y.high)
        plot.pad.line((x.at(low), y.at(low)), (x.at(high), y.at(high)), css=css)


def _points(plot: _Plot, marks: Sequence[Mark]) -> None:
    taken: list[tuple[float, float, float, float]] = []
    for mark in marks:
        centre = (plot.x.at(mark.at), plot.y.at(mark.y))
        if mark.role == "bad":
            plot.pad.cross(centre, 4, css="line l-bad thick")
        else:
            plot.pad.circle(centre, 4.5, css=f"f-{colour(mark.role)} halo")
        name = text_of(mark.name, plot.lang)
        wide = lettering.width(name, SIZE)
        x = centre[0] + 8 if centre[0] + 8 + wide < plot.pad.width else centre[0] - 8 - wide
        box = (x, centre[1] - 14, x + wide, centre[1])
        if all(box[2] < o[0] or box[0] > o[2] or box[3] < o[1] or box[1] > o[3] for o in taken):
            plot.pad.text((x, centre[1] - 4), name)
            taken.append(box)


def _legend(chart: Chart, lang: Lang) -> list[Entry]:
    entries = []
    for index, series in enumerate(chart.series):
        name = colour(series.role, index)
        entries.append(Entry(text_of(series.name, lang), name, series.shape, stroke(series.role)))
    first = ("ours", "actual")
    entries.sort(key=lambda e: first.index(e.colour) if e.colour in first else 2)
    known = {e.name for e in entries}
    for band in chart.bands:
        if text_of(band.name, lang) not in known:
            entries.append(Entry(text_of(band.name, lang), colour(band.role), band.shape))
    for mark in chart.marks:
        name = text_of(mark.name, lang)
        if mark.kind != "point" and name not in known:
            known.add(name)
            entries.append(Entry(name, colour(mark.role), "limit", stroke(mark.role)))
    return entries
