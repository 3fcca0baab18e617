"""A plan's ledger as a page shows it: by section, by unit, by target; child plans beside it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from qianhang.plan import items, rollup
from qianhang.plan.items import Item, Plan
from qianhang.plan.rollup import Row, Together, Weighted
from qianhang.plan.standing import Standing
from qianhang.plan.stated import setting
from qianhang.web.asked import Asked
from qianhang.web.views import plans

__all__ = ["Below", "Ledger", "Part", "ledger"]


@dataclass(frozen=True, slots=True)
class Part:
    """One section with the targets that stand in it; depth : 1 for the outermost."""

    section: Item
    depth: int
    own: tuple[Standing, ...]
    systems: int


@dataclass(frozen=True, slots=True)
class Below:
    """A plan that carries this one out."""

    plan: Plan
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where a plan stands on a day.

    parts : its sections that hold a target or a system, and those above them
    rest : targets that stand in no section that is there; drafts : targets nobody has confirmed
    together : indicators that it has in common with the plans below it
    """

    on: date
    told: tuple[Standing, ...]
    counts: Mapping[str, int]
    parts: tuple[Part, ...]
    rest: tuple[Standing, ...]
    whole: Row
    tasks: tuple[Row, ...]
    units: tuple[Row, ...]
    drafts: int
    below: tuple[Below, ...]
    together: tuple[Together, ...]
    weighted: Weighted | None
    weights: Mapping[str, float]


def ledger(ask: Asked, plan: Plan, *, on: date) -> Ledger:
    """The plan's ledger, and those of the plans below it that the reader may see."""
    every = items.items(ask.store, plan)
    told = plans.stand(ask, plan, on=on)
    children = [(p, plans.stand(ask, p, on=on)) for p in plans.children(ask, plan)]
    weights: dict[str, float] = setting(ask.store, plan, "weights", {})
    known = {i.section for i in every if i.kind == "section" and _stands(i)}
    done = {n.code for n in plans.covered(ask, plan, every).realised}
    built = [i for i in every if i.kind == "system" and i.values["role"] == "build"]
    built = [i for i in built if _stands(i)]
    tasks = [i for i in every if i.kind == "task" and _stands(i)]
    return Ledger(
        on=on,
        told=told,
        counts=Counter(s.state for s in told),
        parts=tuple(_parts(every, told)),
        rest=tuple(s for s in told if s.item.section not in known),
        whole=rollup.whole(
            plan, told, systems=len(built), realised=sum(i.code in done for i in built)
        ),
        tasks=tuple(
            row
            for row in rollup.by_task(tasks, told, systems=built, realised=done)
            if row.targets or row.systems
        ),
        units=rollup.by_unit(told),
        drafts=sum(i.kind == "target" and i.state == "draft" for i in every),
        below=tuple(Below(p, Counter(s.state for s in found)) for p, found in children),
        together=rollup.together([*told, *(s for _, found in children for s in found)]),
        weighted=rollup.weighted(told, weights) if weights else None,
        weights=weights,
    )


def _parts(every: Sequence[Item], told: Sequence[Standing]) -> Iterator[Part]:
    systems = Counter(
        i.section for i in every
        if i.kind == "system" and i.values["role"] == "build"
        and i.state != "rejected" and not i.pending
    )  # fmt: skip
    held = {s.item.section for s in told} | set(systems)
    seen: set[str] = set()
    for item in every:
        if item.kind != "section" or not _stands(item) or item.section in seen:
            continue
        seen.add(item.section)
        path = item.section
        if any(h == path or h.startswith(f"{path}.") for h in held):
            own = tuple(s for s in told if s.item.section == path)
            yield Part(item, path.count(".") + 1, own, systems[path])


def _stands(item: Item) -> bool:
    """Whether it counts: nobody has rejected it, and it is no mere proposal of a model."""
    return item.state != "rejected" and not item.pending
