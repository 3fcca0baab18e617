"""How much of what plans name is realised: systems linked to packs, parts, data, models."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from qianhang.plan.items import Item
from qianhang.plan.stated import Known, Link
from qianhang.plan.systems import System, systems

__all__ = ["Coverage", "Named", "named_by", "of_plan", "published"]

_SECTION = re.compile(r"([A-Z])\d")
Realised = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Named:
    """A system that a plan names, and what realises it; () where nothing does.

    code : of the item, or the id in the inventory; mission : that id, "" where none is known
    unproven : stated links to what is not there, which realise nothing
    """

    code: str
    name: str
    mission: str
    by: tuple[str, ...]
    unproven: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Coverage:
    """The systems of one plan."""

    plan: str
    named: tuple[Named, ...]

    @property
    def realised(self) -> tuple[Named, ...]:
        """Those that something realises."""
        return tuple(n for n in self.named if n.by)

    @property
    def share(self) -> float | None:
        """Realised over named, 0 to 1; None where the plan names no system."""
        return len(self.realised) / len(self.named) if self.named else None


def published(realised: Realised) -> tuple[Coverage, ...]:
    """The plans of the inventory, by letter, each with its own systems.

    realised : inventory id -> names of what realises it
    """
    plans: dict[str, list[System]] = {}
    for system in systems().values():
        for letter in dict.fromkeys(_SECTION.findall(system.source)):
            plans.setdefault(letter, []).append(system)
    return tuple(
        Coverage(letter, tuple(_named(s, realised) for s in found))
        for letter, found in sorted(plans.items())
    )


def named_by(realised: Realised) -> Coverage:
    """The whole inventory, each system once however many plans name it."""
    return Coverage("", tuple(_named(s, realised) for s in systems().values()))


def of_plan(
    ref: str,
    found: Sequence[Item],
    realised: Realised,
    *,
    links: Sequence[Link] = (),
    known: Known | None = None,
    match: Callable[[str], str | None] = lambda _: None,
) -> Coverage:
    """An imported plan's systems to be built, each with what realises it.

    found : its system items; rejected ones, a model's pending proposals and those merely relied
        upon are left out
    links : what people have said; match : name -> inventory id, for systems without one
    known : the names that there are of each kind, by which links are proven; None takes them all
    """
    stated: dict[str, list[str]] = {}
    unproven: dict[str, list[str]] = {}
    for each in links:
        there = known is None or each.name in known(each.kind)
        # Packs say by their ids what they realise, so that a scenario is not named twice.
        name = each.name if each.kind == "scenario" else f"{each.kind} {each.name}"
        (stated if there else unproven).setdefault(each.system, []).append(name)
    named = []
    for item in found:
        if item.state == "rejected" or item.pending or item.values["role"] != "build":
            continue
        mission = item.values["mission"] or match(item.name) or ""
        by = (*realised.get(mission, ()), *stated.get(item.code, ()))
        lacking = tuple(dict.fromkeys(unproven.get(item.code, ())))
        named.append(Named(item.code, item.name, mission, tuple(dict.fromkeys(by)), lacking))
    return Coverage(ref, tuple(named))


def _named(system: System, realised: Realised) -> Named:
    return Named(system.id, system.name, system.id, tuple(realised.get(system.id, ())))
