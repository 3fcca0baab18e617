"""Shares in words: their per cent to one decimal place worked out by hand."""

from __future__ import annotations

import pytest

from qianhang.plan.reading.amounts import amounts
from qianhang.plan.reading.fractions import share


@pytest.mark.parametrize(
    ("text", "value", "sign"),
    [
        ("占比不低于三分之二", 66.7, ">="),
        ("用时缩短三分之一", 33.3, "="),
        ("超过四分之三", 75.0, ">"),
        ("半数以上的学校", 50.0, ">="),
        ("一半以上完成", 50.0, ">="),
        ("国产化率过半。", 50.0, ">"),
    ],
)
def test_a_share_in_words_is_so_many_per_cent(text: str, value: float, sign: str):
    (found,) = amounts(text)
    assert (found.value, found.unit, found.comparator) == (value, "%", sign)


@pytest.mark.parametrize("text", ["百分之五十", "一半时间", "过半数同意", "十分重视"])
def test_other_words_are_no_share(text: str):
    assert share(text, 0) is None


def test_shares_and_figures_come_in_the_order_of_the_text():
    found = amounts("建成平台5个,三分之一以上企业上云,培育企业20家")
    assert [a.value for a in found] == [5, 33.3, 20]
