"""Where confirmed targets stand on a day: reading, assessment, override; frozen for bulletins."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.core.day import day_of
from qianhang.core.errors import UsageError
from qianhang.plan import quantity, schema, stated
from qianhang.plan.author import stamp
from qianhang.plan.evidence import Evidence, evidence
from qianhang.plan.items import CONFIRMED, Item, Led, Plan, find_plan, items, leaders
from qianhang.plan.readings import Component, Reading, read_target, series
from qianhang.plan.rules import Rule, from_dict, rules_of
from qianhang.plan.states import Assessment, Goal, State, assess

if TYPE_CHECKING:
    from qianhang.plan.stated import Milestone, Override
    from qianhang.store import Store

__all__ = ["Standing", "freeze", "frozen", "goal_of", "standing", "standings"]


@dataclass(frozen=True, slots=True)
class Standing:
    """One confirmed target on a day.

    override : what a person states instead, always to be printed as such
    leaders : the units that lead it; id : of the frozen reading, None while it is not frozen
    convention : no leader is printed, the first of those responsible leads
    """

    item: Item
    reading: Reading
    assessment: Assessment
    override: Override | None
    leaders: tuple[str, ...]
    id: int | None = None
    convention: bool = False

    @property
    def state(self) -> State:
        """The override's state where one is in force, else the assessment's."""
        if self.override:
            state: State = self.override.state  # type: ignore[assignment]  # checked when it was set
            return state
        return self.assessment.state

    @property
    def grade(self) -> str:
        """The worst grade of evidence that the value rests on, "" where there is none."""
        return self.reading.grade


def standings(
    store: Store, plan: Plan, *, on: date, upto: int | None = None
) -> tuple[Standing, ...]:
    """Every confirmed target of the plan; drafts and rejected ones are left out.

    upto : as the log stood at this record, now where None
    """
    targets = items(store, plan, kind="target", states=CONFIRMED)
    records = evidence(store, upto=upto)
    head = upto if upto is not None else max((r.seq for r in records), default=0)
    rules, lead = rules_of(store, plan), leaders(store, plan)
    over = stated.overrides(store, plan, on=on)
    marks = stated.milestones(store, plan)
    found = []
    for item in targets:
        own = [m for m in marks if m.target == item.code]
        rule = rules.get(item.code)
        reading, points = _read(item, rule, records, on=on, upto=head)
        goal = goal_of(item, plan, rule=rule, milestones=own)
        told = assess(goal, reading.value, on=on, points=points)
        told = replace(told, reason="; ".join(r for r in (reading.reason, told.reason) if r))
        led = lead.get(item.code, Led())
        found.append(
            Standing(
                item, reading, told, over.get(item.code), led.units, convention=led.convention
            )
        )  # fmt: skip
    return tuple(found)


def standing(store: Store, item: Item, *, on: date, upto: int | None = None) -> Standing:
    """Where one target stands.

    Raises UsageError where it is no confirmed target.
    """
    plan = find_plan(store, f"P{item.plan}")
    for found in standings(store, plan, on=on, upto=upto):
        if found.item.code == item.code:
            return found
    message = f"{item.ref} is a {item.kind} in state {item.state}: only confirmed targets are read"
    raise UsageError("QH823", message, hint=f"qianhang plan review {plan.ref}")


def goal_of(
    item: Item, plan: Plan, *, rule: Rule | None, milestones: Sequence[Milestone] = ()
) -> Goal:
    """What the target asks for, from when to when."""
    values = item.values
    year = values["deadline"]
    adds = rule is not None and rule.per is None and rule.query.aggregate in ("sum", "count")
    return Goal(
        comparator=values["comparator"],
        low=values["low"],
        high=values["high"],
        counts=adds or quantity.is_count(values["unit"]),
        start=plan.start or day_of(plan.at),
        deadline=date(year, 12, 31) if year else None,
        baseline=values["baseline"],
        yearly=values["yearly"],
        milestones=tuple((m.day, m.value) for m in milestones),
    )


def _read(
    item: Item, rule: Rule | None, records: list[Evidence], *, on: date, upto: int
) -> tuple[Reading, tuple[tuple[date, float], ...]]:
    """The reading, and what there was to read before; a yearly target's own year only."""
    year = item.values["deadline"]
    yearly = item.values["yearly"]
    day = min(on, date(year, 12, 31)) if yearly and year else on
    reading = read_target(item, rule, records, on=day, upto=upto)
    points = series(item, rule, records, on=day) if reading.value is not None else ()
    return reading, tuple(p for p in points if not yearly or p[0].year == day.year)


def freeze(store: Store, found: Iterable[Standing], *, at: datetime) -> tuple[int, ...]:
    """The ids of the readings, kept with all that they were made of; never changed again."""
    ids = []
    with store.write() as tx:
        for each in found:
            row = {
                "plan": each.item.plan, "version": each.item.version, "target": each.item.code,
                "day": each.reading.on.isoformat(), "upto": each.reading.upto,
                "rule": each.reading.rule.version if each.reading.rule else None,
                "value": each.reading.value, "body": _text(each), "at": stamp(at),
            }  # fmt: skip
            made = tx.execute(sa.insert(schema.reading).values(row))
            number = int(made.inserted_primary_key[0])  # type: ignore[index]  # one row was made
            told = each.assessment
            tx.execute(
                sa.insert(schema.assessment).values(
                    reading=number, state=told.state, attainment=told.attainment,
                    expected=told.expected, body=_json(asdict(told)),
                )
            )  # fmt: skip
            ids.append(number)
    return tuple(ids)


def frozen(store: Store, ids: Sequence[int]) -> tuple[Standing, ...]:
    """The standings as they were frozen, in the order of the ids.

    Raises UsageError where one is not there.
    """
    table = schema.reading
    query = sa.select(table.c.id, table.c.body).where(table.c.id.in_(ids))
    with store.read() as connection:
        rows = {row.id: row.body for row in connection.execute(query)}
    absent = [number for number in ids if number not in rows]
    if absent:
        raise UsageError("QH821", f"reading {absent[0]} does not exist")
    return tuple(_standing(json.loads(rows[number]), number) for number in ids)


def _text(each: Standing) -> str:
    reading = each.reading
    rule = reading.rule and reading.rule.to_dict() | {
        name: getattr(reading.rule, name) for name in ("version", "state", "by", "at")
    }
    names = ("target", "on", "upto", "unit", "value", "by_grade", "claimed", "reason")
    body = {
        "item": asdict(each.item),
        "reading": {name: getattr(reading, name) for name in names}
        | {"rule": rule, "components": [asdict(c) for c in reading.components]},
        "assessment": asdict(each.assessment),
        "override": each.override and asdict(each.override),
        "leaders": each.leaders,
        "convention": each.convention,
    }
    return _json(body)


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    return dict(value)


def _standing(body: dict[str, Any], number: int) -> Standing:
    raw, told = body["reading"], body["assessment"]
    rule = None
    if raw["rule"]:
        own = {name: raw["rule"].pop(name) for name in ("version", "state", "by", "at")}
        rule = replace(from_dict(raw["rule"], where=raw["target"]), **own)
    reading = Reading(
        **raw
        | {
            "rule": rule,
            "on": date.fromisoformat(raw["on"]),
            "components": tuple(
                Component(**c | {"on": date.fromisoformat(c["on"])}) for c in raw["components"]
            ),
        }
    )
    days = ("forecast", "earliest", "latest")
    told |= {d: date.fromisoformat(told[d]) if told[d] else None for d in days}
    over = body["override"]
    override = (
        stated.Override(**over | {"expires": date.fromisoformat(over["expires"])}) if over else None
    )
    return Standing(
        Item(**body["item"]), reading, Assessment(**told), override, tuple(body["leaders"]),
        number, body.get("convention", False),
    )  # fmt: skip
