"""A pool that is a Slurm cluster: jobs by their token, once each, whatever crashes."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Mapping, Sequence

from qianhang.compute.driver import Probe, Status
from qianhang.compute.drivers.slurm.cluster import (
    ClusterJob,
    ClusterNode,
    Order,
    Transport,
    counts,
    refused,
    unreachable,
)
from qianhang.compute.drivers.slurm.commands import Commands
from qianhang.compute.drivers.slurm.jobcomp import completed
from qianhang.compute.drivers.slurm.rest import Rest
from qianhang.compute.drivers.slurm.runfolder import RunFolder, install_keeper, script
from qianhang.compute.drivers.slurm.settings import SlurmSettings
from qianhang.compute.drivers.slurm.verdict import Marks, accepted, judge, leftovers, owes_a_sign
from qianhang.compute.task import Task, Usage
from qianhang.core.errors import PoolUnavailable

__all__ = ["SlurmDriver"]

_KEEPER_MB = 64
_KEEPER_S = 60.0
_SHARE = 20.0


class SlurmDriver:
    """Jobs on a Slurm cluster, through its commands or slurmrestd; a reference is the token.

    A token is one attempt: it is started at most once, also where the cluster forgets that it was
    and starts it again. All state lies in the shared folder, so any process may ask.
    """

    def __init__(self, settings: SlurmSettings, *, transport: Transport | None = None) -> None:
        self.name, self.settings = settings.name, settings
        self.cluster = transport or (Rest(settings) if settings.url else Commands(settings))
        self.hands = 1 if settings.url else 4  # each command is a process that mostly waits
        self._queue = _Queue(self.cluster, settings)
        self._signs: dict[str, tuple[object, float]] = {}

    def probe(self) -> Probe:
        """Nodes, CPUs, memory and chips; not up where no sound answer comes, with the reason."""
        try:
            nodes = self.cluster.nodes()
            before = time.time()
            clock = self.cluster.now() - (before + time.time()) / 2
        except PoolUnavailable as cause:
            return Probe(False, 0, 0, 0, str(cause))
        up = [node for node in nodes if node.up]
        down = ", ".join(
            f"{n.name} {'+'.join(sorted(n.states)).lower()}" for n in nodes if not n.up
        )
        return Probe(
            bool(up),
            sum(node.cpus for node in up),
            sum(node.cpus - node.cpus_used for node in up),
            sum(node.memory_mb for node in up),
            down,
            memory_free_mb=sum(node.memory_mb - node.memory_used_mb for node in up),
            nodes=len(nodes),
            nodes_up=len(up),
            chips=self._chips(up),
            chips_free=self._chips(up, without_used=True),
            clock_s=clock,
        )

    def submit(self, job: Task) -> str:
        """The job's reference, once the cluster has taken it; the same for the same token.

        Raises PoolUnavailable: QH540, QH541 where nothing was submitted, QH542 where it is refused,
        QH544 where nobody knows; submitting again is safe after each of them.
        """
        run = self._run(job.token)
        gres = self._gres(job.chips)
        try:
            self.settings.folder.mkdir(parents=True, exist_ok=True)
            run.open()
            with run.alone(patience_s=2 * self.settings.timeout_s):
                if not self._taken(run, job.token):
                    self._order(run, job, gres=gres)
            if run.marks().cancelled:
                self.cancel(job.token)
        except OSError as cause:
            raise unreachable(f"folder {run.path}: {cause.strerror}") from cause
        return job.token

    def find(self, token: str) -> str | None:
        """The reference of the job with this token, or None.

        Raises PoolUnavailable where the cluster cannot be asked.
        """
        marks = self._marks(token)
        if marks.started is not None or marks.ended is not None:
            return token
        return token if accepted(self._queue.named(_name(token), marks.number)) else None

    def poll(self, ref: str) -> Status:
        """How the job is; unknown where cluster or folder cannot be asked."""
        try:
            marks = self._marks(ref)
            if not marks.planned or marks.settled:
                return self._over(ref, marks)
            jobs = self._queue.of(_name(ref))
            if not jobs:
                marks = self._marks(ref)  # it may have ended meanwhile, and nobody need be asked
                if marks.settled:
                    return self._over(ref, marks)
                jobs = self._queue.named(_name(ref), marks.number)
                if not any(job.life != "ended" for job in jobs):
                    marks = self._marks(ref)  # it may have ended between the two questions
        except PoolUnavailable as cause:
            return Status("unknown", detail=str(cause))
        own = self.settings
        silent = self._unchanged_s(ref, (marks.started, marks.beats)) > own.silent_s
        if unneeded := leftovers(marks, jobs, silent=silent):
            self._try_cancel(ref, unneeded)
        if owes_a_sign(marks, jobs):
            self._heed(ref, marks)
        else:
            self._forget(f"{ref} unheard", f"{ref} called")
        over = bool(jobs) and all(job.life == "ended" for job in jobs)
        late = over and self._unchanged_s(f"{ref} over", over) >= own.lag_s
        status = judge(marks, jobs, silent=silent, late=late)
        return self._over(ref, marks, status) if status.phase == "ended" else status

    def cancel(self, ref: str) -> None:
        """Ask for the end of the job; where the cluster does not hear it now, `poll` repeats it."""
        run = self._run(ref)
        if not run.path.is_dir():
            return
        try:
            run.ask_to_stop()
        except OSError as cause:
            raise unreachable(f"folder {run.path}: {cause.strerror}") from cause
        self._try_cancel(ref)

    def log(self, ref: str, *, start: int = 0) -> bytes:
        """What the job printed so far (both streams), from byte `start` on, 8 MiB at a time."""
        try:
            return self._run(ref).log(start)
        except OSError as cause:
            raise unreachable(f"log of job {ref}: {cause.strerror}") from cause

    def usage(self, ref: str) -> Usage | None:
        """What the job used, once it has ended; of a lost one what it told of itself last."""
        outcome = self.poll(ref).outcome
        return outcome.usage if outcome else None

    def _taken(self, run: RunFolder, token: str) -> bool:
        """Whether the cluster has the job, or had it."""
        marks = run.marks()
        if not marks.planned:  # written before the cluster is asked, so nobody did yet
            return False
        if marks.started is not None or marks.ended is not None or marks.cancelled:
            return True
        found = accepted(self._queue.named(_name(token), marks.number))
        if found and not marks.number:
            run.taken(found[-1].id)
        return bool(found)

    def _order(self, run: RunFolder, job: Task, *, gres: str) -> None:
        own, limits = self.settings, job.limits
        run.plan(job, beat_s=own.beat_s)
        files = install_keeper(own.folder)
        order = Order(
            name=_name(job.token),
            comment=f"qianhang {job.token}",
            folder=str(run.path),
            script=script(own, run.path, files=files),
            minutes=math.ceil((limits.wall_s + _KEEPER_S) / 60),
            memory_mb=limits.memory_mb + _KEEPER_MB,
            cpus=limits.threads,
            gres=gres,
            nodes=limits.nodes,
        )
        number = self.cluster.submit(order)
        run.taken(number)
        self._queue.taken(ClusterJob(number, order.name, "PENDING"))

    def _gres(self, chips: Mapping[str, float]) -> str:
        """The chips on each node in the cluster's words.

        Raises PoolUnavailable for a flavour that the pool does not have, or a part of a chip.
        """
        found = []
        for flavour, count in chips.items():
            if flavour not in self.settings.gres:
                known = ", ".join(sorted(self.settings.gres)) or "none"
                raise refused(f"pool {self.name} has no {flavour} (it has: {known})")
            if count != int(count):
                raise refused(f"pool {self.name} shares out whole chips, asked for {count:g}")
            found.append(f"{self.settings.gres[flavour]}:{int(count)}")
        return ",".join(found)

    def _chips(
        self, nodes: Sequence[ClusterNode], *, without_used: bool = False
    ) -> dict[str, float]:
        found: dict[str, float] = {}
        for flavour, gres in self.settings.gres.items():
            used = sum(counts(node.gres_used).get(gres, 0) for node in nodes) if without_used else 0
            found[flavour] = sum(counts(node.gres).get(gres, 0) for node in nodes) - used
        return found

    def _try_cancel(self, ref: str, only: Sequence[str] = ()) -> None:
        try:
            self.cluster.cancel(_name(ref), only=only)
        except PoolUnavailable:
            return
        self._queue.forget()

    def _heed(self, ref: str, marks: Marks) -> None:
        """Stop a job of which nothing is heard, though its folder can be written, for a while yet.

        The cluster tells its end then, which it may otherwise know only minutes later. One that has
        not begun is given five times as long, since the node may have much to prepare.
        """
        patience_s = self.settings.silent_s * (1 if marks.started is not None else 5)
        sign, key = (marks.started, marks.beats), f"{ref} called"
        if self._unchanged_s(f"{ref} unheard", sign) <= patience_s:
            self._forget(key)
            return
        run = self._run(ref)
        try:
            if key not in self._signs:
                run.call()
            if self._unchanged_s(key, sign) > self.settings.silent_s / 2:
                run.give_up()
                self._try_cancel(ref)
        except OSError:  # it cannot be heard: nothing follows from its silence
            self._forget(key)

    def _over(self, ref: str, marks: Marks, status: Status | None = None) -> Status:
        """How a job is of which nothing more has to be kept in mind."""
        self._forget(ref, f"{ref} over", f"{ref} unheard", f"{ref} called")
        return status or judge(marks, None, silent=False, late=False)

    def _forget(self, *keys: str) -> None:
        for key in keys:
            self._signs.pop(key, None)

    def _unchanged_s(self, key: str, sign: object) -> float:
        """For how long this process has seen nothing else, by its own clock."""
        kept = self._signs.get(key)
        if kept is None or kept[0] != sign:
            kept = self._signs[key] = (sign, time.monotonic())
        return time.monotonic() - kept[1]

    def _marks(self, token: str) -> Marks:
        try:
            return self._run(token).marks()
        except (OSError, ValueError, KeyError, TypeError, json.JSONDecodeError) as cause:
            raise unreachable(f"folder of job {token}: {cause}") from cause

    def _run(self, token: str) -> RunFolder:
        if "/" in token or token.startswith("."):
            raise ValueError(f"{token!r} is no token")
        return RunFolder(self.settings.folder, token)


class _Queue:
    """The cluster's answers on all our jobs, asked for at most so often, whoever asks.

    A cluster that was slow is left alone for twenty times as long as it took, one that did not
    answer is not asked for everybody again: all get the same answer at once. What it took since it
    was asked last waits there, without a question for each.
    """

    def __init__(self, cluster: Transport, settings: SlurmSettings) -> None:
        self._cluster, self._settings = cluster, settings
        self._lock = threading.Lock()
        self._until = 0.0
        self._jobs: dict[str, list[ClusterJob]] = {}
        self._taken: dict[str, tuple[ClusterJob, float]] = {}
        self._failed: PoolUnavailable | None = None

    def of(self, name: str) -> list[ClusterJob]:
        """Our jobs of this name that wait or run."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._refresh()
            if self._failed is not None:
                raise self._failed
            fresh = self._taken.get(name)
            return self._jobs.get(name) or ([fresh[0]] if fresh else [])

    def taken(self, job: ClusterJob) -> None:
        """The cluster has this job from now on."""
        with self._lock:
            self._taken[job.name] = (job, time.monotonic())

    def named(self, name: str, number: str) -> list[ClusterJob]:
        """Every job of ours with this name of which anything is still known, asked now."""
        found = self._cluster.named(name, known_id=number)
        if not found and self._settings.jobcomp is not None:
            return completed(self._settings.jobcomp, name)
        return found

    def forget(self) -> None:
        """Ask anew next time, since we have changed something."""
        self._until = 0.0

    def _refresh(self) -> None:
        began = time.monotonic()
        found: dict[str, list[ClusterJob]] = {}
        try:
            for job in self._cluster.active():
                found.setdefault(job.name, []).append(job)
            self._failed = None
            self._taken = {n: one for n, one in self._taken.items() if one[1] >= began}
        except PoolUnavailable as cause:
            self._failed = cause
        self._jobs = found
        took = time.monotonic() - began
        share = 1.0 if self._failed else _SHARE
        self._until = time.monotonic() + max(self._settings.fresh_s, share * took)


def _name(token: str) -> str:
    return f"qh-{token}"
