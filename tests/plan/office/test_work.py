"""What is due and late on a day, worked out by hand with a calendar."""

from datetime import UTC, date, datetime

import pytest

from qianhang.core.errors import UsageError
from qianhang.plan.evidence import Observation
from qianhang.plan.items import Plan, find_item
from qianhang.plan.office import agenda
from qianhang.plan.office.dates import due_day
from qianhang.plan.office.work import (
    RHYTHM,
    Due,
    Rhythm,
    dues,
    escalations,
    read_rhythm,
    reminders,
    reports,
    rhythm,
    written,
)
from qianhang.plan.standing import standings
from qianhang.plan.stated import set_milestone, set_setting

AT = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
YEAR_END = Due("target", "P1.T1", "垂直模型≥20个", date(2026, 12, 31), ("市工业和信息化局",))
OFFICE = "云港市行动办"
BEAT = Rhythm(office=OFFICE, superiors={"市工业和信息化局": "云港市人民政府"})


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026年底前", "2026-12-31"),
        ("2026年6月底", "2026-06-30"),
        ("2028年2月", "2028-02-29"),
        ("2026年9月15日前完成", "2026-09-15"),
        ("2025—2027年", "2027-12-31"),
        ("2026年6月至2027年3月", "2027-03-31"),
        ("2026年上半年", "2026-06-30"),
        ("2026年第三季度", "2026-09-30"),
        ("2026.11", "2026-11-30"),
        ("2027", "2027-12-31"),
        ("长期坚持", None),
        ("", None),
        ("2026年13月", "2026-12-31"),
    ],
)
def test_a_printed_time_limit_is_its_last_day(text, day):
    found = due_day(text)
    assert (found.isoformat() if found else None) == day


@pytest.mark.parametrize(
    ("today", "left"),
    [
        ("2026-12-01", 30),
        ("2026-12-24", 7),
        ("2026-12-31", 0),
        ("2026-12-02", None),
        ("2027-01-01", None),
    ],
)
def test_reminders_come_30_7_and_0_days_before(today, left):
    found = reminders([YEAR_END], Rhythm(), today=date.fromisoformat(today))
    assert [r.left for r in found] == ([] if left is None else [left])


def test_days_on_which_nobody_looked_lose_no_reminder():
    """The seventh day before is 24 December; looked at on the 20th and then on the 27th."""
    since, today = date(2026, 12, 20), date(2026, 12, 27)
    assert [r.left for r in reminders([YEAR_END], Rhythm(), today=today, since=since)] == [4]
    assert reminders([YEAR_END], Rhythm(), today=today, since=date(2026, 12, 25)) == ()


def test_what_is_past_is_late_and_no_longer_a_reminder():
    """Due on the 31st, last looked at on the 30th, looked at again five days into January."""
    since, today = date(2026, 12, 30), date(2027, 1, 5)
    assert reminders([YEAR_END], Rhythm(), today=today, since=since) == ()
    assert [e.late for e in escalations([YEAR_END], BEAT, today=today)] == [5]


def test_reminder_days_are_a_setting():
    beat = read_rhythm({"remind": [10]})
    assert len(reminders([YEAR_END], beat, today=date(2026, 12, 21))) == 1
    assert reminders([YEAR_END], beat, today=date(2026, 12, 1)) == ()


@pytest.mark.parametrize(
    ("late", "step", "to"),
    [
        (1, "lead", ("市工业和信息化局",)),
        (14, "lead", ("市工业和信息化局",)),
        (15, "superior", ("云港市人民政府",)),
        (30, "office", (OFFICE,)),
    ],
)
def test_the_later_it_is_the_higher_it_goes(late, step, to):
    today = date.fromordinal(YEAR_END.day.toordinal() + late)
    (found,) = escalations([YEAR_END], BEAT, today=today)
    assert (found.late, found.step, found.to) == (late, step, to)


def test_what_is_due_today_is_not_late():
    assert escalations([YEAR_END], BEAT, today=YEAR_END.day) == ()


def test_a_unit_without_a_known_superior_and_a_thing_without_a_unit_go_to_the_office():
    other = Due("target", "P1.T2", "数据集", date(2026, 12, 31), ("市数据局",))
    nobody = Due("target", "P1.T3", "场景", date(2026, 12, 31))
    found = escalations([other, nobody], BEAT, today=date(2027, 1, 20))
    assert [(e.step, e.to) for e in found] == [("office", (OFFICE,)), ("office", (OFFICE,))]
    assert escalations([nobody], Rhythm(), today=date(2027, 1, 20))[0].to == ()


def plan_of(period):
    return Plan(
        1,
        "t",
        "",
        "",
        "",
        period,
        "city",
        "",
        "issued",
        None,
        1,
        "confirmed",
        1,
        "",
        "2025-01-01T00:00:00Z",
    )


def test_reports_fall_on_the_reporting_day_and_the_ends_of_quarters():
    found = reports(plan_of("2025-2027"), BEAT, since=date(2026, 1, 31), until=date(2026, 4, 30))
    days = [(d.kind, d.day.isoformat(), d.name) for d in found]
    assert days == [
        ("report", "2026-02-25", "2026-02"),
        ("report", "2026-03-25", "2026-03"),
        ("node", "2026-03-31", "2026Q1"),
        ("report", "2026-04-25", "2026-04"),
    ]


def test_a_reporting_day_that_a_month_lacks_is_its_last():
    beat = Rhythm(reporting_day=31, quarterly=False)
    found = reports(plan_of("2025-2027"), beat, since=date(2026, 1, 31), until=date(2026, 4, 30))
    assert [d.day.day for d in found] == [28, 31, 30]


def test_no_report_is_asked_for_outside_the_plans_period():
    beat = Rhythm(quarterly=False)
    found = reports(plan_of("2025-2026"), beat, since=date(2024, 11, 1), until=date(2028, 1, 1))
    assert (found[0].day, found[-1].day, len(found)) == (date(2025, 1, 25), date(2026, 12, 25), 24)


def test_dues_are_deadlines_milestones_printed_limits_and_open_decisions(store, plan):
    set_milestone(
        store, find_item(store, "P1.T1"), day=date(2026, 6, 30), value=10, by="韩梅", at=AT
    )
    met = agenda.hold(
        store, plan, "第一次调度会", day=date(2026, 5, 8), body="纪要", by="韩梅", at=AT
    )
    agenda.decide(
        store,
        plan,
        "补报场景清单",
        owner="市数据局",
        due=date(2026, 5, 20),
        meeting=met.id,
        item="T3",
        by="韩梅",
        at=AT,
    )
    found = [(d.kind, d.ref, d.day.isoformat()) for d in dues(store, plan)]
    assert found == [
        ("target", "P1.T3", "2025-12-31"),
        ("decision", "P1.T3", "2026-05-20"),
        ("milestone", "P1.T1", "2026-06-30"),
        ("target", "P1.T1", "2026-12-31"),
        ("task", "P1.K6", "2026-12-31"),
        ("target", "P1.T2", "2027-12-31"),
        ("target", "P1.T4", "2027-12-31"),
        ("target", "P1.T5", "2027-12-31"),
    ]


def test_nobody_is_reminded_of_drafts_or_of_what_is_met(store, draft):
    assert dues(store, draft) == ()


def test_what_is_met_is_left_out_and_so_is_a_milestone_that_is_reached(store, evidenced, made_up):
    """Four models are there: a milestone of four is reached, one of ten is not; twenty are all."""
    item = find_item(store, "P1.T1")
    for day, value in ((date(2026, 5, 31), 4), (date(2026, 6, 30), 10)):
        set_milestone(store, item, day=day, value=value, by="韩梅", at=AT)

    def open_ones():
        stood = standings(store, evidenced, on=date(2026, 6, 30))
        return [d.kind for d in dues(store, evidenced, stood=stood) if d.ref == "P1.T1"]

    assert open_ones() == ["milestone", "target"]
    _, seen = made_up
    seen(store, *(Observation("model", f"new-{n}", date(2026, 6, 2)) for n in range(16)))
    assert open_ones() == []


def test_an_owner_stands_beside_the_lead_unit(store, plan):
    item = find_item(store, "P1.T1")
    agenda.entrust(store, item, "王芳", unit="市工业和信息化局", by="韩梅", at=AT)
    agenda.entrust(store, item, "赵明", contact="0464-1", by="韩梅", at=AT)
    assert agenda.owners(store, plan)["T1"].person == "赵明"
    found = next(d for d in dues(store, plan) if d.ref == "P1.T1")
    assert (found.units, found.person) == (("市工业和信息化局",), "赵明")
    assert len(store.entries(kind="plan.owner")) == 2


def test_a_closed_decision_is_no_longer_due_and_closing_twice_is_a_conflict(store, plan):
    made = agenda.decide(
        store, plan, "补报", owner="市数据局", due=date(2026, 5, 20), by="韩梅", at=AT
    )
    agenda.close(store, made, by="韩梅", at=AT)
    assert "decision" not in {d.kind for d in dues(store, plan)}
    with pytest.raises(UsageError, match="QH822"):
        agenda.close(store, made, by="李雷", at=AT)


def test_meetings_and_decisions_are_found_again(store, plan):
    one = agenda.hold(store, plan, "调度会", day=date(2026, 5, 8), by="韩梅", at=AT)
    agenda.decide(store, plan, "后办", owner="甲", by="韩梅", at=AT)
    agenda.decide(
        store, plan, "先办", owner="甲", due=date(2026, 6, 1), meeting=one.id, by="韩梅", at=AT
    )
    assert [m.title for m in agenda.meetings(store, plan)] == ["调度会"]
    assert [d.text for d in agenda.decisions(store, plan)] == ["先办", "后办"]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda s, p: agenda.hold(s, p, " ", day=date(2026, 1, 1), by="韩梅", at=AT),
        lambda s, p: agenda.decide(s, p, "x", owner="", by="韩梅", at=AT),
        lambda s, p: agenda.decide(s, p, "x", owner="甲", meeting=9, by="韩梅", at=AT),
        lambda s, p: agenda.entrust(s, find_item(s, "P1.T1"), "", by="韩梅", at=AT),
        lambda s, p: agenda.find_decision(s, p, 9),
        lambda s, p: agenda.hold(s, p, "会", day=date(2026, 1, 1), by="", at=AT),
    ],
)
def test_what_is_empty_or_not_there_is_refused(store, plan, wrong):
    with pytest.raises(UsageError):
        wrong(store, plan)


def test_the_rhythm_is_kept_with_the_plan(store, plan):
    assert rhythm(store, plan) == Rhythm()
    raw = written(
        {},
        [
            "remind=14,3",
            "reporting_day=5",
            "quarterly=no",
            f"office={OFFICE}",
            "superior.市数据局=市人民政府",
        ],
    )
    set_setting(store, plan, RHYTHM, raw, by="韩梅", at=AT)
    assert rhythm(store, plan) == Rhythm(
        remind=(14, 3),
        reporting_day=5,
        quarterly=False,
        office=OFFICE,
        superiors={"市数据局": "市人民政府"},
    )


@pytest.mark.parametrize(
    "raw",
    [
        {"remind": [-1]},
        {"remind": ["x"]},
        {"reporting_day": 32},
        {"escalate": [30, 15, 1]},
        {"escalate": [1]},
        {"colour": 1},
    ],
)
def test_a_wrong_rhythm_is_refused_by_name(raw):
    with pytest.raises(UsageError) as caught:
        read_rhythm(raw)
    assert next(iter(raw)) in str(caught.value)
