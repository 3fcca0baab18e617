"""Reasons of readings and states in words: both languages, nothing left over in the other."""

import re
from datetime import date

import pytest

from qianhang.core.words import has
from qianhang.plan import quantity
from qianhang.plan.evidence import KINDS, Evidence
from qianhang.plan.items import Item
from qianhang.plan.readings import read_target
from qianhang.plan.reasons import in_words
from qianhang.plan.rules import Query, Rule, suggestions
from qianhang.plan.states import Goal, assess

ON = date(2026, 6, 1)
LATIN = re.compile(r"[A-Za-z]{2,}")
HAN = re.compile(r"[\u4e00-\u9fff]")


def target(unit="个", **more):
    values = {"indicator": "模型", "comparator": ">=", "unit": unit, "yearly": False} | more
    return Item("target", 1, 1, "T1", "1", "", 0, 0, "confirmed", 0, "", "", values, {})


def record(seq, value=None, *, kind="model", grade="A", on=ON, retracted="", **more):
    told = {"indicator": "", "scenario": "", "run": "", "facts": {}, "unit": "", "target": ""}
    told |= {"at": "", "by": "平台", "files": {}, "subject": f"对象{seq}", "key": f"k{seq}"} | more
    return Evidence(
        seq=seq, value=value, kind=kind, grade=grade, on=on, retracted=retracted, **told
    )


def rule(*, per=None, state="confirmed", aggregate="sum", **more):
    return Rule(Query(("model",), aggregate, **more), per, state=state)


EVERY = {
    "no rule": (None, []),
    "proposed": (rule(state="proposed"), []),
    "no record": (rule(), []),
    "only claims": (rule(), [record(1, 3.0, kind="claim", grade="D", target="P1.T1", unit="个")]),
    "retracted": (rule(), [record(1, 3.0, retracted="有误")]),
    "later": (rule(), [record(1, 3.0, on=date(2027, 1, 1))]),
    "stale": (rule(fresh_days=30), [record(1, 3.0, on=date(2025, 1, 1))]),
    "region": (rule(region="云泽市"), [record(1, 3.0, facts={"region": "河南省"})]),
    "value": (rule(), [record(1)]),
    "unit": (rule(), [record(1, 3.0, unit="亿元")]),
    "no unit": (rule(), [record(1, 3.0, unit="吨")]),
    "stage": (
        rule(where=(("stage", "==", "accepted"),)), [record(1, facts={"stage": "research_only"})],
    ),
    "none told": (rule(where=(("stage", "==", "accepted"),)), [record(1)]),
    "list": (rule(where=(("verdict", "in", ["met", "none"]),)), [record(1)]),
    "kind": (rule(), [record(1, 3.0, kind="document", grade="C", target="P1.T1", unit="个")]),
    "once": (rule(key="subject"), [record(1, 3.0, subject="甲"), record(2, 4.0, subject="甲")]),
    "numerator": (rule(per=Query(("model",), "sum")), []),
    "typed": (rule(per=Query(("model",), "sum")), [record(1, 3.0, grade="D")]),
    "nothing": (
        rule(per=Query(("statistic",), "sum")), [record(1, 3.0), record(2, 0.0, kind="statistic")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EVERY)
def test_every_reason_of_a_reading_is_in_the_readers_language(case):
    held, records = EVERY[case]
    unit = "" if case == "no unit" else "个"
    told = read_target(target(unit), held, records, on=ON)
    reasons = [r for r in (told.reason, *(c.why for c in told.components)) if r]
    assert reasons
    for reason in reasons:
        assert not LATIN.search(in_words(reason, "zh")), reason
        plan_words = re.sub("有误|云泽市|河南省|亿元|吨|个", "", in_words(reason, "en"))
        assert not HAN.search(plan_words), reason


@pytest.mark.parametrize(("value", "on", "start"), [
    (1.0, ON, date(2025, 1, 1)), (1.0, date(2028, 1, 1), None), (None, date(2028, 1, 1), None),
])  # fmt: skip
def test_every_reason_of_a_state_is_in_the_readers_language(value, on, start):
    deadline = date(2027, 12, 31)
    for goal in (Goal(">=", 9, start=start, deadline=deadline), Goal(">=", 9)):
        reason = assess(goal, value, on=on).reason
        assert not LATIN.search(in_words(reason, "zh"))


def test_a_unit_that_measures_another_thing_is_told_in_both_languages():
    with pytest.raises(ValueError, match="cannot be read as") as refused:
        quantity.convert(3.0, from_="亿元", to="PFlops")
    assert in_words(str(refused.value), "zh") == "亿元 不能换算为 PFlops"
    assert in_words(str(refused.value), "en") == "亿元 cannot be read as PFlops"


def test_a_condition_is_told_by_the_words_of_its_fact():
    reason = "does not qualify: stage is 'research_only', not == 'accepted'"
    assert in_words(reason, "zh") == "不符合条件：阶段为“仅限研究”，要求等于“已采纳”"


def test_facts_and_kinds_that_suggested_rules_ask_for_have_words():
    asked = {name for s in suggestions() for name, *_ in s.query.where}
    assert [name for name in sorted(asked) if not has(f"ledger.fact.{name}")] == []
    assert [kind for kind in KINDS if not has(f"ledger.evidence.{kind}")] == []


def test_none_means_no_bar_only_of_a_verdict():
    """A stage that is "none" is none, a verdict that is "none" had no bar to meet."""
    stage = "does not qualify: stage is 'none', not == 'accepted'"
    verdict = "does not qualify: verdict is 'none', not != 'none'"
    assert "“无”" in in_words(stage, "zh")
    assert "无指标线" not in in_words(stage, "zh")
    assert "无指标线" in in_words(verdict, "zh")
