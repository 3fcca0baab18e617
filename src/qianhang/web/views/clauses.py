"""The clauses of plans that a scenario realises: the system that each names, and its words."""

from __future__ import annotations

from dataclasses import dataclass

from qianhang.plan import items
from qianhang.plan.items import Item, Plan
from qianhang.web.asked import Asked
from qianhang.web.views import plans

__all__ = ["Clause", "clauses"]

_PLANS, _MOST = 30, 12


@dataclass(frozen=True, slots=True)
class Clause:
    """A system of a plan, which stands at a place in the plan's text."""

    plan: Plan
    system: Item


def clauses(ask: Asked, scenario: str) -> tuple[Clause, ...]:
    """The first twelve, of the newest thirty plans that the reader may see."""
    found: list[Clause] = []
    for plan in plans.seen_plans(ask)[::-1][:_PLANS]:
        every = items.items(ask.store, plan, kind="system")
        named = plans.covered(ask, plan, every).named if every else ()
        codes = {one.code for one in named if scenario in one.by}
        found += [Clause(plan, item) for item in every if item.code in codes]
    return tuple(found[:_MOST])
