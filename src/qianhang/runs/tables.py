"""The table of runs: what is searched has its own column, everything else is one JSON text."""

from __future__ import annotations

from sqlalchemy import Column, Index, String, Table, Text

from qianhang.store import metadata

__all__ = ["conformance", "run"]

run = Table(
    "run",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(64), nullable=False),
    Column("scenario", String(120), nullable=False),
    Column("case", String(80), nullable=False),
    Column("state", String(20), nullable=False),
    Column("verdict", String(20), nullable=False),
    Column("started", String(32), nullable=False),
    Column("ended", String(32), nullable=False),
    Column("process", String(120), nullable=False),
    Column("request", Text, nullable=False),
    Column("result", Text, nullable=False),
    Index(None, "key"),
    Index(None, "scenario", "started"),
    Index(None, "state"),
)

conformance = Table(
    "conformance",
    metadata,
    Column("scenario", String(120), primary_key=True),
    Column("pack_hash", String(64), nullable=False),
    Column("tier", String(20), nullable=False),
    Column("at", String(32), nullable=False),
    Column("result", Text, nullable=False),
)
