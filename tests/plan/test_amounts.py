"""Quantities in sentences written for these tests; value, unit and comparator read off by hand."""

from __future__ import annotations

import pytest

from qianhang.plan.reading.amounts import amounts, number

ONE = [
    ("规模达到5000PFlops", "达到5000PFlops", 5000, "PFlops", "="),
    ("打造5个以上基地", "5个以上", 5, "个", ">="),
    ("总量1,250.5亿元", "1,250.5亿元", 1250.5, "亿元", "="),
    ("新增3.5万家", "3.5万家", 3.5, "万家", "="),
    ("普及率超90%", "超90%", 90, "%", ">"),
    ("普及率百分之九十以上", "百分之九十以上", 90, "%", ">="),
    ("培育2—3家企业", "2—3家", (2, 3), "家", "="),
    ("培育二至三家企业", "二至三家", (2, 3), "家", "="),
    ("培育两三家企业", "两三家", (2, 3), "家", "="),
    ("投资10亿—20亿元", "10亿—20亿元", (10, 20), "亿元", "="),
    ("增长10%-12%", "10%-12%", (10, 12), "%", "="),
    ("建成10余个", "10余个", 10, "个", ">"),
    ("建成100+个", "100+个", 100, "个", ">="),
    ("建成近百个", "近百个", 100, "个", "~"),
    ("建成100个左右", "100个左右", 100, "个", "~"),
    ("不少于30项", "不少于30项", 30, "项", ">="),
    ("时延不超过1.5毫秒", "不超过1.5毫秒", 1.5, "毫秒", "<="),
    ("电能利用效率(PUE)低于1.25。", "低于1.25", 1.25, "", "<"),
    ("平均PUE降至1.3以下", "降至1.3以下", 1.3, "", "<="),
    ("发展指数达到85以上。", "达到85以上", 85, "", ">="),
    ("不高于理论时延1.5倍", "1.5倍", 1.5, "倍", "<="),
    ("进入全国前10位", "全国前10位", 10, "位", "<="),
    ("建成20万标准机架", "20万标准机架", 20, "万标准机架", "="),
    ("装机500万千瓦", "500万千瓦", 500, "万千瓦", "="),
    ("电价0.35元/千瓦时", "0.35元/千瓦时", 0.35, "元/千瓦时", "="),
    ("配置100台(套)以上", "100台(套)以上", 100, "台(套)", ">="),
    ("算力5000千万亿次浮点运算/秒(PFLOPS)以上", "5000千万亿次浮点运算/秒(PFLOPS)以上", 5000, "PFLOPS", ">="),
    ("用时压减到15分钟内", "压减到15分钟内", 15, "分钟", "<="),
    ("应用率达到九成以上", "达到九成以上", 90, "%", ">="),
    ("规模达到三千亿元", "达到三千亿元", 3000, "亿元", "="),
    ("规模达到3千亿元", "达到3千亿元", 3000, "亿元", "="),
    ("效率不低于1.2升/千瓦时", "不低于1.2升/千瓦时", 1.2, "升/千瓦时", ">="),
    ("平均PUE由1.4降至1.25。", "降至1.25", 1.25, "", "="),
    ("受教育年限达到11.5年", "达到11.5年", 11.5, "年", "="),
]  # fmt: skip

NONE = [
    "千亿级产业", "“十四五”时期", "第3个", "415X", "7+28+N", "L4级", "C919", "2.0版",
    "六部门联合", "2025年", "十几个", "数十家", "每个", "12345热线", "20××个", "xx个", "1xx个",
    "5个多月以来", "国发〔2017〕35号", "一二三产",
]  # fmt: skip


@pytest.mark.parametrize(("text", "printed", "value", "unit", "sign"), ONE, ids=[o[0] for o in ONE])
def test_a_quantity_is_read_whole(
    text: str, printed: str, value: float | tuple[float, float], unit: str, sign: str
) -> None:
    (found,) = amounts(text)
    assert text[found.first : found.last] == printed
    assert (found.value, found.unit, found.comparator) == (value, unit, sign)


@pytest.mark.parametrize("text", NONE)
def test_a_number_in_a_name_or_without_a_unit_is_no_quantity(text: str) -> None:
    assert amounts(text) == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("二十", 20),
        ("一百零五", 105),
        ("九点五", 9.5),
        ("千", 1000),
        ("两百三十", 230),
        ("1,020", 1020),
    ],
)
def test_numerals_are_read_by_their_places(text: str, value: float) -> None:
    assert number(text) == value


def test_quantities_that_measure_are_told_from_those_that_count() -> None:
    found = amounts("产值100亿元,企业20家,带宽100G以上,培训3万人次,占比5%")
    assert [a.measured for a in found] == [True, False, True, True, True]


@pytest.mark.parametrize("text", ["一" * 200_000, "9" * 200_000, "(" * 200_000])
def test_a_long_run_of_one_sign_is_no_quantity_and_raises_nothing(text: str) -> None:
    assert amounts(text) == ()


def test_circles_in_a_row_stand_for_no_number() -> None:
    assert amounts("培育企业〇〇家、人才○○人") == ()
    assert [a.low for a in amounts("培育企业一百〇五家")] == [105]
