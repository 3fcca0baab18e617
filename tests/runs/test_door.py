"""The supervisor in a service: it begins once a pool has joined, and lets go when it stops."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from qianhang.compute.door import jobs, lease, plant
from qianhang.compute.job import Job, Want
from qianhang.runs import door as door_module
from qianhang.runs import open_store
from qianhang.runs.door import Door
from qianhang.store import Settings
from qianhang.testing.door_bed import network


def test_evidence_that_cannot_be_written_stops_no_job(monkeypatch):
    """The look goes on; the evidence is tried again the next day."""
    tried, ticks = [], []
    now = datetime(2026, 5, 1, tzinfo=UTC)

    def broken(_store, at):
        tried.append(at)
        raise ValueError("a record nobody foresaw")

    monkeypatch.setattr(door_module, "feed", broken)
    monkeypatch.setattr(door_module, "meter", lambda *_, **__: {})
    look = door_module.looks(SimpleNamespace(tick=ticks.append), None)
    for hours in (0, 1, 15, 17):  # 8, 9 and 23 o'clock in China, and 1 o'clock of the next day
        look(now + timedelta(hours=hours))
    assert len(ticks) == 4
    assert tried == [now, now + timedelta(hours=17)]


def test_a_service_carries_jobs_to_their_end_and_lets_go(home, tmp_path):
    now, settings = datetime.now(UTC), Settings.load()
    with open_store(settings) as store:
        plant.add(store, network(tmp_path, "p1"), by="test", at=now)
        job = Job(jobs.new_id(), "city", Want(1), submitted=0.0, estimate_s=60)
        with store.write() as tx:
            jobs.admit(tx, jobs.Asked(job, jobs.Work("true")), at=now)
        door = Door(settings, every_s=0.02)
        door.start()
        until = time.monotonic() + 60
        while jobs.get(store, job.id).open:
            if time.monotonic() > until:
                pytest.fail("the job does not end")
            time.sleep(0.02)
        door.stop()
        assert jobs.get(store, job.id).state == "finished"
        assert lease.take(store, "other", now=now, lasts=now - now) == 2
