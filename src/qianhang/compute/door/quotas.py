"""How many chips a project may hold at once: set, lifted, kept to.

Outside teams apply for them, with days: see `compute.applications`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door.moments import stamp
from qianhang.compute.job import Job
from qianhang.core.errors import UsageError
from qianhang.store.prepared import Prepared, fetch

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "CLOSED",
    "Quota",
    "approved",
    "assign",
    "check",
    "chips_of",
    "limit",
    "listed",
    "put",
    "standing",
]

CLOSED = -1  # of a project whose approved time is over: it may hold nothing any more

_TABLE = schema.quota
_MOST, _LONGEST = 10_000_000, 80
_APPROVED = Prepared(sa.select(_TABLE.c.org, _TABLE.c.project, _TABLE.c.chips))


@dataclass(frozen=True, slots=True)
class Quota:
    """What a project may hold.

    project : "" for all projects of the organisation that have none of their own
    chips : at once
    state : approved; ended with the approved period
    closed : whether it may hold nothing, because its approved period is over
    """

    org: str
    project: str
    chips: int
    state: Literal["approved", "ended"]
    reason: str
    by: str
    at: str
    closed: bool = False


def assign(
    store: Store, org: str, *, project: str, chips: int, reason: str, by: str, at: datetime
) -> Quota | None:
    """The project's quota from now on, without days; None where it is lifted.

    chips : at once, 0 for no limit any more
    Raises UsageError where the number of chips, the project's name or the reason makes no sense.
    """
    if not 0 <= chips <= _MOST:
        raise UsageError("QH598", f"{chips} chips at once, expected 0 (no limit) to {_MOST:,}")
    if len(project) > _LONGEST or "\0" in project:
        raise UsageError("QH598", f"project {project[:40]!r}: at most {_LONGEST} characters")
    if not reason.strip() or len(reason) > 2000:
        raise UsageError("QH598", "a quota needs a reason of at most 2,000 characters")
    with store.write() as tx:
        tx.take_turns()
        put(tx, org, project=project, chips=chips, by=by, at=at, reason=reason)
    found = (one for one in listed(store) if (one.org, one.project) == (org, project))
    return next(found, None)


def put(
    tx: Transaction, org: str, *, project: str, chips: int, by: str, at: datetime, reason: str
) -> None:
    """The project's quota from now on.

    chips : at once, CLOSED for nothing, 0 for no limit
    """
    where = (_TABLE.c.org == org) & (_TABLE.c.project == project)
    state = "approved" if chips > 0 else "ended" if chips else "lifted"
    tx.execute(sa.delete(_TABLE).where(where))
    if chips:
        row = {"org": org, "project": project, "chips": chips, "state": state, "reason": reason}
        tx.execute(sa.insert(_TABLE).values(row | {"by": by, "at": stamp(at)}))
    facts = {"project": project, "state": state, "chips": max(0, chips), "by": by}
    tx.append("compute.quota", org, payload=facts | {"reason": reason}, at=at)


def standing(connection: sa.Connection, org: str, project: str) -> int:
    """Chips of the project's own quota, 0 where it has none, CLOSED where it may hold nothing."""
    where = (_TABLE.c.org == org) & (_TABLE.c.project == project)
    return int(connection.execute(sa.select(_TABLE.c.chips).where(where)).scalar() or 0)


@functools.lru_cache(4096)
def chips_of(placement: str) -> float:
    """Chips of a placement as its row keeps it."""
    told = json.loads(placement)
    return float(told["chips"]) * int(told["replicas"])


def listed(store: Store) -> tuple[Quota, ...]:
    """Every quota, by organisation and project."""
    query = sa.select(_TABLE).order_by(_TABLE.c.org, _TABLE.c.project)
    with store.read() as connection:
        return tuple(_quota(row) for row in connection.execute(query).mappings())


def approved(connection: sa.Connection) -> Mapping[tuple[str, str], int]:
    """(organisation, project) -> chips at once, of all that were approved or are over."""
    rows = fetch(connection, _APPROVED)
    return {(row.org, row.project): max(0, row.chips) for row in rows}


def check(connection: sa.Connection, job: Job) -> None:
    """Nothing, where the job alone asks for no more than its project may hold at once.

    Raises UsageError where it asks for more. What a project's jobs hold together is kept to by the
    supervisor: those above it wait.
    """
    allowed = limit(approved(connection), job)
    if allowed is not None and job.want.total > allowed:
        raise UsageError(
            "QH598",
            f"{_called(job.org, job.project)} may hold {allowed} chips at once, the job asks for"
            f" {job.want.total:g}",
            hint="apply for more: qianhang compute application send",
        )


def limit(known: Mapping[tuple[str, str], int], job: Job) -> int | None:
    """Chips that the job's project may hold at once, None where nobody set a quota."""
    own = known.get((job.org, job.project))
    return own if own is not None else known.get((job.org, ""))


def _called(org: str, project: str) -> str:
    return f"project {project!r} of {org}" if project else f"organisation {org}"


def _quota(row: sa.RowMapping) -> Quota:
    values = {name: row[name] for name in Quota.__slots__ if name != "closed"}
    chips = max(0, row["chips"])
    return Quota(**values | {"chips": chips, "closed": row["chips"] == CLOSED})
