"""`qianhang plan list`, `show`, `ledger`: the plans, what was read, where they stand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.core.day import day_of
from qianhang.core.words import say

if TYPE_CHECKING:
    from rich.table import Table

    from qianhang.plan.items import Item, Led, Plan
    from qianhang.plan.rollup import Row, Together, Weighted
    from qianhang.plan.standing import Standing
    from qianhang.store import Store

__all__ = [
    "amount",
    "clean",
    "item_row",
    "ledger_command",
    "list_command",
    "on_option",
    "review_state",
    "show_command",
    "table",
    "today",
]

_SIGNS = {">=": "≥ ", "<=": "≤ ", "~": "≈ ", "=": "", ">": "> ", "<": "< "}
_COLOURS = {
    "met": "green", "on_track": "green", "watch": "yellow", "behind": "red", "overdue": "red",
}  # fmt: skip
_FACTS = ("issuer", "doc_no", "date", "period", "level", "region", "status", "version", "state")

on_option = click.option(
    "--on", "on", type=click.DateTime(formats=["%Y-%m-%d"]), help=say("cli.plan.on")
)


def today(on: datetime | None) -> date:
    """The day asked for, else today in China."""
    return on.date() if on else day_of(datetime.now(UTC))


def clean(text: object) -> str:
    """Text in which brackets are no markup."""
    return str(text).replace("[", "\\[")


def table(*heads: str) -> Table:
    """A plain table with these columns, named in the reader's language."""
    from rich.table import Table

    made = Table(box=None, pad_edge=False)
    for head in heads:
        right = head in ("reading", "how_many", "claimed", "attained", "expected")
        made.add_column(say(f"cli.plan.{head}"), justify="right" if right else "left")
    return made


def amount(values: Mapping[str, Any]) -> str:
    """A target's comparator, number or range, and unit."""
    low, high = values["low"], values["high"]
    number = f"{low:,.10g}" if high is None else f"{low:,.10g}–{high:,.10g}"
    return f"{_SIGNS[values['comparator']]}{number} {values['unit']}".strip()


def _due(values: Mapping[str, Any]) -> str:
    """The deadline's year, and that the target holds for each year, where it does."""
    yearly = say("cli.plan.yearly") if values["yearly"] else ""
    return f"{values['deadline'] or ''} {yearly}".strip()


@click.command(name="list", help=say("cli.plan.list.help"))
@json_option
def list_command(as_json: bool) -> None:
    from qianhang.cli.screen import console
    from qianhang.plan.items import items, plans
    from qianhang.runs import read_store

    with read_store() as store:
        found = [(p, Counter(i.state for i in items(store, p))) for p in plans(store)]
    if as_json:
        rows = [asdict(p) | {"ref": p.ref, "items": dict(c)} for p, c in found]
        tell(rows)
        return
    made = table("plan", "title", "region", "period", "status", "version", "drafts", "confirmed")
    for plan, counts in found:
        status = say(f"cli.plan.status_{plan.status}") if plan.status else ""
        held = str(counts["confirmed"] + counts["edited"])
        made.add_row(
            plan.ref, clean(plan.title), plan.region, plan.period, status, str(plan.version),
            str(counts["draft"]), held,
        )  # fmt: skip
    console().print(made)


@click.command(name="show", help=say("cli.plan.show.help"))
@click.argument("plan")
@click.option("--kind", default="", help=say("cli.plan.kind_option"))
@json_option
def show_command(plan: str, kind: str, as_json: bool) -> None:
    from qianhang.cli.screen import console
    from qianhang.plan.items import find_plan, items
    from qianhang.runs import read_store

    with read_store() as store:
        found = find_plan(store, plan)
        every = items(store, found, kind=kind)
    if as_json:
        body = asdict(found) | {"items": [item_row(i) for i in every]}
        tell(body)
        return
    screen = console()
    screen.print(f"[bold]{found.ref}[/bold]  {clean(found.title)}")
    for name in _FACTS:
        value = getattr(found, name)
        if value:
            coded = name in ("level", "status", "state")
            shown = say(f"cli.plan.{name}_{value}") if coded else value
            label = say(f"cli.plan.{'review_state' if name == 'state' else name}")
            screen.print(f"{label}{say('word.colon')}{shown}", markup=False)
    made = table("item", "section", "name", "value", "review_state")
    for item in every:
        told = amount(item.values) if item.kind == "target" else ""
        made.add_row(item.ref, item.section, clean(item.name), told, review_state(item))
    screen.print(made)


def review_state(item: Item) -> str:
    """Where an item's review stands, and that a model proposed it where one did."""
    mark = f" {say('cli.plan.by_model')}" if item.proposed else ""
    return say(f"cli.plan.state_{item.state}") + mark


def item_row(item: Item) -> dict[str, Any]:
    """An item as plain values."""
    return {**asdict(item), "ref": item.ref, "read": dict(item.read)}


@click.command(name="ledger", help=say("cli.plan.ledger.help"))
@click.argument("plan")
@click.option(
    "--by", "by", type=click.Choice(["section", "task", "unit", "target"]), default="section",
    show_default=True, help=say("cli.plan.ledger.by"),
)  # fmt: skip
@on_option
@json_option
def ledger_command(plan: str, by: str, on: datetime | None, as_json: bool) -> None:
    from qianhang.plan.items import answering, children, find_plan, items, leaders
    from qianhang.plan.rollup import by_task, by_unit, together, weighted, whole
    from qianhang.plan.standing import standings
    from qianhang.plan.stated import setting
    from qianhang.runs import read_store

    with read_store() as store:
        found = find_plan(store, plan)
        every = items(store, found)
        told = standings(store, found, on=today(on))
        below = [(p, standings(store, p, on=today(on))) for p in children(store, found)]
        weights = setting(store, found, "weights", {})
        done = _realised(store, found, every)
        lead, named = leaders(store, found), answering(store, found)
    built = [i for i in every if i.kind == "system" and i.values["role"] == "build"]
    built = [i for i in built if i.state != "rejected" and not i.pending]
    tasks = [i for i in every if i.kind == "task" and i.state != "rejected" and not i.pending]
    shared = together([*told, *(s for _, found in below for s in found)])
    seen = _Ledger(
        found, today(on), tuple(every), tuple(told),
        whole(found, told, systems=len(built), realised=sum(i.code in done for i in built)),
        by_task(tasks, told, systems=built, realised=done),
        by_unit(told, lead=lead, named=_named(every, named), systems=built, realised=done),
        tuple(whole(p, s) for p, s in below), shared, weighted(told, weights),
    )  # fmt: skip
    if as_json:
        tell(_ledger_body(seen))
        return
    _print_ledger(seen, by)


def _named(every: Sequence[Item], named: Mapping[str, Led]) -> list[str]:
    """Every unit that answers for something that was not rejected, in printed order."""
    kept = (i for i in every if i.state != "rejected" and not i.pending)
    return list(dict.fromkeys(unit for i in kept for unit in named[i.code].units))


@dataclass(frozen=True, slots=True)
class _Ledger:
    """Everything that the ledger of a plan shows on a day."""

    plan: Plan
    on: date
    every: tuple[Item, ...]
    told: tuple[Standing, ...]
    whole: Row
    tasks: tuple[Row, ...]
    units: tuple[Row, ...]
    below: tuple[Row, ...]
    shared: tuple[Together, ...]
    weighted: Weighted | None

    @property
    def drafts(self) -> int:
        """How many targets nobody has confirmed yet."""
        return sum(i.kind == "target" and i.state == "draft" for i in self.every)


def _realised(store: Store, plan: Plan, every: Sequence[Item]) -> set[str]:
    """The codes of the plan's systems that something realises."""
    from qianhang.cli.plan_coverage import covered

    return {n.code for n in covered(store, plan, every).realised}


def _ledger_body(seen: _Ledger) -> dict[str, Any]:
    return {
        "plan": seen.plan.ref, "on": seen.on, "drafts": seen.drafts, "whole": seen.whole,
        "targets": [standing_row(s) for s in seen.told], "tasks": seen.tasks,
        "units": seen.units, "children": seen.below, "together": seen.shared,
        "weighted": seen.weighted,
    }  # fmt: skip


def _print_ledger(seen: _Ledger, by: str) -> None:
    from qianhang.cli.screen import console
    from qianhang.plan.shares import percent

    screen = console()
    screen.print(f"[bold]{seen.plan.ref}[/bold]  {clean(seen.plan.title)}  {seen.on}")
    shown = {
        "section": lambda: _by_section(seen.every, seen.told), "task": lambda: _rows(seen.tasks),
        "unit": lambda: _rows(seen.units), "target": lambda: _targets(seen.told),
    }  # fmt: skip
    screen.print(shown[by]())
    counts, built = _counts(seen.whole.counts), {"count": seen.whole.systems}
    systems = say("cli.plan.ledger.built", lang=None, realised=seen.whole.realised, **built)
    screen.print(f"{counts}{say('word.semicolon')}{systems}".lstrip("；; "), highlight=False)
    if seen.drafts:
        screen.print(say("cli.plan.ledger.drafts", count=seen.drafts, ref=seen.plan.ref))
    for line in _below(seen):
        screen.print(line, highlight=False)
    figure = seen.weighted
    if figure:
        pairs = ", ".join(f"{code} × {weight:g}" for code, weight in figure.weights.items())
        if figure.value is None:
            screen.print(say("cli.plan.ledger.unweighted", weights=pairs))
        else:
            share = percent(figure.value, digits=1)
            screen.print(say("cli.plan.ledger.weighted", share=share, weights=pairs))
        if figure.left_out and figure.value is not None:
            codes = say("word.list_comma").join(figure.left_out)
            screen.print(say("cli.plan.ledger.left_out", targets=codes))


def _below(seen: _Ledger) -> Iterator[str]:
    """A line a plan that carries this one out, and what they have in common, each case once."""
    for row in seen.below:
        yield f"{row.ref}  {clean(row.name)}{say('word.colon')}{_counts(row.counts)}"
    for shared in seen.shared:
        comma = say("word.list_comma")
        told = {"indicator": clean(shared.indicator), "refs": comma.join(shared.refs)}
        if shared.totals:
            totals = comma.join(shared.totals)
            yield say("cli.plan.ledger.totals", lang=None, totals=totals, **told)
            continue
        value = "—" if shared.value is None else f"{shared.value:,.10g}"
        yield say("cli.plan.ledger.together", lang=None, value=value, unit=shared.unit, **told)


def standing_row(each: Standing) -> dict[str, Any]:
    """A standing as plain values."""
    told = each.assessment
    return {
        "ref": each.item.ref, "section": each.item.section, "indicator": each.item.name,
        "target": amount(each.item.values), "value": each.reading.value,
        "claimed": each.reading.claimed, "by_grade": dict(each.reading.by_grade),
        "grade": each.grade, "state": each.state, "assessed": told.state,
        "override": each.override.reason if each.override else None,
        "attainment": told.attainment, "expected": told.expected, "reason": told.reason,
        "leaders": list(each.leaders), "leads_by_convention": each.convention,
        "records": len(each.reading.used),
    }  # fmt: skip


def state_of(each: Standing) -> str:
    """The state in words and colour; an override is marked as one."""
    words = say(f"office.state.{each.state}")
    colour = _COLOURS.get(each.state, "dim")
    stated = f" {say('cli.plan.overridden')}" if each.override else ""
    return f"[{colour}]{words}[/{colour}]{stated}"


def _value(each: Standing) -> str:
    value = each.reading.value
    return "—" if value is None else f"{value:,.4g} {each.item.values['unit']}".strip()


def _share(value: float | None) -> str:
    from qianhang.plan.shares import percent

    return "—" if value is None else percent(value)


def _targets(told: Sequence[Standing]) -> Table:
    made = table(
        "item", "indicator", "goal", "deadline", "reading", "claimed", "grade", "attained",
        "expected", "state", "leads",
    )  # fmt: skip
    for each in told:
        claimed = each.reading.claimed
        made.add_row(
            each.item.ref, clean(each.item.name), amount(each.item.values),
            _due(each.item.values), _value(each),
            "" if claimed is None else f"{claimed:,.4g}", each.grade,
            _share(each.assessment.attainment), _share(each.assessment.expected), state_of(each),
            say("word.list_comma").join(each.leaders) + _mark(each),
        )  # fmt: skip
    return made


def _mark(each: Standing) -> str:
    return say("office.convention") if each.convention else ""


def _by_section(every: Sequence[Item], told: Sequence[Standing]) -> Table:
    made = table("section", "heading", "item", "indicator", "goal", "reading", "state")
    systems = Counter(
        i.section
        for i in every
        if i.kind == "system" and i.values["role"] == "build" and not i.pending
    )
    for section in (i for i in every if i.kind == "section" and i.state != "rejected"):
        own = [s for s in told if s.item.section == section.section]
        built = systems[section.section]
        indent = "  " * section.section.count(".")
        tail = f" [dim]{say('cli.plan.ledger.systems', count=built)}[/dim]" if built else ""
        made.add_row(section.section, f"{indent}{clean(section.name)}{tail}", "", "", "", "", "")
        for each in own:
            made.add_row(
                "", "", each.item.ref, clean(each.item.name), amount(each.item.values),
                _value(each), state_of(each),
            )  # fmt: skip
    return made


def _rows(rows: Sequence[Row]) -> Table:
    """Tasks or units with their states; systems beside them where a task has some."""
    made = table(rows[0].kind if rows else "unit", "how_many", "states", "systems")
    for row in rows:
        name = f"{row.ref}  {clean(row.name)}".strip() or say("cli.plan.nobody")
        systems = f"{row.realised}/{row.systems}" if row.systems else ""
        made.add_row(name, str(row.targets), _counts(row.counts), systems)
    return made


def _counts(counts: Mapping[Any, int]) -> str:
    return say("word.list_comma").join(
        f"{say(f'office.state.{state}')} {count}" for state, count in counts.items() if count
    )
