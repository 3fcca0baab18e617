"""The catalogue with its tiers and what it can be filtered by, until a pack or a tier changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from qianhang.runs import shelf
from qianhang.store import Store

__all__ = ["Catalogue", "Shown", "catalogue"]

Choices = tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """A scenario with its tier, as the catalogue lists it."""

    entry: shelf.Entry
    tier: str

    @property
    def row(self) -> tuple[object, ...]:
        """What a row of the list shows."""
        e = self.entry
        return e.id, e.title, e.industry, e.task, self.tier, e.owner, e.broken


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Every scenario, and by filter what it can be set to with how many scenarios each leaves."""

    every: tuple[Shown, ...]
    choices: Mapping[str, Choices]
    entries: tuple[shelf.Entry, ...]
    tiers: Mapping[str, str]


_LAST: list[Catalogue] = []


def catalogue(store: Store) -> Catalogue:
    """The catalogue as it stands; made again only where something in it has changed."""
    entries, tiers = shelf.entries(), shelf.tiers(store)
    for last in _LAST[-1:]:
        if last.entries is entries and last.tiers == tiers:
            return last
    every = tuple(Shown(e, tiers.get(e.id, "")) for e in entries)
    choices = {
        "industry": _counted(Counter(s.entry.industry for s in every)),
        "task": _counted(Counter(s.entry.task for s in every if s.entry.task)),
        "tier": _counted(Counter(s.tier or "none" for s in every)),
    }
    made = Catalogue(every, choices, entries, tiers)
    _LAST[:] = [made]
    return made


def _counted(found: Counter[str]) -> Choices:
    return tuple(sorted(found.items()))
