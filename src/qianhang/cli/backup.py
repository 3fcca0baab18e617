"""`qianhang backup` and `qianhang restore`: the store as one file, and back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from qianhang.core.words import say

__all__ = ["backup_command", "restore_command"]


@click.command(help=say("cli.backup.help"))
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def backup_command(file: Path) -> None:
    from qianhang.runs import copies, read_store
    from qianhang.store import Settings

    settings = Settings.load()
    with read_store(settings) as store:
        made = copies.make(store, file, home=settings.home, at=datetime.now(UTC))
    size = f"{file.stat().st_size:,}"
    click.echo(say("cli.backup.done", file=file, size=size, rows=made.rows, files=len(made.files)))
    sent = f"{made.sent:,}"
    click.echo(say("cli.backup.uploads", count=len(made.uploads), size=sent))
    click.echo(say("cli.verify.head", anchor=made.anchor))


@click.command(help=say("cli.restore.help"))
@click.argument("file", type=click.Path(dir_okay=False, exists=True, path_type=Path))
def restore_command(file: Path) -> None:
    from qianhang.runs import copies
    from qianhang.store import Settings

    check = copies.take_back(Settings.load(), file)
    click.echo(say("cli.verify.ok", records=check.records, files=check.files))
    click.echo(say("cli.verify.head", anchor=check.anchor))
