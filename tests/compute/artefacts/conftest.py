"""A store, a local pool, and a job whose folder a test fills by hand."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from qianhang.compute import schema
from qianhang.compute.artefacts import gather, shelf, tables
from qianhang.compute.artefacts.outputs import Outputs
from qianhang.compute.door import engines, jobs, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Job, Want
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import Clock, Engine, network


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def store(tmp_path):
    settings = Settings(home=tmp_path / "home")
    with Store.open(settings, parts=(schema.PART, tables.PART)) as found:
        yield found


@pytest.fixture
def bed(store, tmp_path, now, monkeypatch):
    """A door before an engine in memory; `ended` makes a job whose folder holds what is given.

    ended(outputs, files, outcome=None, org="city") -> id of the job
    collect(seconds) -> how many were settled, so much later
    """
    engine = Engine("p1")
    monkeypatch.setattr(engines, "driver_of", lambda *_, **__: engine)
    plant.add(store, network(tmp_path, "p1"), by="t", at=now())
    home = tmp_path / "home"
    door = Supervisor(store, home)
    folder = tmp_path / "p1" / "jobs"

    def submitted(outputs, org="city"):
        job = Job(jobs.new_id(), org, Want(1), submitted=0.0, estimate_s=60.0)
        wanted = Outputs(tuple(outputs)) if isinstance(outputs, (list, tuple)) else outputs
        with store.write() as tx:
            asked = jobs.Asked(job, jobs.Work("true", outputs=wanted))
            jobs.admit(tx, asked, at=now())
        door.tick(now(1.0))
        return job.id

    def ended(outputs, files, outcome=None, org="city"):
        job = submitted(outputs, org)
        for path, content in files.items():
            place = folder / job / path
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
        engine.end(f"{job}.1", outcome)
        door.tick(now(1.0))
        return job

    return SimpleNamespace(
        engine=engine, door=door, home=home, store=store, now=now, folder=folder,
        submitted=submitted, ended=ended,
        collect=lambda later=1.0: gather.collect(store, home, now(later)),
        paths=lambda job: [one.path for one in shelf.listed(store, job)],
        state=lambda job: shelf.harvest(store, job).state,
        bytes_of=lambda job, number=1: b"".join(
            shelf.content(store, shelf.named(store, job, number))
        ),
    )  # fmt: skip
