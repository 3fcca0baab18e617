"""Scenarios that were verified, with what they measured, as anybody may see it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from qianhang.access.schema import organisation
from qianhang.runs import listing, record, shelf, tables
from qianhang.runs.shelf import Entry
from qianhang.store import Store

__all__ = ["SHOWN", "Figure", "Shown", "in_use", "measured", "shown", "verified"]

SHOWN = ("silver", "gold", "platinum")


@dataclass(frozen=True, slots=True)
class Figure:
    """One promised figure: what was measured, the baselines on the same data, the published best.

    published : value and source as the pack states them, None where nothing is published
    """

    metric: str
    unit: str
    value: float | None
    trivial: float | None
    practice: float | None
    published: Mapping[str, Any] | None
    at_most: float | None
    at_least: float | None
    met: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One scenario with its tier and the run behind it, "" where no public run is kept.

    stage : what the gate allows the run's model to be used for
    source : "real" or "simulator"; of the run's data
    """

    entry: Entry
    tier: str
    run: str
    case: str
    at: str
    figures: tuple[Figure, ...]
    stage: str = ""
    source: str = ""


def verified(store: Store) -> tuple[tuple[Entry, str], ...]:
    """Every scenario of tier silver and above with its tier, in the catalogue's order."""
    tiers = shelf.tiers(store)
    return tuple((e, tiers[e.id]) for e in shelf.entries() if tiers.get(e.id) in SHOWN)


def shown(store: Store, found: Sequence[tuple[Entry, str]]) -> tuple[Shown, ...]:
    """The same with their figures, each from its newest public run that kept its promise."""
    return tuple(_shown(store, entry, tier) for entry, tier in found)


def in_use(store: Store, orgs: frozenset[str]) -> dict[str, set[str]]:
    """Organisation -> scenarios that it has run to the end, of these organisations.

    The index is stepped through from one scenario to the next, not read from end to end.
    """
    run, of = tables.run, organisation.c.id
    least = sa.select(sa.func.min(run.c.scenario))
    first = least.where(run.c.org == of).scalar_subquery().label("scenario")
    pair = sa.select(of.label("org"), first).where(of.in_(sorted(orgs))).cte(recursive=True)
    beyond = (run.c.org == pair.c.org) & (run.c.scenario > pair.c.scenario)
    following = least.where(beyond).correlate(pair).scalar_subquery()
    pair = pair.union_all(sa.select(pair.c.org, following).where(pair.c.scenario.is_not(None)))
    same = (run.c.org == pair.c.org) & (run.c.scenario == pair.c.scenario)
    ended = sa.exists().where(same, listing.hidden(run.c.state) == "finished")
    found: dict[str, set[str]] = {}
    with store.read() as connection:
        for row in connection.execute(sa.select(pair).where(ended)):
            found.setdefault(row.org, set()).add(row.scenario)
    return found


def _shown(store: Store, entry: Entry, tier: str) -> Shown:
    lines = listing.lines(store, orgs=frozenset(), scenario=entry.id, state="finished", limit=20)
    met = next((line for line in lines if line.verdict == "met"), None)
    if met is None:
        return Shown(entry, tier, "", "", "", ())
    result = record.get(store, met.id).result
    return Shown(
        entry, tier, met.id, met.case, met.started, measured(result),
        stage=(result.get("gate") or {}).get("stage", ""), source=result.get("source", ""),
    )  # fmt: skip


def measured(result: Mapping[str, Any]) -> tuple[Figure, ...]:
    """Every promised figure of a finished run."""
    trivial, practice = result.get("trivial") or {}, result.get("practice") or {}
    return tuple(
        Figure(
            bar["metric"], bar["unit"], bar["value"], trivial.get(bar["metric"]),
            practice.get(bar["metric"]), bar.get("published"), bar["at_most"], bar["at_least"],
            bool(bar["met"]),
        )
        for bar in result.get("bars") or ()
    )  # fmt: skip
