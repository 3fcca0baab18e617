"""What the API answers of one thing in full; units and meaning stand in docs/api.md."""

from __future__ import annotations

from typing import Any, TypedDict

from qianhang.client.shapes import Dataset, Model

__all__ = [
    "DatasetDetail",
    "DatasetUse",
    "ModelDetail",
    "RunFigure",
    "RunLog",
]


class RunFigure(TypedDict):
    """One figure of a run."""

    key: str
    title: str
    kind: str
    stamps: list[str]
    option: dict[str, Any] | None
    rows: int
    source: str
    note: str
    why: str


class RunLog(TypedDict):
    """The end of the log of the job that made a run."""

    run: str
    text: str


class DatasetUse(TypedDict):
    """A scenario that uses the data set."""

    scenario: str
    cases: list[str]


class DatasetDetail(Dataset):
    """A data set with where its files are, and what uses it."""

    places: dict[str, str]
    scenarios: list[DatasetUse]
    runs: list[str]


class ModelDetail(Model):
    """A version with its card."""

    card: dict[str, Any]
