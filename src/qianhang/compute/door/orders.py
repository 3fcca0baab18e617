"""What an engine is told to run for an attempt: a task under its token, its folder, its limits."""

from __future__ import annotations

from pathlib import Path

from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.jobs import Kept
from qianhang.compute.task import Limits, Task

__all__ = ["CPU", "folder_of", "task"]

_SHELL = "/bin/bash"
_THERE = 'mkdir -p "$QIANHANG_FOLDER" && cd "$QIANHANG_FOLDER" || exit 1\n'
CPU = "cpu-core"


def folder_of(root: Path, job: str) -> Path:
    """Where a job works and leaves its results, the same for each attempt on a pool."""
    return root / "jobs" / job


def task(kept: Kept, attempt: Attempt, *, root: Path, driver: str) -> Task:
    """The task of an attempt; its script sees the token, the job, its chips and its folder.

    root : folder that the pool's machines see
    driver : kind of the pool; one machine runs the whole of a job, but on Slurm each replica is one
        machine's
    """
    place, work = attempt.placement, kept.work
    nodes = place.replicas if driver == "slurm" else 1
    each = place.chips * place.replicas / nodes
    cpu = place.flavour == CPU
    where = folder_of(root, attempt.job)
    env = {
        **work.env,
        "QIANHANG_JOB": attempt.job,
        "QIANHANG_TOKEN": attempt.token,
        "QIANHANG_POOL": attempt.pool,
        "QIANHANG_FLAVOUR": place.flavour,
        "QIANHANG_CHIPS": f"{place.chips * place.replicas:g}",
        "QIANHANG_FOLDER": str(where),
    }
    threads = max(1, round(each)) if cpu else work.threads
    limits = Limits(
        cpu_s=work.wall_s * threads, memory_mb=work.memory_mb, wall_s=work.wall_s,
        threads=threads, log_mb=work.log_mb, nodes=nodes,
    )  # fmt: skip
    seen = driver != "kubernetes"  # its claim is mounted in the cluster only
    script = work.script if seen else _THERE + work.script
    chips = {} if cpu else {place.flavour: each}
    argv = (_SHELL, "-c", script)
    return Task(attempt.token, argv, where if seen else root, env, limits, chips, own=work.own)
