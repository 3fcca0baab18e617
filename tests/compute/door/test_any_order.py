"""Whatever happens in whatever order, each job ends once, by one attempt, which ran once.

And the journal of it all leads to the same decisions again.
"""

from __future__ import annotations

import shutil
from collections import Counter
from contextlib import nullcontext, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qianhang.compute import Outcome, Usage
from qianhang.compute.door import attempts, engines, jobs, plant
from qianhang.compute.door.engines import Patience
from qianhang.compute.door.journal import told
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.schema import PART
from qianhang.compute.simulate.journal import again
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import Clock, Engine, Killed, dying, network, put, unavailable

POOLS = st.sampled_from(["p1", "p2"])
STEPS = st.one_of(
    st.tuples(st.just("put"), st.booleans()),
    st.tuples(st.just("tick"), st.sampled_from([0.5, 6.0, 40.0])),
    st.tuples(st.just("cancel"), st.integers(0, 5)),
    st.tuples(st.just("dies at commit"), st.integers(1, 5)),
    st.tuples(st.just("dies at question"), st.integers(1, 8)),
    st.tuples(st.just("away"), POOLS),
    st.tuples(st.just("back"), POOLS),
    st.tuples(st.just("refuses"), POOLS),
    st.tuples(st.just("full"), POOLS),
    st.tuples(st.just("ends"), POOLS),
    st.tuples(st.just("loses"), POOLS),
    st.tuples(st.just("drains"), POOLS),
)


class World:
    """A store, two engines, and whichever supervisor lives."""

    def __init__(self, store, folder, monkeypatch):
        self.store, self.folder, self.monkeypatch = store, folder, monkeypatch
        self.now, self.names, self.count = Clock(), [], 0
        self.engines = {name: Engine(name) for name in ("p1", "p2")}
        monkeypatch.setattr(engines, "driver_of", lambda *_, name, **__: self.engines[name])
        plant.add(store, network(folder, "p1", "p2"), by="test", at=self.now())
        self.begin()

    def begin(self):
        self.count += 1
        self.now(31)
        patience = Patience(lost_s=60, give_up_s=120)
        holder = str(self.count)
        self.door = Supervisor(self.store, self.folder, holder=holder, patience=patience)

    def tick(self, seconds):
        self.door.tick(self.now(seconds))

    def dies(self, what, at):
        count = 0

        def call(_):
            nonlocal count
            count += 1
            if count == at:
                raise Killed

        if what == "question":
            for engine in self.engines.values():
                engine.at_call = call
        dead = dying(self.monkeypatch, at) if what == "commit" else nullcontext()
        with suppress(Killed), dead:
            self.tick(1)
        for engine in self.engines.values():
            engine.at_call = str
        self.begin()

    def end(self, name, outcome):
        engine = self.engines[name]
        for token in engine.tasks:
            engine.ends.setdefault(token, outcome)

    def step(self, what, given):
        engine = self.engines.get(given) if isinstance(given, str) else None
        if what == "put":
            self.names.append(put(self.store, self.now, preemptible=given))
        elif what == "tick":
            self.tick(given)
        elif what == "cancel" and given < len(self.names):
            jobs.cancel(self.store, self.names[given], by="test", at=self.now())
        elif what.startswith("dies"):
            self.dies(what.rpartition(" ")[2], given)
        elif what in {"away", "back"}:
            engine.fault = unavailable("QH540") if what == "away" else None
            engine.refusal = None
        elif what in {"refuses", "full"}:
            engine.refusal = unavailable("QH542" if what == "refuses" else "QH544")
        elif what == "ends":
            self.end(given, Outcome("finished", 0, usage=Usage(wall_s=1.0)))
        elif what == "loses":
            self.end(given, Outcome("lost"))
        elif what == "drains":
            plant.turn(self.store, given, "draining", by="test", at=self.now())

    def settle(self):
        """All is well again, and what runs ends."""
        for name, engine in self.engines.items():
            engine.fault = engine.refusal = None
            plant.turn(self.store, name, "open", by="test", at=self.now())
        self.begin()
        for _ in range(60):
            self.tick(11)
            for name in self.engines:
                self.end(name, Outcome("finished", 0, usage=Usage(wall_s=1.0)))
            if not jobs.listed(self.store, states=jobs.OPEN, limit=1):
                return


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A store's file with its tables."""
    folder = tmp_path_factory.mktemp("empty")
    with Store.open(Settings(home=folder), parts=(PART,)):
        pass
    return folder


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=st.lists(STEPS, min_size=4, max_size=25))
def test_each_job_ends_once_by_one_attempt_that_ran_once(empty, steps):
    with TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name) / "home"
        shutil.copytree(empty, folder)
        with Store.open(Settings(home=folder), parts=(PART,)) as store:
            world = World(store, folder, patch)
            for what, given_ in (("put", True), ("put", False), *steps):
                world.step(what, given_)
                live = Counter(one.job for one in attempts.live(store))
                assert max(live.values(), default=0) <= 1
            world.settle()
            check(world)


def check(world):
    runs = Counter(token for engine in world.engines.values() for token in engine.runs)
    assert max(runs.values(), default=0) <= 1
    for name in world.names:
        kept, made = jobs.get(world.store, name), attempts.of(world.store, name)
        good = [one for one in made if one.state == "ended" and one.outcome.ok]
        assert not kept.open, (kept, made)
        assert len(good) == (kept.state == "finished")
        assert all(one.epoch == kept.epoch == len(made) for one in good)
        assert all(runs[one.token] == 1 for one in good)
        assert kept.state in {"finished", "failed", "cancelled"}
        assert kept.cancel or kept.state != "cancelled"
    assert world.store.verify().broken is None
    world.door.release()
    replayed = again(told(world.store))
    assert replayed.alike, replayed.first
