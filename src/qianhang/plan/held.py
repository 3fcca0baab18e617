"""Standings and counts kept in memory until something that they rest on is written."""

from __future__ import annotations

import threading
from collections import Counter, OrderedDict
from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.plan.standing import standings
from qianhang.plan.tally import states_of_items
from qianhang.store.prepared import Prepared, fetch
from qianhang.store.schema import log, log_head

if TYPE_CHECKING:
    from qianhang.plan.items import Plan
    from qianhang.plan.standing import Standing
    from qianhang.store import Store

__all__ = ["Held"]

_MOST = 200
_HEAD = Prepared(sa.select(log_head.c.seq))
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
        self._counted: dict[int, tuple[tuple[Standing, ...], Mapping[str, int]]] = {}
        self._review: Mapping[int, Mapping[str, int]] | None = None

    def standings(self, plan: Plan, *, on: date) -> tuple[Standing, ...]:
        """Every confirmed target of the plan on a day."""
        return self.of_all([plan], on=on)[plan.id]

    def of_all(self, plans: Sequence[Plan], *, on: date) -> dict[int, tuple[Standing, ...]]:
        """Plan's id -> every confirmed target of it on a day; one look into the log for all."""
        keys: dict[_Key, Plan] = {(plan.id, plan.version, on): plan for plan in plans}
        with self._lock:
            seq = self._refresh()
            found = {key: self._found[key] for key in keys if key in self._found}
            for key in found:
                self._found.move_to_end(key)
        for key in keys.keys() - found.keys():
            found[key] = standings(self._store, keys[key], on=on)
            self._keep(seq, key, found[key])
        return {key[0]: these for key, these in found.items()}

    def counts(self, plans: Sequence[Plan], *, on: date) -> dict[int, Mapping[str, int]]:
        """Plan's id -> state -> how many of its confirmed targets are in it on a day."""
        counted: dict[int, Mapping[str, int]] = {}
        for number, these in self.of_all(plans, on=on).items():
            kept = self._counted.get(number)
            if kept is None or kept[0] is not these:
                kept = self._counted[number] = (these, Counter(s.state for s in these))
            counted[number] = kept[1]
        return counted

    def review(self) -> Mapping[int, Mapping[str, int]]:
        """Plan's id -> state of review -> how many items of its newest version are in it."""
        with self._lock:
            seq, found = self._refresh(), self._review
        if found is None:
            found = states_of_items(self._store)
            with self._lock:
                if seq == self._seq:
                    self._review = found
        return found

    def _keep(self, seq: int, key: _Key, found: tuple[Standing, ...]) -> None:
        with self._lock:
            if seq == self._seq:
                self._found[key] = found
                while len(self._found) > _MOST:
                    self._found.popitem(last=False)

    def _refresh(self) -> int:
        """Number of the log's last record; everything is dropped where it matters."""
        with self._store.read() as connection:
            rows = fetch(connection, _HEAD)
            head = int(rows[0].seq) if rows else 0
            if head == self._seq:
                return head
            news = sa.select(log.c.kind).where(log.c.seq > self._seq, log.c.seq <= head).distinct()
            kinds = connection.execute(news).scalars().all() if self._seq >= 0 else ["plan."]
        if any(kind.startswith(("plan.", "evidence")) for kind in kinds):
            self._found.clear()
            self._review = None
        self._seq = head
        return head
