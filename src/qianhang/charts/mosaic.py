"""Charts made of filled cells: heat maps, networks coloured by value, stacked compositions."""

from __future__ import annotations

from collections.abc import Sequence

from qianhang.charts import lettering, number
from qianhang.charts.chart import Axis, Chart, Number
from qianhang.charts.drawing import Drawing
from qianhang.charts.furniture import (
    NARROW,
    SIZE,
    Entry,
    axis_name,
    colour,
    legend,
    legend_height,
    text_of,
)
from qianhang.charts.rows import Gutter
from qianhang.charts.scale import Scale
from qianhang.charts.style import RAMP
from qianhang.core.words import Lang

__all__ = ["draw_heat", "draw_network", "draw_stack"]

_STEPS = len(RAMP)


def _step(value: float, low: float, high: float) -> int:
    share = (value - low) / (high - low) if high > low else 0.5
    return min(int(share * _STEPS), _STEPS - 1)


def _ramp(
    pad: Drawing, chart: Chart, *, at: float, limits: tuple[float, float], lang: Lang
) -> None:
    """The colour key: nine steps with the lowest and highest value, and what they measure."""
    low, high = limits
    first, last = number.exact(low, digits=3), number.exact(high, digits=3)
    x = lettering.width(first, SIZE) + 8
    pad.text((0, at + 11), first, css="m")
    for i in range(_STEPS):
        pad.rect((x + i * 16, at), (16, 13), css=f"h{i}")
    pad.text((x + _STEPS * 16 + 8, at + 11), last, css="m")
    after = x + _STEPS * 16 + 8 + lettering.width(last, SIZE) + 14
    name = axis_name(_value_axis(chart), lang)
    if _key_height(chart, pad.width, lang) < 30:
        pad.text((after, at + 11), name, css="m")
    else:
        pad.text((0, at + 30), lettering.clip(name, pad.width, SIZE), css="m")


def _key_height(chart: Chart, width: float, lang: Lang) -> float:
    """One line where the name of the value fits beside the steps, else two."""
    name = axis_name(_value_axis(chart), lang)
    return 24.0 if lettering.width(name, SIZE) + _STEPS * 16 + 130 <= width else 42.0


def _value_axis(chart: Chart) -> Axis:
    name = chart.series[0].name if chart.series else chart.title
    return Axis(name, chart.units[0] if chart.units else "")


def draw_heat(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    """A matrix of cells, each with its number where it fits, and a colour key."""
    key = _key_height(chart, width, lang)
    head = legend_height([], chart, room=width, lang=lang) + key
    rows = [text_of(c, lang) for c in chart.y.categories]
    columns = [text_of(c, lang) for c in chart.x.categories]
    left = min(max(lettering.width(r, SIZE) for r in rows) + 10, width * 0.3)
    cell = (width - left) / max(len(columns), 1)
    tall = min(max(cell * 0.6, 18.0), 34.0)
    top = head + 20
    pad = Drawing(width, top + len(rows) * tall + 44)
    legend(pad, [], chart, room=width, lang=lang)
    known = [v for row in chart.matrix for v in row if v is not None]
    limits = (min(known, default=0.0), max(known, default=1.0))
    _ramp(pad, chart, at=head - key, limits=limits, lang=lang)
    pad.text((0, top - 6), lettering.clip(axis_name(chart.y, lang), width, SIZE), css="m")
    for i, row in enumerate(chart.matrix):
        y = top + i * tall
        name = lettering.clip(rows[i], left - 8, SIZE)
        pad.text((left - 6, y + tall / 2 + 4), name, css="m", anchor="end")
        _cells(pad, row, corner=(left, y), size=(cell, tall), limits=limits)
    _columns(pad, columns, left=left, cell=cell, y=top + len(rows) * tall + 16)
    pad.text((width, pad.height - 6), axis_name(chart.x, lang), css="m", anchor="end")
    return pad


def _cells(
    pad: Drawing,
    row: Sequence[Number],
    *,
    corner: tuple[float, float],
    size: tuple[float, float],
    limits: tuple[float, float],
) -> None:
    (left, y), (wide, tall) = corner, size
    written = wide >= 34
    for j, value in enumerate(row):
        x = left + j * wide
        if value is None:
            pad.rect((x + 0.5, y + 0.5), (wide - 1, tall - 1), css="track")
            continue
        step = _step(value, *limits)
        pad.rect((x + 0.5, y + 0.5), (wide - 1, tall - 1), css=f"h{step}")
        if written:
            text = number.exact(value, digits=3)
            css = "sm on" if step >= 5 else "sm"
            pad.text((x + wide / 2, y + tall / 2 + 4), text, css=css, anchor="middle")


def _columns(pad: Drawing, names: Sequence[str], *, left: float, cell: float, y: float) -> None:
    widest = max((lettering.width(n, SIZE) for n in names), default=0.0)
    every = max(1, -int(-(min(widest, 90) + 8) // cell))
    for j in range(0, len(names), every):
        room = cell * every - 4
        label = lettering.clip(names[j], max(room, 20), SIZE)
        half = lettering.width(label, SIZE) / 2
        x = min(max(left + (j + 0.5) * cell, half), pad.width - half)
        pad.text((x, y), label, css="m", anchor="middle")


def draw_network(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    """Links and nodes at their coordinates, coloured by value, marked places named."""
    head = legend_height([], chart, room=width, lang=lang)
    coloured = any(link.value is not None for link in chart.links) or _node_values(chart)
    key = _key_height(chart, width, lang) if coloured else 0.0
    xs = [v for k in chart.links for v in (k.x, k.x2)] + [v for s in chart.series for v in s.x]
    ys = [v for k in chart.links for v in (k.y, k.y2)]
    ys += [v for s in chart.series for v in s.y if v is not None]
    wide, tall = max(xs) - min(xs) or 1.0, max(ys) - min(ys) or 1.0
    scale = min((width - 24) / wide, (420.0 if width >= NARROW else 340.0) / tall)
    pad = Drawing(width, head + key + tall * scale + 60)
    legend(pad, [], chart, room=width, lang=lang)
    left = (width - wide * scale) / 2
    top = head + key + 14
    x = Scale(min(xs), max(xs), start=left, stop=left + wide * scale)
    y = Scale(min(ys), max(ys), start=top + tall * scale, stop=top)
    if coloured:
        limits = _limits(chart)
        _ramp(pad, chart, at=head, limits=limits, lang=lang)
        _links(pad, chart, (x, y), limits)
    else:
        _links(pad, chart, (x, y), (0.0, 1.0))
    _named(pad, chart, (x, y), lang)
    about = f"{axis_name(chart.x, lang)} · {axis_name(chart.y, lang)}"
    pad.text((width, pad.height - 6), about, css="m", anchor="end")
    return pad


def _node_values(chart: Chart) -> bool:
    return bool(chart.matrix) and any(v is not None for v in chart.matrix[0])


def _limits(chart: Chart) -> tuple[float, float]:
    values = [k.value for k in chart.links if k.value is not None]
    if _node_values(chart):
        values += [v for v in chart.matrix[0] if v is not None]
    return min(values), max(values)


def _links(
    pad: Drawing, chart: Chart, scales: tuple[Scale, Scale], limits: tuple[float, float]
) -> None:
    x, y = scales
    for link in chart.links:
        ends = (x.at(link.x), y.at(link.y)), (x.at(link.x2), y.at(link.y2))
        if link.value is None:
            pad.line(*ends, css="line l-trivial thin")
        else:
            # A grey casing keeps the palest step visible on the paper.
            pad.line(*ends, css="line l-trivial thick")
            pad.line(*ends, css=f"line k{_step(link.value, *limits)}")
    values = chart.matrix[0] if _node_values(chart) else ()
    for series in chart.series:
        for i, (at, up) in enumerate(zip(series.x, series.y, strict=True)):
            if up is not None:
                value = values[i] if i < len(values) else None
                css = f"h{_step(value, *limits)} ring" if value is not None else "f-trivial"
                pad.circle((x.at(at), y.at(up)), 3.4 if value is not None else 1.6, css=css)


def _named(pad: Drawing, chart: Chart, scales: tuple[Scale, Scale], lang: Lang) -> None:
    x, y = scales
    taken: list[tuple[float, float, float]] = []
    for mark in chart.marks:
        at = (x.at(mark.at), y.at(mark.y))
        css = colour(mark.role)
        if mark.role == "bad":
            pad.cross(at, 5, css="line l-bad thick")
        else:
            pad.circle(at, 6, css=f"hollow l-{css}")
        name = lettering.clip(text_of(mark.name, lang), 120, SIZE)
        wide = lettering.width(name, SIZE)
        left = at[0] + 10 if at[0] + 10 + wide < pad.width else at[0] - 10 - wide
        if all(abs(at[1] - o[1]) > 14 or left > o[2] or left + wide < o[0] for o in taken):
            pad.text((left, at[1] + 4), name, css="b")
            taken.append((left, at[1], left + wide))


def draw_stack(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    """One bar a plan, cut into its items; each item's amount stands in the legend and table."""
    entries = [
        Entry(_item(chart, i, lang), colour(s.role, i), "bar") for i, s in enumerate(chart.series)
    ]
    head = legend_height(entries, chart, room=width, lang=lang)
    names = [text_of(c, lang) for c in chart.x.categories]
    gutter = Gutter.of(names, width, share=0.28) if len(names) > 1 else Gutter(False, 0.0)
    block = 52.0 if gutter.above else 40.0
    pad = Drawing(width, head + 22 + len(names) * block)
    legend(pad, entries, chart, room=width, lang=lang)
    pad.text((0, head + 12), lettering.clip(axis_name(chart.y, lang), width, SIZE), css="m")
    totals = [sum(s.y[i] or 0.0 for s in chart.series) for i in range(len(names))]
    texts = [number.exact(t) for t in totals]
    right = max(lettering.width(t, SIZE) for t in texts) + 12
    scale = Scale(0.0, max(*totals, 1e-12), start=gutter.left, stop=width - right)
    for i, name in enumerate(names):
        y = head + 24 + i * block + (20 if gutter.above else 4)
        if len(names) > 1:
            gutter.label(pad, name, y + (10 if gutter.above else 13))
        _stacked(pad, chart, i, scale=scale, y=y)
        pad.text((scale.at(totals[i]) + 7, y + 18), texts[i], css="b")
    return pad


def _item(chart: Chart, index: int, lang: Lang) -> str:
    series = chart.series[index]
    name = text_of(series.name, lang)
    if len(series.y) != 1 or series.y[0] is None:
        return name
    return f"{name} {number.exact(series.y[0], digits=3)}"


def _stacked(pad: Drawing, chart: Chart, index: int, *, scale: Scale, y: float) -> None:
    total = 0.0
    for j, series in enumerate(chart.series):
        value = series.y[index] or 0.0
        start, end = scale.at(total), scale.at(total + value)
        total += value
        pad.rect((start, y), (max(end - start - 1, 0.5), 26), css=f"f-{colour(series.role, j)}")
        text = number.exact(value, digits=3)
        if lettering.width(text, 11) + 8 < end - start:
            pad.text(((start + end) / 2, y + 17), text, css="sm on", anchor="middle")
