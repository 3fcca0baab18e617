"""The door under fire: real Slurm clusters and this machine, their daemons and ours killed at work.

python -m qianhang.testing.chaos JOBS DOOR SLURMCTLD SLURMD

JOBS jobs over two clusters of two nodes and a local pool; so many times kill -9 of the supervisor's
process, of a controller, of a node's daemon with all that runs there; each is started again. What
ran has its price, and the ledger is held against a count of its own. Needs root and Slurm.
"""

from __future__ import annotations

import contextlib
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa

from qianhang.billing import schema as billing
from qianhang.billing.vouchers import tables
from qianhang.compute import schema
from qianhang.compute.door import attempts, jobs, plant
from qianhang.compute.door.attempts import Attempt
from qianhang.compute.door.journal import told
from qianhang.compute.door.moments import seconds, stamp
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.compute.simulate.journal import Likeness, again
from qianhang.core.manifest import Words
from qianhang.store import Settings, Store
from qianhang.testing.reckoning import Reckoning, publish, reckon
from qianhang.testing.slurm_bed import SlurmBed, slurm_bed

__all__ = ["Plan", "Report", "chaos"]

_SCRIPT = 'echo "$QIANHANG_TOKEN" >> runs.txt; sleep {s}; echo "$QIANHANG_TOKEN" >> done.txt'
_LOOK_S, _SOME_S = 0.1, 3.0
_PARTS = (billing.PART, tables.PART, schema.PART)
_AT_ONCE = 500
# A message each second, so that a job that its node lost is known to be lost within five.
_QUICK = {"beat_s": 1.0, "silent_s": 6.0, "lag_s": 2.0, "timeout_s": 5.0}


@dataclass(frozen=True, slots=True)
class Plan:
    """How many jobs of how many seconds, and how often which process is killed."""

    jobs: int = 60
    job_s: float = 0.3
    door: int = 3
    slurmctld: int = 1
    slurmd: int = 1
    seed: int = 0
    limit_s: float = 600.0


@dataclass(frozen=True, slots=True)
class Settled:
    """A kill, and s until every attempt that lived then was settled; empty `last` for none.

    last : the token of the attempt that took longest, its pool, and how it ended
    """

    what: str
    after_s: float
    took_s: float
    last: str = ""


@dataclass(frozen=True, slots=True)
class Report:
    """What was left. Times in seconds.

    states : how the jobs ended; pools : where the good ends were
    failed : reason, code and signal of the ends that were not good
    open : jobs that had not ended when the time was over
    twice : tokens that ran twice; committed_twice : jobs with two good ends
    unproven : finished jobs whose work left no trace, or that another attempt than theirs did
    again : attempts beyond the first of their jobs
    reconciled_s : longest from a kill until an attempt that lived then was settled; `reconciled`
        has it by what was killed, `each` for every kill, with the attempt that took longest
    replayed : the doors' decisions made again from their journals
    rest_s : from the last kill until all that was still to do had ended and was charged
    """

    states: dict[str, int]
    pools: dict[str, int]
    failed: dict[str, int]
    open: int
    twice: int
    committed_twice: int
    unproven: int
    again: int
    kills: dict[str, int]
    bill: Reckoning
    sound_log: bool
    wall_s: float
    rest_s: float
    reconciled_s: float
    reconciled: dict[str, float]
    replayed: Likeness
    each: tuple[Settled, ...]

    @property
    def ok(self) -> bool:
        """Whether all came to its own end, nothing run, committed or charged but once."""
        wrong = (self.open, self.twice, self.committed_twice, self.unproven,
                 set(self.states) - {"finished"})  # fmt: skip
        sound = self.sound_log and self.bill.exact and self.replayed.alike
        return sound and not any(wrong)


@dataclass(frozen=True, slots=True)
class _Kill:
    what: str
    at: float
    moment: str


class _Door:
    """The supervisor's process, killed and started again."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.child = self._start()

    def kill(self) -> None:
        """Kill it without a word, and start another."""
        self.child.kill()
        self.child.wait()
        self.child = self._start()

    def stop(self) -> None:
        """End it."""
        self.child.kill()
        self.child.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "qianhang", "compute", "supervise", "--every", "0.2"]
        env = {**os.environ, "QIANHANG_HOME": str(self.home), "OMP_NUM_THREADS": "1"}
        env.pop("QIANHANG_DATABASE_URL", None)
        with (self.home / "door.log").open("ab") as log:
            return subprocess.Popen(command, env=env, stdout=log, stderr=log)  # noqa: S603  # ours


def chaos(folder: Path, plan: Plan) -> Report:
    """What is left of the plan's jobs, the store and the local pool lying in `folder`."""
    with (
        slurm_bed(name="alpha", slurmd_timeout_s=5) as one,
        slurm_bed(name="beta", slurmd_timeout_s=5) as two,
        Store.open(Settings(home=folder), parts=_PARTS) as store,
    ):
        beds = [one, two]
        plant.add(store, _network(folder, beds), by="chaos", at=datetime.now(UTC))
        publish(store, "op", "cpu-core")
        _submit(store, plan)
        door = _Door(folder)
        try:
            began = time.monotonic()
            kills = _rage(store, plan, beds, door=door)
            over = time.monotonic()
        finally:
            door.stop()
        roots = [folder / "local", *(bed.shared for bed in beds)]
        return _report(store, roots, kills=kills, times=(began, over))


def _network(folder: Path, beds: Sequence[SlurmBed]) -> Network:
    slurm = tuple(
        Pool(f"slurm-{n}", "op", (Stock("cpu-core", 2, 8, 100),), driver="slurm")
        for n, _ in enumerate(beds)
    )
    local = Pool("local", "op", (Stock("cpu-core", 1, 4, 100),))
    engines = {
        f"slurm-{n}": {"folder": str(bed.shared), "conf": str(bed.conf),
                       "python": sys.executable, "programs": "/usr/bin", **_QUICK}
        for n, bed in enumerate(beds)
    }  # fmt: skip
    engines["local"] = {"folder": str(folder / "local"), "threads": 4, "user": "service"}
    return Network((*slurm, local), (Operator("op", Words("甲", "A")),), engines=engines)


def _submit(store: Store, plan: Plan) -> None:
    work = jobs.Work(_SCRIPT.format(s=plan.job_s), memory_mb=64, wall_s=120.0)
    for start in range(0, plan.jobs, _AT_ONCE):
        with store.write() as tx:
            for number in range(start, min(start + _AT_ONCE, plan.jobs)):
                job = Job(jobs.new_id(), "city", Want(1), submitted=0.0, estimate_s=2.0,
                          key=str(number), preemptible=True)  # fmt: skip
                jobs.admit(tx, jobs.Asked(job, work), at=datetime.now(UTC))


def _rage(store: Store, plan: Plan, beds: Sequence[SlurmBed], *, door: _Door) -> list[_Kill]:
    """Kill what is to be killed as the work goes on, and wait until all is over."""
    chance = random.Random(plan.seed)  # noqa: S311  # a plan to be repeated, no secret
    what = ["door"] * plan.door + ["slurmctld"] * plan.slurmctld + ["slurmd"] * plan.slurmd
    chance.shuffle(what)
    marks = [plan.jobs * (n + 1) // (len(what) + 2) for n in range(len(what))]
    done: list[_Kill] = []
    began = looked = time.monotonic()
    while time.monotonic() - began < plan.limit_s:
        if done and time.monotonic() - looked > _SOME_S:
            for bed in beds:
                _resume(bed)
            looked = time.monotonic()
        ended = plan.jobs - _open(store)
        if what and ended >= marks[len(marks) - len(what)]:
            one = what.pop()
            # Ends are written down all at once: right behind, nothing would be running.
            time.sleep(chance.uniform(0.0, _SOME_S))
            done.append(_Kill(one, time.monotonic(), stamp(datetime.now(UTC))))
            _kill(one, chance.choice(beds), door=door, chance=chance)
        elif ended == plan.jobs and not attempts.unmetered(store):
            break
        time.sleep(_LOOK_S)
    return done


def _kill(what: str, bed: SlurmBed, *, door: _Door, chance: random.Random) -> None:
    if what == "door":
        door.kill()
        return
    part = "slurmctld" if what == "slurmctld" else chance.choice(bed.nodes)
    bed.kill(part)
    time.sleep(chance.uniform(0.0, 1.0))
    bed.start(part)


def _resume(bed: SlurmBed) -> None:
    """What a person does who looks after the cluster: nodes that it gave up work again."""
    for node in _drained(bed):
        with contextlib.suppress(subprocess.SubprocessError):  # it may just be coming up
            bed.run("scontrol", "update", f"nodename={node}", "state=resume")


def _drained(bed: SlurmBed) -> list[str]:
    """Nodes that Slurm gave up, as it does where it starts a job a second time: a person looks."""
    with contextlib.suppress(subprocess.SubprocessError):
        rows = bed.run("sinfo", "-h", "-N", "-o", "%N %T").splitlines()
        return [row.split()[0] for row in rows if "drain" in row]
    return []


def _open(store: Store) -> int:
    query = sa.select(sa.func.count()).where(schema.job.c.state.in_(jobs.OPEN))
    with store.read() as connection:
        return int(connection.execute(query).scalar_one())


def _report(
    store: Store, roots: Sequence[Path], *, kills: Sequence[_Kill], times: tuple[float, float]
) -> Report:
    ran = Counter(_lines(roots, "runs.txt"))
    done = set(_lines(roots, "done.txt"))
    made = attempts.listed(store)
    good = [one for one in made if one.state == "ended" and one.outcome and one.outcome.ok]
    bad = [one.outcome for one in made if one.outcome and not one.outcome.ok]
    settled = tuple(_settled(kill, made, began=times[0]) for kill in kills)
    with store.read() as connection:
        rows = connection.execute(sa.select(schema.job.c.state)).scalars()
        states = Counter(str(state) for state in rows)
    return Report(
        states=dict(states),
        pools=dict(Counter(one.pool for one in good)),
        failed=dict(Counter(f"{one.reason} {one.code} {one.signal}" for one in bad)),
        open=sum(states[state] for state in jobs.OPEN),
        twice=sum(count > 1 for count in ran.values()),
        committed_twice=sum(n > 1 for n in Counter(one.job for one in good).values()),
        unproven=sum(one.token not in done for one in good),
        again=sum(one.epoch > 1 for one in made),
        kills=dict(Counter(kill.what for kill in kills)),
        bill=reckon(store, "city", "op"),
        sound_log=store.verify().broken is None,
        wall_s=round(times[1] - times[0], 1),
        rest_s=round(times[1] - max((kill.at for kill in kills), default=times[0]), 1),
        reconciled_s=max((one.took_s for one in settled), default=0.0),
        reconciled=_longest(settled),
        each=settled,
        replayed=again(told(store)),
    )


def _settled(kill: _Kill, made: Sequence[Attempt], *, began: float) -> Settled:
    """Until the last attempt that lived at the kill had ended, or its job went on without it."""
    after = round(kill.at - began, 1)
    lived = [one for one in made if one.made <= kill.moment < one.ended]
    if not lived:
        return Settled(kill.what, after, 0.0)
    last = max(lived, key=lambda one: one.ended)
    how = last.outcome.reason if last.outcome else last.state
    took = round(seconds(last.ended) - seconds(kill.moment), 1)
    return Settled(kill.what, after, took, f"{last.token} {last.pool} {how}")


def _longest(settled: Sequence[Settled]) -> dict[str, float]:
    """What was killed -> the longest of its kills, s."""
    found: dict[str, float] = {}
    for one in settled:
        found[one.what] = max(found.get(one.what, 0.0), one.took_s)
    return found


def _lines(roots: Sequence[Path], name: str) -> Iterator[str]:
    for root in roots:
        for file in (root / "jobs").glob(f"*/{name}"):
            with contextlib.suppress(OSError):
                yield from file.read_text(encoding="ascii").split()


def main(words: Sequence[str]) -> int:
    """Carry out what the words ask for, and print what was left; 0 where that is sound."""
    numbers = [int(word) for word in words]
    names = ("jobs", "door", "slurmctld", "slurmd", "limit_s")
    plan = Plan(**dict(zip(names, numbers, strict=False)))
    with tempfile.TemporaryDirectory() as folder:
        found = chaos(Path(folder), plan)
    for one in found.each:
        print(f"{one.after_s:8.1f} s  {one.what:10} settled after {one.took_s:6.1f} s  {one.last}")
    print({name: value for name, value in asdict(found).items() if name != "each"})
    return 0 if found.ok else 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
