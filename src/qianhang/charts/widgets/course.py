"""Widgets of things that run on: forecasts, lines, error by lead, one number against another."""

from __future__ import annotations

import pandas as pd
from pandas.api import types

from qianhang.charts.chart import Axis, Band, Chart, Mark, Series, Setting, named
from qianhang.charts.widgets.columns import (
    clock,
    find,
    flat,
    need,
    numbers,
    numeric,
    role,
    table_of,
    texts,
)
from qianhang.core.manifest import Words

__all__ = ["fan", "line", "scatter", "skill"]

_SHOWN = 336  # steps of a fan chart: a week of half-hours, two of hours
_LINES = 8
_POINTS = 3000


def _order(frame: pd.DataFrame) -> str:
    """The column that the frame runs along: a time, else a lead or step, else the first."""
    times = [c for c in frame.columns if types.is_datetime64_any_dtype(frame[c])]
    known = find(frame, "time", "lead", "step", "day", "hour", "x")
    return str(times[0] if times else known or frame.columns[0])


def _floats(frame: pd.DataFrame, column: str) -> tuple[float, ...]:
    return tuple(v if v is not None else 0.0 for v in numbers(frame[column]))


def fan(frame: pd.DataFrame, setting: Setting) -> Chart:
    """Median forecast in its 10-90% band against what came, over the last weeks.

    frame : rows in time order with p50, and p10, p90, actual, trivial, practice where known
    """
    whole = flat(frame)
    middle = need(whole, setting, "p50", "ours", "forecast", "prediction")
    part = whole.tail(_SHOWN)
    along = _order(part)
    x = _floats(part, along)
    series = []
    for name, word in (("trivial", ""), ("practice", ""), (middle, "chart.median"), ("actual", "")):
        if name in part.columns:
            words = named(word) if word else setting.words(name)
            series.append(Series(words, x, numbers(part[name]), role(name)))
    bands = []
    low, high = find(part, "p10", "low"), find(part, "p90", "high")
    if low and high:
        bands.append(Band(named("chart.band"), x, numbers(part[low]), numbers(part[high])))
    unit = setting.unit_of("p50", setting.unit)
    return Chart(
        "fan",
        setting.heading(),
        x=clock(part, along, setting),
        y=Axis(_target(setting), unit),
        table=table_of(whole if setting.whole else part, setting),
        series=tuple(series),
        bands=tuple(bands),
        source=setting.source,
        stamps=setting.stamps,
    )


def _target(setting: Setting) -> Words:
    target = next((n for n, c in setting.columns.items() if c.role == "target"), "value")
    return setting.words(target)


def line(frame: pd.DataFrame, setting: Setting) -> Chart:
    """Every number column as a line along time, or along the first column."""
    rows = flat(frame)
    along = _order(rows)
    x = _floats(rows.head(_POINTS), along)
    names = numeric(rows, but=(along, "n"))[:_LINES]
    part = rows.head(_POINTS)
    series = tuple(Series(setting.words(n), x, numbers(part[n]), role(n)) for n in names)
    unit = setting.unit or next((u for n in names if (u := setting.unit_of(n))), "")
    name = setting.words(names[0] if len(names) == 1 else "value", "chart")
    return Chart(
        "line",
        setting.heading(),
        x=clock(rows, along, setting),
        y=Axis(name, unit),
        table=table_of(rows, setting, alike=names),
        series=series,
        source=setting.source,
        stamps=setting.stamps,
    )


def skill(frame: pd.DataFrame, setting: Setting) -> Chart:
    """Error or skill by lead time, ours beside the baselines.

    frame : lead (or horizon, step, hour) and one number column for each method
    """
    rows = flat(frame)
    along = find(rows, "lead", "lead_h", "horizon", "step", "hour") or _order(rows)
    x = _floats(rows, along)
    names = numeric(rows, but=(along, "n"))[:_LINES]
    if "ours" in names:
        # Methods only: a skill score beside them has another unit; the number table keeps it.
        names = [n for n in names if role(n) != "other"]
    series = tuple(Series(setting.words(n, "word"), x, numbers(rows[n]), role(n)) for n in names)
    return Chart(
        "skill",
        setting.heading(),
        x=clock(rows, along, setting),
        y=Axis(setting.words("value" if len(names) > 1 else names[0], "chart"), setting.unit),
        table=table_of(rows, setting),
        series=series,
        source=setting.source,
        stamps=setting.stamps,
    )


def scatter(frame: pd.DataFrame, setting: Setting) -> Chart:
    """One number against another, a colour for each group; a diagonal for forecast and truth."""
    rows = flat(frame)
    across = find(rows, "predicted", "p50", "ours", "x") or numeric(rows)[0]
    up = find(rows, "actual", "observed", "y") or numeric(rows, but=(across,))[0]
    group = find(rows, "group", "kind", "fold")
    part = rows.head(_POINTS)
    keys = texts(part[group]) if group else ("",) * len(part)
    series = []
    for key in sorted(set(keys))[:_LINES]:
        chosen = part[[k == key for k in keys]]
        words = setting.words(key) if group else setting.words(up)
        pair = (_floats(chosen, across), numbers(chosen[up]))
        series.append(Series(words, *pair, role="other" if group else "ours", shape="dot"))
    both = role(across) == "ours" and role(up) == "actual"
    return Chart(
        "scatter",
        setting.heading(),
        x=Axis(setting.words(across), setting.unit_of(across, setting.unit)),
        y=Axis(setting.words(up), setting.unit_of(up, setting.unit)),
        table=table_of(rows, setting),
        series=tuple(series),
        marks=(Mark("diagonal", named("chart.perfect"), role="trivial"),) if both else (),
        source=setting.source,
        stamps=setting.stamps,
    )
