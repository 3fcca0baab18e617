"""The engines of the pools as the supervisor asks them: none of their faults gets through."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door import orders, plant
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.moments import stamp
from qianhang.compute.door.plant import Held
from qianhang.compute.driver import Driver, Probe, Status
from qianhang.compute.drivers import driver_of
from qianhang.core.errors import PoolUnavailable, QianhangError

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Answer", "Engines", "Patience"]

LEAVE = "leave"
_LOG = logging.getLogger(__name__)
_FOR_GOOD = frozenset({"QH502", "QH542", "QH548"})
_IN_VAIN = 3
_LONGEST_REF = 200


@dataclass(frozen=True, slots=True)
class Patience:
    """How long engines are waited for, s.

    probe_s : between two looks at what they have
    lost_s : without an answer until their work may be begun elsewhere
    lag_s : until what they took must show
    retry_s : most, between two goes at handing one task over
    give_up_s : of handing a task over to an engine that is there, in vain
    """

    probe_s: float = 10.0
    lost_s: float = 600.0
    lag_s: float = 5.0
    retry_s: float = 60.0
    give_up_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """How an attempt is, the engine's name for it, and its words where it will never take it."""

    status: Status
    ref: str = ""
    refusal: str = ""


_UNKNOWN = Answer(Status("unknown"))


class Engines:
    """A driver for each pool that has not left.

    held : pool's id -> what the door knows of it
    """

    def __init__(self, store: Store, home: Path, patience: Patience) -> None:
        self.store, self.home, self.patience = store, home, patience
        self.held: dict[str, Held] = {}
        self._drivers: dict[str, Driver] = {}
        self._probed: datetime | None = None
        self._turn = 0

    def look(
        self, now: datetime, guard: Callable[[Transaction], None], *, changed: bool = True
    ) -> bool:
        """Whether the plant is another than at the last look: its pools and what they have.

        Each engine is probed now and then; what it answers is written down under `guard`.
        changed : whether somebody changed a pool since
        """
        before = {name: (one.pool, one.settings) for name, one in self.held.items()}
        if changed or not self.held:
            self._take(plant.pools(self.store))
        wait = timedelta(seconds=self.patience.probe_s)
        if self._probed is None or now - self._probed >= wait:
            self._probe_all(now, guard)
        return before != {name: (one.pool, one.settings) for name, one in self.held.items()}

    def _take(self, pools: Sequence[Held]) -> None:
        for one in pools:
            known = self.held.get(one.pool.id)
            if known is None or (known.pool, known.settings) != (one.pool, one.settings):
                self._drivers[one.pool.id] = self._driver(one)
                self._probed = None
        self.held = {one.pool.id: one for one in pools}

    def _probe_all(self, now: datetime, guard: Callable[[Transaction], None]) -> None:
        names = list(self.held)
        if names:
            found = self._map([partial(_probe, self._drivers[name]) for name in names])
            probes = dict(zip(names, found, strict=True))
            lost = timedelta(seconds=self.patience.lost_s)
            with self.store.write() as tx:
                guard(tx)
                for name, probe in probes.items():
                    _write(tx, self.held[name], probe, now=now, lost=lost)
            self.held = {one.pool.id: one for one in plant.pools(self.store)}
        self._probed = now

    def lost(self, pool: str) -> bool:
        """Whether the pool has not answered for so long that its work may be begun elsewhere."""
        return pool in self.held and self.held[pool].health == "lost"

    def up(self, pool: str) -> bool:
        """Whether the pool answered when it was last looked at."""
        return pool in self.held and self.held[pool].health == "up"

    def each(self, asks: Sequence[tuple[Attempt, Callable[[], Answer]]]) -> list[Answer]:
        """The answers, each pool asked in a thread of its own.

        A pool that does not know an answer several times in a row is not asked the rest this time;
        the next time another one is the first.
        """
        found = [_UNKNOWN] * len(asks)
        groups: dict[str, list[int]] = {}
        for at, (attempt, _) in enumerate(asks):
            groups.setdefault(attempt.pool, []).append(at)
        self._turn += 1

        def one(group: list[int]) -> None:
            vain, first = 0, self._turn % len(group)
            for at in group[first:] + group[:first]:
                found[at] = asks[at][1]()
                vain = vain + 1 if found[at].status.knowledge == "unknown" else 0
                if vain == _IN_VAIN:
                    return

        self._map([partial(one, group) for group in groups.values()])
        return found

    def submit(self, kept: Kept, attempt: Attempt) -> Answer:
        """How the attempt is, now that its engine was given it.

        Unknown where it is not sure that the engine has it.
        """
        driver, held = self._drivers.get(attempt.pool), self.held.get(attempt.pool)
        if driver is None or held is None:
            return _UNKNOWN
        root = self.root(held)
        try:
            if held.pool.driver != "kubernetes":
                where = orders.folder_of(root, attempt.job)
                where.mkdir(parents=True, exist_ok=True)
                (where / LEAVE).unlink(missing_ok=True)
            task = orders.task(kept, attempt, root=root, driver=held.pool.driver)
            ref = driver.submit(task)
        except (PoolUnavailable, OSError) as cause:
            return Answer(Status("unknown", detail=str(cause)), refusal=_refusal(cause))
        except Exception as cause:  # an engine's answer that nobody foresaw is not the job's fault
            _LOG.exception("pool %s: the task %s", attempt.pool, attempt.token)
            return Answer(Status("unknown", detail=str(cause)))
        if not isinstance(ref, str) or not 0 < len(ref) <= _LONGEST_REF:
            return Answer(Status("unknown", detail=f"the engine calls it {str(ref)[:60]!r}"))
        return Answer(Status("known", "waiting"), ref)

    def poll(self, attempt: Attempt) -> Answer:
        """How the attempt is, as far as its engine tells."""
        driver = self._drivers.get(attempt.pool)
        if driver is None:
            return _UNKNOWN
        try:
            status = driver.poll(attempt.ref)
        except Exception as cause:
            _LOG.warning("pool %s: %s: %s", attempt.pool, attempt.token, cause)
            return Answer(Status("unknown", detail=str(cause)), attempt.ref)
        if not isinstance(status, Status):
            return Answer(Status("unknown", detail="no status"), attempt.ref)
        return Answer(status, attempt.ref)

    def find(self, attempt: Attempt) -> str | None:
        """The engine's name for the attempt, "" where it has none; None where it does not tell."""
        driver = self._drivers.get(attempt.pool)
        if driver is None:
            return None
        try:
            return driver.find(attempt.token) or ""
        except Exception as cause:
            _LOG.warning("pool %s: %s: %s", attempt.pool, attempt.token, cause)
            return None

    def cancel(self, attempt: Attempt) -> None:
        """Ask the engine to stop the attempt, as far as it hears."""
        driver = self._drivers.get(attempt.pool)
        if driver is None:
            return
        try:
            driver.cancel(attempt.ref or attempt.token)
        except Exception as cause:
            _LOG.warning("pool %s: %s not cancelled: %s", attempt.pool, attempt.token, cause)

    def tell_to_leave(self, attempt: Attempt) -> None:
        """The file `leave` in the job's folder, with the moment by which it has to be gone."""
        held = self.held.get(attempt.pool)
        if held is None or held.pool.driver == "kubernetes":
            return
        where = orders.folder_of(self.root(held), attempt.job)
        try:
            where.mkdir(parents=True, exist_ok=True)
            (where / LEAVE).write_text(attempt.leaving, encoding="ascii")
        except OSError as cause:
            _LOG.warning("pool %s: %s not told: %s", attempt.pool, attempt.token, cause)

    def log(self, attempt: Attempt, *, start: int = 0) -> bytes:
        """What the attempt printed from byte `start` on.

        Raises PoolUnavailable where its engine cannot be asked.
        """
        if attempt.pool not in self._drivers:
            self._take(plant.pools(self.store))
        driver = self._drivers.get(attempt.pool)
        if driver is None:
            raise PoolUnavailable("QH599", f"pool {attempt.pool} has left, and its logs with it")
        return driver.log(attempt.ref or attempt.token, start=start)

    def root(self, held: Held) -> Path:
        """The folder in which the pool's jobs work, under the name that its machines know."""
        given = held.settings.get("folder") or held.settings.get("run_dir")
        if given:
            return Path(str(given))
        return Path("/qianhang") if held.pool.driver == "kubernetes" else self._own(held)

    def _own(self, held: Held) -> Path:
        return self.home / "pools" / held.pool.id

    def _driver(self, held: Held) -> Driver:
        kind, name = held.pool.driver, held.pool.id
        try:
            return driver_of(kind, dict(held.settings), name=name, folder=self._own(held))
        except (QianhangError, TypeError, ValueError, OSError) as cause:
            # Settings of one pool that nobody can read must not stop the door before all others.
            return cast("Driver", _Absent(name, str(cause)))

    def _map(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        if len(calls) < 2:
            return [call() for call in calls]
        with ThreadPoolExecutor(len(calls), thread_name_prefix="pool") as threads:
            return list(threads.map(lambda call: call(), calls))


class _Absent:
    """The driver of a pool whose settings nobody can read: no question is answered."""

    def __init__(self, name: str, why: str) -> None:
        self.name, self._why = name, why

    def __getattr__(self, _: str) -> Callable[..., Any]:
        def refuse(*_given: object, **_named: object) -> None:
            raise PoolUnavailable("QH599", self._why, hint="put its settings right")

        return refuse


def _refusal(cause: Exception) -> str:
    """The engine's words where asking again is no use."""
    full = isinstance(cause.__cause__, OSError)
    return str(cause) if getattr(cause, "code", "") in _FOR_GOOD and not full else ""


def _probe(driver: Driver) -> Probe:
    try:
        found = driver.probe()
    except Exception as cause:
        return Probe(False, 0, 0, 0, str(cause))
    return found if isinstance(found, Probe) else Probe(False, 0, 0, 0, "no sound answer")


def _write(tx: Transaction, held: Held, probe: Probe, *, now: datetime, lost: timedelta) -> None:
    """What a probe tells, and a record where the pool's health is another than before."""
    clock_s = probe.clock_s
    sound = isinstance(clock_s, (int, float)) and math.isfinite(clock_s)
    values: dict[str, Any] = {"detail": str(probe.detail)[:400], "clock_s": None}
    if sound:
        values["clock_s"] = clock_s
    if probe.up:
        values |= {"health": "up", "seen": stamp(now), "silent": ""}
    else:
        since = held.silent or stamp(now)
        long = stamp(now - lost) >= since
        values |= {"health": "lost" if long else "suspect", "silent": since}
    where = schema.pool.c.id == held.pool.id
    tx.execute(sa.update(schema.pool).where(where).values(values))
    if values["health"] != held.health:
        facts = {"health": values["health"], "detail": values["detail"]}
        tx.append("compute.pool.health", held.pool.id, payload=facts, at=now)
