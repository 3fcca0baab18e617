"""What a plan that was issued again changed."""

from __future__ import annotations

from qianhang.plan import items, revision
from qianhang.plan.items import Plan
from qianhang.plan.revision import Difference
from qianhang.web.asked import Asked

__all__ = ["difference"]


def difference(ask: Asked, plan: Plan, old: int) -> Difference:
    """The newest version beside an older one."""
    before = items.items(ask.store, plan, version=old)
    return revision.difference(before, items.items(ask.store, plan))
