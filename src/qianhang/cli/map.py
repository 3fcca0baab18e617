"""`qianhang map`: the operator's own map, printed with its approval number."""

from __future__ import annotations

from pathlib import Path

import click

from qianhang.core.words import say

__all__ = ["map_command"]


@click.group(name="map", help=say("cli.map.help"))
def map_command() -> None:
    pass


@map_command.command(name="import", help=say("cli.map.import.help"))
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--approval", required=True, help=say("cli.map.approval"))
@click.option("--by", default="cli", help=say("cli.map.by"))
def import_command(file: Path, approval: str, by: str) -> None:
    from datetime import UTC, datetime

    from qianhang.plan import boundary
    from qianhang.runs import open_store
    from qianhang.store import Settings

    with open_store(Settings.load()) as store:
        kept = boundary.keep(
            store, file.read_bytes(), approval=approval, by=by, at=datetime.now(UTC)
        )
    click.echo(say("cli.map.kept", approval=kept.approval, count=len(kept.regions)))
