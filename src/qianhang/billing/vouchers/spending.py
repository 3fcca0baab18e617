"""What programmes spent, day by day, and what audits took back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from qianhang.billing.moment import Where, reading
from qianhang.billing.vouchers import tables
from qianhang.core.day import day_of

__all__ = ["Spent", "spent", "taken_back"]


@dataclass(frozen=True, slots=True)
class Spent:
    """What was used of a programme's vouchers on a day in China.

    captures : in how many pieces; last : the number of the last of them
    """

    programme: str
    day: date
    fen: int
    captures: int
    last: int


def spent(where: Where) -> tuple[Spent, ...]:
    """Every programme's days on which anything was used, in the order of their captures."""
    table = tables.capture.c
    query = sa.select(table.id, table.programme, table.fen, table.at).order_by(table.id)
    found: dict[tuple[str, date], Spent] = {}
    with reading(where) as connection:
        for row in connection.execute(query):
            key = (row.programme, day_of(row.at))
            old = found.get(key, Spent(*key, 0, 0, 0))
            found[key] = Spent(*key, old.fen + row.fen, old.captures + 1, row.id)
    return tuple(found.values())


def taken_back(where: Where) -> Mapping[str, int]:
    """Programme -> fen that audits took back of its claims."""
    table = tables.claim.c
    total = sa.func.sum(table.clawed)
    query = sa.select(table.programme, total).where(table.clawed > 0).group_by(table.programme)
    with reading(where) as connection:
        return {name: int(fen) for name, fen in connection.execute(query)}
