"""Two ways to one answer: least CPU of each, taken turn about, and whether the answers agree.

CPU seconds, not wall time, and ratios, not seconds: a busy machine then says the same as a quiet
one. Children count as much as the process itself.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

GOAL = 1.05


@dataclass(frozen=True, slots=True)
class Pair:
    """One thing that an engine does, and the same thing through the library alone.

    ours, theirs : both give figures that must agree within `tolerance` of the largest of them
    wraps : whether ours calls that library inside, so that the goal of 5% applies
    why : what the difference is made of
    """

    engine: str
    name: str
    peer: str
    ours: Callable[[], Any]
    theirs: Callable[[], Any]
    tolerance: float = 1e-9
    repeats: int = 14
    wraps: bool = True
    why: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One measured pair: CPU milliseconds of each, and the largest difference of the answers.

    noise : by how much the library differs from itself between the two halves of the goes
    """

    pair: Pair
    ours_ms: float
    theirs_ms: float
    apart: float
    noise: float = 0.0

    @property
    def ratio(self) -> float:
        """Ours over the library's."""
        return self.ours_ms / self.theirs_ms

    @property
    def above(self) -> bool:
        """Whether a wrapper costs more than the goal by more than the noise."""
        return self.pair.wraps and self.ratio > GOAL + self.noise

    @property
    def same(self) -> bool:
        """Whether both gave the same figures."""
        return self.apart <= self.pair.tolerance


def cpu_s() -> float:
    """CPU seconds of this process and of its children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + used.ru_utime + used.ru_stime


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """CPU seconds, and what the work gave."""
    began = cpu_s()
    found = work()
    return cpu_s() - began, found


def measure(pair: Pair) -> Line:
    """The pair, once unmeasured to warm up and check, then `repeats` times (even) turn about."""
    apart = difference(pair.ours(), pair.theirs())
    goes = []
    for number in range(pair.repeats):
        first, second = (pair.ours, pair.theirs) if number % 2 else (pair.theirs, pair.ours)
        seconds = [timed(first)[0], timed(second)[0]]
        goes.append(seconds if number % 2 else seconds[::-1])
    ours, theirs = 1e3 * np.min(goes, axis=0)
    halves = [min(go[1] for go in goes[k::2]) for k in (0, 1)]
    noise = max(halves) / max(min(halves), 1e-9) - 1
    return Line(pair, float(ours), float(theirs), apart, noise)


def difference(first: Any, second: Any) -> float:
    """Largest difference over the size of the second, infinite where shapes differ."""
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if a.shape != b.shape or not np.array_equal(np.isnan(a), np.isnan(b)):
        return float("inf")
    size = max(float(np.nanmax(np.abs(b), initial=0.0)), 1e-300)
    return float(np.nanmax(np.abs(a - b), initial=0.0)) / size


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [list(head), ["---"] * len(head), *rows]
    return "".join("| " + " | ".join(line) + " |\n" for line in lines)
