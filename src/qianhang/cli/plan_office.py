"""`qianhang plan bulletin`, `export`, `import-sheet`, `compare`: papers and tables of an office."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.cli.plan_ledger import on_option, today
from qianhang.core.errors import UsageError
from qianhang.core.words import language, say

if TYPE_CHECKING:
    from qianhang.plan.items import Plan
    from qianhang.plan.office.compare import Side
    from qianhang.plan.office.printing import Issued
    from qianhang.store import Store

__all__ = [
    "bulletin_command",
    "compare_command",
    "export_command",
    "import_sheet_command",
    "now",
    "opened",
    "save",
]


def now() -> datetime:
    """This moment; the only place where the office's commands look at a clock."""
    return datetime.now(UTC)


def opened(*, read_only: bool = False) -> Store:
    """The store of the environment's settings."""
    from qianhang.runs import open_store
    from qianhang.store import Settings

    return open_store(Settings.load(), read_only=read_only)


def save(path: Path, content: bytes) -> None:
    """Put bytes at a path, whole or not at all.

    Raises UsageError where the folder is not there or cannot be written.
    """
    beside = path.with_name(f".{path.name}.part")
    try:
        beside.write_bytes(content)
        beside.replace(path)
    except OSError as cause:
        raise UsageError("QH834", f"{path}: {cause.strerror}") from None


def _of_kind(path: Path, *kinds: str) -> None:
    """Raises UsageError where a file's name tells a kind that is not written."""
    if path.suffix not in kinds:
        raise UsageError("QH834", f"{path}: found {path.suffix!r}, expected {', '.join(kinds)}")


@click.command(name="bulletin", help=say("cli.plan.bulletin.help"))
@click.argument("plan")
@on_option
@click.option("--period", default="", help=say("cli.plan.office.period"))
@click.option("--by", default="", help=say("cli.plan.office.by"))
@click.option("--issuer", default="", help=say("cli.plan.office.issuer"))
@click.option("--number", default="", help=say("cli.plan.office.number"))
@click.option("--to", default="", help=say("cli.plan.office.to"))
@click.option("--title", default="", help=say("cli.plan.office.title"))
@click.option("--note", default="", help=say("cli.plan.office.note"))
@click.option("--preview", is_flag=True, help=say("cli.plan.office.preview"))
@click.option("--list", "listed", is_flag=True, help=say("cli.plan.office.list"))
@click.option("--reprint", type=int, help=say("cli.plan.office.reprint"))
@click.option("--out", type=click.Path(path_type=Path), help=say("cli.plan.office.out"))
@json_option
def bulletin_command(plan: str, out: Path | None, as_json: bool, **asked: Any) -> None:
    from qianhang.plan.items import find_plan
    from qianhang.plan.office import printing

    read_only = asked["preview"] or asked["listed"] or asked["reprint"] is not None
    with opened(read_only=read_only) as store:
        found = find_plan(store, plan)
        if asked["listed"]:
            _list(printing.issued(store, found), as_json)
            return
        if asked["reprint"] is not None:
            one = printing.find(store, found, asked["reprint"])
            files = {kind: printing.reprint(store, one, kind) for kind in one.files}
        else:
            one, files = _printed(store, found, asked)
    written = _write(out, files, name=f"{found.ref}-bulletin") if out else []
    if as_json:
        text = files["txt"].decode()
        tell({"plan": found.ref, "bulletin": one, "text": text, "written": written})
        return
    if not out:
        click.echo(files["txt"].decode().rstrip("\n"))
        if one is not None:
            click.echo(say("cli.plan.office.issued", id=one.id, plan=found.ref))
    for path in written:
        click.echo(str(path))


def _write(out: Path, files: dict[str, bytes], *, name: str) -> list[Path]:
    """The paths written: one where the name tells a format, all three where it does not."""
    if out.is_dir():
        out = out / name
    if out.suffix:
        _of_kind(out, *(f".{kind}" for kind in files))
    kinds = [out.suffix[1:]] if out.suffix[1:] in files else list(files)
    paths = {k: out if len(kinds) == 1 else out.with_name(f"{out.name}.{k}") for k in kinds}
    for kind, path in paths.items():
        save(path, files[kind])
    return list(paths.values())


def _printed(store: Store, plan: Plan, asked: dict[str, Any]) -> tuple[Any, dict[str, bytes]]:
    """The bulletin that was issued (None for a preview) and its files."""
    from qianhang.plan.office import printing
    from qianhang.plan.office.bulletin import Order

    on = today(asked["on"])
    names = ("title", "issuer", "number", "to", "note")
    period = asked["period"] or _quarter(on)
    order = Order(period, **{n: asked[n] for n in names}, lang=language())
    if asked["preview"]:
        return None, printing.rendered(printing.preview(store, plan, order, on=on))
    one = printing.issue(store, plan, order, on=on, by=asked["by"], at=now())
    return one, {kind: printing.reprint(store, one, kind) for kind in one.files}


def _quarter(on: date) -> str:
    from qianhang.plan.office.paper import chinese

    number = (on.month + 2) // 3
    shown = chinese(number) if language() == "zh" else str(number)
    return say("cli.plan.office.quarter", year=on.year, quarter=shown)


def _list(every: Sequence[Issued], as_json: bool) -> None:
    if as_json:
        tell(every)
        return
    for one in every:
        click.echo(f"{one.id}  {one.on}  {one.order.period}  {one.by}  {one.files['docx'][:12]}")


@click.command(name="export", help=say("cli.plan.export.help"))
@click.argument("plan")
@on_option
@click.option("--out", type=click.Path(path_type=Path), help=say("cli.plan.office.sheet_out"))
@json_option
def export_command(plan: str, on: datetime | None, out: Path | None, as_json: bool) -> None:
    from qianhang.plan.items import find_plan
    from qianhang.plan.office.exchange import dump
    from qianhang.plan.office.intake import current
    from qianhang.plan.office.sheets import workbook

    day = today(on)
    with opened(read_only=True) as store:
        found = find_plan(store, plan)
        lines = current(store, found, on=day, lang=language())
    target = out or Path(f"{found.ref}-{day}.xlsx")
    _of_kind(target, ".xlsx", ".json")
    if target.suffix == ".json":
        body = dump(lines, plan=found.title, ref=found.ref, on=day, lang=language()).encode()
        save(target, body)
    else:
        body = workbook(lines, plan=found.title, ref=found.ref, on=day, lang=language())
        save(target, body)
    _told_path(target, as_json)


def _told_path(path: Path, as_json: bool) -> None:
    if as_json:
        tell({"written": [path]})
        return
    click.echo(str(path))


@click.command(name="import-sheet", help=say("cli.plan.import-sheet.help"))
@click.argument("plan")
@click.argument("file", type=click.Path(path_type=Path))
@on_option
@click.option("--by", required=True, help=say("cli.plan.office.by"))
@click.option("--check", "only", is_flag=True, help=say("cli.plan.office.check"))
@json_option
def import_sheet_command(
    plan: str, file: Path, on: datetime | None, *, by: str, only: bool, as_json: bool
) -> None:
    from qianhang.plan.items import find_plan
    from qianhang.plan.office.exchange import read_file
    from qianhang.plan.office.intake import check, take

    sheet = read_file(file)
    day = today(on)
    with opened(read_only=only) as store:
        found = find_plan(store, plan)
        intake = check(store, found, sheet, on=day)
        names = ("edits", "claims", "notes", "tasks", "left")
        counted = {n: len(getattr(intake, n)) for n in names}
        if not only:
            counted |= asdict(take(store, found, intake, on=day, by=by, at=now()))
    if as_json:
        left = [{"row": row, "column": column} for row, column in intake.left]
        tell({"plan": found.ref, "taken": not only, **counted, "left": left})
        return
    click.echo(say(f"cli.plan.office.{'checked' if only else 'taken'}", lang=None, **counted))
    for row, column in intake.left:
        name = say(f"office.sheet.{column}")
        click.echo("  " + say("cli.plan.office.left", row=row, column=name))


@click.command(name="compare", help=say("cli.plan.compare.help"))
@click.argument("plans", nargs=-1, required=True)
@click.option("--threshold", default=0.6, show_default=True, help=say("cli.plan.office.threshold"))
@click.option("--limit", default=20, show_default=True, help=say("cli.plan.office.limit"))
@click.option("--out", type=click.Path(path_type=Path), help=say("cli.plan.office.compare_out"))
@json_option
def compare_command(
    plans: tuple[str, ...], threshold: float, limit: int, out: Path | None, as_json: bool
) -> None:
    from qianhang.plan.office import comparison
    from qianhang.plan.office.compare import side_by_side

    found = side_by_side([_side(ref) for ref in plans], threshold=threshold)
    if as_json:
        tell(comparison.as_json(found))
        return
    if out is not None:
        save(out, comparison.comparison_workbook(found, lang=language()))
        click.echo(str(out))
        return
    click.echo(comparison.rule_words(found, language()))
    for grid in comparison.grids(found, lang=language()):
        if grid.rows:
            _show(grid, limit)


def _side(ref: str) -> Side:
    """A plan of the ledger, or a document beside it."""
    from qianhang.plan.items import find_plan, items
    from qianhang.plan.office.compare import of_document, of_plan

    path = Path(ref)
    if path.is_file():
        from qianhang.plan.reading.read import read

        return of_document(read(path), match=_match(), name=path.stem)
    with opened(read_only=True) as store:
        plan = find_plan(store, ref)
        return of_plan(plan, items(store, plan), match=_match())


def _match() -> Any:
    """Name of a system -> its id in the inventory, or None."""
    from qianhang.plan.matching import match
    from qianhang.plan.systems import systems

    return functools.partial(match, known=systems())


def _show(grid: Any, limit: int) -> None:
    from rich.table import Table

    from qianhang.cli.screen import console

    table = Table(title=grid.title, title_justify="left")
    for n, head in enumerate(grid.heads):
        table.add_column(head, justify="right" if n in grid.right else "left", overflow="fold")
    for row in grid.rows[:limit]:
        table.add_row(*(cell.replace("[", "\\[") for cell in row))
    console().print(table)
    if len(grid.rows) > limit:
        click.echo(say("cli.plan.office.more", count=len(grid.rows) - limit))
