"""What the API answers of what-if studies, as plain dictionaries; see docs/api.md."""

from __future__ import annotations

from typing import Any, TypedDict

from qianhang.client.shapes import Words

__all__ = [
    "Study",
    "StudyAxis",
    "StudyCase",
    "StudyDetail",
    "StudyError",
    "StudyFiles",
    "StudyPlot",
    "StudySeries",
]


class StudyFiles(TypedDict):
    """The files that a study was asked with; empty for the network's own."""

    trace: str
    pools: str


class StudyError(TypedDict):
    """Why a study failed."""

    code: str
    message: str
    hint: str


class Study(TypedDict):
    """A study as it was asked for, and how far it is."""

    id: str
    org: str
    account: str
    title: str
    state: str
    asked: str
    ended: str
    first: int
    movable: float | None
    files: StudyFiles
    changes: list[dict[str, Any]]
    error: StudyError | None


class StudyCase(TypedDict):
    """One case: the network as it is, or after one change; waits in s."""

    name: Words
    figures: dict[str, float | None]
    cost: dict[str, float | None]
    waits: list[float | None]


class StudySeries(TypedDict):
    """One line or one set of bars."""

    name: Words
    x: list[float]
    y: list[float | None]


class StudyAxis(TypedDict):
    """What an axis shows."""

    name: Words
    unit: str
    categories: list[Words]


class StudyPlot(TypedDict):
    """The numbers of one plot."""

    title: Words
    kind: str
    x: StudyAxis
    y: StudyAxis
    series: list[StudySeries]
    source: Words


class StudyDetail(Study):
    """A study with what came of it."""

    shares: list[float]
    cases: list[StudyCase]
    plots: list[StudyPlot]
