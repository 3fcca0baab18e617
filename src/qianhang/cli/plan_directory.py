"""`qianhang plan directory`: the units of a plan, each once, with every name printed for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_evidence import writing
from qianhang.cli.plan_json import tell
from qianhang.cli.plan_ledger import clean, table
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.plan.items import Assignment, Item, Led
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
    from qianhang.plan.items import answering, assignments, find_plan, items, place_of
    from qianhang.runs import read_store

    if given["alias"]:
        with writing() as store:
            _name(store, plan, given)
    with read_store() as store:
        found = find_plan(store, plan)
        with store.read() as connection:
            place = place_of(connection, found)
        kept = [i for i in items(store, found) if i.state != "rejected" and not i.pending]
        rows = _rows(assignments(store, found), place, kept=kept, named=answering(store, found))
    if as_json:
        tell(rows)
        return
    made = table("unit", "printed_as", "tasks_led", "how_many")
    for row in rows:
        printed = say("word.list_comma").join(row["printed"])
        cells = (clean(row["unit"]), clean(printed), str(row["tasks_led"]), str(row["targets"]))
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


def _rows(
    told: Iterable[Assignment], place: Place, *, kept: Sequence[Item], named: Mapping[str, Led]
) -> list[dict[str, Any]]:
    """A row a unit: the name that is printed first, all that are, its whole name, how many tasks
    it leads and for how many targets it answers in whatever role."""
    tasks = {i.code for i in kept if i.kind == "task"}
    targets = [i.code for i in kept if i.kind == "target"]
    groups: dict[str, list[Assignment]] = {}
    for each in told:
        groups.setdefault(place.key(each.unit), []).append(each)
    return [
        {
            "unit": own[0].unit,
            "name": place.name(own[0].unit),
            "printed": list(dict.fromkeys(a.unit for a in own)),
            "tasks_led": len({a.item for a in own if a.role == "lead"} & tasks),
            "targets": sum(
                any(place.key(unit) == key for unit in named[code].units) for code in targets
            ),
        }
        for key, own in groups.items()
    ]
