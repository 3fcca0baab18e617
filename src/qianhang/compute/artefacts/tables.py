"""The tables of artefacts: what is wanted of a job, and the files that are kept of it."""

from __future__ import annotations

from sqlalchemy import Index, Table, UniqueConstraint

from qianhang.compute.columns import long, text, whole, wide
from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "artefact", "harvest"]

PART = Part("artefacts", "qianhang.compute.artefacts.migrations", "artefacts_0001")


# One row a job that names outputs, written when it is admitted. token : the attempt whose folder
# was looked into; tried : when that failed last; detail : JSON, what was passed over and why
harvest = Table(
    "artefact_harvest", metadata, text("job", 40, primary_key=True), text("org", 40),
    text("state", 12), text("token", 80), whole("files"), wide("size"), long("detail"),
    text("tried", 32), text("at", 32), Index(None, "state"),
)  # fmt: skip
# gone : when its bytes were deleted, "" while they are kept
artefact = Table(
    "artefact", metadata, text("job", 40, primary_key=True), whole("number", primary_key=True),
    text("path", 400), wide("size"), text("sha", 64), text("org", 40), text("at", 32),
    text("gone", 32), UniqueConstraint("job", "path"), Index(None, "sha"),
    Index(None, "org", "gone"), Index(None, "gone", "at"),
)  # fmt: skip
