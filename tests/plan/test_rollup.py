"""Standings counted by task, unit and plan; a case counts once in city and province together."""

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from qianhang.core.errors import UsageError
from qianhang.plan import connectors, items, review, rollup, rules, schema, standing, stated
from qianhang.plan import evidence as ev
from qianhang.plan.document import Section, Units
from qianhang.plan.readings import Component, read_target
from qianhang.store import Settings, Store

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
ON = NOW.date()
TEXT = "云泽市行动方案\n一、模型\n模型2个，场景5个，企业8家"
MODEL = {"indicator": "行业模型", "value": 2.0, "span": "模型2个"}
SCENE = {"indicator": "场景", "value": 5.0, "span": "场景5个", "section": "2"}
FIRMS = {"indicator": "企业", "value": 8.0, "unit": "家", "span": "企业8家", "section": "2"}


@pytest.fixture
def plan(ledger, put_plan):
    made = put_plan(
        TEXT, targets=[MODEL, SCENE, FIRMS],
        sections=(
            Section("1", "模型", 8, 12, None, Units(lead=("市数据局",))),
            Section("2", "场景", 12, 20, None, Units(responsible=("市科技局", "市教育局"))),
        ),
    ).plan  # fmt: skip
    review.confirm_all(ledger, made, by="钱二", at=NOW)
    rules.confirm_rules(ledger, made, by="钱二", at=NOW)
    return made


def observe(store, *names, kind="model", days=1, **facts):
    facts = {"stage": "accepted"} | facts
    with store.write() as tx:
        for name in names:
            on = ON - timedelta(days=days)
            seen = ev.Observation(kind, name, on, facts=facts)
            ev.observe(tx, seen, grade="A", by="platform", at=NOW)


def states(found):
    return {s.item.code: s.state for s in found}


def test_evidence_moves_a_target_and_its_retraction_moves_it_back(ledger, plan):
    assert states(standing.standings(ledger, plan, on=ON))["T1"] == "no_evidence"
    observe(ledger, "m1", "m2")
    assert states(standing.standings(ledger, plan, on=ON))["T1"] == "met"
    seq = ev.evidence(ledger)[-1].seq
    ev.retract(ledger, seq, why="测错了", by="孙三", at=NOW)
    told = standing.standing(ledger, items.find_item(ledger, "P1.T1"), on=ON)
    assert (told.reading.value, told.state) == (1.0, "on_track")


def test_units_answer_for_what_they_lead(ledger, plan):
    rows = {r.name: r for r in rollup.by_unit(standing.standings(ledger, plan, on=ON))}
    assert {name: row.targets for name, row in rows.items()} == {"市数据局": 1, "市科技局": 2}
    assert rows["市科技局"].counts["no_evidence"] == 2


def test_tasks_hold_the_targets_and_systems_of_their_sections(ledger, plan):
    found = standing.standings(ledger, plan, on=ON)
    sections = items.items(ledger, plan, kind="section")
    rows = rollup.by_task(sections, found)
    assert [(r.name, r.targets) for r in rows] == [("模型", 1), ("场景", 2)]
    whole = rollup.whole(plan, found, systems=4, realised=1)
    assert (whole.targets, sum(whole.counts.values()), whole.systems, whole.realised) == (
        3,
        3,
        4,
        1,
    )


def test_no_single_figure_without_weights_and_the_weights_beside_it(ledger, plan):
    """T1 half done with weight 3, T2 without evidence: 50 % over what can be read."""
    observe(ledger, "m1")
    found = standing.standings(ledger, plan, on=ON)
    assert rollup.weighted(found, {}) is None
    told = rollup.weighted(found, {"T1": 3.0, "T2": 1.0})
    assert (told.value, told.left_out, dict(told.weights)) == (0.5, ("T2",), {"T1": 3.0, "T2": 1.0})
    with pytest.raises(UsageError, match="QH826"):
        rollup.weighted(found, {"T1": 0.0})


def test_an_override_is_shown_as_one_and_ends(ledger, plan):
    item = items.find_item(ledger, "P1.T1")
    stated.override(
        ledger, item, state="on_track", reason="等验收", expires=date(2026, 7, 1), by="李四", at=NOW
    )
    told = standing.standing(ledger, item, on=ON)
    assert (told.state, told.assessment.state, told.override.by) == (
        "on_track",
        "no_evidence",
        "李四",
    )
    assert standing.standing(ledger, item, on=date(2026, 7, 2)).override is None
    with pytest.raises(UsageError, match="QH826"):
        stated.override(
            ledger, item, state="fine", reason="x", expires=date(2026, 7, 1), by="李四", at=NOW
        )


def test_a_milestone_changes_what_is_expected(ledger, plan):
    item = items.find_item(ledger, "P1.T1")
    observe(ledger, "m1")
    assert standing.standing(ledger, item, on=ON).state == "on_track"
    stated.set_milestone(ledger, item, day=date(2026, 5, 1), value=2.0, by="李四", at=NOW)
    assert standing.standing(ledger, item, on=ON).state == "behind"
    assert [m.value for m in stated.milestones(ledger, plan, "T1")] == [2.0]


def test_what_was_frozen_is_read_back_as_it_was(ledger, plan):
    observe(ledger, "m1")
    item = items.find_item(ledger, "P1.T1")
    stated.override(
        ledger, item, state="met", reason="已验收", expires=date(2026, 12, 1), by="李四", at=NOW
    )
    found = standing.standings(ledger, plan, on=ON)
    ids = standing.freeze(ledger, found, at=NOW)
    observe(ledger, "m2", "m3")
    again = standing.frozen(ledger, ids)
    assert [s.id for s in again] == list(ids)
    assert [(s.reading, s.assessment, s.override, s.leaders, s.item) for s in again] == [
        (s.reading, s.assessment, s.override, s.leaders, s.item) for s in found
    ]
    with pytest.raises(UsageError, match="QH821"):
        standing.frozen(ledger, [99])


def test_a_day_in_the_past_reads_the_same_after_later_records(ledger, plan):
    observe(ledger, "m1")
    first = standing.standings(ledger, plan, on=ON)
    observe(ledger, "m2")
    upto = first[0].reading.upto
    assert standing.standings(ledger, plan, on=ON, upto=upto) == first


def child(ledger, put_plan, plan):
    made = put_plan(
        "东山县行动方案\n模型2个", targets=[MODEL], title="东山县行动方案", level="county"
    )
    review.confirm_all(ledger, made.plan, by="钱二", at=NOW)
    rules.confirm_rules(ledger, made.plan, by="钱二", at=NOW)
    return items.find_plan(ledger, made.plan.ref)


def test_a_case_of_county_and_city_counts_once(ledger, put_plan, plan):
    other = child(ledger, put_plan, plan)
    observe(ledger, "m1", region="云泽市")
    observe(ledger, "m2", region="东山县")
    observe(ledger, "m3")
    both = [s for p in (plan, other) for s in standing.standings(ledger, p, on=ON)
            if s.item.name == "行业模型"]  # fmt: skip
    assert [s.reading.value for s in both] == [2.0, 2.0]
    assert rollup.combined(both) == 3.0


def test_what_city_and_county_share_is_put_together(ledger, put_plan, plan):
    other = child(ledger, put_plan, plan)
    observe(ledger, "m1", "m2")
    review.edit_heading(ledger, other, {"parent": plan.id}, by="钱二", at=NOW)
    assert [p.ref for p in items.children(ledger, plan)] == ["P2"]
    every = [s for p in (plan, other) for s in standing.standings(ledger, p, on=ON)]
    told = rollup.together(every)
    assert [(t.indicator, t.refs, t.value) for t in told] == [("行业模型", ("P1.T1", "P2.T1"), 2.0)]


def test_a_child_ledger_sends_keys_so_that_no_case_counts_twice(ledger, plan, tmp_path):
    """The city's own m1 and m2 reach the province, which knows m2 already: three with its m3."""
    observe(ledger, "m1", "m2")
    sent = rollup.as_records(standing.standings(ledger, plan, on=ON)[0], region="云泽市")
    private, public = connectors.new_key()
    body = connectors.seal("云泽市", 1, sent="", records=sent, private=private)
    with Store.open(Settings(home=tmp_path / "province"), parts=(schema.PART,)) as province:
        observe(province, "m2", "m3")
        connectors.register_key(province, "云泽市", public, by="李四", at=NOW)
        connectors.deliver(province, json.dumps(body).encode(), at=NOW)
        item = replace(items.find_item(ledger, "P1.T1"))
        rule = rules.Rule(rules.Query(("model",), "count"), state="confirmed")
        told = read_target(item, rule, ev.evidence(province), on=ON)
    assert (told.value, dict(told.by_grade)) == (3.0, {"A": 2.0, "B": 1.0})


def test_only_sums_and_counts_of_one_unit_are_put_together(ledger, put_plan, plan):
    base = standing.standings(ledger, plan, on=ON)[0]
    money = counted(base, "P2.T1", unit="亿元", keys="d")
    with pytest.raises(UsageError, match=r"QH824 P2\.T1: '亿元' and '个' cannot be added up"):
        rollup.combined([counted(base, "P1.T1", keys="ab"), money])
    read = replace(base.reading.rule, query=replace(base.reading.rule.query, aggregate="last"))
    last = replace(base, reading=replace(base.reading, rule=read))
    with pytest.raises(UsageError, match=r"QH824 P1\.T1 is no sum or count"):
        rollup.combined([last])


def counted(base, ref, *, unit="个", keys=(), value=1.0):
    parts = tuple(
        Component(n, "A", "model", key, key, ON, value, True) for n, key in enumerate(keys)
    )
    plan = int(ref[1])
    item = replace(base.item, plan=plan)
    return replace(
        base, item=item, reading=replace(base.reading, target=ref, unit=unit, components=parts)
    )


def test_one_indicator_in_two_units_is_put_together_in_the_first(ledger, plan):
    base = standing.standings(ledger, plan, on=ON)[0]
    city = counted(base, "P1.T1", keys="ab")
    county = counted(base, "P2.T1", unit="万个", keys="bc", value=0.0001)
    assert [(t.unit, t.value) for t in rollup.together([city, county])] == [("个", 3.0)]
    other = counted(base, "P3.T1", unit="亿元", keys="d")
    assert [t.refs for t in rollup.together([city, county, other])] == [("P1.T1", "P2.T1")]


def test_a_mere_total_is_not_added_to_what_may_hold_it(ledger, plan):
    base = standing.standings(ledger, plan, on=ON)[0]
    city = counted(base, "P1.T1", keys="ab")
    county = counted(base, "P2.T1", keys="x", value=5.0)
    assert [(t.value, t.totals) for t in rollup.together([city, county])] == [(None, ("P2.T1",))]


def test_tasks_of_one_table_hold_what_stands_in_their_own_rows(ledger, plan):
    first, *_ = found = standing.standings(ledger, plan, on=ON)
    row = items.items(ledger, plan, kind="section")[0]
    path, start = first.item.section, first.item.start
    mine = replace(row, kind="task", code="K8", section=path, start=start, end=start + 1)
    other = replace(mine, code="K9", start=start + 1, end=start + 2)
    assert [r.targets for r in rollup.by_task([mine, other], found)] == [1, 0]


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=15
)
@given(st.lists(st.sets(st.sampled_from("abcdefgh")), min_size=1, max_size=5))
def test_putting_plans_together_counts_the_union_of_their_keys(ledger, plan, sets):
    base = standing.standings(ledger, plan, on=ON)[0]
    found = []
    for number, keys in enumerate(sets):
        parts = tuple(
            Component(number * 10 + n, "A", "model", key, key, ON, 1.0, True)
            for n, key in enumerate(sorted(keys))
        )
        found.append(replace(base, reading=replace(base.reading, components=parts)))
    union = set().union(*sets)
    assert rollup.combined(found) == (len(union) or None)
