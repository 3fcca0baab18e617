"""`qianhang predict`: the newest accepted model asked about new data."""

from __future__ import annotations

from pathlib import Path

import click

from qianhang.core.words import say

__all__ = ["predict_command"]


@click.command(help=say("cli.predict.help"))
@click.argument("scenario")
@click.option(
    "--data", type=click.Path(path_type=Path), required=True, help=say("cli.predict.data")
)
@click.option("--out", type=click.Path(path_type=Path), required=True, help=say("cli.predict.out"))
@click.option("--version", type=int, help=say("cli.predict.version"))
def predict_command(scenario: str, data: Path, out: Path, version: int | None) -> None:
    from qianhang.runs import predict_file
    from qianhang.store import Settings

    answers, rejects = predict_file(
        scenario, data, out=out, settings=Settings.load(), version=version
    )
    click.echo(say("cli.predict.done", answers=answers, out=out))
    if rejects:
        where = out.with_name(f"{out.stem}.rejects.csv")
        click.echo(say("cli.predict.rejects", rejects=rejects, out=where), err=True)
