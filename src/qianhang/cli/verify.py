"""`qianhang verify`: the evidence chain, recomputed."""

from __future__ import annotations

import sys

import click

from qianhang.core.words import say

__all__ = ["verify_command"]


@click.command(help=say("cli.verify.help"))
@click.option("--anchor", help=say("cli.verify.anchor"))
def verify_command(anchor: str | None) -> None:
    from qianhang import models
    from qianhang.runs import read_store

    with read_store() as store:
        check = store.verify(anchor=anchor)
        rows = models.verify(store) if check.ok else []
    if not check.ok:
        click.echo(say("cli.verify.broken", what=check.broken), err=True)
    for row in rows:
        click.echo(row, err=True)
    if not check.ok or rows:
        sys.exit(1)
    click.echo(say("cli.verify.ok", records=check.records, files=check.files))
    click.echo(say("cli.verify.head", anchor=check.anchor))
