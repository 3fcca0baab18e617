"""What the log tells the supervisor: jobs that came or were cancelled, pools and quotas changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door import jobs
from qianhang.compute.door.jobs import Kept
from qianhang.store.schema import log, log_head

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["News", "since"]

_JOBS = ("compute.job.admitted", "compute.job.cancel")
_PLANT = frozenset({"compute.pool", "compute.pue"})
_RULES = frozenset({"compute.quota", "compute.line"})  # what the ledgers are set up with
_TABLE = schema.job


@dataclass(frozen=True, slots=True)
class News:
    """Jobs with news, whether pools have any, or quotas and lines, and the log's newest record."""

    jobs: tuple[Kept, ...]
    plant: bool
    quotas: bool
    head: int


def since(store: Store, seq: int | None) -> News:
    """What is new after record `seq`; everything that waits where it is None.

    The log's records are numbered in the order in which their transactions ended, so that none is
    passed over.
    """
    with store.read() as connection:
        head = int(connection.execute(sa.select(log_head.c.seq)).scalar() or 0)
        if head == seq:
            return News((), False, False, head)
        if seq is None:
            query = sa.select(_TABLE).where(_TABLE.c.state == "queued")
            ordered = query.order_by(_TABLE.c.submitted, _TABLE.c.id)
            waiting = tuple(jobs.readable(connection.execute(ordered).mappings()))
            return News(waiting, True, True, head)
        kinds = (*_JOBS, *_PLANT, *_RULES)
        fresh = sa.select(log.c.kind, log.c.subject).where(
            log.c.seq > seq, log.c.seq <= head, log.c.kind.in_(kinds)
        )
        rows = connection.execute(fresh.order_by(log.c.seq))
        found = [(str(row.kind), str(row.subject)) for row in rows]
        return News(_named(connection, found), *_others(found), head)


def _named(connection: sa.Connection, found: Sequence[tuple[str, str]]) -> tuple[Kept, ...]:
    names = list(dict.fromkeys(subject for kind, subject in found if kind in _JOBS))
    rows = jobs.named(connection, names)
    return tuple(rows[name] for name in names if name in rows)


def _others(found: Sequence[tuple[str, str]]) -> tuple[bool, bool]:
    kinds = {kind for kind, _ in found}
    return bool(_PLANT & kinds), bool(_RULES & kinds)
