"""`qianhang plan coverage`: how much of what the plans name already runs here."""

from __future__ import annotations

import functools
import json

import click

from qianhang.cli.plan_ledger import clean, table
from qianhang.core.words import say

__all__ = ["coverage_command"]


@click.command(name="coverage", help=say("cli.plan.coverage.help"))
@click.argument("plan", default="")
@click.option("--missing", is_flag=True, help=say("cli.plan.coverage.missing"))
@click.option("--json", "as_json", is_flag=True, help=say("cli.json"))
def coverage_command(plan: str, missing: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from qianhang.cli.screen import console
    from qianhang.plan.coverage import Coverage, named_by, of_plan, published
    from qianhang.plan.items import find_plan, items
    from qianhang.plan.matching import match
    from qianhang.plan.stated import links
    from qianhang.plan.systems import systems
    from qianhang.runs import read_store

    realised = _realised()
    known = functools.partial(match, known=systems())
    if plan:
        with read_store() as store:
            found = find_plan(store, plan)
            named = items(store, found, kind="system")
            stated = links(store, found)
        told: tuple[Coverage, ...] = (
            of_plan(found.ref, named, realised, links=stated, match=known),
        )
    else:
        told = (*published(realised), named_by(realised))
    if as_json:
        rows = [asdict(c) | {"share": c.share} for c in told]
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    screen = console()
    made = table("plan", "systems", "realised", "share")
    for each in told:
        share = "—" if each.share is None else f"{each.share:.1%}"
        name = _plan_name(each.plan)
        made.add_row(name, str(len(each.named)), str(len(each.realised)), share)
    screen.print(made)
    if plan or missing:
        rest = table("item", "name", "mission", "by_what")
        for system in told[-1].named:
            if not (missing and system.by):
                rest.add_row(system.code, clean(system.name), system.mission, ", ".join(system.by))
        screen.print(rest)


def _plan_name(plan: str) -> str:
    """A letter of the inventory in words, an imported plan's reference as it is."""
    if len(plan) == 1:
        return say(f"cli.plan.coverage.{plan}")
    return plan or say("cli.plan.coverage.all")


def _realised() -> dict[str, list[str]]:
    """Inventory id -> the packs that say they realise it."""
    from qianhang.core.pack import cards

    found: dict[str, list[str]] = {}
    for card in cards():
        for mission in card.covers:
            found.setdefault(mission, []).append(card.id)
    return found
