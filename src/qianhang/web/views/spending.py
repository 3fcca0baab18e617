"""What organisations spent in a month and what vouchers bore of it, as far as the reader sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from qianhang.billing.lines import spending
from qianhang.billing.month import month_of, span
from qianhang.billing.vouchers.captures import used
from qianhang.web.asked import Asked

__all__ = ["Spending", "spent"]


@dataclass(frozen=True, slots=True)
class Spending:
    """A month, fen.

    orgs : organisation -> what it spent on usage of the month, credits taken off, largest first
    vouchers : applicant -> what its vouchers bore in the month
    """

    month: str
    orgs: Mapping[str, int]
    vouchers: Mapping[str, int]

    @property
    def fen(self) -> int:
        """All that was spent."""
        return sum(self.orgs.values())

    @property
    def borne(self) -> int:
        """All that vouchers bore."""
        return sum(self.vouchers.values())


def spent(ask: Asked) -> Spending:
    """This month's spending of the organisations that the reader covers."""
    month, covers = month_of(ask.now), ask.who.covers
    orgs: dict[str, int] = {}
    for one in spending(ask.store, orgs=sorted(covers), since=month, until=month):
        orgs[one.org] = orgs.get(one.org, 0) + one.fen
    first, after = span(month)
    borne = used(ask.store, since=first, until=after, entities=covers)
    return Spending(month, dict(sorted(orgs.items(), key=lambda pair: -pair[1])), borne)
