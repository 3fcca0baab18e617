"""The tables of the compute network: pools, jobs, the attempts at them, and who decides now.

Times are ISO texts in UTC with milliseconds, so that earlier moments sort first.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, Column, Float, Index, Integer, String, Table, Text, UniqueConstraint

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "attempt", "job", "lease", "operator", "pool", "quota", "setting"]

PART = Part("compute", "qianhang.compute.migrations", "compute_0002")


def _text(name: str, length: int, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, String(length), primary_key=primary_key, nullable=False)


def _whole(name: str, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, Integer, primary_key=primary_key, nullable=False, autoincrement=False)


def _long(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


def _signed() -> tuple[Column[Any], Column[Any]]:
    """Who wrote the row, and when."""
    return _text("by", 80), _text("at", 32)


operator = Table(
    "compute_operator", metadata, _text("id", 40, primary_key=True), _long("spec"), *_signed()
)
# spec : the pool as its operator declared it; settings : of its driver, secrets by path alone
pool = Table(
    "compute_pool", metadata, _text("id", 40, primary_key=True), _text("operator", 40),
    _long("spec"), _long("settings"), _text("state", 12), _text("health", 12),
    _text("seen", 32), _text("silent", 32), Column("clock_s", Float), _long("detail"), *_signed(),
)  # fmt: skip
# What an organisation's project may hold at once, approved by whoever runs the door; asked : chips
# of an application that nobody has answered, 0 where there is none.
quota = Table(
    "compute_quota", metadata, _text("org", 40, primary_key=True),
    _text("project", 80, primary_key=True), _whole("chips"), _text("state", 12),
    _long("reason"), *_signed(),
)  # fmt: skip
# ask : the job as it was asked for; why : the last decision about it, with its terms
job = Table(
    "compute_job", metadata, _text("id", 40, primary_key=True), _text("org", 40),
    _text("project", 80), _text("account", 80), _text("name", 120), _text("key", 80),
    _long("ask"), _long("run"), _whole("tier"), _text("state", 12), _whole("epoch"),
    _text("submitted", 32), _text("started", 32), _text("ended", 32),
    Column("cancel", Boolean, nullable=False), _text("reason", 20), _long("why"),
    UniqueConstraint("org", "key"),
    Index(None, "state", "submitted"), Index(None, "org", "submitted"),
)  # fmt: skip
# Written before the engine is asked. leaving : by when it has to be gone, "" where it may stay;
# metered : whether what it used has been charged.
attempt = Table(
    "compute_attempt", metadata, _text("token", 80, primary_key=True), _text("job", 40),
    _whole("epoch"), _text("pool", 40), _text("flavour", 40), _long("placement"), _long("cost"),
    _text("state", 12), _text("ref", 200), _text("made", 32), _text("started", 32),
    _text("leaving", 32), _text("ended", 32), _long("outcome"),
    Column("metered", Boolean, nullable=False),
    UniqueConstraint("job", "epoch"),
    Index(None, "state"), Index(None, "pool", "state"), Index(None, "metered", "state"),
)  # fmt: skip
# What holds for all pools: the lines between them, the organisations' shares.
setting = Table(
    "compute_setting", metadata, _text("name", 40, primary_key=True), _long("value"), *_signed()
)
# One row: who decides. Each change of hands raises the epoch, and a write names the one it knows.
lease = Table(
    "compute_lease", metadata, _whole("one", primary_key=True), _whole("epoch"),
    _text("holder", 200), _text("until", 32),
)  # fmt: skip
