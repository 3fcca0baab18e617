"""What every pool offers: take a job once, find it again, tell how it is, stop it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal, Protocol

from qianhang.compute.task import Outcome, Task, Usage
from qianhang.core.errors import PoolUnavailable

__all__ = ["Driver", "Probe", "Status", "follow"]

_LONGEST_S = 0.5


@dataclass(frozen=True, slots=True)
class Probe:
    """What a pool has and what is free now: threads, MiB of memory, chips by flavour's id.

    All of it on nodes that are up.
    nodes, nodes_up : machines in all, and those that take work; 0 where the pool has no nodes
    clock_s : the pool's clock minus ours, to about a second; None where it does not tell
    """

    up: bool
    threads: int
    threads_free: int
    memory_mb: int
    detail: str = ""
    chips: Mapping[str, float] = field(default_factory=dict)
    chips_free: Mapping[str, float] = field(default_factory=dict)
    memory_free_mb: int = 0
    nodes: int = 0
    nodes_up: int = 0
    clock_s: float | None = None


@dataclass(frozen=True, slots=True)
class Status:
    """How a job is, as far as the pool can tell.

    knowledge : known; unknown where the pool could not be asked, which is never a failure of the
        job; absent where the pool was asked and has no such job
    phase : waiting for threads, running, ended; empty unless known
    detail : the pool's own words on it, such as why the job waits
    """

    knowledge: Literal["known", "unknown", "absent"]
    phase: Literal["", "waiting", "running", "ended"] = ""
    outcome: Outcome | None = None
    detail: str = ""


class Driver(Protocol):
    """A place where jobs run; a reference is its own name for a job, valid in every process."""

    @property
    def name(self) -> str:
        """The name that `--pool` takes."""
        ...

    def probe(self) -> Probe:
        """What the pool has and what is free."""
        ...

    def submit(self, job: Task) -> str:
        """The job's reference; the same token gives the same one, and never a second run.

        Raises PoolUnavailable where the pool cannot take the job.
        """
        ...

    def find(self, token: str) -> str | None:
        """The reference of the job with this token; None where the pool was asked and has none.

        Raises PoolUnavailable where the pool could not be asked.
        """
        ...

    def poll(self, ref: str) -> Status:
        """How the job is."""
        ...

    def cancel(self, ref: str) -> None:
        """Ask for the job to be stopped, with everything it started; poll tells when it is.

        Raises PoolUnavailable where the pool could not be asked.
        """
        ...

    def log(self, ref: str, *, start: int = 0) -> bytes:
        """What the job printed so far (both streams), from byte `start` on.

        Raises PoolUnavailable where the pool could not be asked.
        """
        ...

    def usage(self, ref: str) -> Usage | None:
        """What the job used, once it has ended."""
        ...


def follow(
    pool: Driver,
    ref: str,
    *,
    on_log: Callable[[str], None] | None = None,
    every_s: float = 0.05,
) -> Outcome:
    """How the job ended, once it has; its log is handed to `on_log` as it grows.

    Ctrl-C stops the job, waits until it is gone, and goes on as KeyboardInterrupt.
    Raises PoolUnavailable where the pool no longer knows the job.
    """
    reader = _LogReader(pool, ref, on_log)
    try:
        return _ended(pool, ref, reader=reader, every_s=every_s)
    except KeyboardInterrupt:
        pool.cancel(ref)
        _ended(pool, ref, reader=reader, every_s=every_s)
        raise


class _LogReader:
    def __init__(self, pool: Driver, ref: str, to: Callable[[str], None] | None) -> None:
        self.pool, self.ref, self.to = pool, ref, to
        self.start = 0
        self.rest = b""

    def read(self, *, last: bool = False) -> bool:
        if self.to is None:
            return False
        fresh = self.pool.log(self.ref, start=self.start)
        self.start += len(fresh)
        whole, newline, self.rest = (self.rest + fresh).rpartition(b"\n")
        text = whole + newline + (self.rest if last else b"")
        if text:
            self.to(text.decode("utf-8", "replace"))
        return bool(fresh)


def _ended(pool: Driver, ref: str, *, reader: _LogReader, every_s: float) -> Outcome:
    pause = every_s
    while True:
        status = pool.poll(ref)
        if status.outcome is not None:
            reader.read(last=True)
            return status.outcome
        if status.knowledge == "absent":
            raise PoolUnavailable("QH503", f"pool {pool.name} does not know job {ref}")
        pause = every_s if reader.read() else min(pause * 1.2, max(_LONGEST_S, every_s))
        time.sleep(pause)
