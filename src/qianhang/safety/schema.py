"""The table of safety: complaints that people send without an account."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text, UniqueConstraint

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "complaint"]

PART = Part("safety", "qianhang.safety.migrations", "safety_0001")

complaint = Table(
    "safety_complaint",
    metadata,
    Column("ref", String(20), primary_key=True),
    Column("once", String(64), nullable=False),
    Column("org", String(40), nullable=False),
    Column("kind", String(12), nullable=False),
    Column("about", String(120), nullable=False),
    Column("text", Text, nullable=False),
    Column("contact", String(160), nullable=False),
    Column("state", String(12), nullable=False),
    Column("received", String(32), nullable=False),
    Column("answer", Text, nullable=False),
    Column("by", String(80), nullable=False),
    Column("answered", String(32), nullable=False),
    UniqueConstraint("once"),
    Index(None, "org", "received"),
)
