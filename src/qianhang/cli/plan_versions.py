"""`qianhang plan import` and `diff`: plans put in, and what a re-issue changed."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.cli.plan_ledger import amount, clean, item_row
from qianhang.cli.plan_reading import complain, each_document
from qianhang.core.errors import QianhangError
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.plan.document import Document
    from qianhang.plan.items import Item, Plan
    from qianhang.plan.ledger import Kept
    from qianhang.plan.revision import Difference
    from qianhang.store import Store

__all__ = ["diff_command", "import_command"]


@click.command(name="import", help=say("cli.plan.import.help"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--by", default="", help=say("cli.plan.by"))
@click.option("--parent", default="", help=say("cli.plan.parent"))
@click.option("--region", default="", help=say("cli.plan.region_option"))
@json_option
def import_command(
    files: tuple[Path, ...], by: str, parent: str, region: str, as_json: bool
) -> None:
    from qianhang.plan.items import find_plan
    from qianhang.runs import open_store
    from qianhang.store import Settings

    failed = 0
    rows = []
    with open_store(Settings.load()) as store:
        up = find_plan(store, parent) if parent else None
        for path in each_document(files):
            try:
                kept, document = _import(
                    store, path, by=by or getpass.getuser(), parent=up, region=region
                )
            except QianhangError as cause:
                failed += 1
                complain(cause.code, cause.message, cause.hint)
                continue
            rows.append(_row(path, kept, document))
            if not as_json:
                _print(path, kept, document)
    if as_json:
        tell(rows)
    if failed:
        sys.exit(1)


def _import(
    store: Store, path: Path, *, by: str, parent: Plan | None, region: str
) -> tuple[Kept, Document]:
    from qianhang.plan.ledger import keep
    from qianhang.plan.reading.read import read

    document = read(path)
    media = path.suffix.lstrip(".").lower() or "txt"
    raw, at = path.read_bytes(), datetime.now(UTC)
    kept = keep(store, document, raw=raw, by=by, at=at, media=media, region=region, parent=parent)
    return kept, document


_KINDS = ("sections", "tasks", "targets", "systems", "measures")


def _row(path: Path, kept: Kept, document: Document) -> dict[str, Any]:
    return {
        "file": path, "ref": kept.plan.ref, "title": kept.plan.title, "version": kept.version,
        "again": kept.again, "counts": {name: len(getattr(document, name)) for name in _KINDS},
        "difference": dict(kept.difference.counts) if kept.difference else None,
        "notes": document.notes,
    }  # fmt: skip


def _print(path: Path, kept: Kept, document: Document) -> None:
    plan = kept.plan
    facts = {"ref": plan.ref, "title": plan.title, "version": kept.version, "file": path}
    click.echo(say(f"cli.plan.import.{'again' if kept.again else 'done'}", lang=None, **facts))
    if kept.again:
        return
    counts = {name: len(getattr(document, name)) for name in _KINDS}
    click.echo("  " + say("cli.plan.count", lang=None, **counts))
    if kept.difference:
        differs = dict(kept.difference.counts)
        click.echo("  " + say("cli.plan.import.diff", lang=None, ref=plan.ref, **differs))
    for note in document.notes:
        click.echo(f"  {note}")
    click.echo("  " + say("cli.plan.import.next", ref=plan.ref))


@click.command(name="diff", help=say("cli.plan.diff.help"))
@click.argument("plan")
@click.option("--old", type=int, help=say("cli.plan.diff.old"))
@json_option
def diff_command(plan: str, old: int | None, as_json: bool) -> None:
    from qianhang.plan.items import find_plan, items, unit_key
    from qianhang.plan.revision import difference
    from qianhang.runs import read_store

    with read_store() as store:
        found = find_plan(store, plan)
        first = found.version - 1 if old is None else old
        if not 1 <= first < found.version:
            if as_json:
                tell(None)
            else:
                click.echo(say("cli.plan.diff.one", ref=found.ref, version=found.version))
            return
        pair = (items(store, found, version=first), items(store, found))
        told = difference(*pair, unit=unit_key(store, found))
    if as_json:
        tell(_difference(told))
        return
    _print_difference(found, first, told)


def _difference(told: Difference) -> dict[str, Any]:
    return {
        "counts": dict(told.counts),
        "added": [item_row(i) for i in told.added],
        "removed": [item_row(i) for i in told.removed],
        "changed": [
            {"before": item_row(c.before), "after": item_row(c.after), "fields": list(c.fields)}
            for c in told.changed
        ],
    }


def _print_difference(plan: Plan, first: int, told: Difference) -> None:
    from qianhang.cli.screen import console

    screen = console()
    counts: dict[str, Any] = dict(told.counts)
    screen.print(say("cli.plan.diff.head", ref=plan.ref, old=first, new=plan.version, **counts))
    for mark, colour, found in (("+", "green", told.added), ("−", "red", told.removed)):
        for item in found:
            value = amount(item.values) if item.kind == "target" else ""
            line = f"[{colour}]{mark}[/{colour}] {item.ref}  {item.section}  {clean(item.name)}"
            screen.print(f"{line}  {value}", highlight=False)
    for change in told.changed:
        head = f"[yellow]~[/yellow] {change.after.ref}  {change.after.section}"
        screen.print(f"{head}  {clean(change.after.name)}", highlight=False)
        for name in change.fields:
            before, after = (_cell(i, name) for i in (change.before, change.after))
            label = say(f"cli.plan.field_{name}")
            screen.print(f"    {label}{say('word.colon')}{clean(before)} → {clean(after)}")


def _cell(item: Item, name: str) -> str:
    value = item.span if name == "span" else item.read.get(name)
    if isinstance(value, Mapping):
        return say("word.semicolon").join(
            say("word.list_comma").join(names) for names in value.values() if names
        )
    return "—" if value in (None, "") else f"{value:g}" if isinstance(value, float) else str(value)
