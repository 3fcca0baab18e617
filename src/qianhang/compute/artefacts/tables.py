"""The tables of artefacts: what is wanted of a job, and the files that are kept of it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text, UniqueConstraint

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "artefact", "harvest"]

PART = Part("artefacts", "qianhang.compute.artefacts.migrations", "artefacts_0001")


def _text(name: str, length: int, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, String(length), primary_key=primary_key, nullable=False)


def _large(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


# One row a job that names outputs, written when it is admitted. token : the attempt whose folder
# was looked into; tried : when that failed last; detail : JSON, what was passed over and why
harvest = Table(
    "artefact_harvest", metadata, _text("job", 40, primary_key=True), _text("org", 40),
    _text("state", 12), _text("token", 80), Column("files", Integer, nullable=False),
    _large("size"), Column("detail", Text, nullable=False), _text("tried", 32), _text("at", 32),
    Index(None, "state"),
)  # fmt: skip
# gone : when its bytes were deleted, "" while they are kept
artefact = Table(
    "artefact", metadata, _text("job", 40, primary_key=True),
    Column("number", Integer, primary_key=True, nullable=False, autoincrement=False),
    _text("path", 400), _large("size"), _text("sha", 64), _text("org", 40), _text("at", 32),
    _text("gone", 32), UniqueConstraint("job", "path"), Index(None, "sha"),
    Index(None, "org", "gone"), Index(None, "gone", "at"),
)  # fmt: skip
