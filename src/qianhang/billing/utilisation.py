"""How long cards of each pool were held within some time, and whom that served."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.billing.moment import Where, moment, reading, stamp
from qianhang.core.day import day_of

__all__ = ["Used", "served", "used"]

_TABLE = schema.usage
_CORRECTED = sa.select(_TABLE.c.corrects).where(_TABLE.c.corrects.is_not(None))
_STANDS = (_TABLE.c.unit == "card_hour") & _TABLE.c.id.not_in(_CORRECTED)
_US = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Used:
    """Cards x seconds of one pool, exact, and of how many records."""

    card_seconds: Fraction
    records: int

    @property
    def card_hours(self) -> float:
        """Cards x hours."""
        return float(self.card_seconds / 3600)


def used(where: Where, start: datetime, end: datetime) -> Mapping[str, Used]:
    """Pool -> what was used of it between two moments; records that lie across one are cut there.

    Records that were corrected do not count, those that correct them do.
    """
    query = sa.select(_TABLE.c.pool, _TABLE.c.start, _TABLE.c.finish, _TABLE.c.body).where(
        _STANDS, _TABLE.c.start < stamp(end), _TABLE.c.finish > stamp(start)
    )
    found: dict[str, Used] = {}
    with reading(where) as connection:
        for row in connection.execute(query):
            held = min(moment(row.finish), end) - max(moment(row.start), start)
            cards = Fraction(Decimal(json.loads(row.body)["cards"]))
            more = cards * (held // _US) / 1_000_000
            old = found.get(row.pool, Used(Fraction(0), 0))
            found[row.pool] = Used(old.card_seconds + more, old.records + 1)
    return found


def served(where: Where) -> Mapping[str, date]:
    """Organisation -> the day in China on which it last held a card."""
    last = sa.func.max(_TABLE.c.finish)
    query = sa.select(_TABLE.c.org, last).where(_STANDS).group_by(_TABLE.c.org)
    with reading(where) as connection:
        return {org: day_of(moment(at)) for org, at in connection.execute(query)}
