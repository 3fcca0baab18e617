"""A live session over real processes, by billing's prices, replayed to identical decisions."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest

from qianhang.billing import prices
from qianhang.billing import schema as billing
from qianhang.billing.prices import Price
from qianhang.billing.vouchers import tables
from qianhang.compute import schema
from qianhang.compute.door import jobs, plant
from qianhang.compute.door.engines import Patience
from qianhang.compute.door.journal import told
from qianhang.compute.drivers.local import LocalDriver
from qianhang.compute.job import Want
from qianhang.compute.simulate.journal import again
from qianhang.core.errors import PoolUnavailable
from qianhang.runs.door import supervisor
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import Clock, network, put, until_over


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def store(tmp_path, now):
    """Two local pools of two chips; a chip-hour is 36 yuan, and 72 after ten minutes."""
    parts = (billing.PART, tables.PART, schema.PART)
    with Store.open(Settings(home=tmp_path), parts=parts) as found:
        plant.add(found, network(tmp_path, "p1", "p2", chips=2), by="test", at=now())
        begins = (now() - timedelta(days=1), now() + timedelta(seconds=600))
        rows = [
            Price(
                operator="op", flavour="cpu-core", unit="card_hour", category="compute",
                yuan=Decimal(36 * n), list_yuan=Decimal(36 * n), since=since, version=str(n),
                number=1,
            )
            for n, since in enumerate(begins, start=1)
        ]  # fmt: skip
        with found.write() as tx:
            prices.publish(tx, rows, at=now())
        yield found


def test_a_live_session_over_real_processes_replays_to_identical_decisions(
    store, tmp_path, now, monkeypatch
):
    probe, down = LocalDriver.probe, False

    def silent(self):
        if down and "p2" in self.folder.parts:
            raise PoolUnavailable("QH502", "the machine is away")
        return probe(self)

    monkeypatch.setattr(LocalDriver, "probe", silent)
    settings = Settings(home=tmp_path)
    door = supervisor(store, settings, patience=Patience(probe_s=1.0))
    long = [put(store, now, script="sleep 600", estimate_s=900) for _ in range(3)]
    short = [put(store, now, want=Want(1 + n % 2), estimate_s=30.0 + n) for n in range(5)]
    door.tick(now(1))
    for name in long[:2]:
        jobs.cancel(store, name, by="test", at=now())
    wait_for(door, now, store, long[:2])
    down = True
    door.tick(now(2))
    short += [put(store, now) for _ in range(3)]
    wait_for(door, now, store, short[:1])
    down = False
    door.tick(now(601))  # the other price holds
    jobs.cancel(store, long[2], by="test", at=now())
    until_over(door, now)
    door.release()
    steps = list(told(store))
    found = again(steps)
    assert found.alike, found.first
    begun = [one for s in steps if s[0] == "decide" for one in s[3] if one[0] == "start"]
    assert found.same == found.decisions >= len(begun) == 11 - open_never(store, long)
    assert sum(step[0] == "turn" and not step[2] for step in steps) >= 1
    given = [step[3]["chip_hour"] for step in steps if step[0] == "begin"]
    assert {row[2] for rows in given for row in rows} == {3600, 7200}
    assert {jobs.get(store, name).state for name in short} == {"finished"}
    assert {jobs.get(store, name).state for name in long} == {"cancelled"}


def open_never(store, names):
    """How many of these jobs were cancelled before they began."""
    return sum(jobs.get(store, name).epoch == 0 for name in names)


def wait_for(door, now, store, names):
    """Look until these are over; they are real processes."""
    for _ in range(2000):
        door.tick(now(0.2))
        if not any(jobs.get(store, name).open for name in names):
            return
    raise RuntimeError("still open")
