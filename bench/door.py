"""The door itself: what a job costs it in CPU, from its admission until its end is written down.

python bench/door.py [JOBS]

Jobs that do nothing, once over an engine that answers at once (all the CPU is the door's) and once
over real processes of this machine (the keepers' CPU is not counted). SQLite on this disk.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from qianhang.compute import Outcome, Probe, Status, Task, Usage
from qianhang.compute.door import engines, jobs, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Pool, Stock
from qianhang.compute.schema import PART
from qianhang.store import Settings, Store
from timing import table

HEAD = ("引擎 engine", "作业 jobs", "受理 admitting ms a job", "调度 placing and watching ms a job",
        "合计 together", "作业每秒 jobs a second")  # fmt: skip


class Instant:
    """An engine on which everything has ended as soon as it is asked."""

    name = "instant"

    def probe(self) -> Probe:
        return Probe(True, 64, 64, 1024)

    def submit(self, job: Task) -> str:
        return job.token

    def find(self, token: str) -> str | None:
        return token

    def poll(self, _: str) -> Status:
        return Status("known", "ended", Outcome("finished", 0, usage=Usage(wall_s=0.1)))

    def cancel(self, ref: str) -> None:
        pass

    def log(self, _: str, *, start: int = 0) -> bytes:
        return b"ok\n"[start:]

    def usage(self, _: str) -> Usage | None:
        return None


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@contextmanager
def door(chips: int) -> Iterator[tuple[Store, Supervisor]]:
    """A door before two pools of so many chips each."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        names = ("p1", "p2")
        pools = tuple(Pool(one, "op", (Stock("cpu-core", 1, chips, 10),)) for one in names)
        settings = {
            one: {"folder": str(home / one), "threads": chips, "user": "service"} for one in names
        }
        with Store.open(Settings(home=home), parts=(PART,)) as store:
            plant.add(store, Network(pools, engines=settings), by="bench", at=datetime.now(UTC))
            yield store, Supervisor(store, home)


def row(engine: str, count: int, *, chips: int) -> tuple[str, ...]:
    """What so many jobs cost; one transaction for each, as organisations send them."""
    with door(chips) as (store, supervisor):
        began = cpu_s()
        for _ in range(count):
            job = Job(jobs.new_id(), "city", Want(1), submitted=0.0, estimate_s=60)
            with store.write() as tx:
                jobs.admit(tx, jobs.Asked(job, jobs.Work("true")), at=datetime.now(UTC))
        admitted, wall = cpu_s(), time.monotonic()
        while jobs.listed(store, states=jobs.OPEN, limit=1):
            supervisor.tick(datetime.now(UTC))
            if engine == "local":
                time.sleep(0.05)
        ended, wall = cpu_s(), time.monotonic() - wall
    each = [1e3 * s / count for s in (admitted - began, ended - admitted, ended - began)]
    return engine, f"{count:,}", *(f"{ms:.2f}" for ms in each), f"{count / wall:.1f}"


def main(count: int = 1000) -> None:
    """Print the table."""
    rows = [row("local", min(count, 200), chips=4)]
    engines.driver_of = lambda *_, **__: Instant()  # type: ignore[assignment]  # no engine at all
    rows.append(row("instant", count, chips=64))
    print(table(HEAD, rows))


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:]))
