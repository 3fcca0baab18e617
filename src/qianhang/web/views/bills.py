"""Bills as pages show them: a party's months, the lines of one, and both as tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from qianhang.billing.amount import decimal_text
from qianhang.billing.statements import Statement
from qianhang.billing.turnover import Turnover
from qianhang.charts import Chart
from qianhang.charts.chart import Axis, Field, Series, Table, plain
from qianhang.core.manifest import Words
from qianhang.runs import shelf
from qianhang.web import words
from qianhang.web.asked import Asked
from qianhang.web.forms import Shown
from qianhang.web.views import payers
from qianhang.web.views.payers import Names
from qianhang.web.views.prices import flavour_name

__all__ = ["chart", "line_table", "month_table", "named", "naming", "quantity", "spoken", "veiled"]

_SUMS = ("charges", "corrections", "credits", "fee", "due")
_LINE = ("project", "scenario", "operator", "pool", "flavour", "unit")


def named(key: str) -> Words:
    """The console's text in both languages."""
    return Words(zh=words.say(key, lang="zh"), en=words.say(key, lang="en"))


def naming(lang: str) -> Callable[[str, str], str]:
    """called(kind, id): the title of a scenario, the name of a chip; the id where there is none."""

    def called(kind: str, name: str) -> str:
        if kind == "flavour":
            return flavour_name(name, lang)
        title = shelf.titles().get(name) if kind == "scenario" else None
        return name if title is None else title.en if lang == "en" else title.zh

    return called


def quantity(text: str) -> str:
    """A line's exact quantity, `1/3`, as digits to the fourth decimal."""
    return decimal_text(Fraction(text), 4)


def spoken(text: str) -> str:
    """The same digits with thousands separated, for a page."""
    return f"{Decimal(quantity(text)):,f}"


def chart(found: Sequence[Turnover], lang: str) -> Chart | None:
    """What is due by month, a bar each, oldest first; None for no month.

    found : of one party
    """
    if not found:
        return None
    ordered = sorted(found, key=lambda one: one.month)
    show = Shown("en" if lang == "en" else "zh")
    due = named("bills.due")
    series = Series(
        due, tuple(map(float, range(len(ordered)))), tuple(one.due / 100 for one in ordered),
        "ours", "bar",
    )  # fmt: skip
    month = named("bills.month")
    return Chart(
        kind="bars", title=named("bills.by_month"),
        x=Axis(month, kind="category", categories=tuple(plain(o.month) for o in ordered)),
        y=Axis(due, "CNY", low=min(0.0, *(o.due / 100 for o in ordered))), series=(series,),
        table=Table(
            (Field(month, kind="text"), Field(named("bills.due_yuan"), kind="text")),
            tuple((o.month, show.fen(o.due)) for o in ordered), len(ordered),
        ),
        source=named("bills.source"),
    )  # fmt: skip


def veiled(found: Statement, ask: Asked) -> Statement:
    """An operator's statement without the projects and scenarios that the reader does not cover.

    Who works for the operator sees whom it served; who only settles does not.
    """
    kept = payers.keeps(ask, found.party.partition(":")[2])
    covers = ask.who.covers
    lines = tuple(
        line if line["org"] in covers else
        line | {"project": "", "scenario": "", "org": line["org"] if kept else "",
                "usage": line["usage"] if kept else "", "note": ""}
        for line in found.lines
    )  # fmt: skip
    return replace(found, lines=lines, sums={"flavour": found.sums["flavour"]})


def month_table(found: Sequence[Turnover], names: Names, lang: str) -> Table:
    """Every month of every party, amounts in yuan to the fen."""
    heads = (
        Field(named("bills.month"), kind="text"), Field(named("bills.kind"), kind="text"),
        Field(named("bills.party"), kind="text"),
        *(Field(named(f"bills.{name}"), "CNY") for name in _SUMS),
        Field(named("bills.state"), kind="text"),
    )  # fmt: skip
    rows = []
    for one in found:
        kind, _, name = one.party.partition(":")
        state = words.say(
            f"bills.state_{'issued' if one.issued else 'draft'}",
            lang="en" if lang == "en" else "zh",
        )
        whose = named(f"bills.kind_{kind}")
        rows.append((
            one.month, whose, names.of(kind, name, lang),
            *(getattr(one, n) / 100 for n in _SUMS), state,
        ))  # fmt: skip
    return Table(heads, tuple(rows), len(rows))


def line_table(lines: Sequence[Mapping[str, Any]]) -> Table:
    """Every line of a statement, amounts in yuan to the fen."""
    heads = (
        Field(named("bills.start"), kind="time", zone="Asia/Shanghai"),
        Field(named("bills.end"), kind="time", zone="Asia/Shanghai"),
        Field(named("bills.line_kind"), kind="text"), Field(named("bills.usage"), kind="text"),
        *(Field(named(f"bills.{name}"), kind="text") for name in _LINE),
        Field(named("bills.quantity")), Field(named("bills.rate"), "CNY"),
        Field(named("bills.amount"), "CNY"), Field(named("bills.fee"), "CNY"),
        Field(named("bills.price"), kind="text"), Field(named("bills.note"), kind="text"),
    )  # fmt: skip
    rows = tuple(_row(line) for line in lines)
    return Table(heads, rows, len(rows))


def _row(line: Mapping[str, Any]) -> tuple[Any, ...]:
    start, end = (datetime.fromisoformat(line[n]).timestamp() for n in ("start", "end"))
    return (
        start, end, named(f"bills.line_{line['kind']}"), line["usage"],
        *(line[name] for name in _LINE), float(quantity(line["quantity"])), float(line["yuan"]),
        line["fen"] / 100, line["fee"] / 100, line["price"], line["note"],
    )  # fmt: skip
