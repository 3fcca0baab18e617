"""The compute network's supervisor in a thread of a service: it looks once a pool has joined."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial

from qianhang.compute.applications import period
from qianhang.compute.artefacts.gather import Gatherer
from qianhang.compute.door import plant
from qianhang.compute.door.engines import Patience
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.policy import Params
from qianhang.core.day import day_of
from qianhang.core.errors import BillingError
from qianhang.runs.metering import meter
from qianhang.runs.network_evidence import feed
from qianhang.runs.pricing import live
from qianhang.runs.workplace import open_store
from qianhang.store import Settings, Store

__all__ = ["Door", "deciding", "looks", "supervisor"]

_IDLE_S = 5.0
_METER = timedelta(seconds=2)
_PERIODS = timedelta(seconds=30)
_LOG = logging.getLogger(__name__)
# The doors of this process by the store that they decide for, and how many wait for each.
_SHARED: dict[str, tuple[Door, int]] = {}
_TURN = threading.Lock()


def supervisor(
    store: Store, settings: Settings, *, params: Params | None = None,
    patience: Patience | None = None,
) -> Supervisor:  # fmt: skip
    """One that decides by billing's prices and vouchers."""
    prices = partial(live, store)
    return Supervisor(store, settings.home, params=params, patience=patience, prices=prices)


def looks(decider: Supervisor, store: Store, *, quiet: bool = False) -> Callable[[datetime], None]:
    """look(now): what is due is decided, now and then what has ended is charged and approved
    applications begin and end, and once a day what is known of the network becomes evidence.

    quiet : say nothing of what could not be charged
    """
    due: datetime | None = None
    turned: datetime | None = None
    fed: date | None = None
    failed: dict[str, BillingError] = {}

    def look(now: datetime) -> None:
        nonlocal due, turned, fed, failed
        decider.tick(now)
        if turned is None or now - turned >= _PERIODS:
            _turn(store, now)
            turned = now
        if due is None or now >= due:
            before, failed = failed, meter(store, now, before=failed)
            for token in () if quiet else failed.keys() - before.keys():
                _LOG.warning("attempt %s is not charged: %s", token, failed[token])
            due = now + _METER
            if fed != day_of(now):
                fed = day_of(now)
                _feed(store, now)

    return look


def _turn(store: Store, now: datetime) -> None:
    try:
        period.turn(store, now)
    except Exception:  # an approval begins or ends later rather than jobs wait
        _LOG.exception("applications for compute could not be looked at")


def _feed(store: Store, now: datetime) -> None:
    try:
        feed(store, now)
    except Exception:  # evidence waits a day rather than jobs a moment
        _LOG.exception("what is known of the network is not written down as evidence")


class Door:
    """Decides where jobs run, while no other one does; what runs lives on without it.

    every_s : s between looks
    quiet : say nothing of what could not be charged: whoever runs the network is told
    """

    def __init__(
        self, settings: Settings, *, every_s: float = 0.5, quiet: bool = False,
        patience: Patience | None = None,
    ) -> None:  # fmt: skip
        self.settings, self.every_s, self.quiet = settings, every_s, quiet
        self.patience = patience
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
        decider = supervisor(store, self.settings, patience=self.patience)
        look = looks(decider, store, quiet=self.quiet)
        with closing(Gatherer(store, self.settings.home)) as gatherer:
            while not self._over.is_set():
                look(datetime.now(UTC))
                if decider.deciding:
                    gatherer.look(datetime.now(UTC))
                self._over.wait(self.every_s)
            decider.release()


@contextmanager
def deciding(settings: Settings) -> Iterator[None]:
    """Somebody decides meanwhile: this process where no other does, once for all its threads."""
    key = settings.database_url
    with _TURN:
        door, users = _SHARED.get(key, (None, 0))
        if door is None:
            door = Door(settings, quiet=True)
            door.start()
        _SHARED[key] = (door, users + 1)
    try:
        yield
    finally:
        with _TURN:
            users = _SHARED[key][1] - 1
            if users:
                _SHARED[key] = (door, users)
            else:
                del _SHARED[key]
                door.stop()
