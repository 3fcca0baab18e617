"""Billing months: January to December as clocks in China show them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from qianhang.core.errors import BillingError

__all__ = ["CHINA", "ends", "following", "month_of", "span", "turns"]

CHINA = ZoneInfo("Asia/Shanghai")


def month_of(at: datetime) -> str:
    """The month of a moment, `2026-03`."""
    return at.astimezone(CHINA).strftime("%Y-%m")


def span(month: str) -> tuple[datetime, datetime]:
    """The month's first moment and the first one after it, UTC.

    Raises BillingError where it is not written as 2026-03.
    """
    if not re.fullmatch(r"2\d{3}-(0[1-9]|1[0-2])", month):
        raise BillingError("QH560", f"month {month!r}: expected a year and a month as 2026-03")
    year, number = int(month[:4]), int(month[5:])
    after = (year + 1, 1) if number == 12 else (year, number + 1)
    return _first(year, number), _first(*after)


def ends(month: str) -> datetime:
    """The first moment after the month, UTC."""
    return span(month)[1]


def following(month: str) -> str:
    """The month after."""
    return month_of(ends(month))


def turns(start: datetime, end: datetime) -> Iterator[datetime]:
    """The first moments of months strictly between two moments, UTC."""
    turn = ends(month_of(start))
    while turn < end:
        yield turn
        turn = ends(month_of(turn + timedelta(days=1)))


def _first(year: int, month: int) -> datetime:
    return datetime(year, month, 1, tzinfo=CHINA).astimezone(UTC)
