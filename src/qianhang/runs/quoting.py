"""Quotes with money in them: the network's offers at billing's prices, less what vouchers bear."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from qianhang.compute.applications import terms
from qianhang.compute.door.quotes import Desk, Learnt
from qianhang.compute.job import Job
from qianhang.compute.policy import Params, Prices
from qianhang.compute.quote import Quote
from qianhang.runs.pricing import tariff

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Quoter", "quote"]

_AGE = timedelta(seconds=60)
_MOST = 16  # organisations, or groups of them, for which a desk is kept


class _Desks:
    """A store's desks, kept from one question to the next and carried on by the log's news.

    To set one up reads every job that waits or runs; what past jobs taught, thousands that ended.
    Neither is older than a minute.
    """

    def __init__(self) -> None:
        self.turn = threading.Lock()
        self._kept: OrderedDict[frozenset[str], tuple[Desk, Params, Prices]] = OrderedDict()
        self._learnt: Learnt | None = None

    def at(
        self, store: Store, now: datetime, *, orgs: frozenset[str], params: Params, prices: Prices
    ) -> Desk:
        """A desk that stands as the network does now."""
        desk, *given = self._kept.pop(orgs, (None, None, None))
        if not (
            desk is not None
            and given == [params, prices]
            and _young(desk.made, now)
            and desk.follow(store, now)
        ):
            if self._learnt is None or not _young(self._learnt.at, now):
                self._learnt = Learnt.of(store, now)
            desk = Desk(store, now, params=params, prices=prices, learnt=self._learnt)
        self._kept[orgs] = (desk, params, prices)
        while len(self._kept) > _MOST:
            self._kept.popitem(last=False)
        return desk


_DESKS: WeakKeyDictionary[Store, _Desks] = WeakKeyDictionary()


class Quoter:
    """Quotes any number of jobs of these organisations as the network stands at one moment.

    Raises PoolUnavailable where no pool has joined.
    """

    def __init__(
        self, store: Store, now: datetime, *, orgs: Collection[str], params: Params | None = None
    ) -> None:
        self.tariff = tariff(store, now, orgs=orgs)
        self._desks = _DESKS.setdefault(store, _Desks())
        with self._desks.turn:
            self._desk = self._desks.at(
                store, now, orgs=frozenset(orgs), params=params or Params(),
                prices=self.tariff.policy(),
            )  # fmt: skip

    def quote(self, job: Job) -> Quote:
        """What each pool offers the job, the best first, and why each other does not take it."""
        with self._desks.turn:
            return self._desk.quote(job, partial(self.tariff.fare, job.org))


def quote(store: Store, job: Job, now: datetime, *, params: Params | None = None) -> Quote:
    """What each pool offers the job now: start, end, yuan before and after vouchers, kWh, kg.

    Nothing is admitted or held.
    Raises PoolUnavailable where no pool has joined.
    """
    quoter = Quoter(store, now, orgs=(job.org,), params=params)
    with store.read() as connection:
        return quoter.quote(terms.narrow(connection, job))


def _young(made: datetime, now: datetime) -> bool:
    return timedelta() <= now - made < _AGE
