"""`qianhang runs`, `show`, `compare`: what has been run."""

from __future__ import annotations

import json
from typing import Any

import click

from qianhang.cli.options import json_option
from qianhang.core.words import language, say

__all__ = ["compare_command", "runs_command", "show_command"]


@click.command(help=say("cli.runs.help"))
@click.option("--scenario", default="", help=say("cli.runs.scenario"))
@click.option("--state", default="", help=say("cli.runs.state"))
@click.option("--limit", default=50, show_default=True, help=say("cli.runs.limit"))
@json_option
def runs_command(scenario: str, state: str, limit: int, as_json: bool) -> None:
    from rich.table import Table

    from qianhang.cli.screen import console
    from qianhang.runs import read_store, recent

    with read_store() as store:
        found = recent(store, scenario=scenario, state=state, limit=limit)
    if as_json:
        click.echo(json.dumps([r.as_dict() for r in found], ensure_ascii=False, indent=1))
        return
    table = Table()
    for column in ("run", "scenario", "case", "state", "verdict", "started", "seconds"):
        table.add_column(say(f"cli.runs.{column}_title"))
    for r in found:
        seconds = str(r.result.get("wall_s", ""))
        verdict = say(f"verdict.{r.verdict}")
        table.add_row(
            r.id, r.scenario, r.case, say(f"state.{r.state_now}"), verdict, r.started, seconds
        )
    console().print(table)


@click.command(help=say("cli.show.help"))
@click.argument("run")
@json_option
@click.option("--log", is_flag=True, help=say("cli.show.log"))
def show_command(run: str, as_json: bool, log: bool) -> None:
    from qianhang.cli.screen import console, scores
    from qianhang.runs import get, manifest_of, read_store

    with read_store() as store:
        record = get(store, run)
        text = _log(store, record) if log else ""
    body = record.as_dict()
    if as_json:
        click.echo(json.dumps(body, ensure_ascii=False, indent=1))
        return
    if log:
        click.echo(text.rstrip("\n"))
        return
    screen = console()
    if record.state == "finished":
        screen.print(scores(body, manifest_of(record)))
    hidden = {"folds", "bars", "title", "scores", "trivial", "practice", "tables", "evidence"}
    for name, value in body.items():
        if name not in hidden:
            screen.print(f"[bold]{name}[/bold]  {_plain(value)}", highlight=False)


def _log(store: Any, record: Any) -> str:
    """A finished run's log is in the store, a failed one's where its job left it."""
    from qianhang.runs.steps import plain
    from qianhang.store import Settings

    if "log" in record.result:
        kept: str = store.files.get(record.result["log"]).decode()
        return kept
    left = Settings.load().home / "jobs" / f"run-{record.id}" / "log.txt"
    return plain(left.read_text(encoding="utf8", errors="replace")) if left.is_file() else ""


def _plain(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text.replace("[", "\\[")


@click.command(help=say("cli.compare.help"))
@click.argument("first")
@click.argument("second")
@json_option
def compare_command(first: str, second: str, as_json: bool) -> None:
    from rich.table import Table

    from qianhang.cli.screen import console, number
    from qianhang.runs import compare, get, read_store

    with read_store() as store:
        found = compare(get(store, first), get(store, second))
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=1))
        return
    screen = console()
    table = Table(title=say("cli.compare.scores", lang=language()))
    for column in (say("word.metric"), first, second, say("cli.compare.change")):
        table.add_column(column, justify="left" if column == say("word.metric") else "right")
    for row in found["scores"]:
        table.add_row(
            row["metric"], number(row["first"]), number(row["second"]), number(row["change"])
        )
    screen.print(table)
    for row in found["differences"]:
        screen.print(
            f"[bold]{row['field']}[/bold]  {_plain(row['first'])} → {_plain(row['second'])}"
        )
