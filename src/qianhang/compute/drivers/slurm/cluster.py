"""What both ways of asking a Slurm cluster share: the questions, and the answers' nouns."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from qianhang.core.errors import PoolUnavailable

__all__ = [
    "ClusterJob",
    "ClusterNode",
    "Life",
    "Order",
    "Transport",
    "counts",
    "deaf",
    "garbled",
    "life_of",
    "refused",
    "unclear",
    "unreachable",
]

Life = Literal["waiting", "running", "ended"]

_LIVES: dict[str, Life] = {
    "PENDING": "waiting",
    "CONFIGURING": "waiting",
    "POWER_UP_NODE": "waiting",
    "REQUEUED": "waiting",
    "REQUEUE_FED": "waiting",
    "REQUEUE_HOLD": "waiting",
    "RESV_DEL_HOLD": "waiting",
    "SPECIAL_EXIT": "waiting",
    "RUNNING": "running",
    "COMPLETING": "running",
    "EXPEDITING": "running",
    "RESIZING": "running",
    "SIGNALING": "running",
    "STAGE_OUT": "running",
    "STOPPED": "running",
    "SUSPENDED": "running",
    "COMPLETED": "ended",
    "FAILED": "ended",
    "BOOT_FAIL": "ended",
    "CANCELLED": "ended",
    "DEADLINE": "ended",
    "LAUNCH_FAILED": "ended",
    "NODE_FAIL": "ended",
    "OUT_OF_MEMORY": "ended",
    "PREEMPTED": "ended",
    "RECONFIG_FAIL": "ended",
    "REVOKED": "ended",
    "TIMEOUT": "ended",
}
_GONE = frozenset(
    {
        *("DOWN", "DRAIN", "DRAINED", "DRAINING", "ERROR", "FAIL", "FAILING", "FUTURE", "INVAL"),
        *("INVALID_REG", "MAINT", "NOT_RESPONDING", "POWERING_DOWN", "POWER_DOWN", "REBOOT"),
        *("REBOOT_ISSUED", "REBOOT_REQUESTED", "UNKNOWN"),
    }
)
# What the cluster's own programs say when they did not get through, rather than being refused.
_DEAF = re.compile(
    r"unable to contact|socket timed out|connect failure|connection refused|zero bytes"
    r"|timed out|communication|authentication|munge|credential|no route|backup controller"
    r"|temporarily unable|unable to establish|address to be resolved|could not resolve"
    r"|shutting down|in standby|unspecified error"
    # The system's own words for a line that broke: what was sent may have been taken all the same.
    r"|connection (?:reset|aborted)|connection abort|broken pipe|not connected|host is (?:down|un)"
    r"|network is |message (?:receive|send)|unexpected message|interrupted system call"
    r"|resource temporarily|bad file descriptor|input/output error|protocol error",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Order:
    """A job as the cluster is asked for it.

    name : the job's name there; comment : for people who look at the queue
    folder : its run folder; script : what runs on the first node
    minutes : of its time limit; memory_mb, cpus, gres, nodes : on each node, and how many
    """

    name: str
    comment: str
    folder: str
    script: str
    minutes: int
    memory_mb: int
    cpus: int
    gres: str = ""
    nodes: int = 1


@dataclass(frozen=True, slots=True)
class ClusterJob:
    """A job as the cluster sees it.

    state : its base state, such as RUNNING; reason : why it waits or why it ended
    wall_s : how long it ran, where the cluster tells; code, signal : how its script ended
    nodes : those that it was given; empty before
    """

    id: str
    name: str
    state: str
    reason: str = ""
    code: int | None = None
    signal: int | None = None
    wall_s: float = 0.0
    nodes: str = ""

    @property
    def life(self) -> Life:
        """Whether it waits, runs or has ended."""
        return life_of(self.state)


@dataclass(frozen=True, slots=True)
class ClusterNode:
    """A node: whether it takes work, CPUs, MiB, and its gres by type, all of them and in use."""

    name: str
    states: frozenset[str]
    cpus: int
    cpus_used: int
    memory_mb: int
    memory_used_mb: int
    gres: str = ""
    gres_used: str = ""

    @property
    def up(self) -> bool:
        """Whether jobs can be placed on it."""
        return not self.states & _GONE


class Transport(Protocol):
    """One way of asking a cluster.

    Every method raises PoolUnavailable within the pool's time limit where no sound answer comes:
    QH540 for none, QH541 for one that cannot be read.
    """

    def submit(self, order: Order) -> str:
        """The job's number.

        Raises PoolUnavailable QH542 where the cluster refuses it; after any other code it is not
        known whether it was taken.
        """
        ...

    def active(self) -> list[ClusterJob]:
        """The jobs of ours that wait or run."""
        ...

    def named(self, name: str, *, known_id: str = "") -> list[ClusterJob]:
        """Every job of ours with this name that the controller or its records know."""
        ...

    def cancel(self, name: str, *, only: Sequence[str] = ()) -> None:
        """Ask for the end of all jobs of ours with this name, or of these numbers only."""
        ...

    def nodes(self) -> list[ClusterNode]:
        """The nodes on which our jobs may run."""
        ...

    def now(self) -> float:
        """The controller's clock, seconds since 1970."""
        ...


def life_of(state: str) -> Life:
    """Whether a job in this state waits, runs or has ended.

    Raises PoolUnavailable for a state that no version of Slurm has.
    """
    try:
        return _LIVES[state]
    except KeyError:
        raise garbled(f"job state {state!r} is not one of Slurm's") from None


def deaf(words: str) -> bool:
    """Whether a failure means that the controller did not hear, so that it decided nothing."""
    return bool(_DEAF.search(words))


def counts(text: str) -> dict[str, int]:
    """Gres name with its type -> how many, from text such as gpu:dcu:8(S:0-1),gpu:a100:2(IDX:0).

    A gres without a type stands under its name alone.
    """
    found: dict[str, int] = {}
    for item in _outside_brackets(text):
        *name, last = item.split(":")
        count = last.removesuffix("K")
        if name and count.isdigit():
            key = ":".join(name)
            found[key] = found.get(key, 0) + int(count) * (1024 if last.endswith("K") else 1)
    return found


def _outside_brackets(text: str) -> list[str]:
    """The items of a list, without what stands in brackets, which may hold commas itself."""
    depth, plain = 0, ""
    for letter in text:
        depth += letter == "("
        if not depth:
            plain += letter
        depth -= letter == ")"
    return [item for item in plain.split(",") if item and item != "null"]


def unreachable(message: str) -> PoolUnavailable:
    """The cluster gave no answer."""
    return PoolUnavailable("QH540", message, hint="what is known of its jobs stays as it was")


def garbled(message: str) -> PoolUnavailable:
    """The cluster answered what nobody can read."""
    return PoolUnavailable("QH541", message, hint="is it a version of Slurm that we do not know?")


def refused(message: str) -> PoolUnavailable:
    """The cluster does not take this job."""
    return PoolUnavailable("QH542", message, hint="change what the job asks for, or the pool")


def unclear(cause: PoolUnavailable) -> PoolUnavailable:
    """Nobody knows whether the cluster took the job."""
    hint = "submit it again under the same token: it will not run twice"
    return PoolUnavailable(
        "QH544", f"not known whether the job was taken: {cause.message}", hint=hint
    )
