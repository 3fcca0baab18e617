"""The one table of the registry."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, String, Table, Text, UniqueConstraint

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "model"]

PART = Part("models", "qianhang.models.migrations", "models_0001")

model = Table(
    "model",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(160), nullable=False),
    Column("version", Integer, nullable=False),
    Column("stage", String(20), nullable=False),
    Column("class_name", String(200), nullable=False),
    Column("manifest", String(64), nullable=False),
    Column("run", String(80), nullable=False),
    Column("card", Text, nullable=False),
    Column("at", String(32), nullable=False),
    Column("seq", Integer, nullable=False),
    UniqueConstraint("name", "version"),
    Index(None, "name", "stage"),
)
