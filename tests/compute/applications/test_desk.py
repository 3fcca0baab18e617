"""Applications: who may do what when, and what the project may hold from which day on."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from qianhang.compute.applications import application, desk, period, terms
from qianhang.compute.applications.application import Granted
from qianhang.compute.door import jobs, plant, quotas
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Job, Want
from qianhang.core.errors import AccessRefused, UsageError
from qianhang.testing.door_bed import Engine, put, until_over

DAY = 86400.0


def chips(store, project="vision"):
    """What the project may hold: None where nobody set anything."""
    job = Job("j", "team", Want(1), 0.0, 60.0, project=project)
    with store.read() as connection:
        return quotas.limit(quotas.approved(connection), job)


def state(store, name):
    return application.get(store, name).state


def fixed(store, now, number, *, project="vision"):
    given = {"reason": "r", "by": "ops", "at": now()}
    quotas.assign(store, "team", project=project, chips=number, **given)


def test_an_approval_is_the_projects_quota_on_its_days_and_nothing_afterwards(store, now, sent):
    name = sent(days=2)
    assert chips(store) is None
    done = desk.approve(store, name, words="go on", by="ops", at=now())
    assert (done.state, done.granted.chips, chips(store)) == ("active", 8, 8)
    assert period.turn(store, now(DAY)) == 0  # the second day is included
    assert period.turn(store, now(DAY)) == 1
    assert (state(store, name), chips(store)) == ("ended", 0)
    with pytest.raises(UsageError, match="QH598 project 'vision' of team may hold 0 chips"):
        put(store, now, org="team", project="vision")
    fixed(store, now, 4)
    assert chips(store) == 4


def test_less_may_be_approved_and_never_more(store, now, sent, wish):
    name = sent(card_hours=100)
    asked = wish()
    for given in (
        Granted(9, 100, asked.last), Granted(0, 100, asked.last), Granted(8, 101, asked.last),
        Granted(8, 0, asked.last), Granted(8, 100, asked.last + timedelta(1)),
        Granted(8, 100, asked.first - timedelta(1)),
    ):  # fmt: skip
        with pytest.raises(UsageError, match="QH523"):
            desk.approve(store, name, granted=given, by="ops", at=now())
    assert state(store, name) == "applied"
    done = desk.approve(store, name, granted=Granted(3, 50, asked.first), by="ops", at=now())
    assert (chips(store), done.granted) == (3, Granted(3, 50, asked.first))
    period.turn(store, now(DAY))
    assert chips(store) == 0


def test_nobody_answers_an_application_that_they_wrote_on(store, now, sent):
    name = sent()
    for act in (desk.approve, desk.reject, desk.ask):
        with pytest.raises(AccessRefused, match="QH526"):
            act(store, name, words="fine", by="ann", at=now())
    desk.ask(store, name, words="which data?", by="ops", at=now())
    desk.reply(store, name, words="open ones", by="bob", at=now())
    with pytest.raises(AccessRefused, match="QH526"):
        desk.approve(store, name, by="bob", at=now())
    assert desk.approve(store, name, by="ops", at=now()).state == "active"


def test_each_step_is_kept_and_logged_in_its_order(store, now, sent):
    name = sent()
    desk.ask(store, name, words="which data?", by="ops", at=now())
    desk.reply(store, name, words="open ones", by="ann", at=now())
    desk.reject(store, name, words="too many", by="ops", at=now())
    told = [(one.number, one.act, one.words, one.by) for one in application.steps(store, name)]
    assert told == [
        (1, "sent", "a model of roads", "ann"), (2, "asked", "which data?", "ops"),
        (3, "replied", "open ones", "ann"), (4, "rejected", "too many", "ops"),
    ]  # fmt: skip
    kinds = [one.kind for one in store.entries(subject=name)]
    assert kinds == [f"compute.application.{act}" for _, act, _, _ in told]
    assert store.verify().ok
    found = application.get(store, name)
    assert (found.state, found.reason, found.answered_by) == ("rejected", "too many", "ops")
    assert chips(store) is None


def test_a_step_out_of_turn_is_refused_and_changes_nothing(store, now, sent):
    name = sent()
    with pytest.raises(UsageError, match=r"QH525 .* is applied: reply is for asked"):
        desk.reply(store, name, words="?", by="ann", at=now())
    desk.approve(store, name, by="ops", at=now())
    for act in (desk.approve, desk.reject, desk.ask):
        with pytest.raises(UsageError, match=r"QH525 .* is active"):
            act(store, name, words="again", by="two", at=now())
    with pytest.raises(UsageError, match="QH524"):
        desk.withdraw(store, "a0", by="ann", at=now())
    assert len(application.steps(store, name)) == 3  # sent, approved, active


def test_one_open_application_a_project(store, now, sent):
    name = sent()
    with pytest.raises(UsageError, match=f"QH525 project 'vision' has application {name} open"):
        sent()
    sent(project="speech")
    desk.withdraw(store, name, by="ann", at=now())
    sent()


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("chips", {"chips": 0}), ("card_hours", {"card_hours": -1}), ("project", {"project": " "}),
        ("purpose", {"purpose": ""}), ("contact", {"contact": "x" * 201}),
        ("last", {"last": date(2026, 4, 30)}), ("last", {"last": date(2036, 1, 1)}),
        ("purpose", {"purpose": "a\0b"}),
    ],
)  # fmt: skip
def test_a_field_that_makes_no_sense_is_named(sent, field, change):
    with pytest.raises(UsageError, match=f"QH523 application, {field}: found"):
        sent(**change)


def test_what_is_not_there_cannot_be_asked_for(sent):
    with pytest.raises(UsageError, match="QH592"):
        sent(pool="nowhere")
    with pytest.raises(UsageError, match="QH531"):
        sent(flavours=("rtx0",))


def test_an_approval_of_days_to_come_waits_for_the_first_of_them(store, now, sent):
    tomorrow = now().date() + timedelta(1)
    name = sent(days=3, first=tomorrow)
    assert desk.approve(store, name, by="ops", at=now()).state == "approved"
    assert (period.turn(store, now()), chips(store)) == (0, None)
    period.turn(store, now(DAY))
    assert (state(store, name), chips(store)) == ("active", 8)


def test_days_are_those_of_china(store, now, sent):
    """The first of May ends at 16:00 UTC."""
    name = sent(days=1)
    desk.approve(store, name, by="ops", at=now())
    assert period.turn(store, now(16 * 3600 - 1)) == 0
    assert period.turn(store, now(1)) == 1
    assert chips(store) == 0


def test_what_nobody_answers_lapses_with_its_period(store, now, sent):
    name = sent(days=1)
    period.turn(store, now(2 * DAY))
    assert (state(store, name), chips(store)) == ("lapsed", None)
    with pytest.raises(UsageError, match="QH525"):
        desk.approve(store, name, by="ops", at=now())


def test_the_largest_approval_in_force_counts_and_the_quota_before_comes_back(store, now, sent):
    """4 standing; 8 on two days, 6 on four: 8, 8, 6, 6, 4."""
    fixed(store, now, 4)
    desk.approve(store, sent(days=2), by="ops", at=now())
    desk.approve(store, sent(days=4, chips=6), by="ops", at=now())
    seen = []
    for _ in range(5):
        seen.append(chips(store))
        period.turn(store, now(DAY))
    assert seen == [8, 8, 6, 6, 4]


def test_a_quota_set_meanwhile_stays_when_the_period_ends(store, now, sent):
    desk.approve(store, sent(days=1), by="ops", at=now())
    fixed(store, now, 40)
    period.turn(store, now(2 * DAY))
    assert chips(store) == 40


def test_withdrawing_gives_back_at_once(store, now, sent):
    name = sent()
    desk.approve(store, name, by="ops", at=now())
    assert desk.withdraw(store, name, words="done early", by="ann", at=now()).state == "withdrawn"
    assert chips(store) == 0
    with pytest.raises(UsageError, match="QH525"):
        desk.withdraw(store, name, by="ann", at=now())


def test_approved_card_hours_end_it_once_they_are_used(store, now, sent, tmp_path, monkeypatch):
    """Two chips for an hour are two card-hours; what runs goes on, nothing new is taken."""
    from qianhang.compute.door import engines

    engine = Engine("p1")
    monkeypatch.setattr(engines, "driver_of", lambda *_, **__: engine)
    name = sent(card_hours=2)
    desk.approve(store, name, by="ops", at=now())
    job = put(store, now, org="team", project="vision", want=Want(2), estimate_s=9000.0)
    door = Supervisor(store, tmp_path)
    door.tick(now(1.0))
    door.tick(now(1.0))
    assert period.turn(store, now(3500.0)) == 0
    assert period.turn(store, now(200.0)) == 1
    assert [one.act for one in application.steps(store, name)][-1] == "spent"
    assert (state(store, name), chips(store)) == ("ended", 0)
    engine.end(f"{job}.1")
    until_over(door, now)
    assert jobs.get(store, job).state == "finished"


def test_a_waiting_job_takes_the_approved_number_and_the_rest_wait(
    store, now, sent, tmp_path, monkeypatch
):
    """The supervisor learns of an approval while it decides: 2 of 4 chips, so that one job waits."""
    from qianhang.compute.door import engines

    engine = Engine("p1")
    monkeypatch.setattr(engines, "driver_of", lambda *_, **__: engine)
    fixed(store, now, 1, project="")
    for _ in range(3):
        put(store, now, org="team", project="vision")
    door = Supervisor(store, tmp_path)
    door.tick(now(1.0))
    assert len(engine.runs) == 1
    desk.approve(store, sent(chips=2), by="ops", at=now())
    door.tick(now(1.0))
    assert len(engine.runs) == 2


def test_jobs_keep_to_the_chips_and_the_pool_of_the_approval(store, now, sent):
    desk.approve(store, sent(flavours=("ascend-910b",), pool="p1"), by="ops", at=now())
    job = Job("j", "team", Want(1), 0.0, 60.0, project="vision")
    with store.read() as connection:
        kept = terms.narrow(connection, job)
        assert (kept.want.flavours, kept.pools) == (("ascend-910b",), ("p1",))
        both = replace(job, want=Want(1, 1, ("ascend-910b", "cpu-core")), pools=("p2", "p1"))
        assert terms.narrow(connection, both) == kept
        other = replace(job, project="speech")
        assert terms.narrow(connection, other) == other
        for change in ({"pools": ("p2",)}, {"want": Want(1, 1, ("cpu-core",))}):
            with pytest.raises(UsageError, match="QH598 project 'vision' of team was approved for"):
                terms.narrow(connection, replace(job, **change))


def test_lists_hold_ones_own_and_those_for_ones_pools(store, now, sent):
    mine, for_p1 = sent(), sent(org="rival", pool="p1")
    sent(org="rival", project="other")
    names = {one.id for one in application.listed(store, orgs=["team"], pools=["p1"])}
    assert names == {mine, for_p1}
    assert [one.id for one in application.listed(store, orgs=["team"])] == [mine]
    assert len(application.listed(store, orgs=None)) == 3
    assert application.listed(store, orgs=[], pools=[]) == ()
    assert plant.held(store, "p1").pool.id == "p1"
