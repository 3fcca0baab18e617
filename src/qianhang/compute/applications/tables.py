"""The tables of applications for compute, and of every step that was taken with each."""

from __future__ import annotations

from sqlalchemy import Index, Table

from qianhang.compute.columns import long, text, whole
from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "application", "step"]

PART = Part("applications", "qianhang.compute.applications.migrations", "applications_0001")


# first, last : days in China; granted : as approved, JSON, "" before; base : the project's quota
# before it came in force, to be brought back; reason : of the last answer
application = Table(
    "application", metadata, text("id", 40, primary_key=True), text("org", 40),
    text("project", 80), whole("chips"), whole("card_hours"), text("first", 10),
    text("last", 10), long("flavours"), text("pool", 60), text("voucher", 80),
    long("purpose"), text("contact", 200), text("state", 12), long("granted"), whole("base"),
    long("reason"), text("by", 80), text("at", 32), text("answered_by", 80),
    text("answered", 32), Index(None, "state"), Index(None, "org", "project"),
)  # fmt: skip
step = Table(
    "application_step", metadata, text("application", 40, primary_key=True),
    whole("number", primary_key=True), text("act", 12), long("words"), text("by", 80),
    text("at", 32),
)  # fmt: skip
