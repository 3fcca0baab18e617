"""Indicators that packs feed: the target that is meant, its rule, its reading."""

from datetime import UTC, date, datetime

import pytest

from qianhang.core.manifest import Feed, Words
from qianhang.plan import evidence, feeds, items, review, rules, standing

NOW = datetime(2026, 6, 1, 8, tzinfo=UTC)
ON = date(2026, 6, 1)
LOAD = Feed(Words("负荷预测准确率", "accuracy"), "mape", "%", ("负荷 预测 准确",), rest=True)
SUN = Feed(Words("光伏预测准确率", "solar"), "rmse", "%", ("光伏 预测", "新能源 预测"), rest=True)
WIND = Feed(Words("风电预测准确率", "wind"), "rmse", "%", ("风电 预测", "新能源 预测"), rest=True)
CARBON = Feed(Words("排放总量", "total"), "headline", "Mt", ("碳排放量",), over="last")


@pytest.fixture(autouse=True)
def offered(monkeypatch):
    monkeypatch.setattr(rules, "feeds", lambda: (LOAD, SUN, WIND, CARBON))


@pytest.fixture
def target(ledger, put_plan):
    """target(indicator, ...) -> the only target of plan P1."""

    def put(indicator, unit="%", **more):
        told = {"indicator": indicator, "value": 95.0, "unit": unit, **more}
        put_plan(f"云泽市行动方案\n{more.get('span', indicator)}", targets=[told])
        return items.find_item(ledger, "P1.T1")

    return put


def figures_asked(rule):
    return next((value for name, sign, value in rule.query.where if name == "figure"), None)


@pytest.mark.parametrize(
    ("indicator", "unit", "span", "names"),
    [
        ("短期负荷预测准确率", "%", "短期负荷预测准确率达到95%", ["负荷预测准确率"]),
        ("负荷预测准确率", "%", "负荷预测准确率提高到95%", ["负荷预测准确率"]),
        ("新能源功率预测准确率", "%", "新能源功率预测准确率95%", ["光伏预测准确率", "风电预测准确率"]),
        ("碳排放量", "万吨", "碳排放量控制在900万吨", ["排放总量"]),
        ("负荷预测准确率", "%", "负荷预测准确率提高5%", None),
        ("负荷预测准确率", "个百分点", "负荷预测准确率5个百分点", None),
        ("碳排放量", "%", "碳排放量18%", None),
        ("负荷预测准确率", "个", "负荷预测准确率5个", None),
    ],
)  # fmt: skip
def test_a_level_in_a_fitting_unit_is_read_from_figures_and_a_change_is_not(
    target, indicator, unit, span, names
):
    rule = rules.suggest(target(indicator, unit, span=span))
    assert figures_asked(rule) == names
    assert (rule.name == "figure") is (names is not None)
    assert (rule.query.kinds == ("figure",)) is (names is not None)


def test_sites_become_one_as_the_pack_says_and_a_rule_survives_being_kept(ledger, target):
    item = target("碳排放量", "万吨")
    kept = rules.rules_of(ledger, items.find_plan(ledger, "P1"))["T1"]
    assert kept.query.aggregate == "last"
    assert kept.query == rules.suggest(item, region="云泽市").query


def put(ledger, value, subject, *, on=ON, **facts):
    facts = {"figure": LOAD.indicator.zh, "source": "own", "simulated": False} | facts
    key = f"{facts['figure']}: {subject}"
    seen = evidence.Observation("figure", subject, on, value, "%", key=key, facts=facts)
    with ledger.write() as tx:
        evidence.observe(tx, seen, grade="A", by="run r1", at=NOW)


def test_the_reading_is_the_worst_site_of_the_region_from_its_own_newest_data(ledger, target):
    """East 98 replaces 90, west 96 is the worst; public, simulated and strange ones stay out."""
    item = review.confirm(ledger, target("负荷预测准确率"), by="赵一", at=NOW)
    plan = items.find_plan(ledger, "P1")
    assert standing.standing(ledger, item, on=ON).state == "no_evidence"
    rules.confirm_rules(ledger, plan, by="赵一", at=NOW)
    put(ledger, 90.0, "城东", on=date(2026, 3, 1))
    put(ledger, 98.0, "城东", region="云泽市")
    put(ledger, 96.0, "城西")
    put(ledger, 10.0, "公开数据", source="real")
    put(ledger, 11.0, "孪生", simulated=True)
    put(ledger, 12.0, "邻县", region="邻县")
    put(ledger, 13.0, "光伏站", figure=SUN.indicator.zh)
    put(ledger, 14.0, "旧数据", on=date(2025, 1, 1))
    found = standing.standing(ledger, item, on=ON)
    assert found.reading.value == 96.0
    assert found.state == "met"
    assert found.grade == "A"
    assert [c.value for c in found.reading.used] == [98.0, 96.0]
    reasons = {c.subject: c.why for c in found.reading.components if not c.used}
    assert set(reasons) == {"城东", "公开数据", "孪生", "邻县", "旧数据"}
    assert "source is 'real'" in reasons["公开数据"]
    assert "simulated is True" in reasons["孪生"]


def test_a_figure_is_no_run_of_a_scenario(ledger, target):
    """Counting scenarios looks at runs: figures beside them neither count nor stand in the list."""
    item = review.confirm(ledger, target("应用场景", "个"), by="赵一", at=NOW)
    rules.confirm_rules(ledger, items.find_plan(ledger, "P1"), by="赵一", at=NOW)
    put(ledger, 98.0, "城东")
    assert standing.standing(ledger, item, on=ON).reading.components == ()


def test_data_sets_of_high_quality_are_counted_each_once_as_last_graded(ledger, target):
    """a twice high, b high and then low, c standard: one."""
    item = review.confirm(ledger, target("高质量数据集", "个"), by="赵一", at=NOW)
    rules.confirm_rules(ledger, items.find_plan(ledger, "P1"), by="赵一", at=NOW)
    for name, grade in (("a", "high"), ("a", "high"), ("b", "high"), ("b", "low"),
                        ("c", "standard")):  # fmt: skip
        seen = evidence.Observation("dataset", name, ON, facts={"quality": grade})
        with ledger.write() as tx:
            evidence.observe(tx, seen, grade="A", by="run r1", at=NOW)
    assert standing.standing(ledger, item, on=ON).reading.value == 1.0


def test_the_installed_packs_feed_indicators_of_different_names():
    names = [feed.indicator.zh for feed in feeds.feeds()]
    assert len(names) > 10
    assert len(set(names)) == len(names)
