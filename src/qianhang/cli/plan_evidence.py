"""`qianhang plan explain` and `evidence`: what a figure is made of, and what it rests on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.cli.plan_ledger import amount, clean, on_option, standing_row, state_of, table, today
from qianhang.core.words import say

if TYPE_CHECKING:
    from rich.console import Console

    from qianhang.plan.items import Item
    from qianhang.plan.readings import Component
    from qianhang.plan.standing import Standing
    from qianhang.store import Store

__all__ = ["evidence_command", "explain_command", "writing"]

_DAY = click.DateTime(formats=["%Y-%m-%d"])


def writing() -> Store:
    """The store of these settings, for writing."""
    from qianhang.runs import open_store
    from qianhang.store import Settings

    return open_store(Settings.load())


@click.command(name="explain", help=say("cli.plan.explain.help"))
@click.argument("target")
@on_option
@json_option
def explain_command(target: str, on: datetime | None, as_json: bool) -> None:
    from dataclasses import asdict

    from qianhang.cli.plan_review import sentence
    from qianhang.cli.screen import console
    from qianhang.plan.items import find_item, find_plan, text_of_plan
    from qianhang.plan.standing import standing
    from qianhang.runs import read_store

    with read_store() as store:
        item = find_item(store, target)
        told = standing(store, item, on=today(on))
        text = text_of_plan(store, find_plan(store, f"P{item.plan}"))
    if as_json:
        parts = [asdict(c) | {"on": c.on.isoformat()} for c in told.reading.components]
        rule = told.reading.rule.to_dict() if told.reading.rule else None
        body = standing_row(told) | {"rule": rule, "components": parts, "again": _again(told)}
        tell(body)
        return
    screen = console()
    screen.print(f"[bold]{item.ref}[/bold]  {clean(item.name)}  {clean(amount(item.values))}")
    screen.print(sentence(text, item))
    _explain(screen, told)


def _again(told: Standing) -> float | None:
    from qianhang.plan.readings import recomputed

    return recomputed(told.reading, low=told.item.values["comparator"] in ("<", "<="))


def _explain(screen: Console, told: Standing) -> None:
    """Rule, components with what was left out and why, the figure and the same once more."""
    from qianhang.plan.reasons import SIDES, in_words
    from qianhang.plan.shares import percent

    reading, found = told.reading, told.assessment

    def line(name: str, text: object) -> None:
        screen.print(f"{say(f'cli.plan.{name}')}{say('word.colon')}{text}", highlight=False)

    if reading.rule:
        body = json.dumps(reading.rule.to_dict(), ensure_ascii=False)
        version = f"v{reading.rule.version} {reading.rule.by}"
        line("rule_word", clean(f"{body}  ({version})"))
    made = table("record", "grade", "kind", "subject", "day", "reading", "used", "why")
    for part in reading.components:
        value = "" if part.value is None else f"{part.value:,.6g}"
        used = say("word.yes") if part.used else say("word.no")
        if part.used and part.grade == "D":
            used = say("office.bulletin.apart")
        elif reading.rule and reading.rule.per:
            used += f" {say(f'ledger.reason.{SIDES[part.part]}')}" if part.used else ""
        made.add_row(
            str(part.seq), part.grade, say(f"ledger.evidence.{part.kind}"), clean(part.subject),
            part.on.isoformat(), value, used, clean(in_words(part.why)),
        )  # fmt: skip
    screen.print(made)
    unit = reading.unit
    if reading.value is not None:
        grades = ", ".join(f"{g} {v:,.6g}" for g, v in reading.by_grade.items())
        line("reading", f"{reading.value:,.10g} {unit}  ({grades})")
        again = _again(told)
        same = again is not None and abs(again - reading.value) <= 1e-9 * max(1, abs(again))
        mark = say("cli.plan.explain.same") if same else say("cli.plan.explain.differs")
        line("again", f"{'—' if again is None else f'{again:,.10g}'} {unit}  {mark}")
    if reading.claimed is not None:
        line("claimed", f"{reading.claimed:,.10g} {unit}")
    if found.attainment is not None:
        line("attained", percent(found.attainment, digits=1))
    if found.expected is not None:
        line("expected", percent(found.expected, digits=1))
    if found.forecast:
        line("forecast", f"{found.forecast} ({found.earliest or '—'} – {found.latest or '—'})")
    line("state", state_of(told))
    if told.override:
        over = told.override
        line("overridden", clean(f"{over.reason} ({over.by}, {over.expires})"))
    if found.reason:
        line("why", clean(in_words(found.reason)))


@click.group(name="evidence", help=say("cli.plan.evidence.help"))
def evidence_command() -> None:
    pass


@evidence_command.command(name="add", help=say("cli.plan.evidence.add"))
@click.argument("target")
@click.option("--value", type=float, help=say("cli.plan.evidence.value"))
@click.option("--unit", help=say("cli.plan.evidence.unit"))
@click.option("--on", "on", type=_DAY, help=say("cli.plan.evidence.on"))
@click.option("--kind", default="", help=say("cli.plan.evidence.kind"))
@click.option("--subject", default="", help=say("cli.plan.evidence.subject"))
@click.option("--fact", "facts", multiple=True, help=say("cli.plan.evidence.fact"))
@click.option("--file", "file", type=click.Path(path_type=Path), help=say("cli.plan.evidence.file"))
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def _add(target: str, on: datetime | None, as_json: bool, **given: Any) -> None:
    from qianhang.plan import answers, evidence
    from qianhang.plan.items import find_item

    file: Path | None = given["file"]
    with writing() as store:
        item = find_item(store, target)
        seen = evidence.Observation(
            kind=given["kind"] or ("document" if file else "claim"),
            subject=given["subject"] or item.ref,
            on=today(on),
            value=given["value"],
            unit=given["unit"] or "",
            facts=answers.facts_of(given["facts"]),
        )
        now = datetime.now(UTC)
        entry = answers.answer(store, item, seen, file=file, by=given["by"], at=now)
        part = _counted(store, item, entry.seq, on=max(seen.on, today(None)))
    if as_json:
        tell({"seq": entry.seq, **entry.payload, "counted": part and part.used, "part": part})
        return
    grade = entry.payload["grade"]
    click.echo(say("cli.plan.evidence.added", seq=entry.seq, grade=grade, target=item.ref))
    for line in _how_counted(item, part, entry.payload):
        click.echo(f"  {line}")


def _counted(store: Store, item: Item, seq: int, *, on: date) -> Component | None:
    """The record as the target's reading sees it; None where the target is not read."""
    from qianhang.plan.standing import standing

    if not item.confirmed:
        return None
    parts = standing(store, item, on=on).reading.components
    own = [c for c in parts if c.seq == seq]
    # In a ratio a record stands on both sides and counts on one.
    return next((c for c in own if c.used), own[0] if own else None)


def _how_counted(item: Item, part: Component | None, told: Mapping[str, Any]) -> Iterator[str]:
    """In which unit the record is read, and why it does not count where it does not."""
    from qianhang.plan.reasons import in_words

    if part is None:
        yield say("cli.plan.evidence.unread", target=item.ref)
        return
    unit = item.values["unit"]
    if part.value is not None and told["unit"] != unit and part.value != told["value"]:
        given = f"{told['value']:,.10g} {told['unit']}"
        yield say("cli.plan.evidence.converted", given=given, read=f"{part.value:,.10g} {unit}")
    if not part.used:
        yield say("cli.plan.evidence.left_out", why=in_words(part.why))


@evidence_command.command(name="retract", help=say("cli.plan.evidence.retract"))
@click.argument("seq", type=int)
@click.option("--why", required=True, help=say("cli.plan.evidence.why"))
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def _retract(seq: int, why: str, by: str, as_json: bool) -> None:
    from qianhang.plan import evidence

    with writing() as store:
        entry = evidence.retract(store, seq, why=why, by=by, at=datetime.now(UTC))
    if as_json:
        tell(entry.payload)
        return
    click.echo(say("cli.plan.evidence.retracted", seq=seq))


@evidence_command.command(name="list", help=say("cli.plan.evidence.list"))
@click.option("--target", help=say("cli.plan.evidence.target"))
@click.option("--kind", help=say("cli.plan.evidence.kind"))
@json_option
def _list(target: str | None, kind: str | None, as_json: bool) -> None:
    from dataclasses import asdict

    from qianhang.cli.screen import console
    from qianhang.plan.evidence import evidence
    from qianhang.runs import read_store

    with read_store() as store:
        found = evidence(store, target=target, kind=kind)
    if as_json:
        rows = [asdict(e) | {"on": e.on.isoformat()} for e in found]
        tell(rows)
        return
    made = table("record", "grade", "kind", "subject", "day", "reading", "item", "who", "why")
    for each in found:
        value = "" if each.value is None else f"{each.value:,.6g} {each.unit}"
        back = say("cli.plan.evidence.back", why=each.retracted) if each.retracted else ""
        kind_word = say(f"ledger.evidence.{each.kind}")
        made.add_row(
            str(each.seq), each.grade, kind_word, clean(each.subject), each.on.isoformat(), value,
            each.target or each.indicator, clean(each.by), clean(back),
        )  # fmt: skip
    console().print(made)


@evidence_command.command(name="import", help=say("cli.plan.evidence.import"))
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def _import(file: Path, as_json: bool) -> None:
    from qianhang.plan.connectors import deliver, fetched

    raw = fetched(file)
    with writing() as store:
        made = deliver(store, raw, at=datetime.now(UTC), name=file.name)
    if as_json:
        tell(made)
        return
    click.echo(
        say(
            "cli.plan.evidence.delivered",
            count=len(made.seqs),
            connector=made.connector,
            sequence=made.sequence,
        )
    )
