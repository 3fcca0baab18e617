"""What is printed in no bulletin: of whose own data a figure is, and for whom a model was fitted.

A bulletin may be published, so names are taken out before its readings are frozen; the record's
number stays, by which whoever may see the run still finds it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qianhang.plan.evidence import Evidence
    from qianhang.plan.readings import Component
    from qianhang.plan.standing import Standing

__all__ = ["withheld"]

# A subject that was taken out, where a reason quoted it.
_GONE = "…"


def withheld(found: Sequence[Standing], records: Iterable[Evidence]) -> tuple[Standing, ...]:
    """The standings without the names of what organisations measured on data of their own."""
    shown = {r.seq: _shown(r) for r in records if r.run}
    return tuple(_without(one, shown) for one in found)


def _shown(record: Evidence) -> str:
    """What may be printed as the subject of a run's record: only figures told to be of registered
    data keep theirs, and a model the scenario that it is of."""
    if record.kind == "figure":
        return record.subject if record.facts.get("open") is True else ""
    return record.subject.partition("/")[0] if record.kind == "model" else record.subject


def _without(one: Standing, shown: Mapping[int, str]) -> Standing:
    every = one.reading.components
    gone = {c.subject for c in every if shown.get(c.seq, c.subject) != c.subject}
    if not gone:
        return one
    parts = tuple(_part(c, shown, gone) for c in every)
    reading = replace(one.reading, components=parts, reason=_quoting(one.reading.reason, gone))
    told = replace(one.assessment, reason=_quoting(one.assessment.reason, gone))
    return replace(one, reading=reading, assessment=told)


def _part(one: Component, shown: Mapping[int, str], gone: Iterable[str]) -> Component:
    name = shown.get(one.seq, one.subject)
    key = one.key if name == one.subject else f"#{one.seq}"
    return replace(one, subject=name, key=key, why=_quoting(one.why, gone))


def _quoting(reason: str, gone: Iterable[str]) -> str:
    """The reason with those names out of it, longest first, since one may be part of another."""
    for name in sorted(gone, key=len, reverse=True):
        reason = reason.replace(repr(name), repr(_GONE))
    return reason
