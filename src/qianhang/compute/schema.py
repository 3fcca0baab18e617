"""The tables of the compute network: pools, jobs, the attempts at them, and who decides now.

Times are ISO texts in UTC with milliseconds, so that earlier moments sort first.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, Index, Table, UniqueConstraint

from qianhang.compute.columns import long, signed, text, whole
from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "attempt", "job", "lease", "operator", "pool", "quota", "setting"]

PART = Part("compute", "qianhang.compute.migrations", "compute_0003")


operator = Table(
    "compute_operator", metadata, text("id", 40, primary_key=True), long("spec"), *signed()
)
# spec : the pool as its operator declared it; settings : of its driver, secrets by path alone
pool = Table(
    "compute_pool", metadata, text("id", 40, primary_key=True), text("operator", 40),
    long("spec"), long("settings"), text("state", 12), text("health", 12),
    text("seen", 32), text("silent", 32), Column("clock_s", Float), long("detail"), *signed(),
)  # fmt: skip
# What an organisation's project may hold at once, approved by whoever runs the door.
quota = Table(
    "compute_quota", metadata, text("org", 40, primary_key=True),
    text("project", 80, primary_key=True), whole("chips"), text("state", 12),
    long("reason"), *signed(),
)  # fmt: skip
# ask : the job as it was asked for; why : the last decision about it, with its terms
job = Table(
    "compute_job", metadata, text("id", 40, primary_key=True), text("org", 40),
    text("project", 80), text("account", 80), text("name", 120), text("key", 80),
    long("ask"), long("run"), whole("tier"), text("state", 12), whole("epoch"),
    text("submitted", 32), text("started", 32), text("ended", 32),
    Column("cancel", Boolean, nullable=False), text("reason", 20), long("why"),
    UniqueConstraint("org", "key"),
    Index(None, "state", "submitted"), Index(None, "org", "submitted"),
    Index(None, "account", "submitted"),
)  # fmt: skip
# Written before the engine is asked. leaving : by when it has to be gone, "" where it may stay;
# metered : whether what it used has been charged.
attempt = Table(
    "compute_attempt", metadata, text("token", 80, primary_key=True), text("job", 40),
    whole("epoch"), text("pool", 40), text("flavour", 40), long("placement"), long("cost"),
    text("state", 12), text("ref", 200), text("made", 32), text("started", 32),
    text("leaving", 32), text("ended", 32), long("outcome"),
    Column("metered", Boolean, nullable=False),
    UniqueConstraint("job", "epoch"),
    Index(None, "state"), Index(None, "pool", "state"), Index(None, "metered", "state"),
)  # fmt: skip
# What holds for all pools: the lines between them, the organisations' shares.
setting = Table(
    "compute_setting", metadata, text("name", 40, primary_key=True), long("value"), *signed()
)
# One row: who decides. Each change of hands raises the epoch, and a write names the one it knows.
lease = Table(
    "compute_lease", metadata, whole("one", primary_key=True), whole("epoch"),
    text("holder", 200), text("until", 32),
)  # fmt: skip
