"""The jobs that score a table's blocks: one on this machine, or several by the door."""

from __future__ import annotations

import json
import secrets
import shlex
import shutil
import sys
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from qianhang import compute
from qianhang.compute.door import attempts, jobs, orders, plant
from qianhang.compute.door.engines import Engines, Patience
from qianhang.compute.door.jobs import Asked, Kept, Work
from qianhang.compute.job import Job, Want
from qianhang.core import errors
from qianhang.core.errors import JobFailed, PoolUnavailable
from qianhang.runs import placement, workplace
from qianhang.runs.admission import admit
from qianhang.runs.door import deciding
from qianhang.runs.steps import plain

if TYPE_CHECKING:
    from qianhang.runs.scoring.blocks import Folder
    from qianhang.store import Settings, Store

__all__ = ["Carried", "Order", "carry"]

_MODULE = "qianhang.runs.scoring.work"
_LOOK_S, _LONGEST_S, _GOODBYE_S = 0.2, 2.0, 60.0


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be scored where, for whom, by how many jobs of how many minutes and MiB each."""

    key: str
    org: str
    scenario: str
    pool: str
    members: int
    minutes: int
    memory_mb: int = 4096


@dataclass(frozen=True, slots=True)
class Carried:
    """Where the jobs ran, the CPU seconds that they used, and the MiB that one held at most."""

    pools: tuple[str, ...]
    cpu_s: float
    peak_mb: float = 0.0


def carry(
    order: Order, folder: Folder, store: Store, settings: Settings, *, look: Callable[[], None]
) -> Carried:
    """Every block of the folder scored; what was, is not scored again.

    look : called now and then; what it raises stops the jobs
    Raises the named error that a job told, JobFailed where one ended without a word,
    PoolUnavailable where no pool takes it.
    """
    names = _open(order, folder, store, settings)
    if not names and folder.whole():
        return Carried((), 0.0)
    if order.pool == "local":
        return _here(order, folder, settings, look)
    names = names or _sent(order, folder, store, settings)
    with deciding(settings):
        try:
            _followed(store, names, look)
        except KeyboardInterrupt:
            _stop(store, names, "its asker")
            raise
    return _gone_well(store, settings, folder, names)


def _here(order: Order, folder: Folder, settings: Settings, look: Callable[[], None]) -> Carried:
    """One job on this machine; it ends with this process."""
    name = f"score-{uuid.uuid4().hex[:12]}"
    place = settings.home / "work" / name
    place.mkdir(parents=True)
    wall_s = order.minutes * 60.0
    try:
        usage, _ = workplace.carry_job(
            _MODULE, (str(folder.path), "0", "1"), token=name, folder=place, settings=settings,
            pool=compute.driver("local", folder=settings.home / "jobs"),
            limits=compute.Limits(cpu_s=wall_s, memory_mb=order.memory_mb, wall_s=wall_s),
            listen=lambda _: look(),
        )  # fmt: skip
    except JobFailed:
        _raise_told(folder, "local")
        raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Carried(("local",), usage.cpu_s, usage.peak_mb)


def _open(order: Order, folder: Folder, store: Store, settings: Settings) -> tuple[str, ...]:
    """The jobs that were sent last, where some still wait or run: they are not sent twice.

    Those sent to another pool than is asked for now are stopped.
    """
    last = folder.round()
    names = tuple(last.get("jobs", ()))
    if not any(jobs.get(store, name).open for name in names):
        return ()
    if last["order"]["pool"] == order.pool:
        return names
    with deciding(settings):
        _stop(store, names, "for another pool")
    return ()


def _sent(order: Order, folder: Folder, store: Store, settings: Settings) -> tuple[str, ...]:
    """The jobs, admitted; written down before, so that a kill in between does not double them."""
    last = folder.round()
    begun = bool(last) and not last.get("jobs")
    name = str(last["name"]) if begun else secrets.token_hex(6)
    wanted = asdict(Order(**last["order"])) if begun else asdict(order)
    wanted["key"] = order.key
    folder.send({"name": name, "order": wanted})
    asked = _asked(Order(**wanted), folder, store, settings)
    made = admit(store, asked, _now(), key=f"score-{order.key[:24]}-{name}")
    names = tuple(one.job for one in made)
    folder.send({"name": name, "order": wanted, "jobs": names})
    return names


def _asked(order: Order, folder: Folder, store: Store, settings: Settings) -> list[Asked]:
    pools = plant.choice(store, order.pool)
    wall_s = order.minutes * 60.0
    found = []
    for member in range(order.members):
        job = Job(
            jobs.new_id(), order.org, Want(1, flavours=(orders.CPU,)), submitted=0.0,
            estimate_s=wall_s, name=f"score {order.scenario}[{member}]"[:120],
            scenario=order.scenario, pools=pools, preemptible=True,
        )  # fmt: skip
        argv = (sys.executable, "-X", "utf8", "-m", _MODULE, str(folder.path), str(member))
        script = f"exec {shlex.join((*argv, str(order.members)))}\n"
        work = Work(
            script, workplace.environment(settings), wall_s=wall_s, memory_mb=order.memory_mb,
            own=True,
        )  # fmt: skip
        found.append(Asked(job, work, account="score"))
    return found


def _followed(store: Store, names: Sequence[str], look: Callable[[], None]) -> None:
    """Wait until all have ended; one that ends badly stops the others."""
    pause = _LOOK_S
    while True:
        kept = [jobs.get(store, name) for name in names]
        look()
        if not any(one.open for one in kept):
            return
        if any(not one.open and one.state != "finished" for one in kept):
            _stop(store, names, "another of its jobs")
            return
        time.sleep(pause)
        pause = min(pause * 1.3, _LONGEST_S)


def _stop(store: Store, names: Sequence[str], by: str) -> None:
    """Cancel what is open, and wait for it a minute at most: the supervisor stops it anyway."""
    for name in names:
        jobs.cancel(store, name, by=f"score, {by}", at=_now())
    until = time.monotonic() + _GOODBYE_S
    while any(jobs.get(store, name).open for name in names) and time.monotonic() < until:
        time.sleep(_LOOK_S)


def _gone_well(store: Store, settings: Settings, folder: Folder, names: Sequence[str]) -> Carried:
    """What the jobs used; their folders on the pools are gone."""
    engines = Engines(store, settings.home, Patience())
    pools: dict[str, None] = {}
    cpu_s, peak_mb, bad = 0.0, 0.0, None
    for name in names:
        kept = jobs.get(store, name)
        for one in attempts.of(store, name):
            used = one.outcome.usage if one.outcome else compute.Usage()
            cpu_s, peak_mb = cpu_s + used.cpu_s, max(peak_mb, used.peak_mb)
            pools |= {one.pool: None}
            root = engines.root(plant.held(store, one.pool))
            shutil.rmtree(orders.folder_of(root, name), ignore_errors=True)
        if kept.state != "finished" and (bad is None or bad.state == "cancelled"):
            bad = kept
    if bad is not None:
        _raise(store, engines, folder, bad)
    return Carried(tuple(pools), cpu_s, peak_mb)


def _raise(store: Store, engines: Engines, folder: Folder, kept: Kept) -> None:
    ended = [one for one in attempts.of(store, kept.job.id) if one.outcome]
    if not ended:
        if kept.state == "cancelled":
            compute.Outcome("cancelled").raise_for_failure(f"job {kept.job.id}")
        raise placement.nowhere(kept)
    last = ended[-1]
    _raise_told(folder, last.token)
    try:
        log = plain(engines.log(last).decode("utf8", "replace"))
    except PoolUnavailable as cause:
        log = str(cause)
    if last.outcome:
        last.outcome.raise_for_failure(log[-2000:])
    raise JobFailed("QH519", f"job {kept.job.id} is {kept.state}")


def _raise_told(folder: Folder, token: str) -> None:
    path = folder.errors(token) / "error.json"
    if path.is_file():
        said: Mapping[str, Any] = json.loads(path.read_text(encoding="utf8"))
        path.unlink()
        raise errors.retold(said, getattr(errors, str(said["kind"]), JobFailed))


def _now() -> datetime:
    return datetime.now(UTC)
