"""A plan as it was read: sections, tasks, targets, systems and measures, each with its place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import PurePath
from typing import Any, Literal

__all__ = [
    "Baseline",
    "Comparator",
    "Document",
    "Measure",
    "NamedSystem",
    "Section",
    "Target",
    "Task",
    "Units",
]

SCHEMA = "qianhang-plan-gold/1"
Comparator = Literal[">=", ">", "<=", "<", "~", "="]
Status = Literal["issued", "draft", "study", "news", "template", ""]
Level = Literal["nation", "province", "city", "county", ""]


@dataclass(frozen=True, slots=True)
class Units:
    """Who answers, in printed order: names in simplified characters, an elided 省 or 市 restored.

    responsible : printed without a leader; lead, support : printed as such
    """

    responsible: tuple[str, ...] = ()
    lead: tuple[str, ...] = ()
    support: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.responsible or self.lead or self.support)


@dataclass(frozen=True, slots=True)
class Section:
    """One heading.

    path : printed ordinals joined by dots, "2.3" for (三) of 二
    title : the heading without its ordinal
    start, end : offsets of heading and text up to the next heading, children included
    industry : tag such as health, None where it has none
    """

    path: str
    title: str
    start: int
    end: int
    industry: str | None = None
    units: Units = Units()


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be done: a leaf section, or a row of a table of tasks.

    due : the printed time limit, "" where there is none
    """

    section: str
    title: str
    start: int
    end: int
    units: Units = Units()
    due: str = ""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The value from which a target counts."""

    year: int | None
    value: float


@dataclass(frozen=True, slots=True)
class Target:
    """A quantity to be reached.

    value : a number, or low and high; unit : as printed, in simplified characters
    deadline : year, None where none is printed for it
    also : other places that print the same target; implicit : 全覆盖 stands for 100 %
    yearly : 每年, restarts each year; everywhere : holds for every site or district
    """

    id: str
    section: str
    indicator: str
    comparator: Comparator
    value: float | tuple[float, float]
    unit: str
    deadline: int | None
    span: str
    start: int
    end: int
    hedge: str = ""
    baseline: Baseline | None = None
    also: tuple[tuple[int, int], ...] = ()
    implicit: bool = False
    yearly: bool = False
    everywhere: bool = False


@dataclass(frozen=True, slots=True)
class NamedSystem:
    """A platform, system, model, data set or network that the plan names.

    verb : as printed (建设, 研发); role : build, or existing where it is only relied upon (依托)
    """

    section: str
    name: str
    verb: str
    role: Literal["build", "existing"]
    span: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Measure:
    """A policy instrument or mechanism: 算力券, 揭榜挂帅, 沙盒监管."""

    section: str
    name: str
    span: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Document:
    """Everything read from one document; offsets are into `text`, its characters as they came.

    date : ISO, "" where none is printed; period : "2024-2026", open start "-2030", "" for none
    """

    file: str
    text: str
    sha256: str
    title: str = ""
    issuer: str = ""
    doc_no: str = ""
    date: str = ""
    period: str = ""
    level: Level = ""
    status: Status = ""
    sections: tuple[Section, ...] = ()
    tasks: tuple[Task, ...] = ()
    targets: tuple[Target, ...] = ()
    systems: tuple[NamedSystem, ...] = ()
    measures: tuple[Measure, ...] = ()
    notes: tuple[str, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """The document in the published schema, JSON-ready; see docs/plan.md."""
        head = {
            name: getattr(self, name) or None
            for name in ("title", "issuer", "doc_no", "date", "period", "level", "status")
        }
        return {
            "schema": SCHEMA,
            "id": PurePath(self.file).stem,
            "file": self.file,
            "chars": len(self.text),
            "sha256": self.sha256,
            **head,
            "sections": [_section(s) for s in self.sections],
            "tasks": [_task(t) for t in self.tasks],
            "targets": [_target(t) for t in self.targets],
            "systems": [asdict(s) for s in self.systems],
            "measures": [asdict(m) for m in self.measures],
            "distractors": [],
            "notes": list(self.notes),
        }


def _units(units: Units) -> dict[str, list[str]]:
    return {role: list(names) for role, names in asdict(units).items() if names}


def _section(section: Section) -> dict[str, Any]:
    row: dict[str, Any] = {n: getattr(section, n) for n in ("path", "title", "start", "end")}
    return {**row, "industry": section.industry, **_units(section.units)}


def _task(task: Task) -> dict[str, Any]:
    row: dict[str, Any] = {n: getattr(task, n) for n in ("section", "title", "start", "end", "due")}
    return {**row, **_units(task.units)}


def _target(target: Target) -> dict[str, Any]:
    row: Mapping[str, Any] = asdict(target)
    shown = {k: v for k, v in row.items() if v not in ("", False, (), None)}
    value = list(target.value) if isinstance(target.value, tuple) else target.value
    deadline = None if target.deadline is None else str(target.deadline)
    also = {"also": [list(s) for s in target.also]} if target.also else {}
    return {**shown, "unit": target.unit, "value": value, "deadline": deadline, **also}
