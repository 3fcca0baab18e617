"""What the API answers of scored tables, as plain dictionaries; see docs/api.md."""

from __future__ import annotations

from typing import TypedDict

from qianhang.client.shapes import AskError

__all__ = ["Scoring", "ScoringSums"]


class ScoringSums(TypedDict):
    """What came of a table; each of its rows is answered, rejected or blank."""

    model: str
    rows: int
    answers: int
    rejects: int
    blank: int
    blocks: int
    pools: list[str]
    cpu_s: float
    peak_mb: float


class Scoring(TypedDict):
    """A scoring as it was asked for, and what became of it; times in UTC."""

    id: str
    org: str
    account: str
    scenario: str
    upload: str
    version: int | None
    pool: str
    jobs: int
    state: str
    asked: str
    started: str
    ended: str
    error: AskError | None
    sums: ScoringSums | None
