"""The journal of what the policy saw and decided: kept in the log, given out to be replayed."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.compute.door import jobs
from qianhang.compute.policy.desk import Step
from qianhang.store.log import stamp
from qianhang.store.schema import log

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Journal", "told"]

_KIND, _BEGIN, _ON = "compute.policy", "begin", "on"
_LONG, _PIECE = 2000, 200
_OF_JOBS = frozenset({"admit", "resume"})


class Journal:
    """Steps that were heard and not yet written down.

    They are written with the next decision, in its transaction: what is lost when a process dies
    led to none.
    """

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self.hear = self._steps.append

    @property
    def long(self) -> bool:
        """Whether so many wait that they should be written without a decision."""
        return len(self._steps) >= _LONG

    def forget(self) -> None:
        """Nothing was heard: what was decided and not written must not be believed."""
        self._steps.clear()

    def write(self, tx: Transaction, *, at: datetime) -> None:
        """What was heard, as one record of the log."""
        if self._steps:
            begins = any(step[0] == "begin" for step in self._steps)
            tx.append(_KIND, _BEGIN if begins else _ON, payload={"steps": list(self._steps)}, at=at)
            self._steps.clear()


def told(
    store: Store, *, since: datetime | None = None, until: datetime | None = None
) -> Iterator[Step]:
    """The steps of a period, each job told before its first one; from the last beginning at or
    before `since` on, for a decision follows from all that came before it.
    """
    known: set[str] = set()
    seq = _beginning(store, since) - 1
    while rows := _records(store, seq, until):
        for _, steps in rows:
            yield from _introduced(store, steps, known)
            yield from (tuple(step) for step in steps)
        seq = rows[-1][0]


def _beginning(store: Store, since: datetime | None) -> int:
    """The number of the record with which the period begins; 0 for all of them."""
    if since is None:
        return 0
    query = sa.select(sa.func.max(log.c.seq)).where(
        log.c.kind == _KIND, log.c.subject == _BEGIN, log.c.at <= stamp(since)
    )
    with store.read() as connection:
        return int(connection.execute(query).scalar() or 0)


def _records(store: Store, after: int, until: datetime | None) -> list[tuple[int, list[Any]]]:
    found = store.entries(kind=_KIND, after=after, limit=_PIECE)
    last = stamp(until) if until else "~"
    return [(one.seq, one.payload["steps"]) for one in found if one.at <= last]


def _introduced(store: Store, steps: Sequence[Any], known: set[str]) -> list[Step]:
    """The jobs of these steps that were not told before."""
    names = dict.fromkeys(step[1] for step in steps if step[0] in _OF_JOBS)
    fresh = [name for name in names if name not in known]
    known.update(fresh)
    found: list[Step] = []
    with store.read() as connection:
        for one in jobs.named(connection, fresh).values():
            asked = {k: v for k, v in dataclasses.asdict(one.job).items() if v is not None}
            found.append(("job", json.loads(json.dumps(asked))))
    return found
