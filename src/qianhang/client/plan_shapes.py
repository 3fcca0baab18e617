"""What the API answers of plans; units and meaning stand in docs/api.md."""

from __future__ import annotations

from typing import Any, TypedDict

__all__ = [
    "Bulletin",
    "BulletinPreview",
    "Item",
    "Override",
    "PaperAnnex",
    "PaperBlock",
    "Plan",
    "PlanText",
    "Target",
]


class Plan(TypedDict):
    """A plan's heading, and how far its review is."""

    ref: str
    title: str
    issuer: str
    doc_no: str
    date: str
    period: str
    level: str
    region: str
    status: str
    parent: str | None
    version: int
    state: str
    revision: int
    org: str
    at: str
    review: dict[str, int]


class Item(TypedDict):
    """One thing that was read from a plan, and where its review stands."""

    ref: str
    code: str
    kind: str
    name: str
    section: str
    span: str
    start: int
    end: int
    state: str
    version: int
    revision: int
    by: str
    at: str
    values: dict[str, Any]
    read: dict[str, Any]


class Override(TypedDict):
    """What a person states instead of the reading, until it expires."""

    state: str
    value: float | None
    reason: str
    by: str
    expires: str


class Target(TypedDict):
    """A confirmed target on a day."""

    ref: str
    code: str
    name: str
    section: str
    comparator: str
    low: float | None
    high: float | None
    unit: str
    deadline: int | None
    on: str
    state: str
    value: float | None
    claimed: float | None
    grade: str
    attainment: float | None
    expected: float | None
    forecast: str | None
    leaders: list[str]
    reason: str
    override: Override | None


class Bulletin(TypedDict):
    """A bulletin as it was issued."""

    id: int
    on: str
    period: str
    title: str
    readings: int
    files: dict[str, str]
    by: str
    at: str
    published: str


class PaperBlock(TypedDict):
    """A heading, a paragraph or a table; what the others have is empty."""

    kind: str
    level: int
    ordinal: str
    text: str
    heads: list[str]
    rows: list[list[str]]


class PaperAnnex(TypedDict):
    """One annex, on a page of its own."""

    title: str
    blocks: list[PaperBlock]


class BulletinPreview(TypedDict):
    """What would be issued; nothing of it is kept."""

    on: str
    title: str
    issuer: str
    number: str
    to: str
    blocks: list[PaperBlock]
    annexes: list[PaperAnnex]
    signature: str
    date: str
    text: str


class PlanText(TypedDict):
    """A stretch of a plan's newest text; places are counted in characters from its beginning."""

    text: str
    start: int
    end: int
    length: int
