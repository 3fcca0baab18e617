"""The tables of applications for compute, and of every step that was taken with each."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Index, Integer, String, Table, Text

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "application", "step"]

PART = Part("applications", "qianhang.compute.applications.migrations", "applications_0001")


def _text(name: str, length: int, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, String(length), primary_key=primary_key, nullable=False)


def _whole(name: str, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, Integer, primary_key=primary_key, nullable=False, autoincrement=False)


def _long(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


# first, last : days in China; granted : as approved, JSON, "" before; base : the project's quota
# before it came in force, to be brought back; reason : of the last answer
application = Table(
    "application", metadata, _text("id", 40, primary_key=True), _text("org", 40),
    _text("project", 80), _whole("chips"), _whole("card_hours"), _text("first", 10),
    _text("last", 10), _long("flavours"), _text("pool", 60), _text("voucher", 80),
    _long("purpose"), _text("contact", 200), _text("state", 12), _long("granted"), _whole("base"),
    _long("reason"), _text("by", 80), _text("at", 32), _text("answered_by", 80),
    _text("answered", 32), Index(None, "state"), Index(None, "org", "project"),
)  # fmt: skip
step = Table(
    "application_step", metadata, _text("application", 40, primary_key=True),
    _whole("number", primary_key=True), _text("act", 12), _long("words"), _text("by", 80),
    _text("at", 32),
)  # fmt: skip
