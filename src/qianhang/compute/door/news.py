"""What the log tells the supervisor: jobs that came, or that somebody cancelled."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door import jobs
from qianhang.compute.door.jobs import Kept
from qianhang.store.schema import log, log_head

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["since"]

_KINDS = ("compute.job.admitted", "compute.job.cancel")
_TABLE = schema.job
_PIECE = 500


def since(store: Store, seq: int | None) -> tuple[tuple[Kept, ...], int]:
    """Jobs with news after record `seq`, every open job where it is None; and the newest record.

    The log's records are numbered in the order in which their transactions ended, so that none is
    passed over.
    """
    with store.read() as connection:
        head = int(connection.execute(sa.select(log_head.c.seq)).scalar() or 0)
        if head == seq:
            return (), head
        if seq is None:
            query = sa.select(_TABLE).where(_TABLE.c.state == "queued")
            rows = list(connection.execute(query.order_by(_TABLE.c.submitted)).mappings())
        else:
            fresh = sa.select(log.c.subject).where(
                log.c.seq > seq, log.c.seq <= head, log.c.kind.in_(_KINDS)
            )
            names = list(dict.fromkeys(connection.execute(fresh.order_by(log.c.seq)).scalars()))
            rows = _named(connection, names)
    return tuple(jobs.kept(row) for row in rows), head


def _named(connection: sa.Connection, names: Sequence[str]) -> list[sa.RowMapping]:
    rows: dict[str, sa.RowMapping] = {}
    for start in range(0, len(names), _PIECE):
        query = sa.select(_TABLE).where(_TABLE.c.id.in_(names[start : start + _PIECE]))
        rows |= {row["id"]: row for row in connection.execute(query).mappings()}
    return [rows[name] for name in names if name in rows]
