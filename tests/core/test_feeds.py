"""The indicators that a pack declares: which words mean them, what their value is."""

import pytest

from qianhang.core import schema
from qianhang.core.errors import PackError
from qianhang.core.manifest import Feed, Words


def feed(**more):
    given = {"figure": "mape", "unit": "%", "words": ("负荷 预测 准确",)} | more
    return Feed(Words("负荷预测准确率", "accuracy"), **given)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("短期负荷预测准确率", True),
        ("用电负荷日前预测的准确率", True),
        ("负荷预测覆盖率", False),
        ("预测准确率", False),
        ("供热负荷预测准确率", False),
    ],
)
def test_every_part_of_one_entry_has_to_be_there_and_no_word_that_rules_it_out(text, meant):
    assert feed(words=("气温 预报", "负荷 预测 准确"), without=("供热",)).fits(text) is meant


def test_letters_fit_in_either_case():
    assert feed(words=("aqi 准确",)).fits("AQI预报准确率")


def test_what_a_figure_leaves_of_the_whole_is_counted_in_its_unit():
    """100 - 2.5 = 97.5 %; 1 - 0.25 = 0.75."""
    assert feed(rest=True).value({"mape": 2.5}) == 97.5
    assert feed(rest=True, unit="1").value({"mape": 0.25}) == 0.75
    assert feed().value({"mape": 2.5}) == 2.5
    assert feed().value({"rmse": 2.5}) is None
    assert feed(rest=True, figure="headline").value({"headline": None}) is None


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"unit": "percent"}, "not known"),
        ({"unit": "h", "rest": True}, "rest needs the unit"),
        ({"words": []}, "words must hold"),
        ({"words": [" "]}, "words must hold"),
        ({"over": "mean"}, "mean"),
        ({"figures": "x"}, "figure"),
    ],
)
def test_a_feed_that_cannot_be_is_refused_by_name(wrong, said):
    given = {"indicator": {"zh": "甲", "en": "a"}, "figure": "f", "unit": "%", "words": ["甲"]}
    with pytest.raises(PackError, match=f"QH202.*{said}"):
        schema.read(Feed, given | wrong, where="pack.toml feeds")
