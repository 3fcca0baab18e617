"""What the API answers of an office's work on a plan; units and meaning stand in docs/api.md."""

from __future__ import annotations

from typing import Any, TypedDict

from qianhang.client.plan_shapes import Item

__all__ = [
    "ComparedPlans",
    "ComparedRow",
    "Coverage",
    "CoveredSystem",
    "Decision",
    "Due",
    "ItemChange",
    "ItemOwner",
    "Late",
    "Ledger",
    "LedgerRow",
    "LedgerTaken",
    "Meeting",
    "Milestone",
    "PlanAct",
    "Retracted",
    "Rhythm",
    "RuleSuggestion",
    "TargetRule",
    "TogetherRow",
    "VersionChanges",
    "Weighted",
    "Work",
]


class ComparedRow(TypedDict):
    """One thing over all plans."""

    name: str
    unit: str
    shared: int
    cells: list[list[Any]]


class ComparedPlans(TypedDict):
    """Plans side by side; rows that more plans share come first."""

    plans: list[str]
    rule: str
    indicators: list[ComparedRow]
    systems: list[ComparedRow]
    industries: list[ComparedRow]
    units: list[ComparedRow]


class Coverage(TypedDict):
    """The plan's systems."""

    named: int
    realised: int
    share: float | None
    systems: list[CoveredSystem]


class CoveredSystem(TypedDict):
    """A system that the plan wants built, and what realises it."""

    code: str
    name: str
    mission: str
    by: list[str]
    unproven: list[str]


class Decision(TypedDict):
    """Something that was decided, to be carried out."""

    id: int
    meeting: int | None
    item: str
    text: str
    owner: str
    due: str | None
    state: str
    revision: int
    by: str
    at: str


class Due(TypedDict):
    """Something that has to be there on a day."""

    kind: str
    ref: str
    name: str
    day: str
    units: list[str]
    person: str


class ItemChange(TypedDict):
    """One item in both versions."""

    before: Item
    after: Item
    fields: list[str]


class ItemOwner(TypedDict):
    """Who attends to an item."""

    item: str
    person: str
    unit: str
    contact: str
    by: str
    at: str


class Late(TypedDict):
    """A late thing, and whom to tell."""

    due: Due
    late: int
    step: str
    to: list[str]


class Ledger(TypedDict):
    """Where a plan stands on a day."""

    on: str
    whole: LedgerRow
    sections: list[LedgerRow]
    tasks: list[LedgerRow]
    units: list[LedgerRow]
    drafts: int
    together: list[TogetherRow]
    weighted: Weighted | None


class LedgerRow(TypedDict):
    """Targets by state, and systems that something realises."""

    kind: str
    name: str
    ref: str
    counts: dict[str, int]
    targets: int
    systems: int
    realised: int | None


class LedgerTaken(TypedDict):
    """What a workbook that came back changes."""

    edits: list[str]
    claims: list[str]
    notes: list[str]
    tasks: int
    left: list[str]
    written: bool


class Meeting(TypedDict):
    """A meeting and its minutes."""

    id: int
    day: str
    title: str
    body: str
    by: str
    at: str


class Milestone(TypedDict):
    """What shall be reached on a day."""

    day: str
    value: float
    source: str
    by: str
    at: str


class PlanAct(TypedDict):
    """One step of the plan's review, as the log keeps it."""

    seq: int
    at: str
    by: str
    action: str
    codes: list[str]
    before: dict[str, Any]
    after: dict[str, Any]
    why: str


class Retracted(TypedDict):
    """The record that takes another back."""

    seq: int
    of: int
    at: str


class Rhythm(TypedDict):
    """When the office reminds, collects and escalates."""

    remind: list[int]
    reporting_day: int
    quarterly: bool
    escalate: list[int]
    office: str
    superiors: dict[str, str]


class RuleSuggestion(TypedDict):
    """A rule that may be chosen by its name."""

    name: str
    best: str
    zh: str
    en: str
    fits: bool


class TargetRule(TypedDict):
    """How evidence becomes the target's figure."""

    version: int
    state: str
    by: str
    at: str
    rule: dict[str, Any]


class TogetherRow(TypedDict):
    """An indicator that the plan has in common with plans below it."""

    indicator: str
    unit: str
    refs: list[str]
    value: float | None


class VersionChanges(TypedDict):
    """The newest version beside an older one, item by item."""

    old: int
    new: int
    added: list[Item]
    removed: list[Item]
    changed: list[ItemChange]
    unchanged: int


class Weighted(TypedDict):
    """One figure by weights that the office set."""

    value: float | None
    weights: dict[str, float]
    left_out: list[str]


class Work(TypedDict):
    """The plan's work today."""

    day: str
    rhythm: Rhythm
    coming: list[Due]
    reminded: list[Due]
    late: list[Late]
    meetings: list[Meeting]
    decisions: list[Decision]
    owners: list[ItemOwner]
