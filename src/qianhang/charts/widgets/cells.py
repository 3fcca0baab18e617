"""Widgets of places and parts: a network, a heat map, the composition of a plan, a plain table."""

from __future__ import annotations

from typing import Any

import pandas as pd

from qianhang.charts.chart import Axis, Chart, Link, Mark, Series, Setting, named, plain
from qianhang.charts.widgets.columns import (
    find,
    flat,
    need,
    numbers,
    numeric,
    table_of,
    texts,
)

__all__ = ["heat", "network", "stack", "table"]

_ITEMS = 8  # parts of a stack that get a colour of their own; the rest is one part
_CELLS = 60


def network(frame: pd.DataFrame, setting: Setting) -> Chart:
    """Nodes and links at their coordinates, coloured by value; marked rows are named.

    frame : a row each, with x, y (and x2, y2 for a link), value, name, mark (a word, or true for
        the row's own name), kind where known
    """
    rows = flat(frame)
    x, y = need(rows, setting, "x", "x0", "x1"), need(rows, setting, "y", "y0", "y1")
    x2 = find(rows, *(n for n in ("x2", "x1") if n != x))
    y2 = find(rows, *(n for n in ("y2", "y1") if n != y))
    is_link = rows[x2].notna() if x2 else pd.Series(False, index=rows.index)
    value = find(rows, "value", "flow", "pressure", "score")
    links, nodes = rows[is_link], rows[~is_link]
    drawn: tuple[Link, ...] = ()
    if x2 and y2:
        ends = (numbers(links[c]) for c in (x, y, x2, y2))
        amounts = numbers(links[value]) if value else (None,) * len(links)
        drawn = tuple(
            Link(a, b, c, d, v)
            for a, b, c, d, v in zip(*ends, amounts, strict=True)
            if a is not None and b is not None and c is not None and d is not None
        )
    points = tuple(v or 0.0 for v in numbers(nodes[x]))
    unit = setting.unit_of(value or "value", setting.unit)
    return Chart(
        "network",
        setting.heading(),
        x=Axis(named("chart.easting"), setting.unit_of(x, "m")),
        y=Axis(named("chart.northing"), setting.unit_of(y, "m")),
        table=table_of(rows, setting),
        series=(Series(setting.words(value or "node"), points, numbers(nodes[y]), shape="dot"),),
        links=drawn,
        marks=_named(rows, (x, y, x2, y2)),
        matrix=(numbers(nodes[value]),) if value and len(nodes) else (),
        units=(unit,),
        source=setting.source,
        stamps=setting.stamps,
    )


def _named(
    rows: pd.DataFrame, columns: tuple[str, str, str | None, str | None]
) -> tuple[Mark, ...]:
    if "mark" not in rows.columns:
        return ()
    x, y, x2, y2 = columns
    marks = []
    for _, row in rows[rows["mark"].map(_is_marked)].iterrows():
        at, up = row[x], row[y]
        if x2 and y2 and pd.notna(row[x2]):
            at, up = (at + row[x2]) / 2, (up + row[y2]) / 2
        words = str(row.get("name", "") if str(row["mark"]) == "True" else row["mark"])
        known = words in ("hit", "miss", "false_alarm", "event", "alarm")
        tone = {"hit": "good", "miss": "warn", "false_alarm": "bad"}.get(words, "limit")
        shown = named(f"chart.{words}") if known else plain(words)
        marks.append(Mark("point", shown, at=float(at), y=float(up), role=tone))  # type: ignore[arg-type]  # the tones above are roles
    return tuple(marks)


def _is_marked(value: Any) -> bool:
    return bool(pd.notna(value)) and str(value) not in ("", "False")


def heat(frame: pd.DataFrame, setting: Setting) -> Chart:
    """A matrix of cells: rows by columns, or long rows with row, column and value."""
    rows = flat(frame)
    if {"row", "column", "value"} <= set(rows.columns):
        rows = rows.pivot_table(index="row", columns="column", values="value", sort=False)
        rows = rows.reset_index()
    label = str(rows.columns[0])
    part = rows.head(_CELLS)
    values = numeric(part, but=(label,))
    columns = tuple(setting.words(str(c)) for c in values)
    return Chart(
        "heat",
        setting.heading(),
        x=Axis(setting.words("column"), kind="category", categories=columns),
        y=Axis(setting.words(label), setting.unit_of(label), "category",
               categories=tuple(plain(t) for t in texts(part[label]))),
        table=table_of(rows, setting),
        matrix=tuple(zip(*(numbers(part[c]) for c in values), strict=True)),
        units=(setting.unit_of("value", setting.unit),),
        source=setting.source,
        stamps=setting.stamps,
    )  # fmt: skip


def stack(frame: pd.DataFrame, setting: Setting) -> Chart:
    """What a plan is made of, largest part first; one bar for each plan.

    frame : item and amount (or cost, share), and plan where several are compared
    """
    rows = flat(frame)
    value = find(rows, "amount", "cost", "share", "value") or numeric(rows)[0]
    item = need(rows, setting, "item", "name", "feed", "part", "kind")
    plan = find(rows, "plan", "method", "group")
    plans = list(dict.fromkeys(texts(rows[plan]))) if plan else [setting.name or "plan"]
    keys = texts(rows[plan]) if plan else (plans[0],) * len(rows)
    amounts: dict[str, list[float]] = {}
    for key, part, amount in zip(keys, texts(rows[item]), numbers(rows[value]), strict=True):
        amounts.setdefault(part, [0.0] * len(plans))[plans.index(key)] += amount or 0.0
    names = tuple(setting.words(p, "word") for p in plans) if plan else (setting.heading(),)
    order = sorted((k for k in amounts if sum(amounts[k]) > 0), key=lambda k: -sum(amounts[k]))
    series = [_part(setting, k, amounts[k]) for k in order[: _ITEMS - (len(order) > _ITEMS)]]
    rest = [amounts[k] for k in order[len(series) :]]
    if rest:
        summed = [sum(column) for column in zip(*rest, strict=True)]
        series.append(_part(setting, "rest", summed))
    return Chart(
        "stack",
        setting.heading(),
        x=Axis(setting.words(plan or "name"), kind="category", categories=names),
        y=Axis(setting.words(value), setting.unit_of(value, setting.unit)),
        table=table_of(rows, setting),
        series=tuple(series),
        source=setting.source,
        stamps=setting.stamps,
    )  # fmt: skip


def _part(setting: Setting, name: str, amounts: list[float]) -> Series:
    at = tuple(float(i) for i in range(len(amounts)))
    return Series(setting.words(name, "chart"), at, tuple(amounts), shape="bar")


def table(frame: pd.DataFrame, setting: Setting) -> Chart:
    """The frame as it is, for reading."""
    none = Axis(named("chart.value"))
    return Chart(
        "table",
        setting.heading(),
        x=none,
        y=none,
        table=table_of(frame, setting),
        source=setting.source,
        stamps=setting.stamps,
    )
