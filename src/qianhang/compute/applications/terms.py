"""What a project's approvals in force let its jobs ask for: these chips, this pool."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

import sqlalchemy as sa

from qianhang.compute.applications import tables
from qianhang.compute.job import Job
from qianhang.core.errors import UsageError

__all__ = ["narrow"]

_TABLE = tables.application


def narrow(connection: sa.Connection, job: Job) -> Job:
    """The job, kept to the chips and pools of its project's approvals where they name any.

    Raises UsageError where it names only others.
    """
    if not job.project:
        return job
    query = sa.select(_TABLE.c.flavours, _TABLE.c.pool).where(
        _TABLE.c.org == job.org, _TABLE.c.project == job.project, _TABLE.c.state == "active"
    )
    rows = connection.execute(query).all()
    if not rows:
        return job
    chips: list[Sequence[str]] = [json.loads(row.flavours) for row in rows]
    flavours = _kept(job, "chips", job.want.flavours, chips)
    pools = _kept(job, "pools", job.pools, [[row.pool] if row.pool else [] for row in rows])
    return replace(job, want=replace(job.want, flavours=flavours), pools=pools)


def _kept(
    job: Job, what: str, named: tuple[str, ...], approved: Sequence[Sequence[str]]
) -> tuple[str, ...]:
    """What is left of the names; an approval that names nothing allows everything."""
    if not all(approved):
        return named
    allowed = tuple(dict.fromkeys(name for one in approved for name in one))
    found = tuple(name for name in named if name in allowed) if named else allowed
    if not found:
        raise UsageError(
            "QH598",
            f"project {job.project!r} of {job.org} was approved for {what} {', '.join(allowed)},"
            f" the job asks for {', '.join(named)}",
            hint="apply for more: qianhang compute application send",
        )
    return found
