"""A store with the tables of the door and of what is measured, and pools of this machine."""

from __future__ import annotations

import pytest

from qianhang.compute.door import jobs, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.green import tables
from qianhang.compute.green.errands import Errands
from qianhang.compute.schema import PART
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import Clock, network


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)


@pytest.fixture
def store(settings):
    with Store.open(settings, parts=(PART, tables.PART)) as found:
        yield found


@pytest.fixture
def errands(store, tmp_path, now):
    """Errands over two pools of this machine, p1 and p2, of two cores each."""
    plant.add(store, network(tmp_path, "p1", "p2", chips=2), by="test", at=now())
    door = Supervisor(store, tmp_path)

    def look():
        at = now(0.01)
        door.tick(at)
        return at

    def admit(asked, at):
        with store.write() as tx:
            return jobs.admit(tx, asked, at=at)[0]

    yield Errands(store, tmp_path, look=look, admit=admit, give_up_s=60)
    door.release()
