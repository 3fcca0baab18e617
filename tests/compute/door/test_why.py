"""Why a job is where it is, and what keeps it from where it is not."""

from __future__ import annotations

import pytest

from qianhang.compute.door import jobs, plant, quotas
from qianhang.compute.door.why import why
from qianhang.compute.job import Want
from qianhang.core.errors import UsageError
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
    given = {"project": project, "by": "li", "at": faked.now()}
    quotas.apply(faked.store, "city", chips=chips, reason="models", **given)
    return quotas.answer(faked.store, "city", approve=True, **given)


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


def test_an_application_changes_nothing_until_it_is_answered_and_is_answered_once(faked):
    approve(faked, 2)
    given = {"project": "p", "by": "li", "at": faked.now()}
    asked = quotas.apply(faked.store, "city", chips=9, reason="more", **given)
    assert (asked.chips, asked.asked, asked.state) == (2, 9, "applied")
    declined = quotas.answer(faked.store, "city", approve=False, **given)
    assert (declined.chips, declined.asked, declined.state) == (2, 0, "declined")
    with pytest.raises(UsageError, match="QH598 project 'p' of city has no open application"):
        quotas.answer(faked.store, "city", approve=True, **given)
    with pytest.raises(UsageError, match="QH598 0 chips at once, expected 1 to"):
        quotas.apply(faked.store, "city", chips=0, reason="none", **given)
    assert [one.chips for one in quotas.listed(faked.store)] == [2]
    assert plant.pools(faked.store)
