"""The headline tile: one figure large, and the figures that it has to be read against."""

from __future__ import annotations

from qianhang.charts import lettering, number
from qianhang.charts.chart import Chart, Series
from qianhang.charts.drawing import Drawing
from qianhang.charts.furniture import SIZE, colour, legend, legend_height, text_of
from qianhang.charts.scale import Scale
from qianhang.core.manifest import Words
from qianhang.core.words import Lang

__all__ = ["draw"]

_ROW = 24.0


def draw(chart: Chart, *, lang: Lang, width: float) -> Drawing:
    """The figure, its verdict, then a bar each for ours, the baselines and the published best."""
    head = legend_height([], chart, room=width, lang=lang)
    others = [s for s in chart.series if s.y and s.y[0] is not None]
    bars = others if len(others) > 1 else []
    said = dict.fromkeys((m.name, m.role) for m in chart.marks)
    lines = [(line, tone) for name, tone in said for line in _wrapped(name, lang, width)]
    pad = Drawing(width, head + 46 + 20 * len(lines) + (len(bars) * _ROW + 10 if bars else 4))
    legend(pad, [], chart, room=width, lang=lang)
    own = chart.series[0].y[0] if chart.series else None
    text = number.amount(own, chart.y.unit, lang=lang) if own is not None else "–"
    pad.text((0, head + 32), text, css="big f-ours")
    y = head + 54
    for line, tone in lines:
        pad.text((0, y), line, css=f"b f-{colour(tone)}")
        y += 20
    if bars:
        _bars(pad, chart, bars, top=y - 4, lang=lang)
    return pad


def _wrapped(name: Words, lang: Lang, width: float) -> tuple[str, ...]:
    return lettering.wrap(text_of(name, lang), width, SIZE, lines=3)


def _bars(pad: Drawing, chart: Chart, bars: list[Series], *, top: float, lang: Lang) -> None:
    names = [text_of(s.name, lang) for s in bars]
    values = [s.y[0] or 0.0 for s in bars]
    limits = [m.at for m in chart.marks if m.kind == "horizontal"]
    texts = [number.exact(v) for v in values]
    left = min(max(lettering.width(n, SIZE) for n in names) + 12, pad.width * 0.42)
    right = max(lettering.width(t, SIZE) for t in texts) + 10
    low, high = min(*values, *limits, 0.0), max(*values, *limits, 0.0)
    start = left + (right if low < 0 else 0)
    scale = Scale(low, high if high > low else low + 1, start=start, stop=pad.width - right)
    for limit in limits:
        x = scale.at(limit)
        pad.line((x, top - 2), (x, top + len(bars) * _ROW - 4), css="line l-limit dash thin")
    for i, (name, value) in enumerate(zip(names, values, strict=True)):
        y = top + i * _ROW
        css = colour(bars[i].role, i)
        pad.text((left - 10, y + 13), lettering.clip(name, left - 10, SIZE), css="m", anchor="end")
        pad.rect(
            (scale.at(0), y + 2), (scale.at(value) - scale.at(0), 14), css=f"f-{css}", round_=2
        )
        if value < 0:
            pad.text((scale.at(value) - 6, y + 13), texts[i], css="v", anchor="end")
        else:
            pad.text((scale.at(value) + 6, y + 13), texts[i], css="v")
