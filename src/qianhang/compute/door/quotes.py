"""Quotes of the live network: from its rows, kept in the log with the job, scored afterwards."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door import attempts, jobs, news, plant
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.ledgers import recall
from qianhang.compute.door.moments import seconds
from qianhang.compute.job import Job
from qianhang.compute.policy import Params, Predictor, Prices, Refusal
from qianhang.compute.policy.waits import Case
from qianhang.compute.quote import Fare, Fares, Quote, Starts, Told, Way, refusals, ways
from qianhang.core.errors import PoolUnavailable
from qianhang.store.prepared import Prepared, fetch
from qianhang.store.schema import log, log_head

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Desk", "Learnt", "Score", "keep", "of", "score"]

_KIND = "compute.job.quoted"
_HOLDS = timedelta(minutes=10)
_LEARNT = 2000
_MUCH = 500
_NEWS = Prepared(
    sa.select(log.c.seq, log.c.kind, log.c.subject)
    .where(log.c.seq > sa.bindparam("after"))
    .order_by(log.c.seq)
    .limit(sa.bindparam("most"))
)
_JOB, _TRIED = schema.job, schema.attempt
_BEGUN = ("running", "finished", "failed", "cancelled")
# The newest in one state, by the index that ends in the moment of submission: none sorts them all.
_QUOTED = Prepared(
    sa.select(log.c.payload, _TRIED.c.pool, _TRIED.c.flavour, _JOB.c.submitted,
              _JOB.c.started, _JOB.c.ended, _JOB.c.state)
    .select_from(_JOB)
    .join(log, (log.c.kind == _KIND) & (log.c.subject == _JOB.c.id))
    .join(_TRIED, (_TRIED.c.job == _JOB.c.id) & (_TRIED.c.started == _JOB.c.started))
    .where(_JOB.c.state == sa.bindparam("its_state"), _JOB.c.started != "")
    .order_by(_JOB.c.submitted.desc())
    .limit(sa.bindparam("most"))
)  # fmt: skip
# News of a job that the ledgers follow, and news that leave them as they are.
_MOVES = frozenset(
    f"compute.job.{what}" for what in ("admitted", "cancel", "ended", "placed", "refused")
)
_STILL = frozenset(
    {
        *("compute.job.notice", "compute.job.quoted", "compute.job.reserved"),
        *("compute.quota.applied", "compute.bench", "compute.policy"),
    }
)
_ASIDE = ("compute.application.", "compute.artefact.")  # an approval tells its quota apart


@dataclass(frozen=True, slots=True)
class Score:
    """How quotes came true, each by what was told for the pool on which the job ran.

    started : quoted jobs that started; within_p50, within_p90 : share that did by then
    ended, ended_p90 : quoted jobs that ended well, and the share that did by the quoted p90
    late_p90_s : mean of how much too late those came that were not within, s
    """

    quoted: int
    started: int
    within_p50: float
    within_p90: float
    ended: int
    ended_p90: float
    late_p90_s: float


@dataclass(frozen=True, slots=True)
class Learnt:
    """What past jobs taught at a moment: run times, p50 and p90, and waits for a start."""

    at: datetime
    half: Predictor
    most: Predictor
    starts: Starts

    @classmethod
    def of(cls, store: Store, now: datetime) -> Learnt:
        """From the jobs that ended, and the quotes that came true, last."""
        return cls(now, *_run_times(store), _starts(store))


class Desk:
    """The network as it stands at one moment, ready to quote any number of jobs.

    params, prices : of the policy; the defaults, and the pools' own lists, where None
    learnt : from past jobs; from the store where None
    Raises PoolUnavailable where no pool has joined.
    """

    def __init__(
        self, store: Store, now: datetime, *, params: Params | None = None,
        prices: Prices | None = None, learnt: Learnt | None = None,
    ) -> None:  # fmt: skip
        self._seen = _head(store)  # before all that is read, so that no news is passed over
        held = plant.pools(store)
        if not held:
            raise PoolUnavailable(
                "QH501", "no pool has joined the network", hint="qianhang compute pool add FILE"
            )
        self.now = self.made = now
        self.learnt = learnt or Learnt.of(store, now)
        self._most = self.learnt.most
        self._ledgers = recall(
            store, held, params=params or Params(), predictor=self._most, now=now, prices=prices
        )
        for other in news.since(store, None).jobs:
            if not other.cancel:
                self._ledgers.admit(other, estimate=self._most.estimate(other.job))
        self._same: dict[object, Quote] = {}

    def follow(self, store: Store, now: datetime) -> bool:
        """Whether the desk stands as the network does now, carried on by what the log tells.

        False where a new one is needed: pools, quotas or lines are others, a job was taken back
        from a pool, or there is too much news.
        """
        with store.read() as connection:
            rows = fetch(connection, _NEWS, {"after": self._seen, "most": _MUCH + 1})
            ours = [row for row in rows if _is_ours(row.kind)]
            kinds = {row.kind for row in ours}
            if len(rows) > _MUCH or kinds - _MOVES - _STILL:
                return False
            names = list(dict.fromkeys(row.subject for row in ours if row.kind in _MOVES))
            known = jobs.named(connection, names)
            tried = attempts.live_at(connection, names) if names else []
        self.now, self._same = now, {}
        self._seen = rows[-1].seq if rows else self._seen
        for name in names:
            self._renew(known.get(name), [one for one in tried if one.job == name], name=name)
        return True

    def _renew(self, kept: Kept | None, tried: Sequence[Attempt], *, name: str) -> None:
        """The job in the ledgers as its rows are now."""
        for gone in [one for one in self._ledgers.live.values() if one.job == name]:
            self._ledgers.leave(gone, self.now)
        self._ledgers.forget(name)
        if kept is None or not kept.open:
            return
        estimate = self._most.estimate(kept.job)
        for attempt in tried:
            self._ledgers.take_up(kept, attempt, estimate=estimate)
        if kept.state == "queued" and not kept.cancel:
            self._ledgers.admit(kept, estimate=estimate)

    def quote(self, job: Job, fares: Fares) -> Quote:
        """What each pool offers the job now, and why the others do not take it.

        Jobs that differ in nothing are quoted once: those of an array see the same queue.
        """
        key = dataclasses.replace(job, id="", key="", name=job.name.partition("[")[0])
        found = self._same.get(key)
        if found is None:
            view, queue = self._ledgers.view, self._ledgers.queue
            run = (self.learnt.half.estimate(job), self._most.estimate(job))
            offers = ways(
                job, view, queue, now=self.now.timestamp(), starts=self.learnt.starts, run=run,
                fares=fares,
            )  # fmt: skip
            found = self._same[key] = Quote(
                job.id, job.org, self.now, self.now + _HOLDS, offers, refusals(job, view, queue)
            )
        return dataclasses.replace(found, job=job.id)


def keep(tx: Transaction, found: Quote) -> None:
    """The quote stands in the log with its job."""
    told = dataclasses.asdict(found)
    told |= {"made": found.made.isoformat(), "until": found.until.isoformat()}
    told["refused"] = [one._asdict() for one in found.refused]
    for way in told["ways"]:
        way["start"] = way["start"]._asdict()
    tx.append(_KIND, found.job, payload=told, at=found.made)


def of(store: Store, job: str) -> Quote | None:
    """The quote with which the job was admitted; None where it had none."""
    found = store.entries(kind=_KIND, subject=job, limit=1)
    return _quote(found[0].payload) if found else None


def score(store: Store, *, limit: int = _LEARNT) -> Score:
    """How the newest quotes came true."""
    rows = [row for row in _came_true(store, limit) if row.way is not None]
    begun = [(row.way.start, row.wait_s) for row in rows if row.way]
    over = [(row.way.finish_p90_s, row.end_s) for row in rows if row.way and row.end_s is not None]
    late = [wait - told.p90 for told, wait in begun if wait > told.p90]
    return Score(
        _count(store), len(begun), _share([wait <= told.p50 for told, wait in begun]),
        _share([wait <= told.p90 for told, wait in begun]), len(over),
        _share([end <= told for told, end in over]), sum(late) / len(late) if late else 0.0,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _True:
    """A quoted job that started: what was told for its pool, when it began and ended, s."""

    pool: str
    way: Way | None
    wait_s: float
    end_s: float | None


def _came_true(store: Store, limit: int) -> list[_True]:
    """The newest quoted jobs that started, in the order of their starts."""
    with store.read() as connection:
        rows = [
            row
            for state in _BEGUN
            for row in fetch(connection, _QUOTED, {"its_state": state, "most": limit})
        ]
    rows.sort(key=lambda row: str(row.started))
    return [_true(row) for row in rows[-limit:]]


def _true(row: Any) -> _True:
    offers = _quote(json.loads(row.payload)).ways
    own = (one for one in offers if (one.pool, one.flavour) == (row.pool, row.flavour))
    asked = seconds(row.submitted)
    end = seconds(row.ended) - asked if row.state == "finished" else None
    return _True(row.pool, next(own, None), seconds(row.started) - asked, end)


def _count(store: Store) -> int:
    query = sa.select(sa.func.count()).where(log.c.kind == _KIND)
    with store.read() as connection:
        return int(connection.execute(query).scalar_one())


def _share(held: list[bool]) -> float:
    return sum(held) / len(held) if held else 0.0


def _starts(store: Store) -> Starts:
    found = Starts()
    for row in _came_true(store, _LEARNT):
        if row.way is not None:
            found.learn(row.pool, row.way.start, row.wait_s)
    return found


def _is_ours(kind: str) -> bool:
    return kind.startswith("compute.") and not kind.startswith(_ASIDE)


def _head(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(sa.select(log_head.c.seq)).scalar() or 0)


def _run_times(store: Store) -> tuple[Predictor, Predictor]:
    """Run times to expect, p50 and p90, from the jobs that ended last."""
    half, most = Predictor(quantile=0.5), Predictor()
    for job, run_s in jobs.past(store):
        half.learn(job, run_s)
        most.learn(job, run_s)
    return half, most


def _quote(said: Mapping[str, Any]) -> Quote:
    offers = tuple(_way(one) for one in said["ways"])
    return Quote(
        said["job"], said["org"], datetime.fromisoformat(said["made"]),
        datetime.fromisoformat(said["until"]), offers,
        tuple(Refusal(**one) for one in said["refused"]),
    )  # fmt: skip


def _way(said: Mapping[str, Any]) -> Way:
    start = Told(**{**said["start"], "seen": Case(*said["start"]["seen"])})
    return Way(**{**said, "start": start, "fare": Fare(**said["fare"])})
