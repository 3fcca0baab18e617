"""Findings as drafts of the ledger: none that an item says already, each with its source."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from qianhang.plan.items import Item, Plan
from qianhang.plan.proposals.grounding import Finding, Place
from qianhang.plan.reading.fold import Folded
from qianhang.plan.revision import plain

__all__ = ["LETTERS", "Proposed", "drafts", "numbered"]

# kind that may be proposed -> first letter of its codes
LETTERS = {"target": "T", "system": "Y", "measure": "M"}


@dataclass(frozen=True, slots=True)
class Proposed:
    """A finding and the sha256 of what the model was asked."""

    finding: Finding
    prompt: str


def drafts(
    found: Iterable[Proposed],
    every: Iterable[Item],
    *,
    plan: Plan,
    folded: Folded,
    source: Mapping[str, str],
) -> tuple[Item, ...]:
    """Drafts of what no item says yet, whatever its state: what was rejected stays so.

    every : the plan's items; source : model, endpoint and time, kept beside what was read
    """
    known = list(every)
    new: list[Item] = []
    for n, each in enumerate(found, start=1):
        finding = each.finding
        free = _free(finding, [*known, *new])
        if free is None:
            continue
        start, end = finding.quote if finding.kind == "target" else free
        read = {**finding.values, **source, "prompt": each.prompt}
        read |= {"quote": folded.original[slice(*finding.quote)], "place": list(free)}
        item = Item(
            finding.kind, plan.id, plan.version, f"{LETTERS[finding.kind]}{n}", finding.section,
            folded.original[start:end], start, end, "draft", 0, "", source["asked"],
            dict(finding.values), read,
        )  # fmt: skip
        new.append(item)
    return tuple(new)


def _free(finding: Finding, known: Iterable[Item]) -> Place | None:
    """Where the finding stands, if no item of its kind says it already."""
    alike = [i for i in known if i.kind == finding.kind]
    if finding.kind != "target":
        name = plain(str(finding.values["name"]))
        taken = [p for i in alike for p in _places(i)]
        if any(plain(i.name) == name for i in alike):
            return None
        return next((p for p in finding.at if not any(_overlap(p, t) for t in taken)), None)
    low, high = finding.values["low"], finding.values["high"]
    same = [i for i in alike if any(_limits(v) == (low, high) for v in (i.values, i.read))]
    taken = [p for i in same for p in _places(i)]
    title = plain(str(finding.values["indicator"]))
    named = [p for i in same if plain(i.name) == title for p in [(i.start, i.end)]]
    if any(_overlap(finding.quote, p) for p in named):
        return None
    return next((p for p in finding.at if not any(_overlap(p, t) for t in taken)), None)


def _places(item: Item) -> list[Place]:
    """Where an item's own words stand; of a proposed target, its figure."""
    own = item.read.get("place") or (item.start, item.end)
    return [(own[0], own[1]), *((a, b) for a, b in item.values.get("also", ()))]


def _limits(values: Mapping[str, Any]) -> tuple[Any, Any]:
    """What a target asks for; as read too, so that an edited one is not proposed again."""
    return values.get("low"), values.get("high")


def _overlap(first: Place, second: Place) -> bool:
    return first[0] < second[1] and second[0] < first[1]


def numbered(found: Sequence[Item], codes: Iterable[str]) -> tuple[Item, ...]:
    """The drafts with codes that no version of the plan has had."""
    last: Counter[str] = Counter()
    for code in codes:
        last[code[0]] = max(last[code[0]], int(code[1:]))
    new = []
    for item in found:
        letter = LETTERS[item.kind]
        last[letter] += 1
        new.append(replace(item, code=f"{letter}{last[letter]}"))
    return tuple(new)
