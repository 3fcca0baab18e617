"""The compute network's supervisor in a thread of a service: it looks once a pool has joined."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from qianhang.compute.door import plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.core.day import day_of
from qianhang.core.errors import BillingError
from qianhang.runs.metering import meter
from qianhang.runs.network_evidence import feed
from qianhang.runs.workplace import open_store
from qianhang.store import Settings, Store

__all__ = ["Door", "looks"]

_IDLE_S = 5.0
_METER = timedelta(seconds=2)
_LOG = logging.getLogger(__name__)


def looks(supervisor: Supervisor, store: Store) -> Callable[[datetime], None]:
    """look(now): what is due is decided, now and then what has ended is charged, and once a day
    what is known of the network becomes evidence."""
    due: datetime | None = None
    fed: date | None = None
    failed: dict[str, BillingError] = {}

    def look(now: datetime) -> None:
        nonlocal due, fed, failed
        supervisor.tick(now)
        if due is None or now >= due:
            before, failed = failed, meter(store, now, before=failed)
            for token in failed.keys() - before.keys():
                _LOG.warning("attempt %s is not charged: %s", token, failed[token])
            due = now + _METER
            if fed != day_of(now):
                fed = day_of(now)
                _feed(store, now)

    return look


def _feed(store: Store, now: datetime) -> None:
    try:
        feed(store, now)
    except Exception:  # evidence waits a day rather than jobs a moment
        _LOG.exception("what is known of the network is not written down as evidence")


class Door:
    """Decides where jobs run, while no other one does; what runs lives on without it.

    every_s : s between looks
    """

    def __init__(self, settings: Settings, *, every_s: float = 0.5) -> None:
        self.settings, self.every_s = settings, every_s
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Look in a thread of its own, until `stop`."""
        self._over.clear()
        self._thread = threading.Thread(target=self._work, name="door", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more, and let another one decide at once; what runs goes on running."""
        self._over.set()
        if self._thread:
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                with open_store(self.settings) as store:
                    self._supervise(store)
            except Exception:  # a store that is away for a while must not end the only thread
                _LOG.exception("the compute network could not be looked at")
                self._over.wait(_IDLE_S)

    def _supervise(self, store: Store) -> None:
        while not plant.pools(store):
            if self._over.wait(_IDLE_S):
                return
        supervisor = Supervisor(store, self.settings.home)
        look = looks(supervisor, store)
        while not self._over.is_set():
            look(datetime.now(UTC))
            self._over.wait(self.every_s)
        supervisor.release()
