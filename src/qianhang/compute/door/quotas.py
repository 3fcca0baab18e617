"""How many chips a project may hold at once: applied for, approved or declined, kept to."""

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
    "answer",
    "apply",
    "approved",
    "check",
    "chips_of",
    "limit",
    "listed",
    "put",
    "standing",
]

CLOSED = -1  # of a project whose approved time is over: it may hold nothing any more

_TABLE = schema.quota
_MOST = 10_000_000
_APPROVED = Prepared(
    sa.select(_TABLE.c.org, _TABLE.c.project, _TABLE.c.chips).where(_TABLE.c.chips != 0)
)


@dataclass(frozen=True, slots=True)
class Quota:
    """What a project may hold, and what it applies for.

    project : "" for all projects of the organisation that have none of their own
    chips : approved at once; 0 where nothing was yet
    asked : of an application that is open, else 0
    state : applied, approved, declined: of the last application; ended with the approved period
    closed : whether it may hold nothing, because its approved period is over
    """

    org: str
    project: str
    chips: int
    asked: int
    state: Literal["applied", "approved", "declined", "ended"]
    reason: str
    by: str
    at: str
    answered_by: str
    answered: str
    closed: bool = False


def apply(
    store: Store, org: str, *, project: str, chips: int, reason: str, by: str, at: datetime
) -> Quota:
    """The project's application, open; what was approved before holds until it is answered.

    Raises UsageError where the number of chips or the reason makes no sense.
    """
    if not 1 <= chips <= _MOST:
        raise UsageError("QH598", f"{chips} chips at once, expected 1 to {_MOST:,}")
    if not reason.strip() or len(reason) > 2000:
        raise UsageError("QH598", "an application needs a reason of at most 2,000 characters")
    where = (_TABLE.c.org == org) & (_TABLE.c.project == project)
    values = {"asked": chips, "state": "applied", "reason": reason, "by": by, "at": stamp(at)}
    with store.write() as tx:
        tx.take_turns()
        if not tx.execute(sa.update(_TABLE).where(where).values(values)).rowcount:
            fresh = {"org": org, "project": project, "chips": 0, "answered_by": "", "answered": ""}
            tx.execute(sa.insert(_TABLE).values(fresh | values))
        facts = {"project": project, "chips": chips, "reason": reason, "by": by}
        tx.append("compute.quota.applied", org, payload=facts, at=at)
    return _get(store, org, project)


def answer(store: Store, org: str, *, project: str, approve: bool, by: str, at: datetime) -> Quota:
    """The project's quota with its open application approved or declined.

    Raises UsageError where there is no open application.
    """
    where = (_TABLE.c.org == org) & (_TABLE.c.project == project)
    with store.write() as tx:
        tx.take_turns()
        query = sa.select(_TABLE.c.asked, _TABLE.c.chips).where(where, _TABLE.c.asked > 0)
        row = tx.execute(query).first()
        if row is None:
            raise UsageError("QH598", f"{_called(org, project)} has no open application")
        state = "approved" if approve else "declined"
        chips = row.asked if approve else row.chips
        values = {"chips": chips, "asked": 0, "state": state, "answered_by": by}
        tx.execute(sa.update(_TABLE).where(where).values(answered=stamp(at), **values))
        facts = {"project": project, "state": state, "asked": row.asked, "by": by}
        tx.append("compute.quota", org, payload=facts, at=at)
    return _get(store, org, project)


def put(
    tx: Transaction, org: str, *, project: str, chips: int, by: str, at: datetime, reason: str
) -> None:
    """The project's quota from now on; an application that is open stays so.

    chips : at once, CLOSED for nothing
    """
    where = (_TABLE.c.org == org) & (_TABLE.c.project == project)
    state = "approved" if chips > 0 else "ended"
    values = {"chips": chips, "answered_by": by, "answered": stamp(at)}
    said = sa.case((_TABLE.c.asked > 0, _TABLE.c.state), else_=state)
    if not tx.execute(sa.update(_TABLE).where(where).values(state=said, **values)).rowcount:
        fresh = {"org": org, "project": project, "asked": 0, "state": state, "reason": reason}
        tx.execute(sa.insert(_TABLE).values(fresh | values | {"by": by, "at": stamp(at)}))
    facts = {"project": project, "state": state, "chips": max(0, chips), "by": by}
    tx.append("compute.quota", org, payload=facts, at=at)


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
    """Every quota, open applications first."""
    query = sa.select(_TABLE).order_by(_TABLE.c.asked == 0, _TABLE.c.org, _TABLE.c.project)
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
            hint="apply for more: qianhang compute quota apply",
        )


def limit(known: Mapping[tuple[str, str], int], job: Job) -> int | None:
    """Chips that the job's project may hold at once, None where nobody set a quota."""
    own = known.get((job.org, job.project))
    return own if own is not None else known.get((job.org, ""))


def _called(org: str, project: str) -> str:
    return f"project {project!r} of {org}" if project else f"organisation {org}"


def _get(store: Store, org: str, project: str) -> Quota:
    query = sa.select(_TABLE).where((_TABLE.c.org == org) & (_TABLE.c.project == project))
    with store.read() as connection:
        return _quota(connection.execute(query).mappings().one())


def _quota(row: sa.RowMapping) -> Quota:
    values = {name: row[name] for name in Quota.__slots__ if name != "closed"}
    chips = max(0, row["chips"])
    return Quota(**values | {"chips": chips, "closed": row["chips"] == CLOSED})
