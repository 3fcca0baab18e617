"""Standings kept in memory until something that they rest on is written."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.plan.standing import standings
from qianhang.store.schema import log, log_head

if TYPE_CHECKING:
    from qianhang.plan.items import Plan
    from qianhang.plan.standing import Standing
    from qianhang.store import Store

__all__ = ["Held"]

_MOST = 200
_Key = tuple[int, int, date]


class Held:
    """What `standings` answers, computed again only after the log tells of evidence or a plan.

    Whatever moves a figure is written to the log, by this process or another, so nothing stale is
    answered; safe to use from several threads.
    """

    def __init__(self, store: Store) -> None:
        self._store, self._lock = store, threading.Lock()
        self._seq = -1
        self._found: OrderedDict[_Key, tuple[Standing, ...]] = OrderedDict()

    def standings(self, plan: Plan, *, on: date) -> tuple[Standing, ...]:
        """Every confirmed target of the plan on a day."""
        key = (plan.id, plan.version, on)
        with self._lock:
            seq = self._refresh()
            if key in self._found:
                self._found.move_to_end(key)
                return self._found[key]
        found = standings(self._store, plan, on=on)
        with self._lock:
            if seq == self._seq:
                self._found[key] = found
                while len(self._found) > _MOST:
                    self._found.popitem(last=False)
        return found

    def _refresh(self) -> int:
        """Number of the log's last record; everything is dropped where it matters."""
        with self._store.read() as connection:
            head = int(connection.execute(sa.select(log_head.c.seq)).scalar() or 0)
            if head == self._seq:
                return head
            news = sa.select(log.c.kind).where(log.c.seq > self._seq, log.c.seq <= head).distinct()
            kinds = connection.execute(news).scalars().all() if self._seq >= 0 else ["plan."]
        if any(kind.startswith(("plan.", "evidence")) for kind in kinds):
            self._found.clear()
        self._seq = head
        return head
