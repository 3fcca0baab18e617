"""The door on pools of this machine: what it promises however often it dies on the way."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest

from qianhang.compute.door import attempts, jobs, lease, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.compute.schema import PART
from qianhang.core.errors import UsageError
from qianhang.core.manifest import Words
from qianhang.store import Settings, Store

SCRIPT = 'echo "$QIANHANG_TOKEN" >> runs.txt; echo out of $QIANHANG_POOL'


class Clock:
    """A clock that a test moves."""

    def __init__(self):
        self.at = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self, seconds=0.0):
        self.at += timedelta(seconds=seconds)
        return self.at


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def store(tmp_path):
    with Store.open(Settings(home=tmp_path), parts=(PART,)) as found:
        yield found


def network(tmp_path, *names, chips=4, **more):
    pools = tuple(Pool(name, "op", (Stock("cpu-core", 1, chips, 10),), **more) for name in names)
    engines = {name: {"folder": str(tmp_path / name), "threads": chips} for name in names}
    return Network(pools, (Operator("op", Words("甲", "A")),), engines=engines)


@pytest.fixture
def door(store, tmp_path, now):
    plant.add(store, network(tmp_path, "p1", "p2"), by="test", at=now())
    return Supervisor(store, tmp_path, holder="one")


def put(store, now, *, key="", script=SCRIPT, want=None, **more):
    job = Job(jobs.new_id(), "city", want or Want(1), submitted=0.0, estimate_s=60, key=key, **more)
    with store.write() as tx:
        return jobs.admit(tx, jobs.Asked(job, jobs.Work(script)), at=now())[0]


def until_over(door, now, *, looks=2000):
    """Look until nothing is open; a look that must wait for a real process waits for it."""
    for _ in range(looks):
        door.tick(now(0.2))
        if not jobs.listed(door.store, states=jobs.OPEN, limit=1):
            return
    raise AssertionError(jobs.listed(door.store, states=jobs.OPEN))


def ran(tmp_path):
    """token -> how often it ran, over both pools."""
    files = tmp_path.glob("p*/jobs/*/runs.txt")
    return Counter(line for file in files for line in file.read_text().split())


def test_every_job_runs_once_and_leaves_its_pool_price_and_end(store, door, tmp_path, now):
    ids = [put(store, now) for _ in range(12)]
    until_over(door, now)
    assert {jobs.get(store, name).state for name in ids} == {"finished"}
    assert ran(tmp_path) == {f"{name}.1": 1 for name in ids}
    (first,) = attempts.of(store, ids[0])
    assert first.outcome.ok
    assert first.ended >= first.started >= first.made
    assert store.verify().broken is None


def test_the_same_key_is_the_same_job_and_another_job_under_it_is_refused(store, now):
    first = put(store, now, key="k")
    assert put(store, now, key="k") == first
    with pytest.raises(UsageError, match="QH594.*asks for something else"):
        put(store, now, key="k", script="echo other")
    assert len(jobs.listed(store)) == 1


def test_what_no_pool_can_ever_run_is_refused_with_a_reason_for_each(store, door, now):
    name = put(store, now, want=Want(1, flavours=("ascend-910b",)))
    door.tick(now(1))
    kept = jobs.get(store, name)
    assert kept.state == "refused"
    assert {(r["pool"], r["reason"]) for r in kept.why["refused"]} == {
        ("p1", "no_such_chip"),
        ("p2", "no_such_chip"),
    }


def test_a_failing_script_fails_its_job_and_no_other(store, door, now):
    bad, good = put(store, now, script="exit 3"), put(store, now)
    until_over(door, now)
    assert (jobs.get(store, bad).state, jobs.get(store, bad).reason) == ("failed", "failed")
    assert attempts.of(store, bad)[0].outcome.code == 3
    assert jobs.get(store, good).state == "finished"


def test_a_waiting_job_is_cancelled_at_once_and_a_running_one_with_its_processes(
    store, door, tmp_path, now
):
    names = [put(store, now, script=f"{SCRIPT}; sleep 600") for _ in range(9)]
    door.tick(now(1))
    waiting = [n for n in names if jobs.get(store, n).state == "queued"]
    assert len(waiting) == 1
    for name in names:
        jobs.cancel(store, name, by="test", at=now())
    door.tick(now(1))
    assert jobs.get(store, waiting[0]).state == "cancelled"
    until_over(door, now)
    assert {jobs.get(store, n).state for n in names} == {"cancelled"}
    assert not ran(tmp_path).keys() & {f"{waiting[0]}.1"}


def test_only_the_holder_of_the_lease_decides_and_a_deposed_one_writes_nothing(
    store, door, tmp_path, now
):
    put(store, now)
    door.tick(now(1))
    other = Supervisor(store, tmp_path, holder="two")
    put(store, now)
    assert other.tick(now(1)) == 0
    assert other.tick(now(60)) == 1
    before = [a.token for a in attempts.live(store)]
    with pytest.raises(lease.Deposed), store.write() as tx:
        lease.guard(tx, 1)
    assert door.tick(now(1)) == 0
    assert [a.token for a in attempts.live(store)] == before
    until_over(other, now)


class Killed(BaseException):
    """The process died here."""


def dying(store, monkeypatch, *, after):
    """Let the store's process die at its commit number `after`: just before it, or just behind."""
    count = 0
    write = Store.write

    @contextmanager
    def deadly(self):
        nonlocal count
        count += 1
        mine = count
        with write(self) as tx:
            yield tx
            if mine == after and after % 2:
                raise Killed
        if mine == after:
            raise Killed

    monkeypatch.setattr(Store, "write", deadly)


@pytest.mark.parametrize("after", range(1, 22))
def test_a_supervisor_killed_at_any_commit_loses_nothing_and_runs_nothing_twice(
    store, tmp_path, now, monkeypatch, after
):
    plant.add(store, network(tmp_path, "p1"), by="test", at=now())
    ids = [put(store, now, key=str(n)) for n in range(3)]
    with monkeypatch.context() as patch:
        dying(store, patch, after=after)
        with pytest.raises(Killed):
            until_over(Supervisor(store, tmp_path, holder="one"), now)
            raise Killed
    until_over(Supervisor(store, tmp_path, holder="two"), now, looks=5000)
    assert [jobs.get(store, name).state for name in ids] == ["finished"] * 3
    assert ran(tmp_path) == {f"{name}.1": 1 for name in ids}
    assert store.verify().broken is None
