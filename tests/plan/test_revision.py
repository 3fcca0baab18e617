"""A plan issued again is a new version; what did not change keeps its confirmation."""

from datetime import UTC, datetime

import pytest

from qianhang.plan import items, review, rules
from qianhang.plan.ledger import add_task
from qianhang.plan.revision import difference, same_title

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
FIRST = "云泽市行动方案\n模型20个，场景5个，企业8家"
MODEL = {"indicator": "模型", "value": 20.0, "span": "模型20个"}
SCENE = {"indicator": "场景", "value": 5.0, "span": "场景5个"}
FIRMS = {"indicator": "企业", "value": 8.0, "unit": "家", "span": "企业8家"}


@pytest.fixture
def plan(ledger, put_plan):
    made = put_plan(FIRST, targets=[MODEL, SCENE, FIRMS]).plan
    review.confirm_all(ledger, made, by="钱二", at=NOW)
    return made


def states(store, plan):
    return {i.code: (i.name, i.state) for i in items.items(store, plan, kind="target")}


def test_added_removed_changed_and_unchanged_are_told_apart(ledger, put_plan, plan):
    text = "云泽市行动方案\n模型20个，场景9个，数据集3个"
    scene = SCENE | {"value": 9.0, "span": "场景9个"}
    data = {"indicator": "数据集", "value": 3.0, "span": "数据集3个"}
    again = put_plan(text, targets=[MODEL, scene, data])
    told = again.difference
    assert again.version == 2
    assert [i.name for i in told.added] == ["数据集"]
    assert [i.name for i in told.removed] == ["企业"]
    assert [(c.after.name, set(c.fields)) for c in told.changed] == [("场景", {"low"})]
    assert [i.name for i in told.unchanged] == ["模型"]
    # T3 was 企业; its number is not given to another.
    assert states(ledger, again.plan) == {
        "T1": ("模型", "confirmed"), "T2": ("场景", "draft"), "T4": ("数据集", "draft"),
    }  # fmt: skip


def test_the_difference_can_be_shown_again_later(ledger, put_plan, plan):
    put_plan("云泽市行动方案\n模型20个", targets=[MODEL])
    now = items.find_plan(ledger, "P1")
    told = difference(items.items(ledger, now, version=1), items.items(ledger, now))
    assert told.counts == {"added": 0, "removed": 2, "changed": 0, "unchanged": 1}


def test_a_number_that_moves_to_another_section_is_no_change(ledger, put_plan, plan):
    moved = [t | {"section": "2"} for t in (MODEL, SCENE, FIRMS)]
    told = put_plan("前言\n" + FIRST, targets=moved, title="云泽市行动方案").difference
    assert told.counts == {"added": 0, "removed": 0, "changed": 0, "unchanged": 3}
    assert {s for _, s in states(ledger, items.find_plan(ledger, "P1")).values()} == {"confirmed"}


def test_the_same_figure_in_another_sentence_is_looked_at_again(ledger, put_plan, plan):
    text = FIRST.replace("模型20个", "力争模型20个")
    told = put_plan(text, targets=[MODEL | {"span": "力争模型20个"}, SCENE, FIRMS]).difference
    assert [c.fields for c in told.changed] == [("span",)]


def test_a_renamed_indicator_is_a_change_not_a_new_one(ledger, put_plan, plan):
    text = FIRST.replace("企业8家", "骨干企业8家")
    firms = FIRMS | {"indicator": "骨干企业", "span": "骨干企业8家"}
    told = put_plan(text, targets=[MODEL, SCENE, firms]).difference
    assert [(c.before.name, c.after.name) for c in told.changed] == [("企业", "骨干企业")]
    assert told.added == told.removed == ()


def test_edits_and_rejections_of_what_did_not_change_are_kept(ledger, put_plan):
    plan = put_plan(FIRST, targets=[MODEL, SCENE, FIRMS]).plan
    review.edit(ledger, items.find_item(ledger, "P1.T1"), {"low": 21}, by="钱二", at=NOW)
    review.reject(ledger, items.find_item(ledger, "P1.T2"), by="钱二", at=NOW)
    put_plan(FIRST + "。", targets=[MODEL, SCENE, FIRMS])
    found = items.find_item(ledger, "P1.T1")
    assert (found.version, found.state, found.values["low"], found.read["low"]) == (
        2,
        "edited",
        21,
        20,
    )
    assert items.find_item(ledger, "P1.T2").state == "rejected"
    assert plan.version == 1


def test_tasks_added_by_hand_stay(ledger, put_plan, plan):
    add_task(ledger, plan, title="编写教材", by="钱二", at=NOW)
    put_plan(FIRST + "。", targets=[MODEL])
    assert items.find_item(ledger, "P1.K1").name == "编写教材"


def test_a_rule_stays_with_its_target(ledger, put_plan, plan):
    rules.confirm_rules(ledger, plan, by="钱二", at=NOW)
    put_plan(FIRST + "。", targets=[MODEL, SCENE])
    assert rules.rules_of(ledger, plan)["T1"].state == "confirmed"


def test_a_draft_and_the_issued_plan_are_one_plan():
    draft = "云泽市“人工智能+”行动方案（2025—2027年）（征求意见稿）"
    assert same_title(draft, "云泽市“人工智能＋”行动方案(2025-2027年)")
    assert not same_title(draft, "云泽市“人工智能+”行动方案（2028—2030年）")
    assert not same_title("", "")


def test_another_regions_plan_of_the_same_name_is_another_plan(ledger, put_plan, plan):
    other = put_plan(FIRST + "！", targets=[MODEL], title="云泽市行动方案", issuer="东山市人民政府")
    assert other.plan.ref == "P2"
