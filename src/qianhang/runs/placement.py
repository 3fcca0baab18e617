"""A run's job placed by the door of the compute network: waited for, survived, collected.

The job is one of the organisation's: quoted, metered, its voucher held, and begun again elsewhere
where its pool dies under it. Its pools' machines see our interpreter, package and data at the same
places as we do (one shared installation), and the door sees the folders in which jobs work.
"""

from __future__ import annotations

import dataclasses
import json
import os
import shlex
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang import compute
from qianhang.compute.door import attempts, jobs, orders, plant
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.engines import Engines, Patience
from qianhang.compute.door.jobs import Asked, Kept, Work
from qianhang.compute.job import Job, Want
from qianhang.core import errors
from qianhang.core.errors import JobFailed, PoolUnavailable
from qianhang.runs import workplace
from qianhang.runs.admission import admit
from qianhang.runs.door import deciding
from qianhang.runs.steps import Event, Listener, Parser, plain
from qianhang.runs.work import Ticket

if TYPE_CHECKING:
    from qianhang.store import Settings, Store

__all__ = ["Carried", "Order", "carry", "check", "nowhere"]

_LOOK_S, _LONGEST_S = 0.2, 2.0
_GOODBYE_S = 60.0
# The ticket comes in the environment: the folder is the pool's, and new on each pool.
_SCRIPT = """\
rm -rf result.json error.json tables files
printf '%s' "$RUN_TICKET" > ticket.json
exec {python} -X utf8 -m qianhang.runs.work "$QIANHANG_FOLDER"
"""


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be run, for whom.

    run : id of the run; pool : auto, or the name of one that has joined
    """

    run: str
    org: str
    scenario: str
    case: str
    pool: str
    ticket: Ticket
    limits: compute.Limits


@dataclass(frozen=True, slots=True)
class Carried:
    """How the job went.

    pool : where its last attempt ran; goes : how many attempts were begun
    """

    usage: compute.Usage
    log: str
    pool: str
    job: str
    goes: int


def check(store: Store, pool: str) -> None:
    """Nothing, where runs may name this pool.

    Raises PoolUnavailable naming those that there are.
    """
    if pool != "local":
        plant.choice(store, pool)


def carry(
    order: Order, store: Store, settings: Settings, *, folder: Path, listen: Listener
) -> Carried:
    """The run's job carried out by the network; what it left lies in `folder`.

    Where nobody decides for the network, this process does until the job has ended. Ctrl-C cancels
    the job and goes on as KeyboardInterrupt.
    Raises the named error that the job told, JobFailed where it ended without a word,
    PoolUnavailable where no pool takes it.
    """
    asked = _asked(order, store, settings)
    (made,) = admit(store, [asked], _now())
    listen(Event("place", "note", note=f"job {made.job}"))
    engines = Engines(store, settings.home, Patience())
    with deciding(settings):
        try:
            kept = _followed(store, engines, made.job, listen)
        except KeyboardInterrupt:
            jobs.cancel(store, made.job, by=f"run {order.run}", at=_now())
            _gone(store, made.job)
            raise
    return _carried(store, engines, kept, folder)


def _asked(order: Order, store: Store, settings: Settings) -> Asked:
    limits = order.limits
    job = Job(
        jobs.new_id(), order.org, Want(limits.threads, flavours=(orders.CPU,)), submitted=0.0,
        estimate_s=limits.wall_s, name=f"{order.scenario} {order.case}"[:120],
        scenario=order.scenario, key=f"run-{order.run}", pools=plant.choice(store, order.pool),
        preemptible=True,
    )  # fmt: skip
    env = dict(workplace.environment(settings))
    env["RUN_TICKET"] = json.dumps(dataclasses.asdict(order.ticket), ensure_ascii=False)
    script = _SCRIPT.format(python=shlex.quote(sys.executable))
    work = Work(
        script, env, threads=limits.threads, wall_s=limits.wall_s, memory_mb=limits.memory_mb,
        log_mb=limits.log_mb, own=True,
    )  # fmt: skip
    return Asked(job, work, account=f"run {order.run}")


def _followed(store: Store, engines: Engines, job: str, listen: Listener) -> Kept:
    """The job once it has ended; what it prints is heard as it comes."""
    reader, pause = _Reader(store, engines, job, listen), _LOOK_S
    while True:
        kept = jobs.get(store, job)
        pause = _LOOK_S if reader.read() else min(pause * 1.3, _LONGEST_S)
        if not kept.open:
            return kept
        listen(Event("place", "progress"))  # a listener may stop us
        time.sleep(pause)


class _Reader:
    """Reads what the last attempt printed since the last time; a new attempt from its start."""

    def __init__(self, store: Store, engines: Engines, job: str, listen: Listener) -> None:
        self.store, self.engines, self.job, self.listen = store, engines, job, listen
        self.token, self.start, self.parser = "", 0, Parser(listen)

    def read(self) -> bool:
        """Whether there was anything new."""
        made = attempts.of(self.store, self.job)
        if not made:
            return False
        last = made[-1]
        if last.token != self.token:
            self.token, self.start, self.parser = last.token, 0, Parser(self.listen)
            self.listen(Event("place", "note", note=f"{last.token} -> {last.pool}"))
        try:
            fresh = self.engines.log(last, start=self.start)
        except PoolUnavailable:
            return False
        self.start += len(fresh)
        self.parser(fresh.decode("utf8", "replace"))
        return bool(fresh)


def _gone(store: Store, job: str) -> None:
    """Wait until the cancelled job has ended, a minute at most: the supervisor stops it anyway."""
    until = time.monotonic() + _GOODBYE_S
    while jobs.get(store, job).open and time.monotonic() < until:
        time.sleep(_LOOK_S)


def _carried(store: Store, engines: Engines, kept: Kept, folder: Path) -> Carried:
    """What the job left, brought home; its folders on the pools are gone."""
    made = attempts.of(store, kept.job.id)
    ended = next((one for one in reversed(made) if one.outcome and one.state == "ended"), None)
    if ended is None or ended.outcome is None:
        _raise_cancelled(kept)
        raise nowhere(kept)
    _collect(_folder(store, engines, ended), folder)
    log = ""
    try:
        log = plain(engines.log(ended).decode("utf8", "replace"))
    except PoolUnavailable as cause:
        log = str(cause)
    for one in made:
        shutil.rmtree(_folder(store, engines, one), ignore_errors=True)
    _raise_told(folder)
    _raise_cancelled(kept)
    ended.outcome.raise_for_failure(log[-2000:])
    return Carried(ended.outcome.usage, log, ended.pool, kept.job.id, len(made))


def _raise_told(folder: Path) -> None:
    path = folder / "error.json"
    if path.is_file():
        said: Mapping[str, Any] = json.loads(path.read_text(encoding="utf8"))
        raise errors.retold(said, getattr(errors, str(said["kind"]), JobFailed))


def _folder(store: Store, engines: Engines, attempt: Attempt) -> Path:
    return orders.folder_of(engines.root(plant.held(store, attempt.pool)), attempt.job)


def _collect(there: Path, here: Path) -> None:
    """Plain files copied; a link is not followed, for a pool is somebody else's."""
    for place, _, names in os.walk(there):
        target = here / Path(place).relative_to(there)
        target.mkdir(parents=True, exist_ok=True)
        for name in names:
            file = Path(place) / name
            if file.is_file() and not file.is_symlink():
                shutil.copyfile(file, target / name, follow_symlinks=False)


def _raise_cancelled(kept: Kept) -> None:
    if kept.state == "cancelled":
        compute.Outcome("cancelled").raise_for_failure(f"job {kept.job.id}")


def nowhere(kept: Kept) -> PoolUnavailable:
    """Why no pool took the job, in each pool's words."""
    reasons = [
        f"{one['pool']}: {one['reason']} (found {one['found'] or '-'}, "
        f"expected {one['expected'] or '-'})"
        for one in kept.why.get("refused", ())
    ]
    reasons += [f"{pool}: {kept.why[pool]}" for pool in kept.why.get("engines", ())]
    return PoolUnavailable(
        "QH815", f"no pool takes job {kept.job.id}: {'; '.join(reasons) or kept.reason}",
        hint=f"qianhang compute why {kept.job.id}, or --pool local",
    )  # fmt: skip


def _now() -> datetime:
    return datetime.now(UTC)
