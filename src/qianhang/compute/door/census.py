"""The network counted: chips in use, jobs that wait, what a pool was busy with over time."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door.attempts import LIVE
from qianhang.compute.door.moments import seconds, stamp
from qianhang.compute.door.plant import Held
from qianhang.compute.door.quotas import chips_of
from qianhang.store.prepared import Prepared, among, fetch, spread, width

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["MOST_QUEUED", "Hour", "busy", "held", "history", "open_jobs", "queues"]

MOST_QUEUED = 2_000
_ATTEMPT, _JOB = schema.attempt, schema.job
_LIVES = sa.or_(*(_ATTEMPT.c.state == state for state in LIVE))
_BUSY = Prepared(sa.select(_ATTEMPT.c.pool, _ATTEMPT.c.flavour, _ATTEMPT.c.placement).where(_LIVES))
_WAITING = Prepared(sa.select(_JOB.c.ask).where(_JOB.c.state == "queued").limit(MOST_QUEUED))


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of a pool; chips : in use, the mean over the hour."""

    start: datetime
    chips: float


def busy(store: Store) -> Mapping[tuple[str, str], float]:
    """(pool, flavour) -> chips that attempts hold which have not ended."""
    found: dict[tuple[str, str], float] = {}
    with store.read() as connection:
        for pool, flavour, placement in fetch(connection, _BUSY):
            found[pool, flavour] = found.get((pool, flavour), 0.0) + chips_of(placement)
    return found


def held(store: Store) -> Mapping[tuple[str, str], float]:
    """(organisation, project) -> chips that its attempts hold which have not ended."""
    query = sa.select(_JOB.c.org, _JOB.c.project, _ATTEMPT.c.placement)
    query = query.join(_JOB, _JOB.c.id == _ATTEMPT.c.job).where(_ATTEMPT.c.state.in_(LIVE))
    found: dict[tuple[str, str], float] = {}
    with store.read() as connection:
        for org, project, placement in connection.execute(query):
            found[org, project] = found.get((org, project), 0.0) + chips_of(placement)
    return found


def open_jobs(store: Store, orgs: Collection[str]) -> Mapping[str, int]:
    """State -> how many jobs of these organisations wait or run."""
    names = sorted(orgs)
    with store.read() as connection:
        rows = fetch(connection, _open(width(names)), spread("orgs", names))
    found = {row.state: int(row.count_) for row in rows}
    return {"queued": 0, "running": 0} | found


@lru_cache(64)
def _open(orgs: int) -> Prepared:
    """The statement that counts open jobs of so many organisations."""
    waits = sa.or_(_JOB.c.state == "queued", _JOB.c.state == "running")
    query = sa.select(_JOB.c.state, sa.func.count().label("count_"))
    return Prepared(query.where(waits, among(_JOB.c.org, "orgs", orgs)).group_by(_JOB.c.state))


def queues(store: Store, held: Sequence[Held]) -> Mapping[str, int]:
    """Pool -> waiting jobs that could go there by name and chip, of whichever organisation.

    Of a longer queue the first MOST_QUEUED that the store tells are counted.
    """
    stock = {one.pool.id: {s.flavour for s in one.pool.stock} for one in held}
    found = dict.fromkeys(stock, 0)
    with store.read() as connection:
        asks = Counter(_wanted(row.ask) for row in fetch(connection, _WAITING))
    for (named, wanted), count in asks.items():
        for name, chips in stock.items():
            if (not named or name in named) and (not wanted or wanted & chips):
                found[name] += count
    return found


def history(store: Store, pool: str, *, now: datetime, hours: int = 168) -> tuple[Hour, ...]:
    """The pool's hours until now, the oldest first: chips in use, from the attempts there."""
    first = now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=hours - 1)
    query = sa.select(_ATTEMPT.c.started, _ATTEMPT.c.ended, _ATTEMPT.c.placement).where(
        _ATTEMPT.c.pool == pool,
        _ATTEMPT.c.started != "",
        (_ATTEMPT.c.ended == "") | (_ATTEMPT.c.ended >= stamp(first)),
    )
    held = [0.0] * hours
    with store.read() as connection:
        for row in connection.execute(query):
            start = max(0.0, seconds(row.started) - first.timestamp())
            end = (seconds(row.ended) if row.ended else now.timestamp()) - first.timestamp()
            _spread(held, start, end, chips=chips_of(row.placement))
    last = max(1.0, (now - first).total_seconds() - (hours - 1) * 3600.0)
    spans = [3600.0] * (hours - 1) + [last]
    moments = (first + timedelta(hours=n) for n in range(hours))
    return tuple(Hour(m, h / s) for m, h, s in zip(moments, held, spans, strict=True))


def _spread(held: list[float], start: float, end: float, *, chips: float) -> None:
    """Add chip-seconds from start to end (s after the first hour's beginning) to their hours."""
    for hour in range(int(start // 3600), min(len(held) - 1, int(end // 3600)) + 1):
        inside = min(end, (hour + 1) * 3600.0) - max(start, hour * 3600.0)
        held[hour] += chips * max(0.0, inside)


@lru_cache(4096)
def _wanted(ask: str) -> tuple[frozenset[str], frozenset[str]]:
    """The pools and the flavours that a job asks for by name."""
    told = json.loads(ask)
    return frozenset(told["pools"]), frozenset(told["want"]["flavours"])
