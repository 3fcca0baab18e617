"""What an engine is told to run for an attempt: a task under its token, its folder, its limits."""

from __future__ import annotations

from pathlib import Path

from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.task import Limits, Task

__all__ = ["folder_of", "task"]

_SHELL = "/bin/bash"
CPU = "cpu-core"


def folder_of(root: Path, job: str) -> Path:
    """Where a job works and leaves its results, the same for each attempt on a pool."""
    return root / "jobs" / job


def task(kept: Kept, attempt: Attempt, root: Path) -> Task:
    """The task of an attempt; its script sees the token, the job, its chips and its folder.

    root : folder that the pool's machines see
    """
    place, work = attempt.placement, kept.work
    chips = 0 if place.flavour == CPU else round(place.chips * place.replicas)
    threads = work.threads if chips else max(1, round(place.chips * place.replicas))
    env = {
        **work.env,
        "QIANHANG_JOB": attempt.job,
        "QIANHANG_TOKEN": attempt.token,
        "QIANHANG_POOL": attempt.pool,
        "QIANHANG_FLAVOUR": place.flavour,
        "QIANHANG_CHIPS": f"{place.chips * place.replicas:g}",
    }
    limits = Limits(
        cpu_s=work.wall_s * threads, memory_mb=work.memory_mb, wall_s=work.wall_s,
        threads=threads, log_mb=work.log_mb, chips=chips, flavour=place.flavour if chips else "",
        nodes=place.replicas if chips else 1,
    )  # fmt: skip
    where = folder_of(root, attempt.job)
    return Task(attempt.token, (_SHELL, "-c", work.script), where, env, limits)
