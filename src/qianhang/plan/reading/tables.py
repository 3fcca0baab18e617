"""Tables of tasks: rows whose cells are joined by tabs, under a header that names the columns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qianhang.plan.document import Task, Units
from qianhang.plan.reading.columns import ANSWERS, WHO, WORK, column
from qianhang.plan.reading.fold import Folded
from qianhang.plan.reading.heading import Facts
from qianhang.plan.reading.units import cell_units

__all__ = ["table_tasks"]

_DITTO = frozenset({"〃", "同上", "″"})
_NONE = frozenset({"/", "-", "—", "——", "无", "\\"})
_LONG_TITLE, _SHORT_TASK = 60, 8
_FIRST = re.compile(r"[。;!]")
# Units on lines of their own in one cell.
_PARTED = re.compile(r"(?<=[一-龥)]) +(?=[一-龥])")
_RULE = re.compile(r"[\s:|-]*")
_OWN_NUMBER = re.compile(
    r"^(?:\d{1,3}[.、．]|[(（]?[一二三四五六七八九十]{1,3}[)）、]|[(（]\d{1,3}[)）])\s*"
)


@dataclass(frozen=True, slots=True)
class _Cell:
    """A cell's text and where it stands, in folded offsets."""

    text: str
    start: int
    end: int


Row = Sequence[_Cell]


@dataclass(slots=True)
class _Table:
    """The table in hand: column names by index, and the values that blank cells repeat."""

    columns: dict[int, str]
    text: str
    facts: Facts
    carried: dict[str, str]
    begun: bool = False


def table_tasks(folded: Folded, body: tuple[int, int], *, facts: Facts) -> tuple[Task, ...]:
    """One task for each row of a table of tasks, its place in folded offsets, its number as path.

    A cell merged with the one above repeats it; a header printed again after a break is no task.
    """
    found: list[Task] = []
    table: _Table | None = None
    for row in _rows(folded.text, body):
        columns = _header(row) if len(row) > 1 else {}
        if columns:
            carried = table.carried if table else {}
            table = _Table(columns, folded.text, facts, carried)
        elif table is not None and _subheader(row, table):
            continue
        elif table is not None and len(row) > 1:
            _take(row, table, found)
        elif not _inside(row):
            table = None
    return tuple(found)


def _rows(text: str, body: tuple[int, int]) -> Iterator[Row]:
    """Lines as cells; a line without tabs is one cell."""
    place, end = body
    for line in text[place:end].split("\n"):
        if "|" in line and _RULE.fullmatch(line):
            place += len(line) + 1
            continue
        mark = "|" if "\t" not in line and line.count("|") > 1 else "\t"
        start = place
        cells = []
        for part in line.split(mark):
            blank = len(part) - len(part.lstrip())
            own = part.strip()
            cells.append(_Cell(own, start + blank, start + blank + len(own)))
            start += len(part) + 1
        # A row drawn with bars begins and ends with one.
        yield cells[1:] if mark == "|" and not cells[0].text else cells
        place += len(line) + 1


def _inside(row: Row) -> bool:
    """Whether a line of one cell may stand between rows: blank, or the name of a group."""
    line = row[0].text
    return not line or (
        len(line) < 40 and not line.endswith("。") and bool(_OWN_NUMBER.match(line))
    )


def _header(row: Row) -> dict[int, str]:
    """Index -> column of a row that is a header, empty where it is none."""
    named = {i: column(cell.text) for i, cell in enumerate(row)}
    named = {i: name for i, name in named.items() if name}
    filled = sum(bool(cell.text) for cell in row)
    kinds = set(named.values())
    whole = bool(kinds & WORK) and bool(kinds & ANSWERS)
    return _distinct(named) if whole and 2 * len(named) > filled else {}


def _distinct(named: Mapping[int, str]) -> dict[int, str]:
    """The columns, with the first of two tasks as the group and the last of them as content."""
    found = dict(named)
    tasks = [i for i, name in named.items() if name == "task"]
    if len(tasks) > 1 and "content" not in named.values():
        found[tasks[-1]] = "content"
    if "task" not in found.values():
        first = next(i for i, name in named.items() if name == "content")
        found[first] = "task"
    return found


def _subheader(row: Row, table: _Table) -> bool:
    """Whether a row is the second line of a header; its columns then stand for those above."""
    if table.begun or len(row) < 2:
        return False
    named = {i: column(cell.text) for i, cell in enumerate(row) if cell.text not in ("", "〃")}
    if not named or not all(named.values()):
        return False
    table.columns |= named
    return True


def _take(row: Row, table: _Table, found: list[Task]) -> None:
    """Adds the task of a row, or lengthens the last one by a row that only goes on."""
    given = {name: row[i] for i, name in table.columns.items() if i < len(row)}
    values = _stray({name: "" if c.text in _NONE else c.text for name, c in given.items()})
    own = {name for name, value in values.items() if value and value not in _DITTO}
    if not own & WORK and not own & ANSWERS:
        return
    start, end = _extent(row)
    if found and table.carried and not own - {"content"} and not _dittos(values):
        last = found.pop()
        found.append(Task(last.section, last.title, last.start, end, last.units, last.due))
        return
    told = _filled(values, own, table)
    title = _title(told, own)
    if not title:
        return
    number = (values.get("number") or "").strip(" .、()")
    units = _units(told, table.text, table.facts)
    found.append(Task(number, title, start, end, units, told.get("due", "")))
    table.carried, table.begun = told, True


def _stray(values: dict[str, str]) -> dict[str, str]:
    """The row's values; a text alone in the column of numbers lost the merged cells before it."""
    alone = values.get("number", "") if sum(map(bool, values.values())) == 1 else ""
    if len(alone) < _SHORT_TASK or _OWN_NUMBER.match(alone):
        return values
    return {name: "〃" if name in WHO else "" for name in values} | {"task": alone}


def _extent(row: Row) -> tuple[int, int]:
    filled = [cell for cell in row if cell.text]
    return filled[0].start, filled[-1].end


def _dittos(values: Mapping[str, str]) -> bool:
    return any(value in _DITTO for value in values.values())


def _filled(values: Mapping[str, str], own: set[str], table: _Table) -> dict[str, str]:
    """The row's values: dittos repeat, so does a blank task, and units where none is told."""
    repeated = {name for name, value in values.items() if value in _DITTO}
    if "task" not in own:
        blank = {"task", "group"}
        if not (own | repeated) & WHO:
            blank |= WHO | {"due"}
        repeated |= {name for name in blank if not values.get(name)}
    carried = table.carried
    return {n: carried.get(n, "") if n in repeated else value for n, value in values.items()}


def _title(told: Mapping[str, str], own: set[str]) -> str:
    """The task's name; where it is merged over several rows, what this row does."""
    task, content = told.get("task", ""), told.get("content", "")
    merged = "task" not in own and bool(content)
    plain = _OWN_NUMBER.sub("", content if merged else task)
    long = merged or len(plain) > _LONG_TITLE
    return _FIRST.split(plain, maxsplit=1)[0] if long else plain.rstrip("。;,")


def _units(told: Mapping[str, str], text: str, facts: Facts) -> Units:
    """Who answers, by column; a cell that says who leads and who supports is taken apart."""
    own, lead, support = (
        cell_units(_PARTED.sub("、", told.get(name, "")), facts=facts, text=text)
        for name in ("responsible", "lead", "support")
    )
    return Units(
        own.responsible,
        (*lead.lead, *lead.responsible, *own.lead),
        (*support.responsible, *support.lead, *support.support, *lead.support, *own.support),
    )
