"""The door on pools of this machine: what it promises however often it dies on the way."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import pytest

from qianhang.compute.door import attempts, jobs, lease, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Want
from qianhang.core.errors import Deposed, UsageError
from qianhang.testing.door_bed import SCRIPT, Killed, dying, network, put, until_over


@pytest.fixture
def door(store, tmp_path, now):
    plant.add(store, network(tmp_path, "p1", "p2"), by="test", at=now())
    return Supervisor(store, tmp_path, holder="one")


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
    with pytest.raises(UsageError, match=r"QH594.*asks for something else"):
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
    with pytest.raises(Deposed), store.write() as tx:
        lease.guard(tx, 1)
    assert door.tick(now(1)) == 0
    assert [a.token for a in attempts.live(store)] == before
    until_over(other, now)


@pytest.mark.parametrize("at", [5, 8, 10])
def test_a_supervisor_killed_with_real_processes_about_runs_nothing_twice(
    store, tmp_path, now, monkeypatch, at
):
    plant.add(store, network(tmp_path, "p1"), by="test", at=now())
    ids = [put(store, now, key=str(n)) for n in range(3)]
    with dying(monkeypatch, at), suppress(Killed):
        until_over(Supervisor(store, tmp_path, holder="one"), now)
    now(60)
    until_over(Supervisor(store, tmp_path, holder="two"), now, looks=5000)
    assert [jobs.get(store, name).state for name in ids] == ["finished"] * 3
    assert ran(tmp_path) == {f"{name}.1": 1 for name in ids}
    assert store.verify().broken is None
