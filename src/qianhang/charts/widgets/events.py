"""Widgets of things that happen: alarms with their outcome, a statistic, jobs on machines."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from qianhang.charts.chart import (
    Axis,
    Chart,
    Mark,
    Number,
    Role,
    Series,
    Setting,
    Span,
    named,
    plain,
)
from qianhang.charts.widgets.columns import clock, find, flat, need, numbers, role, table_of, texts
from qianhang.core.manifest import Words

__all__ = ["gantt", "timeline"]

_MOST = 400
_PLACES = 30
# outcome as written by a trial -> (catalogue word, role, lane)
_OUTCOMES: dict[str, tuple[str, Role, int]] = {
    "event": ("event", "actual", 0),
    "leak": ("event", "actual", 0),
    "true": ("event", "actual", 0),
    "hit": ("hit", "good", 1),
    "true_alarm": ("hit", "good", 1),
    "true alarm": ("hit", "good", 1),
    "miss": ("miss", "warn", 0),
    "missed": ("miss", "warn", 0),
    "false_alarm": ("false_alarm", "bad", 1),
    "false alarm": ("false_alarm", "bad", 1),
    "false": ("false_alarm", "bad", 1),
    "alarm": ("alarm", "ours", 1),
    "repeated": ("repeated", "trivial", 1),
}


def timeline(frame: pd.DataFrame, setting: Setting) -> Chart:
    """Alarms as hits and false alarms under the true events, or a statistic and its threshold.

    frame : start, outcome, and end, place where known; or time, statistic, threshold
    """
    rows = flat(frame)
    if find(rows, "start", "detected") is None and find(rows, "statistic", "score", "value"):
        return _statistic(rows, setting)
    start = need(rows, setting, "start", "detected", "time")
    part = rows.head(_MOST)
    starts = numbers(part[start])
    end = find(part, "end")
    ends: tuple[Number, ...] = numbers(part[end]) if end else starts
    kinds = (
        texts(part[k]) if (k := find(part, "outcome", "kind", "hit")) else ("alarm",) * len(part)
    )
    labels = texts(part[p]) if (p := find(part, "place", "name", "link")) else ("",) * len(part)
    spans = [
        _span(kind, begin, stop, setting.value_words(label) or label)
        for kind, begin, stop, label in zip(kinds, starts, ends, labels, strict=True)
        if begin is not None
    ]
    lanes, placed = _lanes(sorted(spans, key=lambda s: (s.lane, s.start)))
    return Chart(
        "timeline",
        setting.heading(),
        x=clock(part, start, setting),
        y=Axis(named("chart.event"), kind="category", categories=lanes),
        table=table_of(rows, setting),
        spans=placed,
        source=setting.source,
        stamps=setting.stamps,
    )


def _span(kind: str, start: float, stop: Number, label: Words | str) -> Span:
    word, tone, lane = _OUTCOMES.get(kind.lower(), ("alarm", "ours", 1))
    # An alarm is the moment at which it was raised, however long it stayed on.
    end = stop if stop is not None and lane == 0 else start
    return Span(lane, start, max(end, start), named(f"chart.{word}"), tone, label)


def _lanes(spans: list[Span]) -> tuple[tuple[Words, ...], tuple[Span, ...]]:
    """A lane for each event with a place of its own, the alarms under them or on theirs."""
    events = [s for s in spans if s.lane == 0]
    places = list(dict.fromkeys(s.label for s in events if s.label not in ("", "–")))
    own = 1 < len(places) <= _PLACES
    said = [p if isinstance(p, Words) else plain(p) for p in places]
    names = said if own else [named("chart.event")] if events else []
    placed = []
    for span in spans:
        at = places.index(span.label) if own and span.label in places else len(names) - 1
        if span.lane == 1 and not (own and span.label in places):
            at = len(names)
        placed.append(replace(span, lane=at, label="" if own else span.label))
    if any(s.lane == len(names) for s in placed):
        names.append(named("chart.alarm"))
    return tuple(names), tuple(placed)


def _statistic(rows: pd.DataFrame, setting: Setting) -> Chart:
    value = need(rows, setting, "statistic", "score", "value")
    along = find(rows, "time") or str(rows.columns[0])
    x = tuple(v or 0.0 for v in numbers(rows[along]))
    y = numbers(rows[value])
    series = [Series(setting.words(value, "chart"), x, y, "ours")]
    if "threshold" in rows.columns:
        limit = numbers(rows["threshold"])
        series.append(Series(named("chart.threshold"), x, limit, "limit", "step"))
    flags = texts(rows["alarm"]) if "alarm" in rows.columns else ()
    marks = tuple(
        Mark("point", named("chart.alarm"), at=at, y=up, role="bad")
        for at, up, flag in zip(x, y, flags, strict=False)
        if flag in ("True", "1") and up is not None
    )
    return Chart(
        "timeline",
        setting.heading(),
        x=clock(rows, along, setting),
        y=Axis(setting.words(value, "chart"), setting.unit_of(value, setting.unit)),
        table=table_of(rows, setting),
        series=tuple(series),
        marks=marks[:40],
        source=setting.source,
        stamps=setting.stamps,
    )


def gantt(frame: pd.DataFrame, setting: Setting) -> Chart:
    """Jobs as stretches on lanes, a colour for each kind.

    frame : lane (or unit, machine, place), start, end, and kind, task where known
    """
    rows = flat(frame)
    start, end = need(rows, setting, "start", "begin"), need(rows, setting, "end", "stop", "finish")
    lane = need(rows, setting, "lane", "unit", "machine", "resource", "place", "name")
    part = rows.head(_MOST)
    keys = texts(part[lane])
    order = list(dict.fromkeys(keys))
    kinds = (
        texts(part[k]) if (k := find(part, "kind", "state", "product")) else ("task",) * len(part)
    )
    labels = texts(part[t]) if (t := find(part, "task", "job", "label")) else ("",) * len(part)
    told = setting.value_words
    spans = tuple(
        Span(order.index(key), a, b, _words(setting, kind), role(kind), told(label) or label)
        for key, a, b, kind, label in zip(
            keys, numbers(part[start]), numbers(part[end]), kinds, labels, strict=True
        )
        if a is not None and b is not None
    )
    axis = clock(part, start, setting)
    if axis.kind == "number" and spans:
        ends = min(s.start for s in spans), max(s.end for s in spans)
        axis = replace(axis, name=named("chart.time"), low=ends[0], high=ends[1])
    return Chart(
        "gantt",
        setting.heading(),
        x=axis,
        y=Axis(setting.words(lane), kind="category", categories=tuple(map(setting.words, order))),
        table=table_of(rows, setting),
        spans=spans,
        source=setting.source,
        stamps=setting.stamps,
    )


def _words(setting: Setting, kind: str) -> Words:
    return named("chart.task") if kind == "task" else setting.words(kind)
