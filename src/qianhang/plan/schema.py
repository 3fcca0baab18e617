"""The tables of the ledger. Items of a plan share one way of being reviewed, hence columns."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = [
    "ITEMS",
    "PART",
    "alias",
    "assessment",
    "assignment",
    "bulletin",
    "decision",
    "indicator",
    "key",
    "link",
    "measure",
    "meeting",
    "milestone",
    "override",
    "plan",
    "plan_text",
    "reading",
    "rule",
    "section",
    "setting",
    "system",
    "target",
    "task",
    "unit",
]  # fmt: skip

PART = Part("plan", "qianhang.plan.migrations", "plan_0003")

Cells = list[Column[Any]]


def _text(name: str, length: int = 0, *, primary_key: bool = False) -> Column[Any]:
    kind = String(length) if length else Text()
    return Column(name, kind, primary_key=primary_key, nullable=False)


def _whole(name: str, *, null: bool = False, primary_key: bool = False) -> Column[Any]:
    return Column(name, Integer, nullable=null, primary_key=primary_key)


def _id() -> Column[Any]:
    return Column("id", Integer, primary_key=True)


def _signed() -> Cells:
    """Who wrote the row, and when."""
    return [_text("by", 80), _text("at", 32)]


def _item() -> Cells:
    """What every extracted thing has: its plan and version, a code that a re-issue keeps, a place
    in the text, and where its review stands; `revision` counts the changes, for compare-and-set."""
    return [
        Column("plan", Integer, primary_key=True, autoincrement=False),
        Column("version", Integer, primary_key=True, autoincrement=False),
        _text("code", 16, primary_key=True),
        _text("section"), _text("span"), _whole("start"), _whole("end"),
        _text("state", 12), _whole("revision"), *_signed(), _text("read"),
    ]  # fmt: skip


plan = Table(
    "plan", metadata, _id(),
    _text("title"), _text("issuer"), _text("doc_no"), _text("date", 10), _text("period"),
    _text("level", 12), _text("region"), _text("status", 12), _whole("parent", null=True),
    _whole("version"), _text("state", 12), _whole("revision"), *_signed(),
    Column("org", String(40), nullable=False, server_default="root"),
)  # fmt: skip

plan_text = Table(
    "plan_text", metadata,
    Column("plan", Integer, primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    _text("file"), _text("sha256", 64), _text("text_sha256", 64), _text("media", 40),
    _text("parser"), *_signed(),
    Index(None, "sha256"),
)  # fmt: skip

section = Table(
    "plan_section", metadata, *_item(), _text("title"), _text("industry"), _text("units")
)
task = Table("plan_task", metadata, *_item(), _text("title"), _text("due"), _text("units"))
target = Table(
    "plan_target", metadata, *_item(),
    _text("indicator"), _text("comparator", 2), Column("low", Float, nullable=False),
    Column("high", Float), _text("unit"), _text("hedge"), _whole("deadline", null=True),
    _text("deadline_source", 12), Column("baseline", Float), _whole("baseline_year", null=True),
    Column("implicit", Boolean, nullable=False), Column("yearly", Boolean, nullable=False),
    Column("everywhere", Boolean, nullable=False), _text("also"),
)  # fmt: skip
system = Table(
    "plan_system", metadata, *_item(), _text("name"), _text("verb"), _text("role", 12),
    _text("mission", 16),
)  # fmt: skip
measure = Table("plan_measure", metadata, *_item(), _text("name"), _text("mission", 16))

# kind of item -> its table, and the columns that a reviewer may edit
ITEMS: dict[str, tuple[Table, tuple[str, ...]]] = {
    "section": (section, ("section", "title", "industry", "units")),
    "task": (task, ("section", "title", "due", "units")),
    "target": (
        target,
        (
            "section", "indicator", "comparator", "low", "high", "unit", "hedge", "deadline",
            "baseline", "baseline_year", "implicit", "yearly", "everywhere",
        ),
    ),
    "system": (system, ("section", "name", "verb", "role", "mission")),
    "measure": (measure, ("section", "name", "mission")),
}  # fmt: skip

unit = Table(
    "plan_unit", metadata, _id(), _text("name", 160), _text("level", 12), _text("region"),
    _text("valid_from", 10), _text("valid_to", 10), Index(None, "name"),
)  # fmt: skip
alias = Table(
    "plan_unit_alias", metadata, _id(), _whole("unit"), _text("name", 160),
    _text("valid_from", 10), _text("valid_to", 10), Index(None, "name"),
)  # fmt: skip
assignment = Table(
    "plan_assignment", metadata, _id(), _whole("plan"), _whole("version"), _text("item", 16),
    _text("unit", 160), _text("role", 12), _whole("position"), _text("source", 12),
    Index(None, "plan", "version", "item"), Index(None, "unit"),
)  # fmt: skip
indicator = Table(
    "plan_indicator", metadata, _id(), _text("name"), _text("unit"), _text("direction", 8),
    _text("aggregate", 8), _text("definition"), _text("dedupe", 80),
)  # fmt: skip
milestone = Table(
    "plan_milestone", metadata, _id(), _whole("plan"), _text("target", 16), _text("day", 10),
    Column("value", Float, nullable=False), _text("source", 40), *_signed(),
    Index(None, "plan", "target"),
)  # fmt: skip
link = Table(
    "plan_link", metadata, _id(), _whole("plan"), _text("system", 16), _text("kind", 12),
    _text("name", 160), *_signed(), Index(None, "plan", "system"),
)  # fmt: skip

rule = Table(
    "plan_rule", metadata,
    Column("plan", Integer, primary_key=True, autoincrement=False),
    _text("target", 16, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    _text("state", 12), _text("body"), *_signed(),
)  # fmt: skip
reading = Table(
    "plan_reading", metadata, _id(), _whole("plan"), _whole("version"), _text("target", 16),
    _text("day", 10), _whole("upto"), _whole("rule", null=True), Column("value", Float),
    _text("body"), _text("at", 32), Index(None, "plan", "target", "day"),
)  # fmt: skip
assessment = Table(
    "plan_assessment", metadata,
    Column("reading", Integer, primary_key=True, autoincrement=False),
    _text("state", 12), Column("attainment", Float), Column("expected", Float), _text("body"),
)  # fmt: skip
override = Table(
    "plan_override", metadata, _id(), _whole("plan"), _text("target", 16),
    Column("value", Float), _text("state", 12), _text("reason"), _text("expires", 10), *_signed(),
    Index(None, "plan", "target"),
)  # fmt: skip
bulletin = Table(
    "plan_bulletin", metadata, _id(), _whole("plan"), _text("period", 40), _text("day", 10),
    _text("readings"), _text("files"), _text("body"), _text("signature"), *_signed(),
    Index(None, "plan", "day"),
)  # fmt: skip

meeting = Table(
    "plan_meeting", metadata, _id(), _whole("plan"), _text("day", 10), _text("title"),
    _text("body"), *_signed(), Index(None, "plan"),
)  # fmt: skip
decision = Table(
    "plan_decision", metadata, _id(), _whole("plan"), _whole("meeting", null=True),
    _text("item", 16), _text("text"), _text("owner", 160), _text("due", 10), _text("state", 12),
    _whole("revision"), *_signed(), Index(None, "plan"),
)  # fmt: skip
setting = Table(
    "plan_setting", metadata,
    Column("plan", Integer, primary_key=True, autoincrement=False),
    _text("name", 80, primary_key=True), _text("value"), *_signed(),
)  # fmt: skip
key = Table(
    "plan_key", metadata, _text("name", 80, primary_key=True), _text("public", 64),
    _text("retired", 32), *_signed(),
)  # fmt: skip
