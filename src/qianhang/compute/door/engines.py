"""The engines of the pools as the supervisor asks them: none of their faults gets through."""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
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
_PROBES = 32  # at once
_ASIDE_S = 0.05


@dataclass(frozen=True, slots=True)
class Patience:
    """How long engines are waited for, s.

    probe_s : between two looks at what they have; of one that did not answer `anew_s`
    lost_s : without an answer until their work may be begun elsewhere
    lag_s : until what they took must show
    retry_s : most, between two goes at handing one task over
    give_up_s : of handing a task over to an engine that is there, in vain
    """

    probe_s: float = 10.0
    anew_s: float = 1.0
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
    back : the pools that answer again since the last look
    """

    def __init__(self, store: Store, home: Path, patience: Patience) -> None:
        self.store, self.home, self.patience = store, home, patience
        self.held: dict[str, Held] = {}
        self.back: frozenset[str] = frozenset()
        self._drivers: dict[str, Driver] = {}
        self._probed: dict[str, datetime] = {}
        self._probing: dict[str, Future[Probe]] = {}
        self._threads = ThreadPoolExecutor(_PROBES, thread_name_prefix="probe")
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
        self.back = self._probe(now, guard)
        return before != {name: (one.pool, one.settings) for name, one in self.held.items()}

    def _take(self, pools: Sequence[Held]) -> None:
        """The pools as they are now, each that is new or was renewed with a driver of its own."""
        for one in pools:
            known = self.held.get(one.pool.id)
            if known is None or (known.pool, known.settings) != (one.pool, one.settings):
                self._drivers[one.pool.id] = self._driver(one)
                self._probed.pop(one.pool.id, None)
                self._probing.pop(one.pool.id, None)
        self.held = {one.pool.id: one for one in pools}

    def _probe(self, now: datetime, guard: Callable[[Transaction], None]) -> frozenset[str]:
        """The pools that answer again; what those say that were due is written down.

        Those that answered last time, or were never asked, are waited for. One that did not is
        asked often and aside, so that it keeps nobody waiting and is known to be back as soon as
        it is.
        """
        due = [name for name in self.held if self._due(name, now)]
        heeded = [name for name in due if name not in self._probed or not self._silent(name)]
        for name in due:
            self._probing[name] = self._threads.submit(_probe, self._drivers[name])
            self._probed[name] = now
        asked = {n: one for n, one in self._probing.items() if n in self.held}
        wait([asked[name] for name in heeded])
        wait(asked.values(), timeout=_ASIDE_S)
        found = {name: one.result() for name, one in asked.items() if one.done()}
        self._probing = {n: one for n, one in self._probing.items() if n not in found}
        if not found:
            return frozenset()
        before = {name for name in found if not self.up(name)}
        lost = timedelta(seconds=self.patience.lost_s)
        with self.store.write() as tx:
            guard(tx)
            tx.take_turns()
            for name, probe in found.items():
                _write(tx, self.held[name], probe, now=now, lost=lost)
        self._take(plant.pools(self.store))  # others may have joined while engines were waited for
        return frozenset(name for name in before if self.up(name))

    def _due(self, name: str, now: datetime) -> bool:
        last = self._probed.get(name)
        pause = self.patience.anew_s if self._silent(name) else self.patience.probe_s
        return name not in self._probing and (
            last is None or now - last >= timedelta(seconds=pause)
        )

    def _silent(self, name: str) -> bool:
        return self.held[name].health in ("suspect", "lost")

    def lost(self, pool: str) -> bool:
        """Whether the pool has not answered for so long that its work may be begun elsewhere."""
        return pool in self.held and self.held[pool].health == "lost"

    def up(self, pool: str) -> bool:
        """Whether the pool answered when it was last looked at."""
        return pool in self.held and self.held[pool].health == "up"

    def each(
        self, asks: Sequence[tuple[Attempt, Callable[[], Answer]]], *, hands: int = 1
    ) -> list[Answer]:
        """The answers, each pool asked in a thread of its own, or so many at once.

        A pool that fails to answer several times in a row is not asked the rest this time; the
        next time another one is the first. An engine that answers that it does not know yet, with
        no words why, did answer.
        """
        found = [_UNKNOWN] * len(asks)
        pools: dict[str, list[int]] = {}
        for at, (attempt, _) in enumerate(asks):
            pools.setdefault(attempt.pool, []).append(at)
        groups: list[list[int]] = []
        for name, group in pools.items():
            most = min(hands, len(group), getattr(self._drivers.get(name), "hands", 1))
            groups += [group[first::most] for first in range(most)]
        self._turn += 1

        def one(group: list[int]) -> None:
            vain, first = 0, self._turn % len(group)
            for at in group[first:] + group[:first]:
                found[at] = asks[at][1]()
                status = found[at].status
                vain = vain + 1 if status.knowledge == "unknown" and status.detail else 0
                if vain == _IN_VAIN:
                    return

        self._map([partial(one, group) for group in groups])
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
            return Answer(Status("unknown", detail=_said(cause)), refusal=_refusal(cause))
        except Exception as cause:  # an engine's answer that nobody foresaw is not the job's fault
            _LOG.exception("pool %s: the task %s", attempt.pool, attempt.token)
            return Answer(Status("unknown", detail=_said(cause)))
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
            return Answer(Status("unknown", detail=_said(cause)), attempt.ref)
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
            _put(where / LEAVE, attempt.leaving)
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
            return driver_of(
                kind, dict(held.settings), name=name, folder=self._own(held), home=self.home
            )
        except (QianhangError, TypeError, ValueError, OSError) as cause:
            # Settings of one pool that nobody can read must not stop the door before all others.
            return cast("Driver", _Absent(name, str(cause)))

    def _map(self, calls: Sequence[Callable[[], Any]]) -> list[Any]:
        if len(calls) < 2:
            return [call() for call in calls]
        with ThreadPoolExecutor(len(calls), thread_name_prefix="pool") as threads:
            return list(threads.map(lambda call: call(), calls))


def _put(place: Path, text: str) -> None:
    """A file made anew: what lies there, a link too, is the job's and is not written through."""
    place.unlink(missing_ok=True)
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    with os.fdopen(handle, "w", encoding="ascii") as out:
        out.write(text)


class _Absent:
    """The driver of a pool whose settings nobody can read: no question is answered."""

    hands = 1

    def __init__(self, name: str, why: str) -> None:
        self.name, self._why = name, why

    def __getattr__(self, _: str) -> Callable[..., Any]:
        def refuse(*_given: object, **_named: object) -> None:
            raise PoolUnavailable("QH599", self._why, hint="put its settings right")

        return refuse


def _said(cause: Exception) -> str:
    return str(cause) or type(cause).__name__


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
