"""Scenarios by their risk grade, the riskiest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from qianhang import safety
from qianhang.runs.shelf import Entry

__all__ = ["LEVELS", "Graded", "graded", "levels"]

LEVELS = ("high", "limited", "minimal")


@dataclass(frozen=True, slots=True)
class Graded:
    """A scenario with its risk grade and the rule that holds the grade up."""

    entry: Entry
    floor: safety.Floor


def graded(entries: Iterable[Entry]) -> list[Graded]:
    """The scenarios, the riskiest first, each with its floor."""
    found = [
        Graded(e, safety.floor(safety.Use(e.subject, e.industry, e.purpose, e.device_class)))
        for e in entries
        if not e.broken
    ]
    return sorted(found, key=lambda g: (LEVELS.index(g.entry.risk), g.entry.id))


def levels(found: Iterable[Graded]) -> Counter[str]:
    """Grade -> how many scenarios."""
    return Counter(g.entry.risk for g in found)
