"""`qianhang backup` and `qianhang restore`: the store as one file, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from qianhang.core.words import say

__all__ = ["backup_command", "restore_command"]


@click.command(help=say("cli.backup.help"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--results-mb", "results_mb", default=10_000, show_default=True,
              type=click.IntRange(0), help=say("cli.backup.results_mb"))  # fmt: skip
def backup_command(file: Path, results_mb: int) -> None:
    from qianhang.runs import copies, read_store
    from qianhang.store import Settings

    settings = Settings.load()
    with read_store(settings) as store:
        made = copies.make(
            store, file, home=settings.home, at=datetime.now(UTC), most_mb=results_mb
        )
        absent, absent_size = copies.left_out(store, made)
    size = f"{file.stat().st_size:,}"
    click.echo(say("cli.backup.done", file=file, size=size, rows=made.rows, files=len(made.files)))
    sent = f"{made.sent:,}"
    click.echo(say("cli.backup.uploads", count=len(made.uploads), size=sent))
    results = [size for one in made.beside.values() for size in one.values()]
    click.echo(say("cli.backup.results", count=len(results), size=f"{sum(results):,}"))
    if absent:
        click.echo(say("cli.backup.left_out", count=absent, size=f"{absent_size:,}"), err=True)
    click.echo(say("cli.verify.head", anchor=made.anchor))


@click.command(help=say("cli.restore.help"))
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
def restore_command(file: Path) -> None:
    from qianhang.runs import copies
    from qianhang.store import Settings

    check = copies.take_back(Settings.load(), file)
    click.echo(say("cli.verify.ok", records=check.records, files=check.files))
    click.echo(say("cli.verify.head", anchor=check.anchor))
