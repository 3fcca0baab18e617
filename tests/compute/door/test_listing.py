"""Lists of jobs, the network counted, and a task's jobs admitted together."""

import pytest
import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door import attempts, census, listing, plant, taskfile
from qianhang.compute.door.listing import Filter
from qianhang.compute.job import Want
from qianhang.core.errors import UsageError
from qianhang.store.prepared import fetch
from qianhang.testing.door_bed import put


def ids(found):
    return [one.id for one in found]


def test_a_list_goes_on_after_its_cursor_and_holds_the_named_organisations_alone(store, now):
    """Five jobs, a second apart, the third of another organisation."""
    made = [put(store, now, org="other" if n == 2 else "city") for n in range(5) if now(1.0)]
    first = listing.lines(store, ["city"], limit=2)
    rest = listing.lines(store, ["city"], before=first[-1].cursor)
    assert ids(first) == [made[4], made[3]]
    assert ids(rest) == [made[1], made[0]]
    assert ids(listing.lines(store, [])) == []


@pytest.mark.parametrize("states", [(), ("queued",), ("running", "finished"), ("finished",)])
@pytest.mark.parametrize("orgs", [("o1",), ("o0", "o2", "o5"), ("o0", "o1", "o2", "o3", "o9")])
def test_few_organisations_and_many_are_listed_alike(store, now, orgs, states):
    """Forty jobs of six organisations; the list beside a filter over all of them, page by page."""
    kinds = ("queued", "finished", "running", "finished", "failed")
    made = []
    for n in range(40):
        id_, state = put(store, now, org=f"o{n % 6}"), kinds[n % 5]
        with store.write() as tx:
            tx.execute(sa.update(schema.job).where(schema.job.c.id == id_).values(state=state))
        made.append((id_, f"o{n % 6}", state, bool(now(1.0))))
    told = [i for i, org, state, _ in made if org in orgs and (not states or state in states)]
    found, before = [], None
    while page := listing.lines(store, orgs, Filter(states), before=before, limit=3):
        found += ids(page)
        before = page[-1].cursor
    assert found == told[::-1]


def test_a_list_is_filtered_by_state_project_and_the_pool_that_was_tried(faked, store, now):
    ran = put(store, now, project="a", want=Want(4), pools=("p2",))
    faked.door.tick(now())
    waits = put(store, now, project="b", want=Want(4), pools=("p2",))
    every = ["city"]
    assert ids(listing.lines(store, every, Filter(("queued",)))) == [waits]
    assert ids(listing.lines(store, every, Filter(project="a"))) == [ran]
    assert ids(listing.lines(store, every, Filter(pool="p2"))) == [ran]
    assert ids(listing.lines(store, every, Filter(pool="p1"))) == []
    (line,) = listing.lines(store, every, Filter(("running",)))
    assert (line.pool, line.chips, line.flavours, line.epoch) == ("p2", 4, (), 1)


@pytest.mark.parametrize("states", [(), ("queued",), ("finished", "failed")])
@pytest.mark.parametrize("orgs", [("o1",), ("o0", "o1", "o2", "o3", "o9")])
def test_the_jobs_of_an_account_are_found_by_an_index_whoever_else_has_thousands(
    store, now, monkeypatch, orgs, states
):
    """Of 2,000 jobs three are hers, one of them where she sees no more; only ties are sorted."""
    ids = [put(store, now, org=f"o{n}") for n in (1, 1, 2) if now(1.0)]
    with store.write() as tx:
        tx.execute(sa.update(schema.job).values(account="her"))
        row = dict(tx.execute(sa.select(schema.job).limit(1)).mappings().one())
        other = [row | {"id": f"x{n}", "key": f"x{n}", "account": "him"} for n in range(2000)]
        tx.execute(sa.insert(schema.job), other)
        tx.execute(sa.update(schema.job).where(schema.job.c.id == ids[1]).values(state="failed"))
    plans = []

    def explained(connection, statement, values):
        made, cursor = statement.on(connection), connection.connection.cursor()
        plan = cursor.execute(f"EXPLAIN QUERY PLAN {made.text}", made.values(values))
        plans.append([row[3] for row in plan])
        return fetch(connection, statement, values)

    monkeypatch.setattr(listing, "fetch", explained)
    found = listing.lines(store, orgs, Filter(states, account="her"))
    told = [n for n in (2, 1, 0) if not states or ("failed" in states) is (n == 1)]
    assert [one.id for one in found] == [ids[n] for n in told if len(orgs) > 1 or n != 2]
    ((search, *rest),) = plans
    assert "INDEX ix_compute_job_account_submitted " in search
    assert "USE TEMP B-TREE FOR ORDER BY" not in rest


def test_chips_in_use_are_those_of_attempts_that_have_not_ended(faked, store, now):
    """2 x 1 and 1 x 0.5 chips on p1, the one that is named; then the first ends."""
    put(store, now, want=Want(1, 2), pools=("p1",), project="a")
    half = put(store, now, want=Want(0.5), pools=("p1",))
    faked.door.tick(now())
    assert census.busy(store) == {("p1", "cpu-core"): 2.5}
    assert census.held(store) == {("city", "a"): 2.0, ("city", ""): 0.5}
    (made,) = attempts.of(store, half)
    faked.p1.end(made.token)
    faked.door.tick(now(10.0))
    assert census.busy(store) == {("p1", "cpu-core"): 2.0}
    assert census.open_jobs(store, ["city"]) == {"queued": 0, "running": 1}
    assert census.open_jobs(store, ["other"]) == {"queued": 0, "running": 0}


def test_a_queue_is_of_jobs_that_may_go_there_by_name_and_chip(faked, store, now):
    """One may go anywhere, one to p1 alone, one wants a chip that neither pool has."""
    put(store, now)
    put(store, now, pools=("p1",))
    put(store, now, want=Want(1, flavours=("ascend-910b",)))
    assert census.queues(store, plant.pools(store)) == {"p1": 2, "p2": 1}


def test_an_hours_use_is_the_share_of_it_that_attempts_ran(faked, store, now):
    """Two chips, seen running from 00:45 to 01:30: half a chip in the first hour, one then."""
    now(45 * 60.0 - 10.0)
    job = put(store, now, want=Want(2), pools=("p1",))
    faked.door.tick(now())
    faked.door.tick(now(10.0))
    (made,) = attempts.of(store, job)
    faked.p1.end(made.token)
    faked.door.tick(now(45 * 60.0))
    hours = census.history(store, "p1", now=now(90 * 60.0), hours=4)
    (made,) = attempts.of(store, job)
    assert [round(one.chips, 2) for one in hours] == [0.5, 1.0, 0.0, 0.0]
    assert census.history(store, "p2", now=now(), hours=2)[0].chips == 0.0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &a [x]\nrun: *a", "row 2: an alias"),
        ("a: &a {x: 1}\nb: {<<: [*a, *a]}\nrun: x", "row 2: an alias"),
        ("[" * 5000, "nested too deeply"),
        ('run: "\\ud800"', "half of a pair"),
        ("run: a\ndeadline: 2026-99-99", "cannot be read"),
        ('run: a\nenvs: {A: "x\\0"}', "envs.A"),
    ],
)
def test_a_task_file_that_could_run_away_is_refused(text, said):
    with pytest.raises(UsageError, match=f"QH597 .*{said}"):
        taskfile.read_text(text, name="t", org="city")


def test_what_a_message_shows_of_a_large_value_is_its_beginning():
    text = "name: [" + ", ".join(["[1, 2, 3]"] * 2000) + "]\nrun: a"
    with pytest.raises(UsageError) as told:
        taskfile.read_text(text, name="t", org="city")
    assert len(told.value.message) < 200
