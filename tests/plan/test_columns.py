"""Headings of tables of tasks, and tables whose cells only blanks part, read whole."""

from __future__ import annotations

import pytest

from qianhang.plan.reading.columns import column, is_header
from qianhang.plan.reading.read import read_text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("序号", "number"), ("重点任务", "task"), ("牵头单位", "lead"), ("配合 单位", "support"),
        ("责任单位(排第一的牵头)", "responsible"), ("完成时限", "due"), ("联系电话", ""), ("", ""),
    ],
)  # fmt: skip
def test_a_heading_names_its_column(text: str, name: str):
    assert column(text) == name


def test_a_header_names_work_and_who_answers_for_it_or_when():
    assert is_header(["序号", "重点任务", "完成时限"])
    assert not is_header(["序号", "重点任务", "备注栏说明"])
    assert not is_header(["序号", "牵头单位", "配合单位"])


ONE = """某市重点任务分解表
序号 重点任务 牵头单位 配合单位 完成时限
1 建设智算中心,算力达到500P 市数据局 市科技局、市财政局 2026年12月
2 建设数据集30个 市数据局 市教育局 2027年6月
附件2 名词解释
"""
WIDE = ONE.replace(" ", "　　").replace("附件2　　", "附件2 ")


@pytest.mark.parametrize("text", [ONE, WIDE], ids=["one blank", "wide blanks"])
def test_a_table_set_with_blanks_gives_its_rows_and_what_is_due(text: str):
    document = read_text(text, file="a.txt")
    assert [(s.path, s.units.lead, s.units.support) for s in document.sections] == [
        ("1", ("市数据局",), ("市科技局", "市财政局")),
        ("2", ("市数据局",), ("市教育局",)),
    ]
    assert [(t.value, t.unit, t.deadline) for t in document.targets] == [
        (500, "P", 2026), (30, "个", 2027),
    ]  # fmt: skip
    assert all(text[t.start : t.end] == t.span for t in document.targets)


def test_blanks_in_lines_under_no_header_part_nothing():
    document = read_text("一、总体要求\n建设 三个 平台 服务 2026年\n", file="a.txt")
    assert document.tasks[0].units.responsible == ()
    assert [s.path for s in document.sections] == ["1"]


def test_rows_under_a_heading_bear_its_path_and_those_of_an_annex_do_not():
    table = "序号\t重点任务\t责任单位\n4\t建设平台\t市数据局\n5\t建设中心\t市科技局\n"
    within = read_text(f"某市行动方案\n一、总体要求\n坚持。\n二、任务\n{table}", file="a.txt")
    assert [s.path for s in within.sections] == ["1", "2", "2.4", "2.5"]
    annexed = read_text(
        f"某市行动方案\n一、要求\n坚持。\n二、任务\n推进。\n附件\n{table}", file="a.txt"
    )
    assert [s.path for s in annexed.sections] == ["1", "2", "4", "5"]


def test_rows_do_not_answer_for_the_heading_that_groups_them():
    table = "序号\t重点任务\t责任单位\n1\t建设平台\t市发改委牵头,市数据局配合\n"
    document = read_text(f"某市行动方案\n一、夯实基础\n{table}", file="a.txt")
    assert not document.sections[0].units
    assert document.sections[1].units.lead == ("市发改委",)
