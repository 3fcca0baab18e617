"""The office's tables beside those of the ledger: who attends to an item, what was reported."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text

from qianhang.store.schema import metadata

__all__ = ["note", "owner"]

owner = Table(
    "plan_owner",
    metadata,
    Column("plan", Integer, primary_key=True, autoincrement=False),
    Column("item", String(16), primary_key=True),
    Column("person", String(80), nullable=False),
    Column("unit", String(160), nullable=False),
    Column("contact", String(160), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", String(32), nullable=False),
)

note = Table(
    "plan_note",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("plan", Integer, nullable=False),
    Column("item", String(16), nullable=False),
    Column("day", String(10), nullable=False),
    Column("text", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", String(32), nullable=False),
    Index(None, "plan", "item"),
)
