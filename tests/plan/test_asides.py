"""Figures that are no targets, and those that look like them: sentences judged by hand."""

from __future__ import annotations

import pytest

from qianhang.plan.reading.asides import budgeted, foretold
from qianhang.plan.reading.read import read_text


def targets(sentence: str) -> list[tuple[float | tuple[float, float], str, str]]:
    text = f"某市行动方案(2025—2027年)\n一、重点任务\n{sentence}\n二、组织实施\n抓好落实。\n"
    return [(t.value, t.unit, t.comparator) for t in read_text(text, file="a.txt").targets]


def test_money_set_aside_is_told_by_its_verb():
    assert budgeted("市财政每年安排", "市财政每年安排2亿元专项资金")
    assert budgeted("统筹安排专项资金", "统筹安排专项资金3亿元")
    assert not budgeted("研发经费投入", "研发经费投入达到20亿元")


def test_what_experts_expect_is_told_by_who_says_it():
    assert foretold("有咨询机构预测,市场规模将超")
    assert not foretold("会议预计到2027年产业规模")


@pytest.mark.parametrize(
    "sentence",
    [
        "每年安排不低于2亿元专项资金,支持平台建设。",
        "省级统筹安排专项资金3亿元。",
        "某大学教授认为,劳动生产率有望提高12%。",
        "研究机构预测,2030年市场规模将超2000亿元。",
        "产业发展类(3项)。",
    ],
)
def test_these_figures_are_no_targets(sentence: str):
    assert targets(sentence) == []


@pytest.mark.parametrize(
    ("sentence", "found"),
    [
        ("到2027年,研发投入达到20亿元。", [(20, "亿元", "=")]),
        ("全年为企业发放“科创贷”10亿元以上。", [(10, "亿元", ">=")]),
        ("应用普及率较上年提高10个百分点。", [(10, "个百分点", "=")]),
        ("注册用户突破8000万。", [(8000, "万", ">")]),
        ("提供诊断服务2000家次。", [(2000, "家次", "=")]),
        ("智慧助餐点覆盖80%的社区。", [(80, "%", "=")]),
        ("电子病历应用水平平均达到5级以上。", [(5, "级", ">=")]),
        ("产业规模突破350亿元,比2024年翻一番。", [(350, "亿元", ">")]),
        ("产业规模较2024年翻两番。", [(4, "倍", "=")]),
    ],
)
def test_these_are(sentence: str, found: list[tuple[float, str, str]]):
    assert targets(sentence) == found
