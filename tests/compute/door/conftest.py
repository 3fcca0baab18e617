"""A store with a clock, and a door before two engines that tests break."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from qianhang.compute.door import engines, plant
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.schema import PART
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import Clock, Engine, network


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def store(tmp_path):
    with Store.open(Settings(home=tmp_path), parts=(PART,)) as found:
        yield found


@pytest.fixture
def faked(store, tmp_path, now, monkeypatch):
    """Two pools in memory: p1, which is the cheaper, and p2; and a door before them."""
    made = {name: Engine(name) for name in ("p1", "p2")}
    monkeypatch.setattr(engines, "driver_of", lambda *_, name, **__: made[name])
    plant.add(store, network(tmp_path, "p1", "p2"), by="test", at=now())
    door = Supervisor(store, tmp_path, holder="one")
    return SimpleNamespace(**made, door=door, store=store, now=now, engines=made)
