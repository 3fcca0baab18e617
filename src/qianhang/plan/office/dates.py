"""Time limits as plans print them, as days."""

from __future__ import annotations

import calendar
import re
from datetime import date

__all__ = ["due_day", "month_end"]

_DAY = re.compile(r"(20\d\d) ?[年./-] ?(\d{1,2}) ?[月./-] ?(\d{1,2})")
_MONTH = re.compile(r"(20\d\d) ?[年./-] ?(\d{1,2})(?!\d)(?: ?月|$|[^\d年])")
_QUARTER = re.compile(r"(20\d\d) ?年?第?([一二三四1-4])季度")
_HALF = re.compile(r"(20\d\d) ?年?上半年")
_YEAR = re.compile(r"20\d\d")
_QUARTERS = "一二三四"


def due_day(text: str) -> date | None:
    """The last day that a time limit allows: a day, the end of a month, quarter, half or year.

    None where no year is printed (长期, 持续推进) or the numbers are no date.
    """
    for read in (_exact, _monthly, _quarterly):
        found = read(text)
        if found:
            return found
    half = _HALF.search(text)
    if half:
        return date(int(half[1]), 6, 30)
    years = _YEAR.findall(text)
    return date(int(years[-1]), 12, 31) if years else None


def month_end(year: int, month: int) -> date:
    """The month's last day."""
    return date(year, month, calendar.monthrange(year, month)[1])


def _exact(text: str) -> date | None:
    found = _DAY.findall(text)
    try:
        return date(*(int(n) for n in found[-1])) if found else None
    except ValueError:
        return None


def _monthly(text: str) -> date | None:
    found = [(int(year), int(month)) for year, month in _MONTH.findall(text)]
    if not found or not 1 <= found[-1][1] <= 12:
        return None
    return month_end(*found[-1])


def _quarterly(text: str) -> date | None:
    found = _QUARTER.search(text)
    if not found:
        return None
    number = int(found[2]) if found[2].isdigit() else _QUARTERS.index(found[2]) + 1
    return month_end(int(found[1]), number * 3)
