"""`qianhang plan link`: what realises a system that a plan names, looked up before it is kept."""

from __future__ import annotations

import functools
from collections.abc import Collection
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from qianhang.cli.plan_evidence import writing
from qianhang.cli.plan_json import json_option, tell
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.plan.stated import Known
    from qianhang.store import Store

__all__ = ["link_command", "names_known"]

# Stages in which a model may be used, if only for research.
_USABLE = ("accepted", "research_only")


@click.command(name="link", help=say("cli.plan.link.help"))
@click.argument("system")
@click.argument("kind")
@click.argument("name")
@click.option("--by", required=True, help=say("cli.plan.by"))
@json_option
def link_command(system: str, kind: str, name: str, *, by: str, as_json: bool) -> None:
    from qianhang.plan.items import find_item
    from qianhang.plan.stated import link

    with writing() as store:
        item = find_item(store, system)
        known, at = names_known(store), datetime.now(UTC)
        made = link(store, item, kind=kind, name=name, known=known, by=by, at=at)
    if as_json:
        tell(made)
        return
    click.echo(f"{item.ref} ← {kind} {name}")


def names_known(store: Store) -> Known:
    """Kind -> the names of what there is of it on this platform.

    Services and parts are not registered anywhere yet, so that nothing proves them.
    """

    @functools.cache
    def names(kind: str) -> Collection[str]:
        if kind == "scenario":
            from qianhang.core.pack import cards

            return tuple(card.id for card in cards())
        if kind == "dataset":
            from qianhang.data import registry

            return registry.names()
        if kind == "model":
            from qianhang.models.registry import versions

            return tuple({v.name: v for v in versions(store) if v.stage in _USABLE})
        if kind == "pool":
            from qianhang.compute.pools.local import LocalPool

            return (LocalPool.name,)
        return ()

    return names
