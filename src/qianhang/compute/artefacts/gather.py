"""Outputs collected once their job has ended: copied from the pool's folder, kept in one go.

A crash anywhere leaves the outputs wanted, and they are collected again: bytes that were put
before are found by their content, and rows come to be all together or not at all.
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.artefacts import folder, shelf, tables
from qianhang.compute.artefacts.folder import Copied, TooMuch
from qianhang.compute.artefacts.outputs import Outputs, fits
from qianhang.compute.artefacts.shelf import Full, Limits, State
from qianhang.compute.door import attempts, jobs, plant
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.engines import Engines, Patience
from qianhang.compute.door.jobs import Kept
from qianhang.compute.door.moments import seconds, stamp
from qianhang.core.errors import QianhangError

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Gatherer", "collect"]

_LOG = logging.getLogger(__name__)
_HARVEST, _JOB = tables.harvest, schema.job
_MOST = 20
_SETTLES_S = 30.0  # a shared disk shows what a node wrote only so much later
_PAUSE = timedelta(seconds=60)
_GIVE_UP_S = 86400.0
_MB = 1_000_000


@dataclass(frozen=True, slots=True)
class _Taken:
    """What was found in a folder, copied aside."""

    made: Sequence[Copied]
    detail: dict[str, Any]

    @property
    def missing(self) -> bool:
        return bool(self.detail["missing"])


def collect(store: Store, home: Path, now: datetime) -> int:
    """How many jobs' outputs were settled now, one way or another: the oldest end first."""
    due = _due(store, now)
    if not due:
        return 0
    allowed, engines = shelf.limits(store), Engines(store, home, Patience())
    count = 0
    for name in due:
        try:
            count += _settle(store, engines, jobs.get(store, name), allowed=allowed, now=now)
        except (OSError, QianhangError) as cause:  # a full disk, a row of another version: later
            _LOG.warning("artefacts of job %s are not collected yet: %s", name, cause)
            _later(store, name, now)
    return count


def _due(store: Store, now: datetime) -> list[str]:
    query = (
        sa.select(_HARVEST.c.job)
        .join(_JOB, _JOB.c.id == _HARVEST.c.job)
        .where(
            _HARVEST.c.state == "wanted",
            _HARVEST.c.tried <= stamp(now - _PAUSE),
            _JOB.c.state.not_in(jobs.OPEN),
        )
        .order_by(_JOB.c.ended)
        .limit(_MOST)
    )
    with store.read() as connection:
        return list(connection.execute(query).scalars())


def _settle(store: Store, engines: Engines, kept: Kept, *, allowed: Limits, now: datetime) -> bool:
    """Whether the job's outputs are settled: kept, or said why not."""
    wanted, made = kept.work.outputs, attempts.of(store, kept.job.id)
    last = next((one for one in reversed(made) if one.state == "ended"), None)
    if wanted is None or last is None or not _meant(kept, wanted):
        return _close(store, kept, "not_due", now=now)
    held = plant.held(store, last.pool)
    if held.pool.driver == "kubernetes":
        return _close(store, kept, "unsupported", now=now)
    root = engines.root(held)
    with tempfile.TemporaryDirectory(prefix="artefacts-", dir=_spool(engines.home)) as place:
        try:
            taken = _take(root, kept.job.id, wanted, to=Path(place), allowed=allowed)
        except TooMuch as cause:
            detail = {"found": cause.found, "expected": cause.expected}
            return _close(store, kept, "too_much", detail=detail, now=now)
        except (FileNotFoundError, NotADirectoryError) as cause:
            _LOG.info("artefacts of job %s: %s", kept.job.id, cause)
            return _wait(store, kept, now)
        if taken.missing and now.timestamp() - seconds(kept.ended) < _SETTLES_S:
            _later(store, kept.job.id, now)
            return False
        return _put(store, kept, last, taken=taken, allowed=allowed, now=now)


def _put(
    store: Store, kept: Kept, last: Attempt, *, taken: _Taken, allowed: Limits, now: datetime
) -> bool:
    files = shelf.files_of(store)
    for one in taken.made:
        files.put(one.place)
    try:
        with store.write() as tx:
            return shelf.keep(
                tx, kept.job.id, taken.made, token=last.token, detail=taken.detail,
                org_bytes=allowed.org_mb * _MB, at=now,
            )  # fmt: skip
    except Full as cause:
        detail = {"found": cause.found, "expected": cause.expected}
        with store.write() as tx:
            shelf.close(tx, kept.job.id, "full", detail=detail, at=now)
            shelf.discard(tx, {one.sha for one in taken.made})
        return True


def _meant(kept: Kept, wanted: Outputs) -> bool:
    return kept.state == "finished" or (wanted.when == "always" and kept.state != "refused")


def _take(root: Path, job: str, wanted: Outputs, *, to: Path, allowed: Limits) -> _Taken:
    with folder.opened(root, "jobs", job) as handle:
        made, walk = folder.copied(
            handle, wanted.files, to, file_bytes=allowed.file_mb * _MB,
            job_bytes=allowed.job_mb * _MB, files=allowed.files,
        )  # fmt: skip
    missing = [one for one in wanted.files if not any(fits(path, one) for path in walk.found)]
    skipped = dict(list(walk.skipped.items())[:100])
    return _Taken(made, {"skipped": skipped, "missing": missing})


def _wait(store: Store, kept: Kept, now: datetime) -> bool:
    """The folder is not seen: later again, and given up after a day."""
    if now.timestamp() - seconds(kept.ended) < _GIVE_UP_S:
        _later(store, kept.job.id, now)
        return False
    return _close(store, kept, "away", now=now)


def _close(
    store: Store, kept: Kept, state: State, *, detail: dict[str, Any] | None = None, now: datetime
) -> bool:
    with store.write() as tx:
        shelf.close(tx, kept.job.id, state, detail=detail, at=now)
    return True


def _later(store: Store, job: str, now: datetime) -> None:
    with store.write() as tx:
        tx.execute(sa.update(_HARVEST).where(_HARVEST.c.job == job).values(tried=stamp(now)))


def _spool(home: Path) -> Path:
    place = home / "spool"
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    return place


def _sweep(home: Path) -> None:
    """Copies that a killed process left, once they are a day old."""
    for place in (home / "spool").glob("artefacts-*"):
        with contextlib.suppress(FileNotFoundError):  # another process may be done with its own
            if time.time() - place.stat().st_mtime > _GIVE_UP_S:
                shutil.rmtree(place, ignore_errors=True)


class Gatherer:
    """Collects in a thread of its own, so that large files hold no decision up."""

    def __init__(
        self, store: Store, home: Path, *, every: timedelta = timedelta(seconds=2)
    ) -> None:
        self.store, self.home, self.every = store, home, every
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="artefacts")
        self._work: Future[None] | None = None
        self._looked = self._swept = datetime.min.replace(tzinfo=UTC)

    def look(self, now: datetime) -> None:
        """Begin to collect what is due, where nothing is being collected."""
        busy = self._work is not None and not self._work.done()
        if not busy and now - self._looked >= self.every:
            self._looked = now
            self._work = self._threads.submit(self._collect, now)

    def close(self) -> None:
        """Wait for what is being collected."""
        self._threads.shutdown()

    def _collect(self, now: datetime) -> None:
        try:
            collect(self.store, self.home, now)
            if now - self._swept >= timedelta(hours=1):
                self._swept = now
                shelf.expire(self.store, now)
                _sweep(self.home)
        except Exception:  # the next look tries again
            _LOG.exception("artefacts could not be collected")
