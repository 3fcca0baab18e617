"""What the API answers of imported documents, targets and compared runs; see docs/api.md."""

from __future__ import annotations

from typing import Any, TypedDict

from qianhang.client.plan_shapes import Plan, Target

__all__ = [
    "Comparison",
    "Component",
    "Difference",
    "FileRefused",
    "ImportedFile",
    "PlanStanding",
    "ReadingPoint",
    "Recorded",
    "Score",
    "TargetDetail",
    "TargetReadings",
]


class FileRefused(TypedDict):
    """Why a file is not in the ledger."""

    code: str
    message: str
    hint: str


class ImportedFile(TypedDict):
    """What became of one file."""

    name: str
    ref: str | None
    version: int | None
    again: bool
    counts: dict[str, int]
    error: FileRefused | None


class PlanStanding(Plan):
    """A plan with its targets by state, as of a day."""

    on: str
    targets: dict[str, int]


class Component(TypedDict):
    """One record of evidence as a reading saw it."""

    seq: int
    grade: str
    kind: str
    subject: str
    on: str
    value: float | None
    used: bool
    why: str
    part: str
    run: str
    by: str
    retracted: str


class TargetDetail(Target):
    """A target with everything that its figure is made of."""

    components: list[Component]
    by_grade: dict[str, float]
    again: float | None
    rule: dict[str, Any] | None
    upto: int


class ReadingPoint(TypedDict):
    """A reading on a day."""

    on: str
    value: float


class TargetReadings(TypedDict):
    """A target's readings over time, in its unit."""

    ref: str
    unit: str
    points: list[ReadingPoint]


class Recorded(TypedDict):
    """A record as it was written down."""

    seq: int
    grade: str
    at: str


class Score(TypedDict):
    """One metric in two runs."""

    metric: str
    first: float | None
    second: float | None
    change: float | None


class Difference(TypedDict):
    """Something that could explain a difference."""

    field: str
    first: Any
    second: Any


class Comparison(TypedDict):
    """Two runs side by side."""

    scores: list[Score]
    differences: list[Difference]
