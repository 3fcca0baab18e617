"""The door for some minutes over two real Slurm clusters: jobs a second, and what each costs it.

python bench/sustained.py [SECONDS] [RATE]

So many jobs a second are admitted, whether or not the earlier ones have ended; each does nothing.
Everything ends in the ledger. CPU, all that the machine spends: the door's own process (admitting
apart), the commands that it starts, Slurm's daemons, and what runs for each job on a node: Slurm's
step, the keeper, the job. As root on Linux, with Slurm installed.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from qianhang.compute.door import attempts, jobs, plant
from qianhang.compute.door.moments import seconds as moment_s
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.drivers.kernel import CHILD_SUBREAPER, prctl
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.manifest import Words
from qianhang.runs import open_store
from qianhang.runs.door import looks
from qianhang.store import Settings, Store
from qianhang.testing.reckoning import publish, reckon
from qianhang.testing.slurm_bed import SlurmBed, missing, slurm_bed
from timing import table

HEAD = ("秒 s", "受理 admitted", "期内结束 ended in time", "作业每秒 jobs a second",
        "受理 admitting, CPU ms a job", "调度、看管、计费 placing, watching, charging",
        "命令 commands", "门合计 the door together", "Slurm 的守护进程 Slurm's daemons",
        "节点上：步骤、看护、作业 on the node: step, keeper, job", "全部 all",
        "账目 ledger")  # fmt: skip
KEEPS_S = 300  # Slurm's own default
LOOK_S = 0.5  # as a service does
DAEMONS = ("slurmctld", "slurmd", "munged")


@dataclass(slots=True)
class Spent:
    """CPU s, by what it was spent on."""

    admitting: float = 0.0
    own: float = 0.0
    commands: float = 0.0
    daemons: float = 0.0
    steps: float = 0.0


class Orphans:
    """What Slurm's daemons start and let go of: ours to collect, with what it and its own used."""

    def __init__(self) -> None:
        prctl(CHILD_SUBREAPER, 1)
        self.used = self.effort = 0.0

    def collect(self) -> None:
        """Take those that have ended."""
        began = cpu_s()
        for pid in children():
            name, fields = stat(pid)
            if name in ("slurmstepd", "slurmd") and fields[0] == "Z":
                used = os.wait4(pid, 0)[2]
                self.used += used.ru_utime + used.ru_stime
        self.effort += cpu_s() - began

    def daemons(self) -> float:
        """CPU s of the daemons themselves up to now."""
        rows = [stat(pid) for pid in children()]
        ticks = sum(int(f[11]) + int(f[12]) for name, f in rows if name in DAEMONS)
        return ticks / os.sysconf("SC_CLK_TCK")


def children() -> list[int]:
    tasks = Path("/proc/self/task").iterdir()
    return [int(pid) for task in tasks for pid in (task / "children").read_text().split()]


def stat(pid: int) -> tuple[str, list[str]]:
    """A process's name, and the fields of its /proc/PID/stat behind it."""
    head, _, rest = Path(f"/proc/{pid}/stat").read_text().rpartition(")")
    return head.partition("(")[2], rest.split()


def cpu_s(who: int = resource.RUSAGE_SELF) -> float:
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def network(beds: list[SlurmBed]) -> Network:
    pools = tuple(
        Pool(f"slurm-{n}", "op", (Stock("cpu-core", 2, 8, 100),), driver="slurm")
        for n, _ in enumerate(beds)
    )
    engines = {
        f"slurm-{n}": {"folder": str(bed.shared), "conf": str(bed.conf),
                       "python": sys.executable, "programs": "/usr/bin"}
        for n, bed in enumerate(beds)
    }  # fmt: skip
    return Network(pools, (Operator("op", Words("甲", "A")),), engines=engines)


def admit(store: Store, count: int) -> None:
    """So many jobs more, a transaction each."""
    for _ in range(count):
        job = Job(jobs.new_id(), "city", Want(1), submitted=0.0, estimate_s=1.0)
        with store.write() as tx:
            work = jobs.Work("true", memory_mb=64, wall_s=120.0)
            jobs.admit(tx, jobs.Asked(job, work), at=datetime.now(UTC))


def drive(
    store: Store, home: Path, orphans: Orphans, *, seconds: float, rate: float
) -> tuple[int, Spent]:
    """How many were admitted, and the CPU spent until all had ended and were charged."""
    look = looks(Supervisor(store, home), store)
    spent, asked, began = Spent(), 0, time.monotonic()
    first, commands, daemons = cpu_s(), cpu_s(resource.RUSAGE_CHILDREN), orphans.daemons()
    while True:
        gone = time.monotonic() - began
        due = int(min(gone, seconds) * rate)
        mark = cpu_s()
        admit(store, due - asked)
        asked, spent.admitting = due, spent.admitting + cpu_s() - mark
        look(datetime.now(UTC))
        orphans.collect()
        left = gone < seconds or jobs.listed(store, states=jobs.OPEN, limit=1)
        if not left and not attempts.unmetered(store):
            break
        time.sleep(max(0.0, LOOK_S - (time.monotonic() - began - gone)))
    spent.own = cpu_s() - first - spent.admitting - orphans.effort
    spent.steps, spent.daemons = orphans.used, orphans.daemons() - daemons
    spent.commands = cpu_s(resource.RUSAGE_CHILDREN) - commands - spent.steps
    return asked, spent


def row(seconds: float, rate: float) -> tuple[str, ...]:
    """One line of the table."""
    orphans = Orphans()
    with (
        slurm_bed(name="alpha", keeps_jobs_s=KEEPS_S) as one,
        slurm_bed(name="beta", keeps_jobs_s=KEEPS_S) as two,
        tempfile.TemporaryDirectory() as folder,
        open_store(Settings(home=Path(folder))) as store,
    ):
        plant.add(store, network([one, two]), by="bench", at=datetime.now(UTC))
        publish(store, "op", "cpu-core")
        began = time.time()
        asked, spent = drive(store, Path(folder), orphans, seconds=seconds, rate=rate)
        ends = [moment_s(a.ended) - began for a in attempts.listed(store) if a.state == "ended"]
        bill = reckon(store, "city", "op")
    in_time = sum(end <= seconds for end in ends)
    door = [1e3 * s / asked for s in (spent.admitting, spent.own, spent.commands)]
    rest = [1e3 * s / asked for s in (spent.daemons, spent.steps)]
    return (
        f"{seconds:,.0f}", f"{asked:,}", f"{in_time:,}", f"{in_time / seconds:.1f}",
        *(f"{ms:.1f}" for ms in (*door, sum(door), *rest, sum(door) + sum(rest))),
        "exact" if bill.exact else str(bill),
    )  # fmt: skip


def main(seconds: float = 60.0, rate: float = 12.5) -> None:
    """Print the table."""
    print(table(HEAD, [row(seconds, rate)]))


if __name__ == "__main__":
    if lacks := missing():
        print(f"left out: a Slurm cluster needs {', '.join(lacks)}")
    else:
        main(*(float(word) for word in sys.argv[1:]))
