"""Plans side by side, for a page, a workbook, or a program."""

from __future__ import annotations

from collections.abc import Sequence

from qianhang.core.errors import UsageError
from qianhang.plan import items
from qianhang.plan.office.compare import Comparison, of_plan, side_by_side
from qianhang.web.asked import Asked
from qianhang.web.views import plans

__all__ = ["MOST", "compared"]

MOST = 8


def compared(ask: Asked, refs: Sequence[str]) -> Comparison:
    """The plans of these references side by side, each once.

    Raises UsageError for fewer than two, more than eight, or one that is not there for the reader.
    """
    named = tuple(dict.fromkeys(refs))
    if len(named) > MOST:
        raise UsageError("QH833", f"{len(named)} plans, expected 2 to {MOST}")
    sides = [
        of_plan(
            p,
            items.items(ask.store, p),
            match=plans.mission_of,
            name=f"{p.ref} {p.region or p.title}",
        )
        for p in (plans.seen_plan(ask, ref) for ref in named)
    ]
    return side_by_side(sides)
