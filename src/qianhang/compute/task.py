"""A job: a command with limits, and how it ended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

from qianhang.core.errors import JobFailed

__all__ = ["Limits", "Outcome", "Reason", "Task", "Usage", "thread_env"]

Reason = Literal[
    "finished",
    "failed",
    "memory_limit",
    "cpu_limit",
    "wall_limit",
    "process_limit",
    "cancelled",
    "parent_died",
    "lost",
]

_TOKEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_CODES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "failed": ("QH510", "the job failed"),
        "memory_limit": ("QH511", "the job passed its memory limit"),
        "cpu_limit": ("QH512", "the job passed its CPU limit"),
        "wall_limit": ("QH513", "the job passed its time limit"),
        "process_limit": ("QH514", "the job started more processes than allowed"),
        "cancelled": ("QH515", "the job was cancelled"),
        "parent_died": ("QH516", "the process that asked for the job died"),
        "lost": ("QH517", "the job was killed together with its keeper"),
    }
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may use; its whole tree of processes counts.

    cpu_s, wall_s : seconds of CPU, and from its start
    memory_mb, file_mb, log_mb : MiB of memory, of any one file it writes, of its kept log
    threads : threads that it may run, booked with the pool
    processes : processes alive at once
    nodes : machines at once; the other limits hold on the first of them, threads, memory and chips
        are booked on each
    """

    cpu_s: float = 3600.0
    memory_mb: int = 4096
    wall_s: float = 5400.0
    threads: int = 1
    file_mb: int = 1024
    log_mb: int = 16
    processes: int = 64
    nodes: int = 1

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) > 0:
                raise ValueError(f"limit {name} must be above zero")


@dataclass(frozen=True, slots=True)
class Task:
    """One command to run once.

    token : the caller's name for it, unique in the pool; the same token is never run twice
    argv : the command and its arguments, the command as an absolute path
    workdir : the folder it runs in
    env : variables beside the few that every job gets
    chips : flavour's id -> how many of it the job needs
    own : a program of the platform's own, which may run as the service's user
    """

    token: str
    argv: tuple[str, ...]
    workdir: Path
    env: Mapping[str, str] = field(default_factory=dict)
    limits: Limits = Limits()
    chips: Mapping[str, float] = field(default_factory=dict)
    own: bool = False

    def __post_init__(self) -> None:
        if not _TOKEN.fullmatch(self.token):
            raise ValueError(f"token {self.token!r}: 1 to 80 of A-Z a-z 0-9 . _ - are allowed")
        if not self.argv:
            raise ValueError("a job needs a command")
        if any(not count > 0 for count in self.chips.values()):
            raise ValueError("chips: each count must be above zero")


@dataclass(frozen=True, slots=True)
class Usage:
    """What a job used, its whole tree of processes together.

    wall_s, cpu_s : s; peak_mb : MiB resident at most; processes : most alive at once
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    processes: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job ended: the reason, its exit code or signal, what it used."""

    reason: Reason
    code: int | None = None
    signal: int | None = None
    usage: Usage = Usage()

    @property
    def ok(self) -> bool:
        """Whether the job ran to its end with exit code 0."""
        return self.reason == "finished"

    def raise_for_failure(self, log: str = "") -> None:
        """Nothing where the job finished.

        log : what it printed; its last line goes into the message
        Raises JobFailed, its code telling the reasons apart.
        """
        if self.ok:
            return
        code, said = _CODES[self.reason]
        if self.signal is not None and self.reason == "failed":
            said += f": killed by signal {self.signal}"
        elif self.reason == "failed":
            said += f": exit code {self.code}"
        used = f"after {self.usage.wall_s:.1f} s, {self.usage.peak_mb:.0f} MiB at most"
        last = next((line.strip() for line in reversed(log.splitlines()) if line.strip()), "")
        tail = f"; its last line: {last[:200]}" if last else ""
        raise JobFailed(code, f"{said} {used}{tail}", hint="the job's log is kept with the run")


def thread_env(threads: int) -> dict[str, str]:
    """The variables that hold numerical libraries to `threads`, sleeping while they wait.

    Two spinning threads on a busy machine turned a 5.9 s fit into 185 s.
    """
    count = str(threads)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {**dict.fromkeys(names, count), "OMP_WAIT_POLICY": "PASSIVE"}
