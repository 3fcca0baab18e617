"""Charts in rows: bars by metric, dots by fold, forests of subgroups."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from qianhang.charts import lettering, number
from qianhang.charts.chart import Chart, Number, Row, Series
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
    text_of,
)
from qianhang.charts.scale import Scale
from qianhang.core.words import Lang, say

__all__ = ["draw_bars", "draw_forest"]

_BAR = 15.0
_MANY = 6  # above this many categories a bar each is too tall: dots on one axis instead


@dataclass(frozen=True, slots=True)
class Gutter:
    """Where row labels stand: in a column on the left, or above their row on a narrow page."""

    above: bool
    left: float

    @staticmethod
    def of(
        names: Sequence[str], width: float, *, share: float = 0.34, column: bool = False
    ) -> Gutter:
        """The gutter that these names need."""
        if width < NARROW and not column:
            return Gutter(True, 0.0)
        need = max((lettering.width(n, SIZE) for n in names), default=0.0) + 14
        return Gutter(False, min(need, width * share))

    def label(self, pad: Drawing, name: str, y: float, *, css: str = "") -> None:
        """The row's name beside the row centred at y, on two lines where it is long."""
        if self.above:
            pad.text((0, y - 14), lettering.clip(name, pad.width, SIZE), css=css)
            return
        lines = lettering.wrap(name, self.left - 12, SIZE)
        for i, line in enumerate(lines):
            at = y + 4 + (i - (len(lines) - 1) / 2) * 14
            pad.text((self.left - 10, at), line, css=css, anchor="end")


def draw_bars(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    """Bars in groups, each with its value written out; dots on rows where there are many."""
    if len(chart.x.categories) > _MANY and len(chart.series) > 1:
        return _dots(chart, lang=lang, width=width)
    entries = _entries(chart, lang) if len(chart.series) > 1 or chart.marks else []
    head = legend_height(entries, chart, room=width, lang=lang)
    names = [_category(chart, i, lang) for i in range(len(chart.x.categories))]
    gutter = Gutter.of(names, width)
    extra = 26 if gutter.above else 12
    blocks = [max(len(_present(chart, i)), 1) * (_BAR + 3) + extra for i in range(len(names))]
    pad = Drawing(width, head + 22 + sum(blocks))
    legend(pad, entries, chart, room=width, lang=lang)
    shown = axis_name(chart.y, lang) if not chart.units else text_of(chart.y.name, lang)
    pad.text((0, head + 12), lettering.clip(shown, width, SIZE), css="m")
    shared = [v for s in chart.series for v in s.y]
    y = head + 22
    for i, (name, block) in enumerate(zip(names, blocks, strict=True)):
        values = [s.y[i] for s in chart.series] if chart.units else shared
        gutter.label(pad, name, y + (22 if gutter.above else block / 2 - 4), css="b")
        first = y + (20 if gutter.above else 2)
        _block(pad, chart, i, values=values, at=(gutter.left, first))
        y += block
    return pad


def _present(chart: Chart, index: int) -> list[Series]:
    return [s for s in chart.series if s.role != "limit" and s.y[index] is not None]


def _category(chart: Chart, index: int, lang: Lang) -> str:
    name = text_of(chart.x.categories[index], lang)
    unit = number.unit(chart.units[index], lang=lang) if chart.units else ""
    return say("chart.axis", lang=lang, name=name, unit=unit) if unit else name


def _block(
    pad: Drawing, chart: Chart, index: int, *, values: Sequence[Number], at: tuple[float, float]
) -> None:
    left, top = at
    known = [v for v in values if v is not None]
    texts = [number.exact(v, digits=3) for v in known]
    room = max((lettering.width(t, SIZE) for t in texts), default=0.0) + 12
    low, high = min([*known, 0.0]), max([*known, 0.0])
    start = left + (room if low < 0 else 0)
    scale = Scale(low, high if high > low else low + 1, start=start, stop=pad.width - room)
    bars = _present(chart, index)
    for series in chart.series:
        limit = series.y[index]
        if series.role == "limit" and limit is not None:
            x, bottom = scale.at(limit), top + max(len(bars), 1) * (_BAR + 3)
            pad.line((x, top - 3), (x, bottom), css="line l-limit dash thin")
    if not bars:
        pad.text((scale.at(0) + 6, top + 12), "–", css="m")
    for j, series in enumerate(bars):
        value = series.y[index] or 0.0
        css = colour(series.role, chart.series.index(series))
        _bar(pad, scale, value, y=top + j * (_BAR + 3), css=css)


def _bar(pad: Drawing, scale: Scale, value: float, *, y: float, css: str) -> None:
    zero, end = scale.at(0), scale.at(value)
    pad.rect((zero, y), (end - zero or 1.0, _BAR), css=f"f-{css}", round_=2)
    side = "end" if value < 0 else "start"
    pad.text(
        (end + (-6 if value < 0 else 6), y + 12),
        number.exact(value, digits=3),
        css="v",
        anchor=side,
    )


def _entries(chart: Chart, lang: Lang) -> list[Entry]:
    return [
        Entry(
            text_of(s.name, lang),
            colour(s.role, i),
            "limit" if s.role == "limit" else s.shape,
            "dash thin" if s.role == "limit" else "",
        )
        for i, s in enumerate(chart.series)
    ]


def _dots(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    entries = [
        Entry(e.name, e.colour, "limit" if e.shape == "limit" else "dot", e.dash)
        for e in _entries(chart, lang)
    ]
    head = legend_height(entries, chart, room=width, lang=lang)
    names = [text_of(c, lang) for c in chart.x.categories]
    need = max(lettering.width(n, SIZE) for n in names) + 14
    left = min(need, width * 0.4)
    step = 20.0
    top = head + 8
    bottom = top + len(names) * step
    pad = Drawing(width, bottom + 42)
    legend(pad, entries, chart, room=width, lang=lang)
    low, high = span(chart.y, [v for s in chart.series for v in s.y])
    scale = Scale(low, high, start=left + 6, stop=width - 8)
    bottom_axis(pad, chart.y, scale, box=(top, bottom), lang=lang)
    for i, name in enumerate(names):
        y = top + (i + 0.5) * step
        pad.text((left - 6, y + 4), lettering.clip(name, left - 8, SIZE), css="m", anchor="end")
        known = [s.y[i] for s in chart.series if s.y[i] is not None and s.role != "limit"]
        if known:
            ends = [scale.at(v) for v in known if v is not None]
            pad.line((min(ends), y), (max(ends), y), css="a")
        for j, series in reversed(list(enumerate(chart.series))):
            _dot(pad, series, scale, at=(i, j), y=y)
    return pad


def _dot(pad: Drawing, series: Series, scale: Scale, *, at: tuple[int, int], y: float) -> None:
    value = series.y[at[0]]
    if value is None:
        return
    if series.role == "limit":
        x = scale.at(value)
        pad.line((x, y - 9), (x, y + 9), css="line l-limit thin")
    else:
        name = colour(series.role, at[1])
        pad.circle((scale.at(value), y), 4.5, css=f"f-{name} halo")


def draw_forest(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    """A value with its interval on each row, the numbers written out on the right."""
    head = legend_height([], chart, room=width, lang=lang)
    names = [text_of(r.name, lang) for r in chart.rows]
    gutter = Gutter.of(names, width)
    texts = [_interval(r) for r in chart.rows]
    right = 0.0 if gutter.above else max(lettering.width(t, SIZE) for t in texts) + 14
    step = 40.0 if gutter.above else 24.0
    top = head + 6
    bottom = top + len(names) * step
    pad = Drawing(width, bottom + 42)
    legend(pad, [], chart, room=width, lang=lang)
    known = [v for r in chart.rows for v in (r.value, r.low, r.high)] + [m.at for m in chart.marks]
    low, high = span(chart.x, known)
    edge = 10 if gutter.above else gutter.left
    scale = Scale(low, high, start=edge, stop=width - max(right, 10), log=chart.x.kind == "log")
    bottom_axis(pad, chart.x, scale, box=(top, bottom), lang=lang)
    for mark in chart.marks:
        x = scale.at(mark.at)
        pad.line((x, top), (x, bottom), css=f"line l-{colour(mark.role)} dash thin")
    for i, row in enumerate(chart.rows):
        y = top + (i + 0.5) * step + (8 if gutter.above else 0)
        _forest_row(pad, row, scale, gutter=gutter, y=y, texts=(names[i], texts[i]))
    return pad


def _forest_row(
    pad: Drawing, row: Row, scale: Scale, *, gutter: Gutter, y: float, texts: tuple[str, str]
) -> None:
    name, value = texts
    if gutter.above:
        room = pad.width - lettering.width(value, SIZE) - 10
        pad.text((0, y - 14), lettering.clip(name, room, SIZE), css="b" if row.head else "")
        pad.text((pad.width, y - 14), value, css="m", anchor="end")
    else:
        gutter.label(pad, name, y, css="b" if row.head else "")
        pad.text((pad.width, y + 4), value, css="m", anchor="end")
    if row.value is None:
        return
    if row.low is not None and row.high is not None:
        pad.line((scale.at(row.low), y), (scale.at(row.high), y), css="line l-ours")
        for end in (row.low, row.high):
            if scale.holds(end):
                pad.line((scale.at(end), y - 4), (scale.at(end), y + 4), css="line l-ours")
    pad.rect((scale.at(row.value) - 4, y - 4), (8, 8), css="f-ours", round_=1)


def _interval(row: Row) -> str:
    if row.value is None:
        return "–"
    text = number.fixed(row.value)
    if row.low is not None and row.high is not None:
        text += f" ({number.fixed(row.low)}–{number.fixed(row.high)})"
    return text
