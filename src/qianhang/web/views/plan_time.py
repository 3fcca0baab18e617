"""What a plan asks for when: deadlines, milestones and decisions by quarter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from qianhang.plan.office.work import Due

__all__ = ["Quarter", "quarters"]


@dataclass(frozen=True, slots=True)
class Quarter:
    """One quarter and what falls due in it; late : the quarter is past, now : it is today's."""

    year: int
    number: int
    dues: tuple[Due, ...]
    late: bool
    now: bool


def quarters(found: Iterable[Due], *, today: date) -> tuple[Quarter, ...]:
    """The quarters in which something falls due, in order of time."""
    grouped: dict[tuple[int, int], list[Due]] = {}
    for due in found:
        grouped.setdefault(_quarter(due.day), []).append(due)
    here = _quarter(today)
    return tuple(
        Quarter(*key, tuple(own), key < here, key == here) for key, own in sorted(grouped.items())
    )


def _quarter(day: date) -> tuple[int, int]:
    return day.year, (day.month + 2) // 3
