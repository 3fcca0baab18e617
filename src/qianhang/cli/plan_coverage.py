"""`qianhang plan coverage`: how much of what the plans name already runs here."""

from __future__ import annotations

import functools
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from qianhang.cli.options import json_option
from qianhang.cli.plan_json import tell
from qianhang.cli.plan_ledger import clean, table
from qianhang.core.words import say

if TYPE_CHECKING:
    from qianhang.plan.coverage import Coverage
    from qianhang.plan.items import Item, Plan
    from qianhang.store import Store

__all__ = ["coverage_command", "covered"]


@click.command(name="coverage", help=say("cli.plan.coverage.help"))
@click.argument("plan", default="")
@click.option("--missing", is_flag=True, help=say("cli.plan.coverage.missing"))
@json_option
def coverage_command(plan: str, missing: bool, as_json: bool) -> None:
    from dataclasses import asdict

    from qianhang.cli.screen import console
    from qianhang.plan.coverage import named_by, published
    from qianhang.plan.items import find_plan, items
    from qianhang.plan.shares import percent
    from qianhang.runs import read_store

    told: tuple[Coverage, ...]
    if plan:
        with read_store() as store:
            found = find_plan(store, plan)
            told = (covered(store, found, items(store, found, kind="system")),)
    else:
        realised = _realised()
        told = (*published(realised), named_by(realised))
    if as_json:
        rows = [asdict(c) | {"share": c.share} for c in told]
        tell(rows)
        return
    screen = console()
    made = table("plan", "systems", "realised", "share")
    for each in told:
        share = "—" if each.share is None else percent(each.share, digits=1)
        name = _plan_name(each.plan)
        made.add_row(name, str(len(each.named)), str(len(each.realised)), share)
    screen.print(made)
    if plan or missing:
        rest = table("item", "name", "mission", "by_what")
        for system in told[-1].named:
            if not (missing and system.by):
                told_by = clean(", ".join((*system.by, *map(_unproven, system.unproven))))
                rest.add_row(system.code, clean(system.name), system.mission, told_by)
        screen.print(rest)


def covered(store: Store, plan: Plan, every: Iterable[Item]) -> Coverage:
    """The plan's systems among these items, each with what realises it."""
    from qianhang.plan.coverage import of_plan
    from qianhang.plan.matching import match
    from qianhang.plan.stated import links
    from qianhang.plan.systems import systems
    from qianhang.runs.known import names_known

    named = [i for i in every if i.kind == "system"]
    match_ = functools.partial(match, known=systems())
    return of_plan(
        plan.ref,
        named,
        _realised(),
        links=links(store, plan),
        known=names_known(store),
        match=match_,
    )


def _unproven(link: str) -> str:
    return say("cli.plan.coverage.unproven", link=link)


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
