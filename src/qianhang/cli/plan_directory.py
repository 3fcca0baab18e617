"""`qianhang plan directory`: the units of a plan, each once, with every name printed for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.plan_evidence import writing
from qianhang.cli.plan_json import json_option, tell
from qianhang.cli.plan_ledger import clean, table
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.plan.items import Assignment
    from qianhang.plan.units_known import Place
    from qianhang.store import Store

__all__ = ["directory_command"]

_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command(name="directory", help=say("cli.plan.directory.help"))
@click.argument("plan")
@click.option("--unit", default="", help=say("cli.plan.directory.unit"))
@click.option("--alias", default="", help=say("cli.plan.directory.alias"))
@click.option("--since", type=_DAY, help=say("cli.plan.directory.since"))
@click.option("--until", type=_DAY, help=say("cli.plan.directory.until"))
@click.option("--by", default="", help=say("cli.plan.by"))
@json_option
def directory_command(plan: str, as_json: bool, **given: Any) -> None:
    from qianhang.cli.screen import console
    from qianhang.plan.items import assignments, find_plan, place_of
    from qianhang.runs import read_store

    if given["alias"]:
        with writing() as store:
            _name(store, plan, given)
    with read_store() as store:
        found = find_plan(store, plan)
        with store.read() as connection:
            place = place_of(connection, found)
        rows = _rows(assignments(store, found), place)
    if as_json:
        tell(rows)
        return
    made = table("unit", "printed_as", "leads", "how_many")
    for row in rows:
        printed = say("word.list_comma").join(row["printed"])
        cells = (clean(row["unit"]), clean(printed), str(row["leads"]), str(row["items"]))
        made.add_row(*cells)
    console().print(made)


def _name(store: Store, plan: str, given: Mapping[str, Any]) -> None:
    """Put down another name of a unit."""
    from qianhang.plan.items import find_plan
    from qianhang.plan.units_known import add_alias

    found = find_plan(store, plan)
    days = {name: given[name] and given[name].date() for name in ("since", "until")}
    add_alias(
        store, given["unit"], given["alias"], region=found.region, by=given["by"],
        at=datetime.now(UTC), **days,
    )  # fmt: skip


def _rows(told: Iterable[Assignment], place: Place) -> list[dict[str, Any]]:
    """A row a unit: its whole name, how it is printed, how many items it leads and answers for."""
    groups: dict[str, list[Assignment]] = {}
    for each in told:
        groups.setdefault(place.key(each.unit), []).append(each)
    return [
        {
            "unit": place.name(own[0].unit),
            "printed": list(dict.fromkeys(a.unit for a in own)),
            "leads": len({a.item for a in own if a.role == "lead"}),
            "items": len({a.item for a in own}),
        }
        for own in groups.values()
    ]
