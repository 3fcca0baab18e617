"""What an office states of a target: its rule, records that are taken back."""

from __future__ import annotations

from qianhang.core.errors import UsageError
from qianhang.plan import evidence, rules
from qianhang.plan.items import Item, Plan
from qianhang.plan.rules import Rule
from qianhang.store import LogEntry
from qianhang.web.asked import Asked

__all__ = ["retracted", "seeded"]


def seeded(plan: Plan, item: Item, name: str) -> Rule:
    """The suggested rule of this name, counted in the plan's own region.

    Raises UsageError where there is none.
    """
    seed = next((s for s in rules.suggestions() if s.name == name), None)
    if seed is None:
        raise UsageError("QH824", f"no suggested rule {name[:40]!r}")
    fits = rules.suggest(item, region=rules.counted_in(plan))
    if fits.name == seed.name:
        return fits
    return seed.rule(rules.counted_in(plan))


def retracted(ask: Asked, item: Item, seq: int, *, why: str) -> LogEntry:
    """The record that takes back one that was made for this target alone.

    Raises UsageError for any other record, for one that was taken back, or without a reason.
    """
    if seq not in {e.seq for e in evidence.evidence(ask.store, target=item.ref)}:
        raise UsageError("QH825", f"record {seq} was not made for {item.ref}")
    return evidence.retract(ask.store, seq, why=why, by=ask.by, at=ask.now)
