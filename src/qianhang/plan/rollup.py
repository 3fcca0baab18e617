"""Targets and systems counted by task, unit, plan and child plan; nothing is averaged away."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qianhang.core.errors import UsageError
from qianhang.plan import quantity
from qianhang.plan.items import Item, Led, Plan
from qianhang.plan.readings import Component, newer
from qianhang.plan.revision import plain
from qianhang.plan.standing import Standing
from qianhang.plan.states import STATES, State

__all__ = [
    "Row",
    "Together",
    "Weighted",
    "as_records",
    "by_task",
    "by_unit",
    "combined",
    "read_weights",
    "together",
    "weighted",
    "whole",
]


@dataclass(frozen=True, slots=True)
class Row:
    """A table of states, with its denominators.

    kind : task, unit or plan
    counts : state -> how many targets; states without any are 0
    systems, realised : systems to be built, and those that something realises
    """

    kind: str
    name: str
    ref: str
    counts: Mapping[State, int]
    targets: int
    systems: int = 0
    realised: int = 0


@dataclass(frozen=True, slots=True)
class Weighted:
    """A single figure by weights that the owner set; print them with it.

    value : the weighted mean of attainment, each at most 1, over targets that have a reading; None
        where none has
    left_out : weighted targets without one; they count neither as 0 nor as met
    """

    value: float | None
    weights: Mapping[str, float]
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Together:
    """One indicator of several plans.

    value : each key once; None where none has evidence, or where `totals`
    totals : targets that rest on a mere total, of which nobody can tell what it counts twice
    """

    indicator: str
    unit: str
    refs: tuple[str, ...]
    value: float | None
    totals: tuple[str, ...] = ()


def by_task(
    tasks: Iterable[Item],
    found: Sequence[Standing],
    *,
    systems: Sequence[Item] = (),
    realised: Iterable[str] = (),
) -> tuple[Row, ...]:
    """A row a task: the targets and systems of its section and of those under it, or of its own
    words where a section (a table) holds several tasks.

    realised : codes of the systems that something realises
    """
    done = set(realised)
    every = list(tasks)
    many = Counter(task.section for task in every)
    rows = []
    for task in every:
        alone = many[task.section] == 1
        own = [s for s in found if _of_task(s.item, task, alone=alone)]
        built = [y for y in systems if _of_task(y, task, alone=alone)]
        rows.append(
            _row("task", task.name, task.ref, own, (len(built), sum(y.code in done for y in built)))
        )
    return tuple(rows)


def by_unit(
    found: Sequence[Standing],
    *,
    lead: Mapping[str, Led] | None = None,
    named: Iterable[str] = (),
    systems: Sequence[Item] = (),
    realised: Iterable[str] = (),
) -> tuple[Row, ...]:
    """A row a unit: the targets and systems that it leads; what several lead counts with each.

    lead : item code -> who leads it, which systems are counted by
    named : units that have a row whether they lead anything or not
    """
    done = set(realised)
    units: dict[str, list[Standing]] = {}
    built: dict[str, list[Item]] = {}
    for each in found:
        for unit in each.leaders or ("",):
            units.setdefault(unit, []).append(each)
    for system in systems:
        for unit in (lead or {}).get(system.code, Led()).units or ("",):
            built.setdefault(unit, []).append(system)
    order = dict.fromkeys((*units, *(u for u in built if u), *named, *built))
    return tuple(
        _row("unit", name, "", units.get(name, ()), (len(own), sum(y.code in done for y in own)))
        for name in order
        for own in [built.get(name, [])]
    )


def whole(plan: Plan, found: Sequence[Standing], *, systems: int = 0, realised: int = 0) -> Row:
    """The plan's row."""
    return _row("plan", plan.title, plan.ref, found, (systems, realised))


def combined(found: Sequence[Standing]) -> float | None:
    """One indicator over several plans (a province and its cities), no key counted twice.

    Only sums and counts can be added up: their components are put together and each key taken
    once, the newest.

    Raises UsageError where a reading is of another kind, or the units differ.
    """
    newest: dict[str, Component] = {}
    for each in found:
        rule = each.reading.rule
        if rule is None:
            continue
        if rule.per or rule.query.aggregate not in ("sum", "count"):
            message = f"{each.item.ref} is no sum or count: it cannot be added to others"
            raise UsageError("QH824", message)
        factor = _factor(each.reading.unit, found[0].reading.unit)
        if factor is None:
            units = f"{each.reading.unit!r} and {found[0].reading.unit!r}"
            raise UsageError("QH824", f"{each.item.ref}: {units} cannot be added up")
        for part in each.reading.used:
            known = newest.get(part.key)
            if known is None or newer(part, known):
                value = None if part.value is None else part.value * factor
                newest[part.key] = replace(part, value=value)
    if not newest:
        return None
    return float(sum(c.value for c in newest.values() if c.value is not None))


def together(found: Sequence[Standing]) -> tuple[Together, ...]:
    """The indicators that more than one plan has and that can be added up, each key once."""
    groups: list[list[Standing]] = []
    for each in found:
        rule = each.reading.rule
        if rule is None or rule.per or rule.query.aggregate not in ("sum", "count"):
            continue
        same = next((own for own in groups if _alike(own[0], each)), None)
        if same is None:
            groups.append([each])
        else:
            same.append(each)
    return tuple(_together(own) for own in groups if len({s.item.plan for s in own}) > 1)


def _together(own: Sequence[Standing]) -> Together:
    refs = tuple(s.item.ref for s in own)
    read = [s for s in own if s.reading.used]
    totals = tuple(s.item.ref for s in read if _on_totals(s)) if len(read) > 1 else ()
    value = None if totals else combined(own)
    return Together(own[0].item.name, own[0].reading.unit, refs, value, totals)


def _on_totals(each: Standing) -> bool:
    """Whether a count rests on a register's length: how many there are, not which."""
    rule = each.reading.rule
    counts = rule is not None and rule.query.aggregate == "count"
    return counts and any(p.value != quantity.one(each.reading.unit) for p in each.reading.used)


def _alike(one: Standing, other: Standing) -> bool:
    """Whether two targets are of one indicator, in units that convert to each other."""
    named = plain(one.item.name) == plain(other.item.name)
    return named and _factor(other.reading.unit, one.reading.unit) is not None


def _factor(unit: str, wanted: str) -> float | None:
    """By what to multiply to get from one unit to the other, None where nothing does."""
    try:
        return quantity.convert(1.0, from_=unit, to=wanted)
    except ValueError:
        return None


def as_records(each: Standing, *, region: str = "") -> list[dict[str, Any]]:
    """What a child ledger sends to its parent's through a connector: its keys, not its total."""
    return [
        {
            "kind": part.kind, "subject": part.subject, "on": part.on.isoformat(),
            "value": part.value, "unit": each.reading.unit, "key": part.key,
            "facts": {"region": region, "indicator": each.item.name, "grade": part.grade},
        }
        for part in each.reading.used
    ]  # fmt: skip


def weighted(found: Sequence[Standing], weights: Mapping[str, float]) -> Weighted | None:
    """The weighted attainment; None where no weights are set.

    weights : target code -> weight, above 0
    Raises UsageError for a weight that is not above 0.
    """
    wrong = [code for code, weight in weights.items() if not weight > 0]
    if wrong:
        raise UsageError("QH826", f"weight of {wrong[0]}: {weights[wrong[0]]}, expected above 0")
    shares = {
        s.item.code: min(1.0, max(0.0, s.assessment.attainment))
        for s in found
        if s.item.code in weights and s.assessment.attainment is not None
    }
    if not weights:
        return None
    if not shares:
        return Weighted(None, dict(weights), tuple(weights))
    total = sum(weights[code] for code in shares)
    value = sum(weights[code] * share for code, share in shares.items()) / total
    return Weighted(value, dict(weights), tuple(c for c in weights if c not in shares))


def _row(
    kind: str,
    name: str,
    ref: str,
    found: Sequence[Standing],
    systems: tuple[int, int] = (0, 0),
) -> Row:
    counts: dict[State, int] = dict.fromkeys(STATES, 0)
    for each in found:
        counts[each.state] += 1
    return Row(kind, name, ref, counts, len(found), *systems)


def _of_task(item: Item, task: Item, *, alone: bool) -> bool:
    return _under(item.section, task.section) if alone else task.start <= item.start < task.end


def _under(path: str, section: str) -> bool:
    return bool(section) and (path == section or path.startswith(f"{section}."))


def read_weights(texts: Iterable[str], known: Collection[str]) -> dict[str, float]:
    """Weights written as T1=2, by target.

    Raises UsageError for a target that is not there, or a weight that is no positive number.
    """
    weights = {}
    for text in texts:
        code, _, number = text.partition("=")
        try:
            weight = float(number)
        except ValueError:
            weight = math.nan
        if code not in known or not 0 < weight < math.inf:
            raise UsageError("QH826", f"weight {text!r}: expected a target and its weight, T1=2")
        weights[code] = weight
    return weights
