"""A ledger that came back from an office: what was changed by hand, checked, then taken whole."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import ContractError, UsageError
from qianhang.core.words import Lang, say
from qianhang.plan.author import signed
from qianhang.plan.evidence import Observation, evidence, observe
from qianhang.plan.items import items
from qianhang.plan.ledger import add_task
from qianhang.plan.office.agenda import newest_notes, report
from qianhang.plan.office.joined import joined
from qianhang.plan.office.lines import EDITABLE, by_convention, holders, lines, names
from qianhang.plan.office.wording import figure
from qianhang.plan.review import edit
from qianhang.plan.standing import standings

if TYPE_CHECKING:
    from qianhang.plan.items import Item, Plan
    from qianhang.plan.office.lines import Line
    from qianhang.plan.office.sheets import Given, Sheet
    from qianhang.store import Store

__all__ = ["Intake", "Taken", "check", "current", "take"]

_AIM = re.compile(r"(≥|>=|≤|<=|＜|<|＞|>|≈|~|=)?([\d,.]+)(?:[—–~～-]([\d,.]+))?")
_SIGNS = {
    "≥": ">=", ">=": ">=", "≤": "<=", "<=": "<=", "＜": "<", "<": "<", "＞": ">", ">": ">",
    "≈": "~", "~": "~", "=": "=",
}  # fmt: skip
_NUMBER = re.compile(r"[-+]?(?:\d{1,15}|\d{1,3}(?:,\d{3})+)(?:\.\d+)?")
_YEAR = re.compile(r"(20\d\d)(?:\s*年)?(?:底|末|年底|年末)?")
_TASK_ONLY = ("aim", "unit", "value", "indicator")


# Role -> names.
Units = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Intake:
    """What a sheet changes, all of it checked.

    edits : item -> values to put in; claims : (target, value); notes : (item, text)
    tasks : lines that are new tasks; left : (row, column) changed by hand but made by the system
    """

    edits: tuple[tuple[Item, Mapping[str, Any]], ...] = ()
    claims: tuple[tuple[Item, float], ...] = ()
    notes: tuple[tuple[Item, str], ...] = ()
    tasks: tuple[Given, ...] = ()
    left: tuple[tuple[int, str], ...] = ()

    @property
    def count(self) -> int:
        """How many changes there are to take."""
        return len(self.edits) + len(self.claims) + len(self.notes) + len(self.tasks)


@dataclass(frozen=True, slots=True)
class Taken:
    """How many of each were taken."""

    edits: int
    claims: int
    notes: int
    tasks: int


@dataclass(frozen=True, slots=True)
class _Cell:
    """One changed cell and where it stands, for errors."""

    sheet: str
    row: int
    column: str
    text: str

    def wrong(self, expected: str) -> ContractError:
        place = f"{self.sheet}, row {self.row}, column {say(f'office.sheet.{self.column}')}"
        return ContractError("QH184", f"{place}: found {self.text!r}, expected {expected}")


def current(store: Store, plan: Plan, *, on: date, lang: Lang = "zh") -> tuple[Line, ...]:
    """The ledger's lines as they are now."""
    return lines(
        items(store, plan),
        standings=standings(store, plan, on=on),
        notes=newest_notes(store, plan),
        lang=lang,
    )


def check(store: Store, plan: Plan, sheet: Sheet, *, on: date) -> Intake:
    """What the sheet changes against what was given out, or against the ledger where that is not
    told; nothing is written.

    Raises ContractError naming row and column for what cannot be taken, UsageError where the
    ledger itself was changed in the same place since.
    """
    every = items(store, plan)
    by_ref = {i.ref: i for i in every}
    now = {line.id: line.cells() for line in current(store, plan, on=on, lang=sheet.lang)}
    found = Intake()
    units: dict[str, tuple[_Cell, Units]] = {}
    for given in sheet.rows:
        if not given.id:
            task = _new_task(given, sheet.name)
            if not _added_before(task, every):
                found = replace(found, tasks=(*found.tasks, task))
            continue
        if given.id not in now:
            cell = _Cell(sheet.name, given.row, "id", given.id)
            raise cell.wrong(f"the id of a line of plan {plan.ref}")
        item = by_ref[given.id]
        cells = _changed(given, sheet, now[given.id])
        left = [(given.row, c) for c in cells if c not in EDITABLE]
        cells = {c: cell for c, cell in cells.items() if c in EDITABLE}
        found = _with(replace(found, left=(*found.left, *left)), item, cells)
        shown = {c: given.cells.get(c, now[given.id][c]) for c in ("lead", "support")}
        _with_units(units, cells, shown, holders(item, every))
    return replace(found, edits=_merged(found.edits, units, {i.code: i for i in every}))


def take(store: Store, plan: Plan, intake: Intake, *, on: date, by: str, at: datetime) -> Taken:
    """Carry out every change in one transaction: edits as a review by a named person, values as
    claims (grade D), notes, new tasks. A claim that this person made last of that day is known.

    Raises UsageError where nobody is named or somebody changed an item in between.
    """
    by = signed(by)
    said = _said(store, on=on, by=by)
    claims = [(item, value) for item, value in intake.claims if said.get(item.ref) != value]
    with joined(store) as (one, tx):
        for item, values in intake.edits:
            edit(one, item, values, by=by, at=at)
        for item, value in claims:
            observe(tx, _claim(item, value, on), grade="D", by=by, at=at)
        for item, text in intake.notes:
            report(tx, item, text, on=on, by=by, at=at)
        for given in intake.tasks:
            add_task(one, plan, **_task(given), by=by, at=at)
    counted = (intake.edits, claims, intake.notes, intake.tasks)
    return Taken(*(len(part) for part in counted))


def _said(store: Store, *, on: date, by: str) -> dict[str, float | None]:
    """Target -> what this person claimed of it last for that day, taken back ones left out."""
    claims = evidence(store, kind="claim")
    return {c.target: c.value for c in claims if c.on == on and c.by == by and not c.retracted}


def _changed(given: Given, sheet: Sheet, now: Mapping[str, str]) -> dict[str, _Cell]:
    """The cells that a person changed; one that the ledger changed as well is a conflict."""
    was = sheet.was.get(given.id, now)
    found = {}
    for column, text in given.cells.items():
        if text == was.get(column, "") or column == "number":
            continue
        if column in EDITABLE and now[column] not in (was.get(column, ""), text):
            head = say(f"office.sheet.{column}")
            raise UsageError(
                "QH822",
                f"{sheet.name}, row {given.row}, column {head}: {text!r} here, but the ledger was "
                f"changed to {now[column]!r} since the sheet was given out: nothing was taken",
                hint="export again",
            )
        if text != now[column]:
            found[column] = _Cell(sheet.name, given.row, column, text)
    return found


def _with(found: Intake, item: Item, cells: Mapping[str, _Cell]) -> Intake:
    """The intake with what one line changes, units left to `_with_units`."""
    if item.kind == "task":
        for column in _TASK_ONLY:
            if column in cells and cells[column].text:
                raise cells[column].wrong("nothing: a task has no target of its own")
        values: Mapping[str, Any] = {"due": cells["due"].text} if "due" in cells else {}
    else:
        values = _target(item, cells)
    edits = (*found.edits, (item, values)) if values else found.edits
    claims, notes = found.claims, found.notes
    if "value" in cells and item.kind == "target":
        claims = (*claims, (item, _number(cells["value"], cells["value"].text)))
    if "note" in cells and cells["note"].text:
        notes = (*notes, (item, cells["note"].text))
    return replace(found, edits=edits, claims=claims, notes=notes)


def _target(item: Item, cells: Mapping[str, _Cell]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    if "aim" in cells:
        values |= _aim(cells["aim"], item.values["comparator"])
    if "unit" in cells:
        values["unit"] = cells["unit"].text
    if "due" in cells:
        year = _YEAR.fullmatch(cells["due"].text) if cells["due"].text else None
        if cells["due"].text and not year:
            raise cells["due"].wrong("a year such as 2027")
        values["deadline"] = int(year[1]) if year else None
    return values


def _aim(cell: _Cell, before: str) -> dict[str, Any]:
    """Comparator and value; a bare number keeps the comparator that was there."""
    parts = _AIM.fullmatch(cell.text.replace(" ", ""))
    if not parts:
        raise cell.wrong("a value such as ≥20, 2—3 or ＜1.25")
    low = _number(cell, parts[2])
    high = _number(cell, parts[3]) if parts[3] else None
    if high is not None and high < low:
        raise cell.wrong("a range that rises")
    return {"comparator": _SIGNS.get(parts[1], before), "low": low, "high": high}


def _number(cell: _Cell, text: str) -> float:
    """A number; commas only where they part thousands, no words such as nan."""
    if not _NUMBER.fullmatch(text):
        raise cell.wrong("a number")
    return float(text.replace(",", ""))


def _with_units(
    units: dict[str, tuple[_Cell, Units]],
    cells: Mapping[str, _Cell],
    shown: Mapping[str, str],
    held: Sequence[Item],
) -> None:
    """Add who is to answer, to each item that holds these units; two lines may not differ."""
    cell = cells.get("lead") or cells.get("support")
    if cell is None:
        return
    if not held:
        raise cell.wrong("nothing: no section or task holds units here")
    new = _given_units(shown, held[0].values["units"])
    for item in held:
        if item.code in units and units[item.code][1] != new:
            other = units[item.code][0]
            raise cell.wrong(f"the units of row {other.row}, which is of the same section")
        units[item.code] = (cell, new)


def _given_units(shown: Mapping[str, str], old: Mapping[str, Sequence[str]]) -> Units:
    """The units of a line by role; whoever leads by convention is not made a printed leader."""
    lead, support = names(shown["lead"]), names(shown["support"])
    if not by_convention(shown["lead"]):
        return {"responsible": [], "lead": lead, "support": support}
    helped = [u for u in support if u in old["support"]]
    answer = [*lead, *(u for u in support if u not in helped)]
    return {"responsible": answer, "lead": [], "support": helped}


def _merged(
    edits: Sequence[tuple[Item, Mapping[str, Any]]],
    units: Mapping[str, tuple[_Cell, Units]],
    by_code: Mapping[str, Item],
) -> tuple[tuple[Item, Mapping[str, Any]], ...]:
    """One edit for each item."""
    values: dict[str, dict[str, Any]] = {item.code: dict(v) for item, v in edits}
    for code, (_, new) in units.items():
        values.setdefault(code, {})["units"] = new
    return tuple((by_code[code], v) for code, v in values.items())


def _new_task(given: Given, sheet: str) -> Given:
    """A line without an id is a task that was added by hand.

    Raises ContractError where it has no title, or has a target, which needs a place in the text.
    """
    if not given.cells.get("task", ""):
        raise _Cell(sheet, given.row, "task", "").wrong("the title of a new task")
    for column in _TASK_ONLY:
        if given.cells.get(column, ""):
            cell = _Cell(sheet, given.row, column, given.cells[column])
            raise cell.wrong("nothing in a new line: targets come from the plan's text")
    return given


def _added_before(given: Given, every: Sequence[Item]) -> bool:
    """Whether the ledger holds this very task, added by hand: the same sheet came in again."""
    new = _task(given)
    return any(
        i.kind == "task"
        and i.start < 0
        and (i.name, i.section, i.values["due"]) == (new["title"], new["section"], new["due"])
        for i in every
    )


def _task(given: Given) -> dict[str, Any]:
    cells = given.cells
    units = {role: names(cells.get(role, "")) for role in ("lead", "support")}
    return {
        "title": cells["task"],
        "section": cells.get("section", ""),
        "units": units,
        "due": cells.get("due", ""),
    }


def _claim(item: Item, value: float, on: date) -> Observation:
    return Observation(
        "claim",
        item.ref,
        on,
        value=value,
        unit=item.values["unit"],
        target=item.ref,
        facts={"stated": figure(value), "through": "sheet"},
    )
