"""What stands around a plot: legend, stamps, axis names, grid and tick labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from qianhang.charts import lettering, number
from qianhang.charts.chart import Axis, Chart, Role
from qianhang.charts.drawing import Drawing
from qianhang.charts.scale import Scale, Tick, fit, ticks
from qianhang.core.manifest import Words
from qianhang.core.names import called
from qianhang.core.words import Lang, say

__all__ = [
    "NARROW",
    "SIZE",
    "Entry",
    "axis_name",
    "bottom_axis",
    "colour",
    "legend",
    "legend_height",
    "span",
    "stroke",
    "text_of",
]

SIZE = 12.0
NARROW = 480
_ROW = 20.0
_SWATCH = 26.0
Shape = Literal[
    "line", "step", "dot", "bar", "area", "whisker", "cross", "hollow", "limit", "stamp"
]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a legend: the word, and how its swatch is drawn."""

    name: str
    colour: str
    shape: Shape
    dash: str = ""


def text_of(words: Words | str, lang: Lang) -> str:
    """The words in one language; a text is itself in both."""
    if isinstance(words, str):
        return words
    return words.zh if lang == "zh" else words.en


def colour(role: Role, index: int = 0) -> str:
    """The palette's name for a role; things without a role take turns."""
    return f"s{index % 8}" if role == "other" else role


def stroke(role: Role) -> str:
    """Dash and weight of a role's line, so that it is told apart without colour."""
    return {
        "ours": "thick",
        "trivial": "dash",
        "practice": "thin",
        "published": "dots",
        "limit": "dash thin",
        "actual": "thin",
    }.get(role, "")


def axis_name(axis: Axis, lang: Lang, *, scale: Scale | None = None) -> str:
    """The axis's name with its unit; for a time axis with the years shown and the zone."""
    name = text_of(axis.name, lang)
    unit = number.unit(axis.unit, lang=lang)
    if axis.kind == "time":
        years = number.years(scale.low, scale.high, axis.zone, lang=lang) if scale else ""
        zone = called(axis.zone, "zonename", lang=lang) or axis.zone
        unit = say("word.list_comma", lang=lang).join(p for p in (years, zone) if p)
    return say("chart.axis", lang=lang, name=name, unit=unit) if unit else name


def _placed(entries: Sequence[Entry], room: float) -> Iterable[tuple[Entry, str, float, int]]:
    x, row = 0.0, 0
    for entry in entries:
        name = lettering.clip(entry.name, room - _SWATCH, SIZE)
        swatch = -8.0 if entry.shape == "stamp" else _SWATCH
        wide = swatch + lettering.width(name, SIZE) + 28
        if x > 0 and x + wide - 28 > room:
            x, row = 0.0, row + 1
        yield entry, name, x, row
        x += wide


def _entries(entries: Sequence[Entry], chart: Chart, lang: Lang) -> list[Entry]:
    stamps = [Entry(text_of(s, lang), "warn", "stamp") for s in chart.stamps]
    return [*stamps, *entries]


def legend_height(entries: Sequence[Entry], chart: Chart, *, room: float, lang: Lang) -> float:
    """Height that the legend takes, 0 where there is nothing to say."""
    rows = [row for *_, row in _placed(_entries(entries, chart, lang), room)]
    return (max(rows) + 1) * _ROW + 6 if rows else 0.0


def legend(
    pad: Drawing, entries: Sequence[Entry], chart: Chart, *, room: float, lang: Lang
) -> None:
    """Stamps and legend from the top left corner, wrapped to `room`."""
    for entry, name, x, row in _placed(_entries(entries, chart, lang), room):
        y = row * _ROW + 14
        if entry.shape == "stamp":
            wide = lettering.width(name, SIZE) + 14
            pad.rect((x + 1, y - 12.5), (wide, 17), css="stamp", round_=8.5)
            pad.text((x + 1 + wide / 2, y), name, css="sm b f-warn", anchor="middle")
            continue
        _swatch(pad, entry, x, y - 4)
        pad.text((x + _SWATCH, y), name, css="m")


def _swatch(pad: Drawing, entry: Entry, x: float, y: float) -> None:
    fill, line = f"f-{entry.colour}", f"l-{entry.colour}"
    if entry.shape in ("line", "step", "limit"):
        pad.line((x, y), (x + 20, y), css=f"line {line} {entry.dash}".strip())
    elif entry.shape == "area":
        pad.rect((x, y - 6), (20, 12), css=f"area {fill}", round_=2)
    elif entry.shape == "bar":
        pad.rect((x + 3, y - 5), (14, 10), css=fill, round_=2)
    elif entry.shape == "cross":
        pad.cross((x + 10, y), 4.5, css=f"line {line} thick")
    elif entry.shape == "hollow":
        pad.circle((x + 10, y), 5, css=f"hollow {line}")
    elif entry.shape == "whisker":
        pad.line((x + 1, y), (x + 19, y), css=f"line {line} thin")
        pad.circle((x + 10, y), 3.5, css=fill)
    else:
        pad.circle((x + 10, y), 4.5, css=fill)


def span(axis: Axis, values: Iterable[float | None], *, zero: bool = False) -> tuple[float, float]:
    """The range that an axis shows: its own limits, else the data's, widened to round ends."""
    known = [v for v in values if v is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if axis.kind == "number":
        low, high = fit(low, high, zero=zero)
    elif axis.kind == "log":
        low, high = low / 1.08, high * 1.08
    low = axis.low if axis.low is not None else low
    high = axis.high if axis.high is not None else high
    return (low, high) if low < high else (low, low + 1)


def bottom_axis(
    pad: Drawing, axis: Axis, scale: Scale, *, box: tuple[float, float], lang: Lang
) -> None:
    """Vertical grid, tick labels that never touch, and the axis's name under them.

    box : top and bottom pixel of the plot
    """
    top, bottom = box
    wide = abs(scale.stop - scale.start)
    kind = "number" if axis.kind == "category" else axis.kind
    count = max(2, int(wide / 78))
    marks = ticks(scale, kind, count=count, lang=lang, zone=axis.zone, whole=axis.whole)
    for tick in marks:
        x = scale.at(tick.value)
        pad.line((x, top), (x, bottom), css="a" if tick.strong else "g")
    for tick, x in _apart(marks, scale, pad.width):
        css = "b" if tick.strong else "m"
        pad.text((x, bottom + 17), tick.label, css=css, anchor="middle")
    name = lettering.clip(axis_name(axis, lang, scale=scale), pad.width, SIZE)
    pad.text((scale.stop, bottom + 36), name, css="m", anchor="end")


def _apart(marks: Sequence[Tick], scale: Scale, width: float) -> list[tuple[Tick, float]]:
    kept: list[tuple[Tick, float, float]] = []
    for tick in sorted(marks, key=lambda t: (not t.strong, t.value)):
        half = lettering.width(tick.label, SIZE) / 2
        x = min(max(scale.at(tick.value), half), width - half)
        if all(abs(x - other) > half + its_half + 8 for _, other, its_half in kept):
            kept.append((tick, x, half))
    return [(tick, x) for tick, x, _ in kept]
