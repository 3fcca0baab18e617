"""What the overview shows: targets, scenarios, runs, compute, news, as far as the reader sees."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from qianhang.compute import Probe, driver
from qianhang.core.day import day_of, midnight
from qianhang.plan.items import Plan
from qianhang.plan.standing import Standing
from qianhang.runs import asks, listing, news, shelf
from qianhang.runs.news import Change, Reader
from qianhang.web.asked import Asked

__all__ = [
    "Late",
    "Load",
    "Shelf",
    "changed",
    "late",
    "load",
    "scenarios",
    "states",
]

_LATE = ("overdue", "behind")
_MOST = 12

Stood = Sequence[tuple[Plan, tuple[Standing, ...]]]


@dataclass(frozen=True, slots=True)
class Late:
    """A target that is overdue or behind, with its plan."""

    plan: Plan
    standing: Standing


@dataclass(frozen=True, slots=True)
class Shelf:
    """Scenarios counted: by tier, and by industry with how many of each were verified.

    unexamined : those without a tier because their pack was not checked yet
    """

    total: int
    unexamined: int
    tiers: Mapping[str, int]
    industries: Sequence[tuple[str, int, int]]

    @property
    def verified(self) -> int:
        """How many kept their promise on real data."""
        return sum(self.tiers.get(t, 0) for t in ("silver", "gold", "platinum"))


@dataclass(frozen=True, slots=True)
class Load:
    """What is under way: runs of today by state, asks waiting, and the local pool."""

    today: Mapping[str, int]
    waiting: int
    running: int
    pool: Probe

    @property
    def busy(self) -> int:
        """Threads that jobs hold."""
        return self.pool.threads - self.pool.threads_free


def states(stood: Stood) -> Counter[str]:
    """State -> how many targets of all the plans."""
    return Counter(s.state for _, found in stood for s in found)


def late(stood: Stood) -> tuple[tuple[Late, ...], int]:
    """The targets that are overdue, then those behind, and how many there are in all."""
    every = [Late(plan, s) for plan, found in stood for s in found if s.state in _LATE]
    every.sort(
        key=lambda one: (_LATE.index(one.standing.state), one.plan.id, one.standing.item.ref)
    )
    return tuple(every[:_MOST]), len(every)


def scenarios(ask: Asked) -> Shelf:
    """The catalogue, counted."""
    tiers = shelf.tiers(ask.store)
    every = shelf.entries()
    totals = Counter(e.industry for e in every)
    good = Counter(e.industry for e in every if tiers.get(e.id) in ("silver", "gold", "platinum"))
    return Shelf(
        len(every),
        sum(e.id not in tiers for e in every),
        Counter(tiers.get(e.id) or "none" for e in every),
        [(name, count, good[name]) for name, count in sorted(totals.items())],
    )


def load(ask: Asked) -> Load:
    """What is under way now."""
    covers = ask.who.covers
    today = listing.counts(ask.store, orgs=covers, since=midnight(day_of(ask.now)))
    queued = asks.asks(ask.store, covers, limit=100, state="queued")
    running = asks.asks(ask.store, covers, limit=100, state="running")
    local = driver("local", folder=ask.settings.home / "jobs").probe()
    return Load(today, len(queued), len(running), local)


def changed(ask: Asked, seen: Sequence[Plan]) -> dict[str, list[Change]]:
    """What changed since yesterday's first minute."""
    since = midnight(day_of(ask.now)) - timedelta(days=1)
    reader = Reader(ask.who.covers, frozenset(p.ref for p in seen))
    return news.changes(ask.store, reader, since=since)
