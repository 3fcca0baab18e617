"""How a job is, from what its folder and the cluster tell: a pure function of both.

The folder is believed before the cluster: after a crash of its controller the cluster may say that
a finished job waits, or know nothing of one that runs. Nothing is said of a job for which the
question could not be put.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from qianhang.compute.driver import Status
from qianhang.compute.drivers.notes import NO_RECORD, REFUSED
from qianhang.compute.drivers.slurm.cluster import ClusterJob
from qianhang.compute.task import Outcome, Reason, Usage

__all__ = ["Marks", "accepted", "judge", "leftovers"]

_REASONS: dict[str, Reason] = {
    "CANCELLED": "cancelled",
    "DEADLINE": "wall_limit",
    "OUT_OF_MEMORY": "memory_limit",
    "TIMEOUT": "wall_limit",
}
_REFUSED = frozenset({"BadConstraints"})
_DROPPED = frozenset({"NODE_FAIL", "BOOT_FAIL", "LAUNCH_FAILED", "PREEMPTED", "REVOKED"})
# A node that died under a launch: held, or put off by two minutes. We never ask for a later begin.
_NEVER_STARTS = ("launch failed", "launch_failed", "begintime")


@dataclass(frozen=True, slots=True)
class Marks:
    """What a job's folder tells.

    planned : whether it was ever to be submitted; number : the cluster's, once it took it
    started : None before, else the number under which it was, empty where that is not known (yet:
        the mark is made before it is written)
    cancelled : whether we asked for its end; given_up : because it gave no sign of life
    beats, used : signs of life, use up to the last
    ended : the keeper's own record
    """

    planned: bool
    number: str = ""
    started: str | None = None
    cancelled: bool = False
    given_up: bool = False
    beats: int = 0
    used: Usage = field(default_factory=Usage)
    ended: Outcome | None = None

    @property
    def settled(self) -> bool:
        """Whether the folder alone tells how the job ended.

        Not where the keeper was told to stop and not by us: the cluster knows why.
        """
        if self.ended is None:
            return False
        return self.ended.reason != "cancelled" or self.cancelled


def judge(marks: Marks, jobs: Sequence[ClusterJob] | None, *, silent: bool, late: bool) -> Status:
    """How the job is; lost where it was stopped because nothing was heard of it.

    jobs : those of its name that the cluster knows; None where it could not be asked
    silent : whether a started job has given no sign of life for longer than it may
    late : whether its record should be there by now if it ended when the cluster says so
    """
    found = _judge(marks, jobs, silent=silent, late=late)
    if marks.given_up and found.outcome is not None and found.outcome.reason == "cancelled":
        return replace(found, outcome=replace(found.outcome, reason="lost"))
    return found


def _judge(marks: Marks, jobs: Sequence[ClusterJob] | None, *, silent: bool, late: bool) -> Status:
    if not marks.planned:
        return Status("absent")
    if marks.settled:
        return Status("known", "ended", marks.ended)
    if jobs is None:
        return Status("unknown")
    ours = [job for job in jobs if job.code != REFUSED or job.id == marks.started]
    if marks.started is None:
        return _not_started(marks, ours, late=late)
    if marks.started:
        ours = [job for job in ours if job.id == marks.started]
    current = ours[-1] if ours else None
    if marks.ended is not None:
        return _stopped_by_others(marks.ended, current)
    if current is not None and current.life == "ended":
        return _without_record(marks, current) if late else Status("unknown")
    if current is not None and current.life == "running":
        return Status("known", "running")
    # The cluster has forgotten it, or believes after a crash that it still waits.
    return _lost(marks) if silent else Status("known", "running")


def owes_a_sign(marks: Marks, jobs: Sequence[ClusterJob]) -> bool:
    """Whether the cluster believes that it runs, so that signs of life have to come.

    They do not after a node's daemon was killed with all that ran there, and the cluster notices
    when the node registers. Of one that is suspended nobody expects any.
    """
    live = [job for job in jobs if job.life != "ended"]
    running = bool(live) and all(job.state == "RUNNING" for job in live)
    return running and marks.ended is None and not marks.cancelled


def accepted(jobs: Sequence[ClusterJob]) -> list[ClusterJob]:
    """Those of the jobs, none of which was seen to start, that the cluster took and still holds.

    It keeps a record of what it refused, and of what it dropped when it could not start it.
    """
    return [job for job in jobs if not (_refused(job) or _dropped(job) or _cannot_start(job))]


def leftovers(marks: Marks, jobs: Sequence[ClusterJob], *, silent: bool) -> list[str]:
    """Numbers of jobs in the queue that are of no more use: copies, and those whose run is over.

    One that started and waits in an answer of the cluster may just be an old answer: only where it
    has been silent for long too was it put back into the queue. While it is not known which of them
    started, it may be any.
    """
    live = [job for job in jobs if job.life != "ended"]
    if marks.cancelled or marks.ended is not None:
        return [job.id for job in live if job.life == "waiting"]
    if marks.started is not None:
        waiting = [job.id for job in live if job.life == "waiting"]
        return [one for one in waiting if silent or marks.started not in {"", one}]
    return []


def _not_started(marks: Marks, jobs: Sequence[ClusterJob], *, late: bool) -> Status:
    live = [job for job in jobs if job.life != "ended" and not _cannot_start(job)]
    if live:
        best = max(live, key=lambda job: job.life == "running")
        return Status("known", best.life, detail=best.reason)
    if marks.ended is not None:  # stopped by others before it began
        return _stopped_by_others(marks.ended, jobs[-1] if jobs else None)
    if marks.cancelled:
        return Status("known", "ended", Outcome("cancelled"))
    held = accepted(jobs)
    if not late and any(job.life == "ended" and not _refused(job) for job in jobs):
        return Status("unknown")  # the mark of its start may still be on its way
    return _without_record(marks, held[-1]) if held else Status("absent")


def _stopped_by_others(ended: Outcome, job: ClusterJob | None) -> Status:
    """The keeper was told to stop and said so: the cluster's state tells by whom."""
    if job is not None and job.life == "running":
        return Status("known", "running")
    state = "" if job is None or job.life == "waiting" else job.state
    return Status("known", "ended", replace(ended, reason=_REASONS.get(state, "lost")))


def _without_record(marks: Marks, job: ClusterJob) -> Status:
    """The cluster says that it ended, the folder does not say how."""
    used = marks.used if marks.beats else Usage(wall_s=job.wall_s)
    reason = _REASONS.get(job.state, "lost")
    if job.state == "CANCELLED" and _dropped(job) and not marks.cancelled:
        reason = "lost"  # begun, forgotten, begun again by a new controller, refused by its node
    if job.state == "FAILED" and marks.started is None and job.code not in {NO_RECORD, None}:
        reason = "failed"  # such as a node without Python; the log tells
    return Status("known", "ended", Outcome(reason, job.code, job.signal, used), job.reason)


def _lost(marks: Marks) -> Status:
    return Status("known", "ended", Outcome("lost", usage=marks.used))


def _cannot_start(job: ClusterJob) -> bool:
    """Whether it waits for a hand, or long, after a launch that failed: another one goes first."""
    return job.life == "waiting" and any(word in job.reason.lower() for word in _NEVER_STARTS)


def _refused(job: ClusterJob) -> bool:
    return job.state == "FAILED" and job.reason in _REFUSED


def _dropped(job: ClusterJob) -> bool:
    """Whether the cluster gave a job up that had not started.

    After a crash its numbers begin anew, and a node that still runs another job of the same number
    refuses this one, which is then cancelled by nobody.
    """
    if job.state == "CANCELLED":  # by a hand its script would have got a signal
        return bool(job.nodes) and not job.code and job.signal is None
    killed = job.state == "FAILED" and job.signal is not None
    return killed or job.state in _DROPPED
