"""Attempts at jobs: written down before an engine is asked, so that none is lost or made twice."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door.moments import stamp
from qianhang.compute.policy import Placement, Start
from qianhang.compute.task import Outcome, Usage
from qianhang.store.prepared import Prepared, fetch

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "LIVE",
    "Attempt",
    "AttemptState",
    "barred",
    "begin",
    "close",
    "fenced",
    "listed",
    "live",
    "live_at",
    "mark",
    "metered",
    "named",
    "notify",
    "of",
    "requeue",
    "settle",
    "unmetered",
]

AttemptState = Literal[
    "submitting", "submitted", "running", "unknown", "ended", "fenced", "refused"
]
LIVE = ("submitting", "submitted", "running", "unknown")
_TABLE, _JOB = schema.attempt, schema.job
_ENDED = {"finished": "finished", "cancelled": "cancelled"}
_LIVING = (_TABLE.c.token == sa.bindparam("the_token")) & sa.or_(
    *(_TABLE.c.state == state for state in LIVE)
)
_OWN = (_JOB.c.id == sa.bindparam("the_job")) & (_JOB.c.epoch == sa.bindparam("the_epoch"))
_NEW = Prepared.new(_TABLE)
_TAKE = Prepared(
    sa.update(_JOB)
    .where((_JOB.c.id == sa.bindparam("the_job")) & (_JOB.c.state == "queued") & ~_JOB.c.cancel)
    .values(state="running", epoch=_JOB.c.epoch + 1, why=sa.bindparam("the_why"))
)
_EPOCH = Prepared(sa.select(_JOB.c.epoch).where(_JOB.c.id == sa.bindparam("the_job")))
_MARK = Prepared(
    sa.update(_TABLE)
    .where(_LIVING)
    .values(state=sa.bindparam("to"), ref=sa.bindparam("the_ref"), started=sa.bindparam("since"))
)
_CLOSE = Prepared(
    sa.update(_TABLE)
    .where(_LIVING)
    .values(
        state=sa.bindparam("to"),
        ended=sa.bindparam("until"),
        outcome=sa.bindparam("how"),
        started=sa.bindparam("since"),
    )
)
_BEGUN = sa.case(
    (_JOB.c.started == "", sa.bindparam("since", type_=sa.String)), else_=_JOB.c.started
)
_END_JOB = Prepared(
    sa.update(_JOB)
    .where(_OWN)
    .values(
        state=sa.bindparam("to"),
        started=_BEGUN,
        ended=sa.bindparam("until"),
        reason=sa.bindparam("for_reason"),
    )
)
_AGAIN = Prepared(sa.update(_JOB).where(_OWN).values(state="queued", started=_BEGUN))
_OF = Prepared(
    sa.select(_TABLE)
    .where(_TABLE.c.job == sa.bindparam("the_job"))
    .order_by(_TABLE.c.made, _TABLE.c.token)
)
_METERED = Prepared(
    sa.update(_TABLE)
    .where(_TABLE.c.token == sa.bindparam("the_token"))
    .values(metered=sa.bindparam("so"))
)
_RUNS = Prepared(
    sa.update(_JOB)
    .where((_JOB.c.id == sa.bindparam("the_job")) & (_JOB.c.started == ""))
    .values(started=sa.bindparam("since"))
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One go at a job on one pool.

    token : the name under which the engine knows it; no two attempts share one
    state : submitting until the engine is known to have it; unknown while it cannot be asked;
        fenced where the job goes on without it, whatever becomes of it; refused where its engine
        does not take it
    leaving : by when it has to be gone, "" where it may stay
    cost : the terms by which the pool was chosen, fen
    metered : whether what it used has been charged
    """

    token: str
    job: str
    epoch: int
    pool: str
    flavour: str
    placement: Placement
    cost: Mapping[str, int]
    state: AttemptState
    ref: str
    made: str
    started: str
    leaving: str
    ended: str
    outcome: Outcome | None
    metered: bool


def begin(
    tx: Transaction, start: Start, *, others: Mapping[str, int], at: datetime
) -> Attempt | None:
    """The attempt, written down and not yet made; None where the job is no longer waiting.

    others : pool -> sum of the terms there, fen, for every pool that could take it
    """
    place = start.placement
    cost = {term.name: term.fen for term in start.cost.terms() if term.fen}
    why = {"pool": place.pool, "cost": cost, "others": dict(others)}
    if not tx.change(_TAKE, {"the_job": start.job, "the_why": _told(why)}):
        return None
    epoch = int(tx.fetch(_EPOCH, {"the_job": start.job})[0].epoch)
    row = {
        "token": f"{start.job}.{epoch}", "job": start.job, "epoch": epoch, "pool": place.pool,
        "flavour": place.flavour, "placement": _told(place._asdict()), "cost": _told(cost),
        "state": "submitting", "ref": "", "made": stamp(at), "started": "", "leaving": "",
        "ended": "", "outcome": "", "metered": False,
    }  # fmt: skip
    tx.change(_NEW, row)
    tx.append("compute.job.placed", start.job, payload=why | {"epoch": epoch}, at=at)
    return _attempt(row)


def mark(
    tx: Transaction, attempt: Attempt, state: AttemptState, *, ref: str = "", at: str = ""
) -> None:
    """What is known of a live attempt; one that has ended, or was fenced, stays as it is.

    at : where it runs, since when
    """
    values = {
        "the_token": attempt.token, "to": state, "the_ref": ref or attempt.ref,
        "since": attempt.started or at,
    }  # fmt: skip
    if tx.change(_MARK, values) and at:
        tx.change(_RUNS, {"the_job": attempt.job, "since": at})


def close(
    tx: Transaction, attempt: Attempt, outcome: Outcome, *, at: datetime, again: bool = False
) -> bool:
    """Whether the attempt ended now, and its job with it: the first end that is told counts.

    again : the job waits once more instead
    """
    told = _told(asdict(outcome))
    moments = {"since": attempt.started or _began(attempt, outcome, at), "until": stamp(at)}
    values = {"the_token": attempt.token, "to": "ended", "how": told, **moments}
    if not tx.change(_CLOSE, values):
        return False
    own = {"the_job": attempt.job, "the_epoch": attempt.epoch}
    facts = {"epoch": attempt.epoch, "pool": attempt.pool, "outcome": json.loads(told)}
    if again:
        tx.change(_AGAIN, {**own, "since": moments["since"]})
        tx.append("compute.job.requeued", attempt.job, payload=facts, at=at)
        return True
    state = _ENDED.get(outcome.reason, "failed")
    tx.change(_END_JOB, {**own, **moments, "to": state, "for_reason": outcome.reason})
    tx.append("compute.job.ended", attempt.job, payload=facts, at=at)
    return True


def requeue(
    tx: Transaction, attempt: Attempt, why: str, *, at: datetime, refused: bool = False
) -> bool:
    """Whether the job waits again: the attempt is fenced, so that nothing it does counts.

    refused : its engine does not take it, so that there is nothing to fence
    """
    where = (_TABLE.c.token == attempt.token) & _TABLE.c.state.in_(LIVE)
    values = {"state": "refused" if refused else "fenced", "ended": stamp(at)}
    if not tx.execute(sa.update(_TABLE).where(where).values(values)).rowcount:
        return False
    tx.execute(sa.update(_JOB).where(_own(attempt)).values(state="queued"))
    facts = {"epoch": attempt.epoch, "pool": attempt.pool, "why": why}
    tx.append("compute.job.requeued", attempt.job, payload=facts, at=at)
    return True


def notify(tx: Transaction, attempt: Attempt, by: datetime, *, why: str, at: datetime) -> None:
    """The live attempt has to be gone by then."""
    where = (_TABLE.c.token == attempt.token) & _TABLE.c.state.in_(LIVE)
    tx.execute(sa.update(_TABLE).where(where).values(leaving=stamp(by)))
    facts = {"epoch": attempt.epoch, "pool": attempt.pool, "by": stamp(by), "why": why}
    tx.append("compute.job.notice", attempt.job, payload=facts, at=at)


def settle(tx: Transaction, attempt: Attempt, outcome: Outcome) -> None:
    """How a fenced attempt ended, for the record alone: its job goes on without it."""
    where = (_TABLE.c.token == attempt.token) & (_TABLE.c.state == "fenced")
    tx.execute(sa.update(_TABLE).where(where).values(outcome=_told(asdict(outcome))))


def fenced(store: Store) -> tuple[Attempt, ...]:
    """Fenced attempts of which nobody knows yet that they have ended, the oldest first."""
    return _select(store, (_TABLE.c.state == "fenced") & (_TABLE.c.outcome == ""))


def barred(store: Store, *, about: bool) -> dict[str, frozenset[str]]:
    """Open job -> pools that refused it, or where a fenced attempt at it may still be about."""
    where = _TABLE.c.state == ("fenced" if about else "refused")
    query = sa.select(_TABLE.c.job, _TABLE.c.pool).join(_JOB, _JOB.c.id == _TABLE.c.job)
    query = query.where(where, _TABLE.c.outcome == "", _JOB.c.ended == "")
    found: dict[str, frozenset[str]] = {}
    with store.read() as connection:
        for job, pool in connection.execute(query):
            found[job] = found.get(job, frozenset()) | {pool}
    return found


def live(store: Store) -> tuple[Attempt, ...]:
    """The attempts that have not ended, the oldest first."""
    return _select(store, _TABLE.c.state.in_(LIVE))


def of(store: Store, job: str) -> tuple[Attempt, ...]:
    """The attempts at a job, the oldest first."""
    with store.read() as connection:
        rows = fetch(connection, _OF, {"the_job": job})
    return tuple(_attempt(row._asdict()) for row in rows)


def listed(store: Store) -> tuple[Attempt, ...]:
    """Every attempt, the oldest first."""
    return _select(store, sa.true())


def unmetered(store: Store) -> list[str]:
    """The tokens of attempts that ended and whose use nobody has charged yet, the oldest first."""
    where = (_TABLE.c.state == "ended") & ~_TABLE.c.metered
    query = sa.select(_TABLE.c.token).where(where).order_by(_TABLE.c.made, _TABLE.c.token)
    with store.read() as connection:
        return list(connection.execute(query).scalars())


def live_at(connection: sa.Connection, names: Sequence[str]) -> list[Attempt]:
    """The attempts at these jobs that have not ended, the oldest first; a few hundred at most."""
    query = sa.select(_TABLE).where(_TABLE.c.job.in_(names), _TABLE.c.state.in_(LIVE))
    rows = connection.execute(query.order_by(_TABLE.c.made, _TABLE.c.token))
    return [_attempt(row) for row in rows.mappings()]


def named(connection: sa.Connection, tokens: Sequence[str]) -> list[Attempt]:
    """The attempts of these tokens, the oldest first; a few hundred at most."""
    query = sa.select(_TABLE).where(_TABLE.c.token.in_(tokens))
    rows = connection.execute(query.order_by(_TABLE.c.made, _TABLE.c.token))
    return [_attempt(row) for row in rows.mappings()]


def metered(tx: Transaction, token: str) -> None:
    """The use of the attempt counts as charged, in the transaction that charges it."""
    tx.change(_METERED, {"the_token": token, "so": True})


def _own(attempt: Attempt) -> sa.ColumnElement[bool]:
    """The attempt's job, where no later attempt took its place."""
    return (_JOB.c.id == attempt.job) & (_JOB.c.epoch == attempt.epoch)


def _began(attempt: Attempt, outcome: Outcome, at: datetime) -> str:
    """When a task that ended between two looks began: it ran for as long as its keeper says.

    In whole milliseconds, as its usage is told, so that it does not end after this moment.
    """
    return max(attempt.made, stamp(at - timedelta(seconds=round(outcome.usage.wall_s, 3))))


def _select(store: Store, where: sa.ColumnElement[bool]) -> tuple[Attempt, ...]:
    query = sa.select(_TABLE).where(where).order_by(_TABLE.c.made, _TABLE.c.token)
    with store.read() as connection:
        return tuple(_attempt(row) for row in connection.execute(query).mappings())


def _attempt(row: Mapping[str, Any] | sa.RowMapping) -> Attempt:
    values = {name: row[name] for name in Attempt.__slots__}
    values["placement"] = Placement(**json.loads(row["placement"]))
    values["cost"] = json.loads(row["cost"])
    values["outcome"] = _outcome(row["outcome"])
    return Attempt(**values)


def _outcome(text: str) -> Outcome | None:
    if not text:
        return None
    said = json.loads(text)
    return Outcome(said["reason"], said["code"], said["signal"], Usage(**said["usage"]))


def _told(value: Mapping[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
