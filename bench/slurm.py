"""A Slurm pool of this machine, once by its commands and once by slurmrestd: what a job costs us.

python bench/slurm.py [JOBS]

Submission: wall milliseconds of one, the median. CPU of the driver for a job, from its submission
until its end is known, every open job asked about ten times a second: the process itself, and the
commands that it starts. The cluster's own CPU is not counted. As root, with Slurm installed.
"""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from qianhang.compute import Limits, Task
from qianhang.compute.drivers.slurm import SlurmDriver, SlurmSettings
from qianhang.testing.slurm_bed import SlurmBed, missing, slurm_bed
from timing import table

HEAD = ("问法 asked by", "提交 submit ms, median", "p95", "驱动 own CPU ms a job",
        "命令 commands' CPU ms a job", "作业每秒 jobs ended a second")  # fmt: skip
_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Cost:
    """What some jobs cost: wall ms of each submission, CPU ms a job, jobs a second."""

    submit_ms: Sequence[float]
    own_ms: float
    commands_ms: float
    ended_per_s: float


def cpu_s(who: int) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def cost(pool: SlurmDriver, count: int) -> Cost:
    """The cost of jobs that do nothing."""
    own, commands = cpu_s(resource.RUSAGE_SELF), cpu_s(resource.RUSAGE_CHILDREN)
    began, took = time.monotonic(), []
    tokens = [f"{pool.name}-{number}" for number in range(count)]
    for token in tokens:
        start = time.monotonic()
        pool.submit(Task(token, ("/bin/true",), Path("/tmp"), limits=Limits(memory_mb=128)))
        took.append(1e3 * (time.monotonic() - start))
    waiting = set(tokens)
    while waiting:
        ended = {token for token in waiting if pool.poll(token).outcome is not None}
        if failed := [token for token in ended if not pool.poll(token).outcome.ok]:
            raise RuntimeError(f"did not finish: {failed}")
        waiting -= ended
        time.sleep(_EVERY_S)
    wall = time.monotonic() - began
    return Cost(
        took,
        1e3 * (cpu_s(resource.RUSAGE_SELF) - own) / count,
        1e3 * (cpu_s(resource.RUSAGE_CHILDREN) - commands) / count,
        count / wall,
    )


def pools(bed: SlurmBed) -> dict[str, SlurmDriver]:
    return {
        "sbatch, squeue": SlurmDriver(
            SlurmSettings(bed.shared, conf=bed.conf, python=sys.executable, name="commands")
        ),
        "slurmrestd v0.0.38": SlurmDriver(
            SlurmSettings(bed.shared, url=bed.url, token_file=bed.token_file, user="root",
                          python=sys.executable, name="rest")
        ),
    }  # fmt: skip


def main(count: int) -> None:
    rows = []
    with slurm_bed(rest=True) as bed:
        for name, pool in pools(bed).items():
            cost(pool_named(pool, "warm"), 2)
            found = cost(pool, count)
            p95 = statistics.quantiles(found.submit_ms, n=20)[-1]
            rows.append((name, f"{statistics.median(found.submit_ms):.1f}", f"{p95:.1f}",
                         f"{found.own_ms:.1f}", f"{found.commands_ms:.1f}",
                         f"{found.ended_per_s:.1f}"))  # fmt: skip
    print(table(HEAD, rows))


def pool_named(pool: SlurmDriver, name: str) -> SlurmDriver:
    from dataclasses import replace

    return SlurmDriver(replace(pool.settings, name=f"{pool.name}-{name}"))


if __name__ == "__main__":
    if lacks := missing(rest=True):
        print(f"left out: a Slurm cluster needs {', '.join(lacks)}")
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
