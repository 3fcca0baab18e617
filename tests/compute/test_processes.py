"""The network's rows written by several processes at once, on SQLite and on PostgreSQL."""

import pytest

from qianhang.compute import schema
from qianhang.compute.artefacts import shelf, tables
from qianhang.compute.door import jobs, plant
from qianhang.compute.door.moments import stamp
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.green import lines
from qianhang.compute.green import tables as green
from qianhang.compute.green.lines import Measured
from qianhang.compute.job import Job, Want
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import Clock, network


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def parts():
    return (schema.PART, tables.PART, green.PART)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


def test_a_key_that_is_used_at_once_is_one_job(race, shared, parts, now):
    def put(store, _):
        job = Job(jobs.new_id(), "city", Want(1), submitted=0.0, estimate_s=60.0, key="k")
        with store.write() as tx:
            return 0 if jobs.admit(tx, jobs.Asked(job, jobs.Work("true")), at=now())[1] else 1

    assert race(put) == [0, 1, 1, 1]
    with Store.open(shared, parts=parts) as store:
        assert len(jobs.listed(store)) == 1


def test_pools_that_join_at_once_are_there_once(race, shared, parts, now, tmp_path):
    def join(store, _):
        plant.add(store, network(tmp_path, "a", "b"), by="test", at=now())
        return 0

    assert race(join) == [0, 0, 0, 0]
    with Store.open(shared, parts=parts) as store:
        assert [one.pool.id for one in plant.pools(store)] == ["a", "b"]


def test_limits_that_are_set_at_once_are_those_of_one(race, shared, parts, now):
    def put(store, number):
        shelf.set_limits(store, shelf.Limits(days=number + 1), by="test", at=now())
        return 0

    assert race(put) == [0, 0, 0, 0]
    with Store.open(shared, parts=parts) as store:
        assert shelf.limits(store).days in {1, 2, 3, 4}


def test_jobs_are_cancelled_while_the_door_refuses_them_all(race, shared, parts, now, tmp_path):
    """Each takes the same jobs, from the two ends: neither waits for what the other holds."""
    with Store.open(shared, parts=parts) as store, store.write() as tx:
        names = [
            jobs.admit(tx, jobs.Asked(job, jobs.Work("true")), at=now())[0]
            for job in (
                Job(jobs.new_id(), "city", Want(1), submitted=0.0, estimate_s=60.0)
                for _ in range(40)
            )
        ]

    def end(store, number):
        if number == 0:
            door = Supervisor(store, tmp_path)
            door.tick(now())
            door.release()
        else:
            for name in reversed(names):
                jobs.cancel(store, name, by="test", at=now())
        return 0

    assert race(end, 3) == [0, 0, 0]
    with Store.open(shared, parts=parts) as store:
        Supervisor(store, tmp_path).tick(now(60.0))
        assert {one.state for one in jobs.listed(store)} <= {"refused", "cancelled"}


def test_lines_probed_at_once_are_all_gone_by(race, shared, parts, now):
    """Four pairs, four processes: none's line is lost by another that read before it wrote."""

    def probe(store, number):
        found = Measured(f"a{number}", "b", stamp(now()), 10.0, 1.0, "test")
        lines.keep(store, found, by="test", at=now())
        return 0

    assert race(probe) == [0, 0, 0, 0]
    with Store.open(shared, parts=parts) as store:
        known = {one.a for one in plant.network(store, ()).links}
    assert known == {"a0", "a1", "a2", "a3"}
