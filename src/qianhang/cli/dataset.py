"""`qianhang dataset`: the registered public data sets, and their files on this machine."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.core.words import language, say

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from qianhang.core.manifest import Words
    from qianhang.data import DataSet, FileState

__all__ = ["dataset_command"]


@click.group(name="dataset", help=say("cli.dataset.help"))
def dataset_command() -> None:
    pass


@dataset_command.command(name="list", help=say("cli.dataset.list.help"))
@click.argument("text", required=False, default="")
@json_option
def list_command(text: str, as_json: bool) -> None:
    from qianhang.data import all_datasets

    found = [d for d in all_datasets() if text.lower() in _haystack(d)]
    if as_json:
        click.echo(json.dumps([_facts(d) for d in found], ensure_ascii=False, indent=1))
        return
    table = _table("name", "title", "licence", "size", "where")
    for each in found:
        size, where = _size(each.size), _whereabouts(each)
        table.add_row(each.name, _in_words(each.title), each.licence_class, size, where)
    _console().print(table)
    click.echo(say("cli.dataset.count", count=len(found)))


@dataset_command.command(name="show", help=say("cli.dataset.show.help"))
@click.argument("name")
@json_option
def show_command(name: str, as_json: bool) -> None:
    from qianhang.data import dataset, verify

    found = dataset(name)
    if as_json:
        click.echo(json.dumps(_facts(found), ensure_ascii=False, indent=1))
        return
    console = _console()
    console.print(f"[bold]{found.name}[/bold]  {_in_words(found.title)}")
    sources = (found.source,) if isinstance(found.source, str) else found.source
    told = {
        "source": ", ".join(sources),
        "licence": f"{found.licence} ({say(f'licence.{found.licence_class}')})",
        "citation": found.citation,
        "notes": found.notes if isinstance(found.notes, str) else _in_words(found.notes),
        "twin": say("word.yes") if found.twin else "",
    }
    for key, text in told.items():
        if text:
            console.print(f"{say(f'cli.dataset.{key}')}{say('word.colon')}{text}", markup=False)
    states = _table("name", "file", "reader", "size", "state")
    _add_states(states, found, verify(found))
    console.print(states)
    if found.columns:
        table = _table("column", "title", "unit")
        for column, note in found.columns.items():
            table.add_row(column, _in_words(note.title) if note.title else "", note.unit)
        console.print(table)


@dataset_command.command(name="fetch", help=say("cli.dataset.fetch.help"))
@click.argument("names", nargs=-1)
@click.option("--all", "every", is_flag=True, help=say("cli.dataset.all"))
@click.option("--offline", is_flag=True, help=say("cli.dataset.off_line"))
def fetch_command(names: tuple[str, ...], every: bool, offline: bool) -> None:
    from qianhang import data

    wanted = data.names() if every else names
    if not wanted:
        raise click.UsageError(say("cli.dataset.name_one"))
    console = _console()
    for name in wanted:
        with _Bar(console) as bar:
            found = data.fetch(data.dataset(name), progress=bar, off_line=offline or None)
        for file, place in found.items():
            origin = say(f"cli.dataset.origin_{place.origin}")
            console.print(f"[green]✓[/green] {name} {file}  [dim]{origin}[/dim]")
            console.print(f"  {place.path}", soft_wrap=True, markup=False, highlight=False)


@dataset_command.command(name="verify", help=say("cli.dataset.verify.help"))
@click.argument("names", nargs=-1)
def verify_command(names: tuple[str, ...]) -> None:
    from qianhang import data

    counts = {"ok": 0, "absent": 0, "spoilt": 0}
    table = _table("name", "file", "reader", "size", "state")
    for name in names or data.names():
        found = data.dataset(name)
        states = data.verify(found)
        for state in states:
            counts[state.state] += 1
        _add_states(table, found, states)
    _console().print(table)
    click.echo(say("cli.dataset.checked", lang=None, **counts))
    if counts["spoilt"]:
        sys.exit(1)


class _Bar:
    """A progress bar for transfers; it appears with the first bytes, on a terminal only."""

    def __init__(self, console: Console) -> None:
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
        from rich.progress import TransferSpeedColumn as Speed

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), Speed())
        self._bar = Progress(*columns, console=console, transient=True)
        self._live = console.is_terminal
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._bar.stop()

    def __call__(self, name: str, done: int, total: int) -> None:
        """Shows how much of a file is here."""
        if not self._live:
            return
        if name not in self._tasks:
            self._bar.start()
            self._tasks[name] = self._bar.add_task(name, total=total or None)
        self._bar.update(self._tasks[name], completed=done)


def _console() -> Console:
    from rich.console import Console

    return Console()


def _table(*heads: str) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head in heads:
        right = "right" if head == "size" else "left"
        table.add_column(say(f"cli.dataset.{head}"), justify=right, overflow="fold")  # type: ignore[arg-type]  # rich names its four words as a Literal
    return table


def _in_words(text: Words) -> str:
    return text.zh if language() == "zh" else text.en


def _haystack(found: DataSet) -> str:
    return " ".join((found.name, found.title.zh, found.title.en, found.licence)).lower()


def _whereabouts(found: DataSet) -> str:
    """Where a data set would come from; sums are not computed for a list."""
    from qianhang.data.sources import glance

    places = {glance(file, found) for file in found.file}
    worst = next((p for p in ("by_hand", "remote") if p in places), "")
    return say(f"cli.dataset.{worst}") if worst else ", ".join(
        say(f"cli.dataset.origin_{p}") for p in sorted(places)
    )  # fmt: skip


def _add_states(table: Table, found: DataSet, states: tuple[FileState, ...]) -> None:
    for file, state in zip(found.file, states, strict=True):
        words = say(f"cli.dataset.state_{state.state}")
        colour = {"ok": "green", "absent": "yellow", "spoilt": "red"}[state.state]
        origin = say(f"cli.dataset.origin_{state.found}") if state.path else state.found
        place = f"{file.name}: {state.place}"
        told = f"[{colour}]{words}[/{colour}] [dim]{origin}[/dim]"
        table.add_row(found.name, place, file.reader, _size(file.size), told)


def _size(count: int) -> str:
    if count < 1_000_000:
        return f"{count / 1000:,.0f} kB" if count else ""
    return f"{count / 1e6:,.1f} MB"


def _facts(found: DataSet) -> dict[str, Any]:
    """The data set as plain values."""
    import dataclasses

    def plain(value: Any) -> Any:
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
        if isinstance(value, tuple):
            return [plain(v) for v in value]
        if hasattr(value, "items"):
            return {k: plain(v) for k, v in value.items()}
        return value

    facts: dict[str, Any] = plain(found)
    return facts
