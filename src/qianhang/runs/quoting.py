"""Quotes with money in them: the network's offers at billing's prices, less what vouchers bear."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from qianhang.compute.applications import terms
from qianhang.compute.door.quotes import Desk
from qianhang.compute.job import Job
from qianhang.compute.policy import Params
from qianhang.compute.quote import Quote
from qianhang.runs.pricing import tariff

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Quoter", "quote"]


class Quoter:
    """Quotes any number of jobs of these organisations as the network stands at one moment.

    Raises PoolUnavailable where no pool has joined.
    """

    def __init__(
        self, store: Store, now: datetime, *, orgs: Collection[str], params: Params | None = None
    ) -> None:
        self.tariff = tariff(store, now, orgs=orgs)
        prices = self.tariff.policy()
        self._desk = Desk(store, now, params=params, prices=prices)

    def quote(self, job: Job) -> Quote:
        """What each pool offers the job, the best first, and why each other does not take it."""
        return self._desk.quote(job, partial(self.tariff.fare, job.org))


def quote(store: Store, job: Job, now: datetime, *, params: Params | None = None) -> Quote:
    """What each pool offers the job now: start, end, yuan before and after vouchers, kWh, kg.

    Nothing is admitted or held.
    Raises PoolUnavailable where no pool has joined.
    """
    quoter = Quoter(store, now, orgs=(job.org,), params=params)
    with store.read() as connection:
        return quoter.quote(terms.narrow(connection, job))
