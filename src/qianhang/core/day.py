"""The day a moment belongs to: time is stored in UTC, and counted in days of China."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

__all__ = ["ZONE", "clock", "day_of", "midnight"]

ZONE = ZoneInfo("Asia/Shanghai")


def clock(moment: datetime | str) -> datetime:
    """The moment as clocks in China show it; what names no zone is of China already.

    moment : as text in ISO 8601
    Raises ValueError for a text that is no time.
    """
    at = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return at.astimezone(ZONE) if at.tzinfo else at.replace(tzinfo=ZONE)


def day_of(moment: datetime | str) -> date:
    """The day in China on which the moment lies.

    Raises ValueError for a text that is no time.
    """
    return clock(moment).date()


def midnight(day: date) -> datetime:
    """The first moment of a day in China."""
    return datetime.combine(day, time(), ZONE)
