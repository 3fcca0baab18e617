"""Widgets of how good it is: headline, bars, calibration, decision curve, subgroups."""

from __future__ import annotations

import pandas as pd
from pandas.api import types

from qianhang.charts import number
from qianhang.charts.chart import (
    Axis,
    Band,
    Chart,
    Mark,
    Number,
    Role,
    Row,
    Series,
    Setting,
    named,
    plain,
)
from qianhang.charts.widgets.columns import (
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
from qianhang.core.words import LANGUAGES, Lang, say

__all__ = ["bars", "calibration", "decision", "forest", "kpi"]

_SIDES: tuple[Role, ...] = ("trivial", "practice", "published")
_MOST = 40


def kpi(frame: pd.DataFrame, setting: Setting) -> Chart:
    """One figure beside its baselines, the published best and its bar.

    frame : one row with value, and trivial, practice, published, at_most, at_least, met, unit
    """
    rows = flat(frame)
    own = need(rows, setting, "value", "ours")
    unit = texts(rows["unit"])[0] if "unit" in rows.columns else setting.unit
    series = [Series(named("word.ours"), (0.0,), numbers(rows[own])[:1], "ours", "bar")]
    for side in _SIDES:
        if side in rows.columns:
            value = numbers(rows[side])[:1]
            series.append(Series(setting.words(side, "word"), (0.0,), value, side, "bar"))
    return Chart(
        "kpi",
        setting.heading(),
        x=Axis(named("word.metric"), kind="category", categories=(setting.heading(),)),
        y=Axis(setting.heading(), "" if unit == "–" else unit),
        table=table_of(rows, setting),
        series=tuple(series),
        marks=_limits(rows, "" if unit == "–" else unit),
        source=setting.source,
        stamps=setting.stamps,
    )


def _limits(rows: pd.DataFrame, unit: str) -> tuple[Mark, ...]:
    """A line for each side of the bar, all with the same words: the bar and whether it is met."""
    met = bool(rows["met"].iloc[0]) if "met" in rows.columns else None
    low, high = (
        numbers(rows[side])[0] if side in rows.columns else None for side in ("at_least", "at_most")
    )
    if low is None and high is None:
        return ()
    words = Words(*(_verdict(low, high, unit=unit, met=met, lang=k) for k in LANGUAGES))
    tone: Role = "limit" if met is None else "good" if met else "bad"
    return tuple(Mark("horizontal", words, at=v, role=tone) for v in (low, high) if v is not None)


def _verdict(low: Number, high: Number, *, unit: str, met: bool | None, lang: Lang) -> str:
    least, most = (
        None if v is None else number.amount(v, unit, lang=lang, digits=4) for v in (low, high)
    )
    if least and most:
        text = say("report.between", lang=lang, low=least, high=most)
    else:
        text = say(f"report.{'at_least' if least else 'at_most'}", lang=lang, value=least or most)
    if met is None:
        return text
    sign, key = ("✓ ", "report.met") if met else ("✗ ", "report.unmet")
    return sign + text + say("word.colon", lang=lang) + say(key, lang=lang)


def bars(frame: pd.DataFrame, setting: Setting) -> Chart:
    """A group of bars for each metric, fold or name; metrics keep their own scale and unit."""
    rows = flat(frame)
    label = find(rows, "metric", "fold", "name", "item", "group", "feature") or _first_text(rows)
    part = rows.head(_MOST)
    values = [n for n in numeric(part, but=(label, "n")) if part[n].notna().any()]
    if "ours" in values:
        # A score of ours against the others has another unit; the number table keeps it.
        values = [n for n in values if role(n) != "other"]
    keys = texts(part[label]) if label else tuple(str(i + 1) for i in range(len(part)))
    section = "metric" if label == "metric" else "column"
    at = tuple(float(i) for i in range(len(part)))
    series = tuple(
        Series(setting.words(n, "word"), at, numbers(part[n]), role(n), "bar") for n in values
    )
    units: tuple[str, ...] = ()
    if label == "metric":
        given = texts(part["unit"]) if "unit" in part.columns else keys
        units = tuple(u if "unit" in part.columns else setting.unit_of(u) for u in given)
        units = tuple("" if u == "–" else u for u in units)
    name = setting.words(values[0] if len(values) == 1 else "value", "chart")
    unit = setting.unit or next((u for n in values if (u := setting.unit_of(n))), "")
    categories = tuple(setting.words(k, section) for k in keys)
    return Chart(
        "bars",
        setting.heading(),
        x=Axis(setting.words(label or "name"), kind="category", categories=categories),
        y=Axis(name, unit),
        table=table_of(rows, setting),
        series=series,
        units=units,
        source=setting.source,
        stamps=setting.stamps,
    )


def _first_text(frame: pd.DataFrame) -> str | None:
    return next((c for c in frame.columns if not types.is_numeric_dtype(frame[c])), None)


def calibration(frame: pd.DataFrame, setting: Setting) -> Chart:
    """Observed against predicted probability with intervals, and the diagonal of a perfect model.

    frame : predicted, observed in 0..1; low, high, n, group where known
    """
    rows = flat(frame)
    across = need(rows, setting, "predicted", "expected", "mean_predicted", "p")
    up = need(rows, setting, "observed", "event_rate", "rate")
    group = find(rows, "group", "model", "method")
    keys = texts(rows[group]) if group else ("ours",) * len(rows)
    series, bands = [], []
    for key in dict.fromkeys(keys):
        part = rows[[k == key for k in keys]]
        words = setting.words(key, "word")
        x = tuple(v or 0.0 for v in numbers(part[across]))
        series.append(Series(words, x, numbers(part[up]), role(key)))
        if "low" in part.columns and "high" in part.columns:
            ends = (numbers(part["low"]), numbers(part["high"]))
            bands.append(Band(words, x, *ends, role=role(key), shape="whisker"))
    return Chart(
        "calibration",
        setting.heading(),
        x=Axis(named("chart.predicted"), setting.unit_of(across)),
        y=Axis(named("chart.observed"), setting.unit_of(up)),
        table=table_of(rows, setting),
        series=tuple(series),
        bands=tuple(bands),
        marks=(Mark("diagonal", named("chart.perfect"), role="trivial"),),
        source=setting.source,
        stamps=setting.stamps,
    )


def decision(frame: pd.DataFrame, setting: Setting) -> Chart:
    """Net benefit over threshold probabilities, against treating all and treating none.

    frame : threshold in 0..1 and a column of net benefit for each strategy
    """
    rows = flat(frame)
    along = need(rows, setting, "threshold", "pt", "probability")
    x = tuple(v or 0.0 for v in numbers(rows[along]))
    names = numeric(rows, but=(along, "n"))
    series = tuple(
        Series(setting.words(n, "word" if n == "ours" else "chart"), x, numbers(rows[n]), role(n))
        for n in names
    )
    if not any(n in ("treat_none", "none") for n in names):
        none = Series(named("chart.treat_none"), x, (0.0,) * len(x), "actual")
        series = (*series, none)
    best = max((v for s in series if s.role != "trivial" for v in s.y if v is not None), default=0)
    low = min((v for s in series if s.role == "ours" for v in s.y if v is not None), default=0)
    return Chart(
        "decision",
        setting.heading(),
        x=Axis(named("chart.threshold_probability"), setting.unit_of(along)),
        # Treat-all falls without end; the axis stops where the strategies that matter do.
        y=Axis(named("chart.net_benefit"), low=min(low, -0.25 * best), high=best * 1.15 or 1.0),
        table=table_of(rows, setting),
        series=series,
        source=setting.source,
        stamps=setting.stamps,
    )


def forest(frame: pd.DataFrame, setting: Setting) -> Chart:
    """A value with its interval for each subgroup; ratios on a log axis around 1.

    frame : group (and subgroup), value (or oe, ratio), low, high, n
    """
    rows = flat(frame).head(_MOST)
    value = need(rows, setting, "oe", "ratio", "value", "ours", "score", "estimate")
    low = find(rows, f"{value}_low", "low", "lower")
    high = find(rows, f"{value}_high", "high", "upper")
    names = [c for c in ("group", "subgroup", "name", "level") if c in rows.columns]
    label = [_named(setting, parts) for parts in zip(*(texts(rows[c]) for c in names), strict=True)]
    count = find(rows, "n", "count", "events")
    empty = (None,) * len(rows)
    found = zip(
        label or [plain(str(i + 1)) for i in range(len(rows))],
        numbers(rows[value]),
        numbers(rows[low]) if low else empty,
        numbers(rows[high]) if high else empty,
        numbers(rows[count]) if count else empty,
        strict=True,
    )
    ratio = value in ("oe", "ratio")
    words = named("chart.ratio") if ratio else setting.words(value)
    lines = tuple(Row(name, at, low=a, high=b, size=n) for name, at, a, b, n in found)
    return Chart(
        "forest",
        setting.heading(),
        x=Axis(words, setting.unit_of(value, setting.unit), kind="log" if ratio else "number"),
        y=Axis(named("chart.group"), kind="category"),
        table=table_of(frame, setting),
        rows=lines,
        marks=(Mark("vertical", named("chart.no_effect"), at=1.0, role="trivial"),)
        if ratio
        else (),
        source=setting.source,
        stamps=setting.stamps,
    )


def _named(setting: Setting, parts: tuple[str, ...]) -> Words:
    words = [setting.words(part) for part in dict.fromkeys(parts)]
    return Words(" · ".join(w.zh for w in words), " · ".join(w.en for w in words))
