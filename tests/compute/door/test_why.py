"""Why a job is where it is, and what keeps it from where it is not."""

from __future__ import annotations

import sqlite3

import pytest

from qianhang.compute import schema
from qianhang.compute.door import jobs, plant, quotas
from qianhang.compute.door.why import why
from qianhang.compute.job import Want
from qianhang.core.errors import UsageError
from qianhang.store import Settings, Store
from qianhang.testing.door_bed import put, unavailable


def codes(answer):
    return {(one.pool, one.reason) for one in answer.refusals}


def test_a_running_job_tells_the_terms_of_its_choice_and_what_the_other_pool_would_have_cost(faked):
    name = put(faked.store, faked.now)
    faked.door.tick(faked.now(1))
    found = why(faked.store, name, faked.now())
    # A minute of a chip at 10 fen an hour: 0.17 fen, rounded; waiting at tier 1: 500 fen an hour.
    assert found.attempts[0].pool == "p1"
    assert found.terms["waiting"] == 8
    assert found.others == {"p1": sum(found.terms.values()), "p2": sum(found.terms.values())}
    assert found.refusals == ()
    assert found.ahead is None


def test_a_waiting_job_tells_which_pools_are_busy_and_how_many_come_first(faked):
    for _ in range(2):
        put(faked.store, faked.now, want=Want(4))
    faked.door.tick(faked.now(1))
    first, second = put(faked.store, faked.now), put(faked.store, faked.now, want=Want(2))
    found = why(faked.store, second, faked.now())
    assert codes(found) == {("p1", "busy"), ("p2", "busy")}
    assert found.refusals[0].found == "0 chips free"
    assert found.ahead == 1
    assert why(faked.store, first, faked.now()).ahead == 0


def test_a_pool_that_is_down_and_one_that_never_takes_the_job_are_told_apart(faked):
    faked.door.tick(faked.now(1))
    faked.p1.fault = unavailable("QH540")
    faked.door.tick(faked.now(11))
    name = put(faked.store, faked.now, pools=("p1",))
    found = why(faked.store, name, faked.now())
    assert codes(found) == {("p1", "pool_down"), ("p2", "not_named")}


def test_a_refused_job_keeps_what_was_found_and_what_was_expected(faked):
    name = put(faked.store, faked.now, want=Want(1, flavours=("ascend-910b",)))
    faked.door.tick(faked.now(1))
    found = why(faked.store, name, faked.now())
    assert (found.refusals[0].found, found.refusals[0].expected) == ("cpu-core", "ascend-910b")


def test_a_failed_job_tells_what_its_engines_said(faked):
    faked.p1.refusal = unavailable("QH542")
    name = put(faked.store, faked.now, pools=("p1",))
    faked.door.tick(faked.now(1))
    faked.door.tick(faked.now(1))
    assert why(faked.store, name, faked.now()).said["p1"] == "QH542 the engine says no"


def test_nobody_knows_a_job_that_is_not_there(store, now):
    with pytest.raises(UsageError, match="QH595"):
        why(store, "j0", now())


def approve(faked, chips, *, project="p"):
    given = {"project": project, "reason": "models", "by": "li", "at": faked.now()}
    return quotas.assign(faked.store, "city", chips=chips, **given)


def test_a_job_above_its_projects_quota_is_refused_and_jobs_together_above_it_wait(faked):
    assert approve(faked, 3).chips == 3
    with pytest.raises(UsageError, match="QH598 project 'p' of city may hold 3 chips at once"):
        put(faked.store, faked.now, want=Want(4), project="p")
    names = []
    for _ in range(2):
        faked.now(1)  # else their ids would decide which is the older
        names.append(put(faked.store, faked.now, want=Want(2), project="p"))
    free = put(faked.store, faked.now, want=Want(4), project="other")
    faked.door.tick(faked.now(1))
    assert [jobs.get(faked.store, n).state for n in names] == ["running", "queued"]
    assert jobs.get(faked.store, free).state == "running"
    assert ("*", "quota") in codes(why(faked.store, names[1], faked.now()))
    faked.engines[why(faked.store, names[0], faked.now()).attempts[0].pool].end(f"{names[0]}.1")
    faked.door.tick(faked.now(1))
    faked.door.tick(faked.now(1))
    assert jobs.get(faked.store, names[1]).state == "running"


def test_a_quota_that_grows_lets_waiting_jobs_go_at_once(faked):
    approve(faked, 2)
    names = [put(faked.store, faked.now, want=Want(2), project="p") for _ in range(2)]
    faked.door.tick(faked.now(1))
    approve(faked, 4)
    faked.door.tick(faked.now(1))
    assert [jobs.get(faked.store, n).state for n in names] == ["running"] * 2


def test_a_quota_is_set_and_lifted_and_one_without_sense_is_refused(faked):
    assert (approve(faked, 2).chips, approve(faked, 3).chips) == (2, 3)
    given = {"by": "li", "at": faked.now()}
    for wrong in ({"chips": -1}, {"chips": 10**8}, {"reason": " "}, {"project": "p" * 81}):
        asked = {"project": "p", "chips": 9, "reason": "more", **wrong}
        with pytest.raises(UsageError, match="QH598"):
            quotas.assign(faked.store, "city", **asked, **given)
    assert [one.chips for one in quotas.listed(faked.store)] == [3]
    assert approve(faked, 0) is None
    assert quotas.listed(faked.store) == ()
    put(faked.store, faked.now, want=Want(4), project="p")
    assert plant.pools(faked.store)


def test_an_upgrade_keeps_what_was_approved_and_drops_what_was_only_asked_for(tmp_path):
    """A store with quotas as they were, with applications of their own."""
    settings = Settings(home=tmp_path)
    Store.open(settings, parts=[schema.PART]).close()
    rows = [
        ("a", "p", 8, 0, "approved", "root", "r"), ("a", "asks", 0, 4, "applied", "", "ann"),
        ("a", "more", 2, 9, "applied", "root", "ann"), ("a", "over", -1, 0, "ended", "x", "x"),
    ]  # fmt: skip
    with sqlite3.connect(tmp_path / "qianhang.db") as old:
        for name in ("asked", "answered_by", "answered"):
            old.execute(f"ALTER TABLE compute_quota ADD COLUMN {name} TEXT NOT NULL DEFAULT ''")
        old.execute("UPDATE version_compute SET version_num = 'compute_0002'")
        for org, project, chips, asked, state, answered_by, by in rows:
            old.execute(
                "INSERT INTO compute_quota (org, project, chips, asked, state, reason, answered_by,"
                " answered, by, at) VALUES (?, ?, ?, ?, ?, 'why', ?, 'then', ?, 'before')",
                (org, project, chips, asked, state, answered_by, by),
            )
    with Store.open(settings, parts=[schema.PART]) as store:
        found = [(q.project, q.chips, q.state, q.by, q.closed) for q in quotas.listed(store)]
    assert found == [
        ("more", 2, "approved", "root", False), ("over", 0, "ended", "x", True),
        ("p", 8, "approved", "root", False),
    ]  # fmt: skip
