"""`qianhang report`: a finished run as one HTML file, or as JSON."""

from __future__ import annotations

import json
from pathlib import Path

import click

from qianhang.cli.options import json_option
from qianhang.core.words import say

__all__ = ["report_command", "write"]


def write(path: Path, text: str) -> None:
    """Put `text` at `path`, whole or not at all."""
    beside = path.with_name(f".{path.name}.part")
    beside.write_text(text, encoding="utf8")
    beside.replace(path)


@click.command(help=say("cli.report.help"))
@click.argument("run", default="last")
@click.option("--out", type=click.Path(path_type=Path), help=say("cli.report.out"))
@click.option("--lang", type=click.Choice(["zh", "en", "both"]), default="both", show_default=True)
@json_option
def report_command(run: str, out: Path | None, lang: str, as_json: bool) -> None:
    from qianhang.runs import get, page, read_store, tables_of, view

    with read_store() as store:
        record = get(store, run)
        if as_json:
            body, _ = view(store, record)
            body["tables"] = {
                name: json.loads(frame.reset_index().to_json(orient="records", date_format="iso"))
                for name, frame in tables_of(store, record).items()
            }
            text = json.dumps(body, ensure_ascii=False, indent=1)
        else:
            text = page(store, record, lang=lang)
    target = out or Path(f"{record.scenario}-{record.id}.{'json' if as_json else 'html'}")
    write(target, text)
    click.echo(str(target))
