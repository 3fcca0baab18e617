"""Plans as their readers see them: which, as of when, where they stand."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from qianhang.core.day import day_of
from qianhang.core.errors import AccessRefused, UsageError
from qianhang.plan import coverage, items, stated
from qianhang.plan.coverage import Coverage
from qianhang.plan.held import Held
from qianhang.plan.items import Item, Plan
from qianhang.plan.matching import match
from qianhang.plan.standing import Standing
from qianhang.plan.states import STATES
from qianhang.plan.systems import systems
from qianhang.runs import shelf
from qianhang.runs.known import names_known
from qianhang.web.asked import Asked

__all__ = [
    "ROLE",
    "Listed",
    "Share",
    "children",
    "covered",
    "day_asked",
    "listed",
    "may_write",
    "mission_of",
    "own_plan",
    "seen_item",
    "seen_plan",
    "seen_plans",
    "shares",
    "stand",
    "today",
]

ROLE = "programme_office"
_REF = re.compile(r"P[1-9]\d{0,8}")
_CODE = re.compile(r"[SKTYM][1-9]\d{0,6}")


@dataclass(frozen=True, slots=True)
class Listed:
    """A plan in a list: its items by state of review, its targets by state."""

    plan: Plan
    review: Mapping[str, int]
    states: Mapping[str, int]

    @property
    def drafts(self) -> int:
        """How many items nobody has looked at."""
        return self.review.get("draft", 0)

    @property
    def row(self) -> tuple[Plan, int, int, tuple[tuple[str, int], ...]]:
        """The plan, items that nobody has looked at, items that somebody has settled, states."""
        settled = self.review.get("confirmed", 0) + self.review.get("edited", 0)
        return self.plan, self.drafts, settled, tuple(self.states.items())


@dataclass(frozen=True, slots=True)
class Share:
    """One state's part of a whole; tone : colour of the console."""

    state: str
    count: int
    share: float
    tone: str


_TONES = {
    "met": "good", "on_track": "ours", "watch": "warn", "behind": "bad", "overdue": "bad",
    "no_evidence": "none", "open": "none",
}  # fmt: skip


def today(ask: Asked) -> date:
    """The day in China."""
    return day_of(ask.now)


def day_asked(ask: Asked, name: str = "on") -> date:
    """The day of which the page is asked for; today where none, or no day, is given."""
    try:
        return date.fromisoformat(ask.query(name))
    except ValueError:
        return today(ask)


def seen_plans(ask: Asked) -> tuple[Plan, ...]:
    """Every plan that the reader may see."""
    return tuple(p for p in items.plans(ask.store) if _visible(ask, p))


def seen_plan(ask: Asked, ref: str) -> Plan:
    """The plan of this reference, P1.

    Raises UsageError where there is none, or none for this reader: the two look the same.
    """
    for plan in items.plans(ask.store) if _REF.fullmatch(ref) else ():
        if plan.ref == ref and _visible(ask, plan):
            return plan
    raise UsageError("QH820", f"plan {ref[:20]!r} does not exist")


def own_plan(ask: Asked, ref: str) -> Plan:
    """The plan, where the reader runs its office.

    Raises UsageError where it is not there for the reader, AccessRefused without the role.
    """
    plan = seen_plan(ask, ref)
    if not may_write(ask, plan):
        raise AccessRefused(
            "QH906", f"plan {ref} needs the role {ROLE} at its organisation",
            hint="ask an administrator for it",
        )  # fmt: skip
    return plan


def may_write(ask: Asked, plan: Plan) -> bool:
    """Whether the reader runs the plan's office."""
    return ask.who.may("programme_office", plan.org)


def seen_item(ask: Asked, plan: Plan, code: str, kind: str = "") -> Item:
    """The plan's item of this code, of the kind where one is given.

    Raises UsageError where there is none.
    """
    if _CODE.fullmatch(code):
        found = items.find_item(ask.store, f"{plan.ref}.{code}")
        if kind in ("", found.kind):
            return found
    raise UsageError("QH821", f"plan {plan.ref} has no {kind or 'item'} {code[:20]!r}")


def children(ask: Asked, plan: Plan) -> tuple[Plan, ...]:
    """The plans below this one that the reader may see."""
    return tuple(p for p in items.children(ask.store, plan) if _visible(ask, p))


def stand(ask: Asked, plan: Plan, *, on: date) -> tuple[Standing, ...]:
    """Where the plan's confirmed targets stand."""
    return _held(ask).standings(plan, on=on)


def stood(ask: Asked, seen: Sequence[Plan], *, on: date) -> list[tuple[Plan, tuple[Standing, ...]]]:
    """Each plan with where its confirmed targets stand."""
    found = _held(ask).of_all(seen, on=on)
    return [(plan, found[plan.id]) for plan in seen]


def _held(ask: Asked) -> Held:
    state = ask.request.app.state
    held: Held | None = getattr(state, "held", None)
    if held is None:
        held = state.held = Held(ask.store)
    return held


def listed(ask: Asked, plans: Sequence[Plan], *, on: date) -> Iterator[Listed]:
    """Each plan with its counts."""
    review, states = _held(ask).review(), _held(ask).counts(plans, on=on)
    for plan in plans:
        yield Listed(plan, Counter(review.get(plan.id, {})), states[plan.id])


def shares(counts: Mapping[str, int]) -> tuple[Share, ...]:
    """The states that there are, in their order, each with its part of the whole."""
    whole = sum(counts.values())
    return tuple(
        Share(state, counts[state], counts[state] / whole, _TONES[state])
        for state in STATES
        if counts.get(state)
    )


def covered(ask: Asked, plan: Plan, every: Iterable[Item]) -> Coverage:
    """The plan's systems among these items, each with what realises it."""
    realised: dict[str, list[str]] = {}
    for entry in shelf.entries():
        for mission in entry.covers:
            realised.setdefault(mission, []).append(entry.id)
    named = [i for i in every if i.kind == "system"]
    links = stated.links(ask.store, plan)
    known = names_known(ask.store)
    return coverage.of_plan(plan.ref, named, realised, links=links, match=mission_of, known=known)


@functools.lru_cache(maxsize=20_000)
def mission_of(name: str) -> str | None:
    """The id in the inventory of a system of this name, None where there is none."""
    return match(name, known=systems())


def _visible(ask: Asked, plan: Plan) -> bool:
    return items.visible(plan, covers=ask.who.covers, above=ask.who.above)
