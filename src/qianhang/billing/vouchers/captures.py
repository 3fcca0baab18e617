"""Captures: what vouchers bore of bills for real use, one after the other."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.vouchers import tables

__all__ = ["captures", "used"]

_OF = tables.capture.join(tables.hold, tables.hold.c.id == tables.capture.c.hold).join(
    tables.grant, tables.grant.c.id == tables.hold.c.voucher
)


def captures(where: Where, *, grant: int) -> list[dict[str, Any]]:
    """Every capture of a grant, with the job of its hold, oldest first."""
    query = sa.select(tables.capture, tables.hold.c.job).select_from(_OF)
    query = query.where(tables.grant.c.id == grant).order_by(tables.capture.c.id)
    with reading(where) as connection:
        return [dict(r) for r in connection.execute(query).mappings()]


def used(
    where: Where, *, since: datetime, until: datetime, entities: Collection[str] | None = None
) -> dict[str, int]:
    """Applicant -> fen that its vouchers bore from `since` on and before `until`."""
    at = tables.capture.c.at
    rules = [at >= stamp(since), at < stamp(until)]
    rules += [tables.grant.c.entity.in_(list(entities))] if entities is not None else []
    query = sa.select(tables.grant.c.entity, sa.func.sum(tables.capture.c.fen)).select_from(_OF)
    query = query.where(*rules).group_by(tables.grant.c.entity).order_by(tables.grant.c.entity)
    with reading(where) as connection:
        return {entity: int(fen) for entity, fen in connection.execute(query)}
