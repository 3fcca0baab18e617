"""`qianhang plan read` and `extract`: what a document says, on the screen and as JSON."""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.core.errors import QianhangError, UsageError
from qianhang.core.words import say

if TYPE_CHECKING:
    from rich.table import Table

    from qianhang.plan.document import Document, Target, Units

__all__ = ["complain", "each_document", "extract_command", "read_command"]

_FACTS = ("title", "issuer", "doc_no", "date", "period", "level", "status")
_SIGNS = {">=": "≥", "<=": "≤", "~": "≈"}


@click.command(name="extract", help=say("cli.plan.extract.help"))
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help=say("cli.plan.out"),
)
@json_option
def extract_command(files: tuple[Path, ...], out: Path, as_json: bool) -> None:
    from qianhang.plan.reading.read import read

    out.mkdir(parents=True, exist_ok=True)
    written: dict[str, Path] = {}
    failed = 0
    for path in each_document(files):
        try:
            _fresh(path, written)
            text = json.dumps(read(path).to_dict(), ensure_ascii=False, indent=1)
            (out / f"{path.stem}.json").write_text(text + "\n", encoding="utf8")
            written[path.stem] = path
        except QianhangError as cause:
            failed += 1
            complain(cause.code, cause.message, cause.hint)
    if as_json:
        tell({"written": [out / f"{stem}.json" for stem in written], "failed": failed})
    else:
        click.echo(say("cli.plan.extracted", count=len(written), failed=failed, out=out))
    if failed:
        sys.exit(1)


def each_document(files: Sequence[Path]) -> Iterator[Path]:
    """The files, and for a folder the documents in it; what else it holds is named on stderr."""
    from qianhang.plan.folder import passed_over
    from qianhang.plan.reading.files import documents_in

    for path in files:
        if not path.is_dir():
            yield path
            continue
        found = list(documents_in(path))
        yield from found
        if not found:
            click.echo(say("cli.plan.no_document", folder=path), err=True)
        for each in passed_over(path):
            click.echo(say("cli.plan.passed", file=each.path), err=True)
            complain(each.code, each.why, each.hint)


def complain(code: str, message: str, hint: str) -> None:
    """Say on stderr what is wrong with one of several things, as errors are said."""
    head = click.style(code, fg="red", bold=True) + " " if code else "   "
    click.echo(head + message, err=True)
    if hint:
        click.echo(f"   → {hint}", err=True)


def _fresh(path: Path, written: dict[str, Path]) -> None:
    """Refuses a second file whose answer would go where the first one's is."""
    if path.stem in written:
        message = f"{path}: found the same name as {written[path.stem]}, expected another"
        raise UsageError("QH809", message, hint="extract it into another folder")


@click.command(name="read", help=say("cli.plan.read.help"))
@click.argument("file", type=click.Path(path_type=Path))
@json_option
def read_command(file: Path, as_json: bool) -> None:
    from qianhang.cli.screen import console
    from qianhang.plan.reading.read import read

    document = read(file)
    if as_json:
        tell(document.to_dict())
        return
    screen = console()
    for name in _FACTS:
        value = str(getattr(document, name))
        if value:
            shown = say(f"cli.plan.{name}_{value}") if name in ("level", "status") else value
            line = f"{say(f'cli.plan.{name}')}{say('word.colon')}{shown}"
            screen.print(line, markup=False, highlight=False)
    screen.print(_outline(document))
    if document.targets:
        screen.print(_targets(document))
    screen.print(_count(document), markup=False)


def _outline(document: Document) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head in ("section", "heading", "units", "targets", "systems", "measures"):
        many = head in ("targets", "systems", "measures")
        table.add_column(say(f"cli.plan.{head}"), justify="right" if many else "left")
    counts = [
        Counter(x.section for x in document.targets),
        Counter(x.section for x in document.systems if x.role == "build"),
        Counter(x.section for x in document.measures),
    ]
    for section in document.sections:
        depth = "  " * section.path.count(".")
        found = (str(count[section.path] or "") for count in counts)
        title = section.title if len(section.title) <= 40 else section.title[:39] + "…"
        table.add_row(section.path, depth + _plain(title), _plain(_names(section.units)), *found)
    return table


def _names(units: Units) -> str:
    """Units by role, as one line."""
    comma = say("word.list_comma")
    said = [
        say(f"cli.plan.{role}", units=comma.join(names))
        for role, names in (("lead", units.lead), ("support", units.support))
        if names
    ]
    return say("word.semicolon").join(
        [comma.join(units.responsible)] * bool(units.responsible) + said
    )


def _targets(document: Document) -> Table:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for head in ("section", "indicator", "value", "deadline"):
        table.add_column(say(f"cli.plan.{head}"))
    for target in document.targets:
        table.add_row(
            target.section, _plain(target.indicator), _plain(_value(target)), _deadline(target)
        )
    return table


def _value(target: Target) -> str:
    """Comparator, number or range, unit."""
    value = target.value
    number = f"{value[0]:g}–{value[1]:g}" if isinstance(value, tuple) else f"{value:,.10g}"
    sign = _SIGNS.get(target.comparator, target.comparator)
    return f"{'' if sign == '=' else sign + ' '}{number} {target.unit}".strip()


def _deadline(target: Target) -> str:
    year = "" if target.deadline is None else str(target.deadline)
    return f"{year} {say('cli.plan.yearly')}".strip() if target.yearly else year


def _count(document: Document) -> str:
    return say(
        "cli.plan.count",
        sections=len(document.sections),
        tasks=len(document.tasks),
        targets=len(document.targets),
        systems=len(document.systems),
        measures=len(document.measures),
    )


def _plain(text: str) -> str:
    """Text in which brackets are no markup."""
    return text.replace("[", "\\[")
