"""The engines of the pools as the supervisor asks them: none of their faults gets through."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door import orders, plant
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.moments import stamp
from qianhang.compute.door.plant import Held
from qianhang.compute.driver import Driver, Probe, Status
from qianhang.compute.drivers import driver_of
from qianhang.core.errors import PoolUnavailable

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Engines"]

_PROBE = timedelta(seconds=10)
_LOST = timedelta(minutes=10)
_LOG = logging.getLogger(__name__)
_UNKNOWN = Status("unknown")


class Engines:
    """A driver for each pool that has not left.

    held : pool's id -> what the door knows of it
    """

    def __init__(self, store: Store, home: Path) -> None:
        self.store, self.home = store, home
        self.held: dict[str, Held] = {}
        self._drivers: dict[str, Driver] = {}
        self._probed: datetime | None = None

    def look(self, now: datetime, guard: Callable[[Transaction], None]) -> bool:
        """Whether the plant is another than at the last look: pools, their states or health.

        Each engine is probed now and then; what it answers is written down under `guard`.
        """
        held = {one.pool.id: one for one in plant.pools(self.store)}
        for name, one in held.items():
            known = self.held.get(name)
            if known is None or (known.pool, known.settings) != (one.pool, one.settings):
                self._drivers[name] = self._driver(one)
                self._probed = None
        if self._probed is None or now - self._probed >= _PROBE:
            probes = {name: self._probe(name) for name in held}
            with self.store.write() as tx:
                guard(tx)
                for name, probe in probes.items():
                    _write(tx, held[name], probe, now)
            self._probed = now
            held = {one.pool.id: one for one in plant.pools(self.store)}
        before = {name: (one.pool, one.settings, one.open) for name, one in self.held.items()}
        self.held = held
        return before != {n: (one.pool, one.settings, one.open) for n, one in held.items()}

    def lost(self, pool: str) -> bool:
        """Whether the pool has not answered for so long that its work may be begun elsewhere."""
        return pool in self.held and self.held[pool].health == "lost"

    def submit(self, kept: Kept, attempt: Attempt) -> tuple[Status, str]:
        """How the attempt is, now that its engine was given it, and the engine's name for it.

        Unknown where it is not sure that the engine has it.
        """
        driver, held = self._drivers.get(attempt.pool), self.held.get(attempt.pool)
        if driver is None or held is None:
            return _UNKNOWN, ""
        root = self.root(held)
        try:
            where = orders.folder_of(root, attempt.job)
            where.mkdir(parents=True, exist_ok=True)
            ref = driver.submit(orders.task(kept, attempt, root))
        except (PoolUnavailable, OSError) as cause:
            return Status("unknown", detail=str(cause)), ""
        except Exception as cause:  # an engine's answer that nobody foresaw is not the job's fault
            _LOG.exception("pool %s: the task %s", attempt.pool, attempt.token)
            return Status("unknown", detail=str(cause)), ""
        return Status("known", "waiting"), ref

    def poll(self, attempt: Attempt) -> Status:
        """How the attempt is, as far as its engine tells."""
        driver = self._drivers.get(attempt.pool)
        if driver is None:
            return _UNKNOWN
        try:
            return driver.poll(attempt.ref)
        except Exception as cause:
            _LOG.warning("pool %s: %s: %s", attempt.pool, attempt.token, cause)
            return Status("unknown", detail=str(cause))

    def cancel(self, attempt: Attempt) -> None:
        """Ask the engine to stop the attempt, as far as it hears."""
        driver = self._drivers.get(attempt.pool)
        if driver is None or not attempt.ref:
            return
        try:
            driver.cancel(attempt.ref)
        except Exception as cause:
            _LOG.warning("pool %s: %s not cancelled: %s", attempt.pool, attempt.token, cause)

    def root(self, held: Held) -> Path:
        """The folder in which the pool's jobs work, under the name that its machines know."""
        given = held.settings.get("folder")
        return Path(str(given)) if given else self.home / "pools" / held.pool.id

    def _driver(self, held: Held) -> Driver:
        settings = plant.settings_of(held)
        settings.setdefault("folder", str(self.root(held)))
        return driver_of(held.pool.driver, settings, name=held.pool.id)

    def _probe(self, name: str) -> Probe:
        try:
            return self._drivers[name].probe()
        except Exception as cause:
            return Probe(False, 0, 0, 0, str(cause))


def _write(tx: Transaction, held: Held, probe: Probe, now: datetime) -> None:
    """What a probe tells, and a record where the pool's health is another than before."""
    values: dict[str, Any] = {"detail": probe.detail[:400], "clock_s": probe.clock_s}
    if probe.up:
        values |= {"health": "up", "seen": stamp(now), "silent": ""}
    else:
        since = held.silent or stamp(now)
        long = stamp(now - _LOST) >= since
        values |= {"health": "lost" if long else "suspect", "silent": since}
    where = schema.pool.c.id == held.pool.id
    tx.execute(sa.update(schema.pool).where(where).values(values))
    if values["health"] != held.health:
        facts = {"health": values["health"], "detail": values["detail"]}
        tx.append("compute.pool.health", held.pool.id, payload=facts, at=now)
