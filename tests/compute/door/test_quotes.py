"""Quotes kept with their jobs and scored by what came true; prices that change under way."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from qianhang.compute import Outcome, Usage
from qianhang.compute.door import attempts, jobs, plant, quotas, quotes
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.door.why import why
from qianhang.compute.job import Job, Want
from qianhang.compute.policy import Prices
from qianhang.compute.quote import Fare
from qianhang.core.errors import PoolUnavailable, UsageError
from qianhang.testing.door_bed import put

DONE = Outcome("finished", 0, usage=Usage(wall_s=2.0))


@pytest.fixture
def door(faked):
    return faked.door


@pytest.fixture
def engines(faked):
    return faked.engines


@pytest.fixture
def make(faked, tmp_path):
    """A supervisor that decides by these prices."""
    return lambda prices: Supervisor(faked.store, tmp_path, holder="priced", prices=prices)


def fares(place, _, run_s):
    return Fare(round(run_s * place.chips))


def quoted(store, now, **more):
    """A job admitted with its quote."""
    desk = quotes.Desk(store, now())
    name = put(store, now, **more)
    with store.write() as tx:
        quotes.keep(tx, desk.quote(jobs.get(store, name).job, fares))
    return name


def test_a_quote_is_read_back_as_it_was_made(door, store, now):
    door.tick(now())
    job = Job("j1", "city", Want(1), 0.0, 60.0)
    made = quotes.Desk(store, now()).quote(job, fares)
    assert [way.pool for way in made.ways] == ["p1", "p2"]
    with store.write() as tx:
        quotes.keep(tx, made)
    assert quotes.of(store, "j1") == made
    assert quotes.of(store, "j2") is None


def test_quotes_are_scored_by_when_their_jobs_began_and_ended(door, engines, store, now):
    """Both were quoted at most 60 s; the smaller starts at once, the other an hour later."""
    door.tick(now())
    first = quoted(store, now, want=Want(4), pools=("p1",), estimate_s=1800.0)
    now(1)
    late = quoted(store, now, want=Want(4), pools=("p1",), estimate_s=60.0)
    assert quotes.score(store).started == 0
    door.tick(now(1))
    door.tick(now(1))
    door.tick(now(3600))
    begun = [one for name in (first, late) for one in attempts.of(store, name)]
    engines["p1"].end(begun[0].token)
    for _ in range(3):
        door.tick(now(1))
    (other,) = {one.token for name in (first, late) for one in attempts.of(store, name)} - {
        begun[0].token
    }
    engines["p1"].end(other)
    door.tick(now(20))
    found = quotes.score(store)
    assert (found.quoted, found.started, found.ended) == (2, 2, 2)
    assert (found.within_p90, found.ended_p90) == (0.5, 0.0)
    assert 3500 < found.late_p90_s < 3600
    newest = quotes.score(store, limit=1)  # by its submission: the smaller one
    assert (newest.started, newest.within_p90) == (1, 1.0)


def test_the_last_quotes_are_found_without_sorting_all_that_there_are(store):
    with store.read() as connection:
        made = quotes._QUOTED.on(connection)
        values = {**made.fixed, "its_state": "finished", "most": 2}
        plan = connection.connection.driver_connection.execute(
            f"EXPLAIN QUERY PLAN {made.text}", values
        ).fetchall()
    steps = [step[3] for step in plan]
    assert "ix_compute_job_state_submitted" in steps[0]
    assert not any("TEMP B-TREE" in step for step in steps)


def test_without_a_pool_there_is_nothing_to_quote(store, now):
    for one in plant.pools(store):
        plant.turn(store, one.pool.id, "left", by="t", at=now())
    with pytest.raises(PoolUnavailable, match="no pool has joined"):
        quotes.Desk(store, now())


def test_a_price_that_changes_under_way_leaves_the_terms_of_the_placement(make, store, now):
    """An hour of a chip: 72 yuan when it was placed, 144 for what is placed after the change."""
    known = {"fen": 7200}
    door = make(prices=lambda _: Prices({(p, "cpu-core"): known["fen"] for p in ("p1", "p2")}, {}))
    door.tick(now())
    before = put(store, now, estimate_s=3600.0)
    door.tick(now(1))
    known["fen"] = 14400
    door.tick(now(60))
    after = put(store, now, estimate_s=3600.0)
    door.tick(now(1))
    (old,), (new,) = attempts.of(store, before), attempts.of(store, after)
    assert (old.cost["price"], new.cost["price"]) == (7200, 14400)
    assert why(store, before, now()).terms["price"] == 7200


def test_prices_that_nobody_can_read_stop_no_job(make, store, now):
    def unreadable(_):
        raise UsageError("QH561", "price list: not readable")

    door = make(prices=unreadable)
    door.tick(now())
    name = put(store, now)
    door.tick(now(60))
    assert jobs.get(store, name).state == "running"


def test_a_job_with_a_price_cap_waits_for_the_cheaper_hour(make, store, now):
    """12 yuan a chip-hour at the peak, 5 at night, 6 at most: refused by nobody, begun at night."""
    pools = [(p, "cpu-core") for p in ("p1", "p2")]
    fen = {"now": 1200}
    door = make(prices=lambda _: Prices(
        dict.fromkeys(pools, fen["now"]), {}, least=dict.fromkeys(pools, 500)
    ))  # fmt: skip
    door.tick(now())
    name = put(store, now, price_cap_fen=600)
    door.tick(now(1))
    assert jobs.get(store, name).state == "queued"
    prices = Prices(dict.fromkeys(pools, 1200), {}, least=dict.fromkeys(pools, 500))
    said = why(store, name, now(), prices=prices).refusals
    assert {no.reason for no in said} == {"price_cap"}
    fen["now"] = 500
    door.tick(now(60))
    assert jobs.get(store, name).state == "running"
    never = put(store, now, price_cap_fen=400)
    door.tick(now(1))
    assert jobs.get(store, never).state == "refused"


def test_an_array_is_quoted_once(door, store, now):
    door.tick(now())
    desk = quotes.Desk(store, now())
    asked = []

    def counted(place, start, run_s):
        asked.append(start)
        return fares(place, start, run_s)

    jobs_ = [Job(f"j{n}", "city", Want(1), 0.0, 60.0, name=f"a[{n}]") for n in range(5)]
    found = [desk.quote(one, counted) for one in jobs_]
    assert [one.job for one in found] == ["j0", "j1", "j2", "j3", "j4"]
    assert len(asked) == 2  # one a pool
    assert found[0].until - found[0].made == timedelta(minutes=10)


@pytest.mark.parametrize("seed", range(4))
def test_a_desk_that_follows_the_log_quotes_as_a_new_one_does(door, engines, store, now, seed):
    """Jobs come, start, end and are cancelled in some order; both desks learnt the same."""
    chance = random.Random(seed)
    door.tick(now())
    kept = quotes.Desk(store, now())
    job, names = Job("probe", "city", Want(2), 0.0, 90.0), []
    for _ in range(12):
        for _ in range(chance.randrange(4)):
            want = Want(chance.choice((1, 2, 4)))
            names.append(put(store, now, want=want, org=chance.choice(("city", "town"))))
        if names and chance.random() < 0.3:
            jobs.cancel(store, chance.choice(names), by="test", at=now())
        for engine in engines.values():
            for token in [t for t in engine.tasks if chance.random() < 0.4]:
                engine.ends.setdefault(token, DONE)
        if chance.random() < 0.8:
            door.tick(now(1))
        at = now(0.5)
        assert kept.follow(store, at)
        new = quotes.Desk(store, at, learnt=kept.learnt)
        assert kept.quote(job, fares) == new.quote(job, fares)


def test_a_desk_does_not_follow_where_a_pool_is_another(door, store, now):
    door.tick(now())
    desk = quotes.Desk(store, now())
    assert desk.follow(store, now(1))
    plant.turn(store, "p1", "draining", by="test", at=now())
    assert not desk.follow(store, now())


def test_a_desk_follows_past_result_files_and_applications_but_not_past_a_quota(door, store, now):
    door.tick(now())
    desk = quotes.Desk(store, now())
    with store.write() as tx:
        tx.append("compute.artefact.kept", "j1", payload={}, at=now())
        tx.append("compute.application.sent", "a1", payload={}, at=now())
    assert desk.follow(store, now(1))
    with store.write() as tx:
        quotas.put(tx, "city", project="", chips=1, by="test", at=now(), reason="few")
    assert not desk.follow(store, now(1))
