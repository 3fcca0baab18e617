"""A door's journal replayed: the same decisions again, and every kind of spoilt journal found out."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from qianhang.compute import Outcome, Usage
from qianhang.compute.door import engines, jobs, plant
from qianhang.compute.door.journal import told
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Want
from qianhang.compute.network import Lending, Network, Pool, Stock
from qianhang.compute.policy import Params
from qianhang.compute.schema import PART
from qianhang.compute.simulate import trace
from qianhang.compute.simulate.journal import again, read, write
from qianhang.core.errors import UsageError
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import Clock, Engine, network, put, unavailable

DONE = Outcome("finished", 0, usage=Usage(wall_s=7.0))


@pytest.fixture(scope="module")
def live(tmp_path_factory):
    """A door over two pools of four chips: arrivals, ends, cancels, a pool away and back, another
    price, a restart with other knobs, a refusal, a drained pool; its store and its steps.
    """
    folder, count = tmp_path_factory.mktemp("live"), iter(range(100))
    made, now = {name: Engine(name) for name in ("p1", "p2")}, Clock()
    with (
        pytest.MonkeyPatch.context() as patch,
        Store.open(Settings(home=folder), parts=(PART,)) as store,
    ):
        patch.setattr(engines, "driver_of", lambda *_, name, **__: made[name])
        patch.setattr(jobs, "new_id", lambda: f"j{next(count):02}")
        plant.add(store, network(folder, "p1", "p2"), by="test", at=now())
        door = Supervisor(store, folder, holder="one", params=Params(reserve_after_s=20.0))
        names = [put(store, now, estimate_s=60.0 + n, want=Want(1 + n % 3)) for n in range(9)]
        door.tick(now(1))
        made["p1"].end(f"{names[0]}.1")
        jobs.cancel(store, names[7], by="test", at=now())
        put(store, now, want=Want(1, flavours=("ascend-910b",)))
        door.tick(now(1))
        made["p2"].fault = unavailable("QH540")
        door.tick(now(11))
        made["p2"].fault = None
        door.tick(now(11))
        made["p1"].end(f"{names[3]}.1")  # just room enough on p1 for one that asks for three
        wide = put(store, now, want=Want(4), pools=("p1",))
        for _ in range(3):
            door.tick(now(11))
        dear = network(folder, "p1", "p2")
        pools = tuple(Pool(p.id, "op", (Stock("cpu-core", 1, 4, 99),)) for p in dear.pools[:1])
        plant.add(store, Network((*pools, dear.pools[1]), dear.operators, engines=dear.engines),
                  by="test", at=now())  # fmt: skip
        later = [put(store, now, org="other") for _ in range(3)]
        door.tick(now(1))
        door.release()
        door = Supervisor(store, folder, holder="two", params=Params(share_step=2.0))
        plant.turn(store, "p2", "draining", by="test", at=now())
        for _ in range(30):
            door.tick(now(5))
            for engine in made.values():
                for token in engine.tasks:
                    engine.ends.setdefault(token, engine.ends.get(token) or DONE)
        door.release()
        assert all(not jobs.get(store, name).open for name in (*names, wide, *later))
        yield store, now


@pytest.fixture(scope="module")
def steps(live):
    return list(told(live[0]))


def test_the_journal_is_a_log_of_what_jobs_asked_for_and_how_long_they_ran(steps, tmp_path):
    """j00 ran from the look at 1 s to that at 2 s; its chips are of speed 1."""
    path = tmp_path / "live.jsonl"
    for _ in write(path, iter(steps)):
        pass
    jobs_of = {one.job.id: one.run_s for one in trace.read(path)}
    ends = {step[1]: step[2] for step in steps if step[0] == "end"}
    begun = {one[1]: s[1] for s in steps if s[0] == "decide" for one in s[3] if one[0] == "start"}
    assert jobs_of["j00"] == 1.0
    assert jobs_of == {name: ends[name] - begun[name] for name in begun}
    assert "j07" not in jobs_of, "cancelled before it began"


def kinds(steps):
    return {step[0] for step in steps}


def test_a_live_session_replays_to_identical_decisions(steps):
    found = again(steps)
    assert found.alike, found.first
    assert found.parted == 0
    assert found.decisions == found.same
    assert found.periods == 3
    decided = [one for step in steps if step[0] == "decide" for one in step[3]]
    assert {one[0] for one in decided} == {"start", "reserve"}
    assert sum(one[0] == "start" for one in decided) == 12
    assert found.decisions == len(decided) + 1, "the refusal counts"
    assert kinds(steps) == {"job", "begin", "turn", "admit", "resume", "end", "cancel", "decide"}


def test_a_file_of_the_journal_says_the_same(live, steps, tmp_path):
    path = tmp_path / "live.jsonl"
    assert list(write(path, iter(steps))) == steps
    found = again(read(path))
    assert found.alike
    assert found.steps == len(steps)


def test_a_period_begins_where_its_first_decision_can_be_understood(live, steps):
    """Cut off in the middle: from the beginning before it, and no later than asked."""
    store, now = live
    cut = list(told(store, since=now.at - timedelta(seconds=100), until=now.at))
    assert kinds(cut[:2]) <= {"job", "begin"}
    assert sum(step[0] == "begin" for step in cut) == 1
    assert again(cut).alike
    assert list(told(store, until=now.at - timedelta(days=1))) == []


def spoilt(steps, name, change, *, at=0):
    """The journal with its step number `at` of this name changed, left out where None comes."""
    places = [n for n, step in enumerate(steps) if step[0] == name and change(step) != step]
    place = places[at]
    new = change(steps[place])
    return [*steps[:place], *([new] if new else []), *steps[place + 1 :]]


def started(step, **changed):
    """A decide step whose first start is changed."""
    told_ = json.loads(json.dumps(step[3]))
    for one in told_:
        if one[0] == "start":
            for place, value in changed.items():
                one[int(place[1:])] = value
            return (*step[:3], told_)
    return step


@pytest.mark.parametrize(
    ("name", "change", "why"),
    [
        ("admit", lambda _: None, "waits_not"),
        ("job", lambda _: None, "job_unknown"),
        ("admit", lambda s: (*s[:2], s[2] * 3, *s[3:]), {"other_figures", "other_job"}),
        ("end", lambda _: None, {"no_room", "other_job", "replay_nothing"}),
        ("cancel", lambda _: None, {"live_nothing", "other_job"}),
        ("cancel", lambda s: (s[0], "j-nobody"), "waits_not"),
        ("end", lambda s: (s[0], "j-nobody", s[2]), "runs_not"),
        ("turn", lambda s: (s[0], s[1], not s[2]), {"pool_down", "other_pool"}),
        ("turn", lambda s: (s[0], "p9", s[2]), "pool_unknown"),
        ("decide", lambda s: started(s, _2="p2"), "other_pool"),
        ("decide", lambda s: started(s, _5=1.0), "other_figures"),
        ("decide", lambda s: (*s[:3], s[3][:-1]), "live_nothing"),
        ("decide", lambda s: (*s[:3], [*s[3], ["start", "j-nobody", "p1", 0, 0, 1.0, 1.0, []]]),
         "waits_not"),
    ],
)  # fmt: skip
def test_a_spoilt_journal_is_found_to_differ(steps, name, change, why):
    found = again(spoilt(steps, name, change))
    assert not found.alike
    assert found.parted >= 1
    assert found.same < found.decisions
    assert found.first.why in ({why} if isinstance(why, str) else why), found.first


def test_another_price_is_found_by_the_terms_of_the_cost(steps):
    place = next(n for n, step in enumerate(steps) if step[0] == "begin")
    given = json.loads(json.dumps(steps[place]))
    for pool in given[2]["pools"]:
        pool["stock"][0]["price_fen"] = 2000
    found = again([*steps[:place], tuple(given), *steps[place + 1 :]])
    assert found.first.why == "other_figures"
    assert found.first.fields == ("price",)


def test_after_the_ways_part_the_next_beginning_is_compared_again(steps):
    found = again(spoilt(steps, "admit", lambda _: None))
    assert (found.periods, found.parted) == (3, 1)
    assert found.first.before[-1][0] == "decide"
    assert found.same > 0


@pytest.mark.parametrize(
    "line", ["{}", '["fly", 1]', '["decide"]', '["begin", 1, {}, {}, {}]', "["]
)
def test_a_file_that_is_no_journal_is_told_with_its_step(tmp_path, line):
    path = tmp_path / "x.jsonl"
    path.write_text(f'["journal", 1]\n{line}\n')
    with pytest.raises(UsageError, match="QH533"):
        again(read(path))
    path.write_text(f"{line}\n")
    with pytest.raises(UsageError, match="QH533"):
        again(read(path))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\n", b"PK\x03\x04\x9d\n"])
def test_a_file_of_something_else_is_no_journal(tmp_path, content):
    path = tmp_path / "j.jsonl"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="QH533"):
        list(read(path))


def test_notice_to_a_borrower_is_made_again(tmp_path, monkeypatch):
    engine, now = Engine("p1"), Clock()
    monkeypatch.setattr(engines, "driver_of", lambda *_, **__: engine)
    lending = Lending(owners=("owner",), notice_s=300)
    pool = Pool("p1", "op", (Stock("cpu-core", 1, 4, 10),), lending=lending)
    with Store.open(Settings(home=tmp_path), parts=(PART,)) as store:
        plant.add(store, Network((pool,), engines={"p1": {"folder": str(tmp_path)}}), by="t",
                  at=now())  # fmt: skip
        door = Supervisor(store, tmp_path, holder="one")
        guest = put(store, now, want=Want(3), preemptible=True, checkpoint_s=10)
        door.tick(now(1))
        put(store, now, want=Want(2), org="owner")
        door.tick(now(1))
        door.release()
        door = Supervisor(store, tmp_path, holder="two")  # it takes up a run with its notice
        door.tick(now(400))
        engine.end(f"{guest}.1")
        door.tick(now(1))
        door.release()
        found = list(told(store))
    assert ["preempt", guest] in [one[:2] for s in found if s[0] == "decide" for one in s[3]]
    assert any(step[0] == "resume" and step[6] > 0 for step in found)
    assert again(found).alike
