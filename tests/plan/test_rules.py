"""Rules: suggested by words, versioned, held by persons, refused where they cannot be."""

from datetime import UTC, datetime

import pytest

from qianhang.core.errors import UsageError
from qianhang.plan import items, review, rules
from qianhang.plan.quantity import convert, is_count
from qianhang.web.views import plan_rules

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)


@pytest.fixture
def target(ledger, put_plan):
    put_plan(
        "云泽市行动方案\n模型20个",
        targets=[{"indicator": "行业模型", "value": 20.0, "span": "模型20个"}],
    )
    return items.find_item(ledger, "P1.T1")


def named(ledger, put_plan, indicator, unit="个", **more):
    text = f"云泽市行动方案\n{indicator}"
    put_plan(text, targets=[{"indicator": indicator, "value": 5.0, "unit": unit, **more}])
    return rules.suggest(items.find_item(ledger, "P1.T1"))


@pytest.mark.parametrize(
    ("indicator", "unit", "kind", "aggregate"),
    [
        ("先进可用的基础大模型", "个", "model", "count"),
        ("垂直领域行业模型", "个", "model", "count"),
        ("示范引领典型案例", "个", "run", "count"),
        ("场景应用示范", "个", "run", "count"),
        ("融合示范案例", "个", "run", "count"),
        ("全省智算服务规模", "PFlops", "capacity", "sum"),
        ("数据标注基地", "个", "statistic", "count"),
        ("高质量行业数据集", "个", "dataset", "count"),
        ("人工智能产业孵化器", "个", "document", "count"),
        ("生态主导企业", "家", "document", "count"),
        ("高水平人工智能重点领域创新团队", "支", "document", "count"),
        ("创新平台", "个", "document", "count"),
        ("新一代智能终端、智能体等应用普及率", "%", "statistic", "last"),
        ("新建算力设施电能利用效率(PUE)", "", "pue", "worst"),
        ("市域算力资源池间直连带宽", "G", "link", "worst"),
        ("全市主干公路动态感知告知覆盖率", "%", "statistic", "last"),
        ("千亿级产业园区", "个", "document", "count"),
        ("人工智能核心产业规模", "亿元", "statistic", "last"),
        ("行业人工智能应用走在全国前列", "个", "document", "last"),
        ("发放算力券", "万元", "voucher", "sum"),
        ("全省算力平均利用率", "%", "utilisation", "sum"),
        ("算力平台服务企业用户", "家", "served", "count"),
    ],
)
def test_the_words_of_an_indicator_call_for_its_rule(
    ledger, put_plan, indicator, unit, kind, aggregate
):
    """The kinds of targets of the design, with the evidence that it names for each."""
    found = named(ledger, put_plan, indicator, unit)
    assert kind in found.query.kinds
    assert found.query.aggregate == aggregate


def test_what_holds_everywhere_is_read_at_its_worst_site(ledger, put_plan):
    found = named(ledger, put_plan, "场景应用示范", everywhere=True)
    assert found.query.aggregate == "worst"
    rule = rules.Rule(rules.Query(("run",), "count"))
    with pytest.raises(UsageError, match=r"QH824.*every site"):
        rules.set_rule(ledger, items.find_item(ledger, "P1.T1"), rule, by="钱二", at=NOW)


def test_a_citys_plan_does_not_count_its_neighbours(ledger, put_plan):
    plan = put_plan("云泽市行动方案\n模型", targets=[{"indicator": "模型", "value": 2.0}]).plan
    assert rules.rules_of(ledger, plan)["T1"].query.region == "云泽市"


def test_a_share_by_name_keeps_its_denominator_and_counts_both_in_the_region(ledger, target):
    plan = items.find_plan(ledger, "P1")
    rule = plan_rules.seeded(plan, items.find_item(ledger, "P1.T1"), "utilisation")
    assert (rule.query.region, rule.per.region) == ("云泽市", "云泽市")
    assert rule.query.where != rule.per.where


def test_a_rule_is_proposed_until_a_person_confirms_it(ledger, target):
    plan = items.find_plan(ledger, "P1")
    assert rules.rules_of(ledger, plan)["T1"].state == "proposed"
    assert rules.confirm_rules(ledger, plan, by="钱二", at=NOW) == 1
    found = rules.rules_of(ledger, plan)["T1"]
    assert (found.state, found.by, found.version) == ("confirmed", "钱二", 1)
    assert rules.confirm_rules(ledger, plan, by="孙三", at=NOW) == 0


def test_a_rule_set_later_is_a_new_version_and_the_old_one_stays_in_the_log(ledger, target):
    plan = items.find_plan(ledger, "P1")
    raw = {
        "query": {"kinds": ["model"], "aggregate": "count", "where": [["stage", "==", "accepted"]]}
    }
    made = rules.set_rule(ledger, target, rules.from_dict(raw, where="x"), by="钱二", at=NOW)
    assert (made.version, made.state) == (2, "confirmed")
    assert rules.rules_of(ledger, plan)["T1"] == made
    assert [e.payload["version"] for e in ledger.entries(kind="plan.rule")] == [2]


@pytest.mark.parametrize(
    "raw",
    [
        {}, {"query": {"kinds": ["model"]}}, {"query": {"kinds": ["rumour"], "aggregate": "sum"}},
        {"query": {"kinds": [], "aggregate": "sum"}},
        {"query": {"kinds": ["model"], "aggregate": "median"}},
        {"query": {"kinds": ["model"], "aggregate": "mean"}},
        {"query": {"kinds": ["model"], "aggregate": "sum", "where": [["a", "~", 1]]}},
        {"query": {"kinds": ["model"], "aggregate": "sum", "where": [["a", "=="]]}},
        {"query": {"kinds": ["model"], "aggregate": "sum", "fresh_days": 0}},
        {"query": {"kinds": ["model"], "aggregate": "sum", "window": 9}},
        {"query": {"kinds": 3, "aggregate": "sum"}}, {"query": "sum"},
        {"query": {"kinds": ["model"], "aggregate": "sum", "where": [7]}},
        {"query": {"kinds": ["model"], "aggregate": "sum", "fresh_days": "90"}},
        {"query": {"kinds": ["model"], "aggregate": "sum"}, "weight": 2},
    ],
)  # fmt: skip
def test_a_rule_that_cannot_be_is_refused_by_name(raw):
    with pytest.raises(UsageError, match="QH824"):
        rules.from_dict(raw, where="rule.toml")


def test_a_mean_is_taken_where_it_is_asked_for():
    raw = {"query": {"kinds": ["pue"], "aggregate": "mean", "mean_asked": True}}
    assert rules.from_dict(raw, where="x").query.mean_asked


def test_confirming_everything_is_one_persons_act(ledger, target):
    plan = items.find_plan(ledger, "P1")
    review.confirm_all(ledger, plan, by="钱二", at=NOW)
    assert {e.payload["by"] for e in ledger.entries(kind="plan.review")} == {"钱二"}


@pytest.mark.parametrize(
    ("value", "from_", "to", "expected"),
    [
        (1.2, "EFlops", "PFlops", 1200), (5000, "P", "EFLOPS", 5), (3, "万", "个", 30_000),
        (2, "亿元", "万元", 20_000), (7, "家", "个", 7), (50, "百分点", "%", 50),
        (0.4, "1", "%", 40), (0.1, "T", "Gbps", 100), (2, "毫秒", "ms", 2), (3, "", "个", 3),
        (1, "万千瓦时", "MWh", 10), (15, "亩", "公顷", 1),
    ],
)  # fmt: skip
def test_units_of_plans_are_converted(value, from_, to, expected):
    """By the prefixes' own meaning: 万 10^4, 亿 10^8, P 10^15, E 10^18; 15 亩 are a hectare."""
    assert convert(value, from_=from_, to=to) == pytest.approx(expected)


@pytest.mark.parametrize(("from_", "to"), [("%", "PFlops"), ("个", "元"), ("", "%"), ("天", "个")])
def test_units_of_other_things_are_refused(from_, to):
    with pytest.raises(ValueError, match=r"cannot be read as|measures"):
        convert(1.0, from_=from_, to=to)


def test_things_are_counted_and_money_is_not():
    assert [is_count(u) for u in ("个", "万人", "家", "%", "亿元", "PFlops", "")] == [True] * 3 + [
        False
    ] * 4
