"""Bulletins that the programme office makes public, and takes back; the log says who did."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from qianhang.core.errors import UsageError
from qianhang.plan import items
from qianhang.plan.author import signed
from qianhang.plan.office import printing
from qianhang.plan.office.bulletin import Before, Bulletin, compose
from qianhang.plan.standing import frozen

if TYPE_CHECKING:
    from qianhang.plan.items import Plan
    from qianhang.plan.office.paper import Paper
    from qianhang.plan.office.printing import Issued
    from qianhang.store import Store

__all__ = ["Published", "paper_of", "public", "publish", "published", "withdraw"]

_KIND = "plan.published"


@dataclass(frozen=True, slots=True)
class Published:
    """A bulletin that anybody may read, its plan, since when, and who decided it."""

    plan: Plan
    bulletin: Issued
    at: str
    by: str


def publish(store: Store, plan: Plan, number: int, *, by: str, at: datetime) -> None:
    """The bulletin is public from now.

    Raises UsageError where the plan has no such bulletin, or nobody signs for it.
    """
    _write(store, plan, number, public_now=True, by=by, at=at)


def withdraw(store: Store, plan: Plan, number: int, *, by: str, at: datetime) -> None:
    """The bulletin is no longer public; what was downloaded stays with whoever has it.

    Raises UsageError where the plan has no such bulletin, or nobody signs for it.
    """
    _write(store, plan, number, public_now=False, by=by, at=at)


def published(store: Store) -> tuple[Published, ...]:
    """Every public bulletin, the one last published first."""
    decided = _decided(store)
    plans = {p.id: p for p in items.plans(store)} if decided else {}
    found = []
    for plan, number in decided:
        if plan in plans:
            at, by = decided[plan, number]
            one = printing.find(store, plans[plan], number)
            found.append(Published(plans[plan], one, at, by))
    return tuple(sorted(found, key=lambda p: (p.at, p.bulletin.id), reverse=True))


def public(store: Store, number: int) -> Published:
    """The public bulletin with this number.

    Raises UsageError where there is none, or it is not public: the two look the same.
    """
    for (plan_id, bulletin), (at, by) in _decided(store).items():
        if bulletin == number:
            plan = next((p for p in items.plans(store) if p.id == plan_id), None)
            if plan is not None:
                return Published(plan, printing.find(store, plan, number), at, by)
    raise UsageError("QH831", f"no bulletin {number} is public")


def paper_of(store: Store, one: Published) -> Paper:
    """The bulletin composed again from the readings that were frozen for it."""
    every = {i.id: i for i in printing.issued(store, one.plan)}
    last = every.get(one.bulletin.before or 0)
    before = last and Before(last.order.period, last.on, frozen(store, last.readings))
    now = frozen(store, one.bulletin.readings)
    made = Bulletin(one.bulletin.title, one.bulletin.on, one.bulletin.order, now, before or None)
    return compose(made)


def _write(
    store: Store, plan: Plan, number: int, *, public_now: bool, by: str, at: datetime
) -> None:
    one = printing.find(store, plan, number)
    payload = {"plan": plan.id, "bulletin": one.id, "public": public_now, "by": signed(by)}
    with store.write() as tx:
        tx.append(_KIND, plan.ref, payload=payload, at=at)


def _decided(store: Store) -> dict[tuple[int, int], tuple[str, str]]:
    """(plan, bulletin) -> when and by whom, of those that are public by the last decision."""
    found: dict[tuple[int, int], tuple[str, str]] = {}
    for entry in store.entries(kind=_KIND):
        key = (int(entry.payload["plan"]), int(entry.payload["bulletin"]))
        found.pop(key, None)
        if entry.payload["public"]:
            found[key] = (entry.at, str(entry.payload["by"]))
    return found
