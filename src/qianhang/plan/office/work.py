"""What is due and what is late on a given day: reminders, reports, escalation. Nothing is sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import UsageError
from qianhang.plan.items import items, leaders
from qianhang.plan.office.agenda import decisions, owners
from qianhang.plan.office.dates import due_day, month_end
from qianhang.plan.office.wording import figure, target_words
from qianhang.plan.stated import milestones, setting

if TYPE_CHECKING:
    from qianhang.plan.items import Item, Plan
    from qianhang.plan.standing import Standing
    from qianhang.store import Store

__all__ = [
    "RHYTHM",
    "Due",
    "Escalation",
    "Reminder",
    "Rhythm",
    "dues",
    "escalations",
    "read_rhythm",
    "reminders",
    "reports",
    "rhythm",
    "written",
]

# Name of the setting under which a plan keeps its rhythm.
RHYTHM = "rhythm"


@dataclass(frozen=True, slots=True)
class Rhythm:
    """When an office reminds, collects and escalates.

    remind : days before something is due; reporting_day : of each month, 0 for none
    quarterly : whether each quarter closes with a node report
    escalate : days late from which the unit itself, its superior and the office are told
    office : name of the programme office; superiors : unit -> the unit above it
    """

    remind: tuple[int, ...] = (30, 7, 0)
    reporting_day: int = 25
    quarterly: bool = True
    escalate: tuple[int, int, int] = (1, 15, 30)
    office: str = ""
    superiors: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Due:
    """Something that has to be there on a day.

    kind : milestone, target, task, decision, report or node; ref : "P1.T3", "P1" for the plan
    units : who leads it; person : its owner, "" for none
    """

    kind: str
    ref: str
    name: str
    day: date
    units: tuple[str, ...] = ()
    person: str = ""


@dataclass(frozen=True, slots=True)
class Reminder:
    """A due thing of which somebody is to be reminded; left : days that remain."""

    due: Due
    left: int


@dataclass(frozen=True, slots=True)
class Escalation:
    """A late thing, by how many days, and whom to tell: the highest step that is reached.

    step : lead, superior or office; to : names, () where nobody is named
    """

    due: Due
    late: int
    step: str
    to: tuple[str, ...]


def rhythm(store: Store, plan: Plan) -> Rhythm:
    """The plan's rhythm, the usual one where none was set."""
    return read_rhythm(setting(store, plan, RHYTHM, {}))


def read_rhythm(raw: Mapping[str, Any]) -> Rhythm:
    """A rhythm from plain JSON.

    Raises UsageError for an unknown name, days that are not whole and at least 0, a reporting day
    beyond 31.
    """
    usual = Rhythm()
    unknown = [name for name in raw if name not in Rhythm.__slots__]
    if unknown:
        known = ", ".join(Rhythm.__slots__)
        raise UsageError("QH832", f"setting {unknown[0]!r} is not known", hint=f"known: {known}")
    steps = _days(raw.get("escalate", usual.escalate), "escalate")
    if len(steps) != 3 or list(steps) != sorted(steps):
        raise UsageError("QH832", f"escalate: found {list(steps)}, expected three rising days")
    day = _days([raw.get("reporting_day", usual.reporting_day)], "reporting_day")[0]
    if day > 31:
        raise UsageError("QH832", f"reporting_day: found {day}, expected 0 to 31")
    return Rhythm(
        remind=tuple(sorted(set(_days(raw.get("remind", usual.remind), "remind")), reverse=True)),
        reporting_day=day,
        quarterly=bool(raw.get("quarterly", usual.quarterly)),
        escalate=(steps[0], steps[1], steps[2]),
        office=str(raw.get("office", usual.office)),
        superiors={str(k): str(v) for k, v in dict(raw.get("superiors", {})).items()},
    )


def written(raw: Mapping[str, Any], given: Iterable[str]) -> dict[str, Any]:
    """The setting with these `name=value` put in; a superior is `superior.UNIT=UNIT`.

    Raises UsageError for what is not of that form.
    """
    new = dict(raw)
    for text in given:
        name, mark, value = text.partition("=")
        if not mark:
            raise UsageError("QH832", f"setting {text!r}: expected NAME=VALUE")
        if name.startswith("superior."):
            unit = name.removeprefix("superior.")
            new["superiors"] = {**new.get("superiors", {}), unit: value}
        elif name in ("remind", "escalate"):
            new[name] = [_whole(part, name) for part in value.split(",")]
        elif name == "reporting_day":
            new[name] = _whole(value, name)
        else:
            new[name] = value == "yes" if name == "quarterly" else value
    return new


def _whole(text: str, name: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise UsageError("QH832", f"{name}: found {text!r}, expected a whole number") from None


def dues(store: Store, plan: Plan, *, stood: Iterable[Standing] = ()) -> tuple[Due, ...]:
    """Everything of a plan that has a day: milestones, deadlines of confirmed targets and tasks,
    open decisions; in order of time.

    stood : how targets stand, so that nobody is reminded of one that is met, or of a milestone
        that is reached
    """
    known = {s.item.code: s for s in stood}
    done = {code for code, s in known.items() if s.state == "met"}
    who, person = leaders(store, plan), owners(store, plan)
    every = {i.code: i for i in items(store, plan) if i.confirmed and i.code not in done}

    def due(kind: str, item: Item, name: str, day: date) -> Due:
        owner = person.get(item.code)
        named = owner.person if owner else ""
        return Due(kind, item.ref, name, day, who[item.code].units, named)

    found = [due(item.kind, item, _name(item), day) for item, day in _deadlines(every.values())]
    found += [
        due("milestone", every[m.target], _expected(every[m.target], m.value), m.day)
        for m in milestones(store, plan)
        if m.target in every and not _reached(known.get(m.target), m.value)
    ]
    found += [
        Due("decision", f"{plan.ref}.{d.item}" if d.item else plan.ref, d.text, d.due, (d.owner,))
        for d in decisions(store, plan, state="open")
        if d.due is not None
    ]
    return tuple(sorted(found, key=lambda d: (d.day, d.kind, d.ref)))


def reports(plan: Plan, rhythm: Rhythm, *, since: date, until: date) -> tuple[Due, ...]:
    """The monthly and quarterly reports of a plan whose day lies after `since`, up to `until`.

    None before the plan's period begins or after it has ended.
    """
    first = max(since, (plan.start or since) - timedelta(days=1))
    last = min(until, plan.end or until)
    found = []
    for kind, day in _report_days(rhythm, first, last):
        name = f"{day.year}-{day.month:02d}" if kind == "report" else f"{day.year}Q{day.month // 3}"
        found.append(Due(kind, plan.ref, name, day, (rhythm.office,) if rhythm.office else ()))
    return tuple(found)


def reminders(
    found: Iterable[Due], rhythm: Rhythm, *, today: date, since: date | None = None
) -> tuple[Reminder, ...]:
    """Who is to be reminded today, the nearest first.

    since : the day of the last look; what fell due between is not lost (yesterday by default)
    """
    last = since or today - timedelta(days=1)
    return tuple(
        Reminder(due, (due.day - today).days)
        for due in sorted(found, key=lambda d: d.day)
        if due.day >= today
        and any(last < due.day - timedelta(days=n) <= today for n in rhythm.remind)
    )


def escalations(found: Iterable[Due], rhythm: Rhythm, *, today: date) -> tuple[Escalation, ...]:
    """What is late, the latest first, and whom to tell by how late it is.

    The lead unit first, then the unit above it (the office where none is known), then the office.
    """
    late = [(due, (today - due.day).days) for due in found]
    every = [_escalation(due, n, rhythm) for due, n in late if n >= max(1, rhythm.escalate[0])]
    return tuple(sorted(every, key=lambda e: (-e.late, e.due.ref)))


def _escalation(due: Due, late: int, rhythm: Rhythm) -> Escalation:
    office = (rhythm.office,) if rhythm.office else ()
    if late >= rhythm.escalate[2]:
        return Escalation(due, late, "office", office)
    if late >= rhythm.escalate[1] or not due.units:
        above = dict.fromkeys(rhythm.superiors.get(unit, rhythm.office) for unit in due.units)
        named = tuple(name for name in above if name)
        step = "superior" if set(named) - set(office) else "office"
        return Escalation(due, late, step, named or office)
    return Escalation(due, late, "lead", due.units)


def _deadlines(found: Iterable[Item]) -> Iterator[tuple[Item, date]]:
    """Targets fall due at the end of their year, tasks when their printed time limit says so."""
    for item in found:
        if item.kind == "target" and item.values["deadline"] is not None:
            yield item, date(item.values["deadline"], 12, 31)
        if item.kind == "task":
            day = due_day(item.values["due"])
            if day is not None:
                yield item, day


def _report_days(rhythm: Rhythm, after: date, until: date) -> Iterator[tuple[str, date]]:
    day = date(after.year, after.month, 1)
    while day <= until:
        end = month_end(day.year, day.month)
        if rhythm.reporting_day:
            wanted = day.replace(day=min(rhythm.reporting_day, end.day))
            if after < wanted <= until:
                yield "report", wanted
        if rhythm.quarterly and day.month % 3 == 0 and after < end <= until:
            yield "node", end
        day = end + timedelta(days=1)


def _reached(standing: Standing | None, value: float) -> bool:
    """Whether the evidence shows a milestone's value; a claim does not."""
    if standing is None or standing.reading.value is None:
        return False
    down = standing.item.values["comparator"] in ("<", "<=")
    return standing.reading.value <= value if down else standing.reading.value >= value


def _name(item: Item) -> str:
    return target_words(item.values) if item.kind == "target" else item.name


def _expected(item: Item, value: float) -> str:
    return f"{item.name} {figure(value)}{item.values['unit']}"


def _days(raw: Iterable[Any], name: str) -> list[int]:
    found = list(raw)
    for value in found:
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise UsageError("QH832", f"{name}: found {value!r}, expected whole days from 0")
    return found
