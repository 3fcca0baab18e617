"""The table of studies: what was asked and what came of it as JSON."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from qianhang.store import Part, metadata

__all__ = ["PART", "study"]

PART = Part("studies", "qianhang.runs.studies.migrations", "studies_0001")
study = Table(
    "study",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("org", String(40), nullable=False),
    Column("account", String(80), nullable=False),
    Column("title", String(160), nullable=False),
    Column("state", String(20), nullable=False),
    Column("process", String(200), nullable=False),
    Column("asked", String(32), nullable=False),
    Column("ended", String(32), nullable=False),
    Column("spec", Text, nullable=False),
    Column("result", Text, nullable=False),
    Column("error", Text, nullable=False),
    Index("ix_study_org", "org", "asked"),
)
