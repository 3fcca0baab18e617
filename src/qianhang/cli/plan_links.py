"""`qianhang plan link`: what realises a system that a plan names, looked up before it is kept."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_evidence import writing
from qianhang.cli.plan_json import tell
from qianhang.core.words import say

__all__ = ["link_command"]


@click.command(name="link", help=say("cli.plan.link.help"))
@click.argument("system")
@click.argument("kind")
@click.argument("name")
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def link_command(system: str, kind: str, name: str, *, by: str, as_json: bool) -> None:
    from qianhang.plan.items import find_item
    from qianhang.plan.stated import link
    from qianhang.runs.known import names_known

    with writing() as store:
        item = find_item(store, system)
        known, at = names_known(store), datetime.now(UTC)
        made = link(store, item, kind=kind, name=name, known=known, by=by, at=at)
    if as_json:
        tell(made)
        return
    click.echo(f"{item.ref} ← {kind} {name}")
