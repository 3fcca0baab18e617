"""Tables of tasks, as they come from DOCX, XLSX, HTML and pasted text."""

from __future__ import annotations

import io

import pytest

from qianhang.core.errors import ContractError
from qianhang.plan.document import Task, Units
from qianhang.plan.reading.files import text_from
from qianhang.plan.reading.fold import fold
from qianhang.plan.reading.heading import Facts
from qianhang.plan.reading.read import read_text
from qianhang.plan.reading.tables import table_tasks

FACTS = Facts(region="云泽市") if "region" in Facts.__dataclass_fields__ else Facts()
HEADER = "序号\t重点任务\t主要内容\t牵头单位\t配合单位\t完成时限\n"


def tasks(text: str) -> tuple[Task, ...]:
    folded = fold(text)
    return table_tasks(folded, (0, len(folded.text)), facts=FACTS)


def test_a_row_is_a_task_with_its_units_by_role_and_its_time_limit():
    text = HEADER + "1\t建设城市智能中枢\t归集数据。\t市数据局\t市科技局、市财政局\t2026年12月底\n"
    (task,) = tasks("附件\n" + text + "说明。\n")
    assert (task.title, task.due) == ("建设城市智能中枢", "2026年12月底")
    assert task.units == Units((), ("市数据局",), ("市科技局", "市财政局"))
    assert ("附件\n" + text)[task.start : task.end] == text.removeprefix(HEADER).strip()


@pytest.mark.parametrize(
    "header",
    [
        "序号\t工作任务\t责任单位\t完成时间",
        "编号\t任务名称\t责任部门\t时限要求",
        "序 号\t重点工作\t主要责任单位\t时间节点",
        "序号\t目标任务\t责任单位(排第一的为牵头单位)\t进度安排",
        "\t事项\t责任主体\t办结时限",
        "序号\t2026年重点工作任务\t单位名称\t完成时限",
    ],
)
def test_headers_in_other_words_are_known(header: str):
    (task,) = tasks(f"{header}\n1\t建设平台\t市数据局\t2026年6月\n")
    assert (task.title, task.due) == ("建设平台", "2026年6月")
    assert task.units


def test_cells_merged_downwards_repeat_and_the_rows_are_told_apart_by_their_content():
    text = HEADER + (
        "1\t强化算力\t建设智算中心。\t市数据局\t市财政局\t2026年\n"
        "2\t〃\t开展算力调度;发放算力券。\t〃\t\t2027年\n"
        "3\t\t完善补贴\t市财政局\t\t〃\n"
    )
    first, second, third = tasks(text)
    assert [t.title for t in (first, second, third)] == ["强化算力", "开展算力调度", "完善补贴"]
    assert second.units == Units((), ("市数据局",), ())
    assert third.units == Units((), ("市财政局",), ())
    assert [t.due for t in (first, second, third)] == ["2026年", "2027年", "2027年"]


def test_a_header_of_two_rows_names_the_columns_together():
    text = "序号\t重点任务\t责任分工\t\t完成时限\n〃\t〃\t牵头单位\t配合单位\t〃\n1\t建设平台\t市数据局\t市科技局\t长期\n"
    (task,) = tasks(text)
    assert task.units == Units((), ("市数据局",), ("市科技局",))
    assert task.due == "长期"


def test_a_header_printed_again_after_a_page_is_no_task():
    row = "{}\t任务{}\t内容\t市数据局\t\t2026年\n"
    found = tasks(HEADER + row.format(1, "甲") + HEADER + row.format(2, "乙"))
    assert [t.title for t in found] == ["任务甲", "任务乙"]


def test_a_cell_merged_over_a_page_break_repeats_below_the_repeated_header():
    text = HEADER + "1\t甲任务\t建平台\t市数据局\t\t\n" + HEADER + "2\t〃\t建目录\t〃\t\t\n"
    assert [t.units.lead for t in tasks(text)] == [("市数据局",)] * 2


def test_a_row_broken_over_two_pages_stays_one_task():
    text = HEADER + "1\t建设平台\t归集公共数据,\t市数据局\t\t2026年\n\t\t形成目录。\t\t\t\n"
    (task,) = tasks(text)
    assert text[: task.end].endswith("形成目录。")
    (task,) = tasks(text.replace("\t\t形成", HEADER + "\t\t形成"))
    assert task.title == "建设平台"


def test_group_rows_divide_a_table_without_ending_it():
    text = (
        HEADER
        + "一、夯实基础\n1\t甲任务\t内容\t市数据局\t\t\n(二)深化应用\t\t\t\t\t\n2\t乙任务\t内容\t市科技局\t\t\n"
    )
    assert [t.title for t in tasks(text)] == ["甲任务", "乙任务"]


def test_a_table_of_figures_or_a_menu_is_no_table_of_tasks():
    assert tasks("指标\t2025年\t2027年\n应用场景\t20\t50\n首页\t政务公开\t互动\n") == ()


def test_text_after_a_table_ends_it():
    text = (
        HEADER + "1\t甲任务\t内容\t市数据局\t\t\n附注说明到此为止。\n姓名\t电话\t地址\t甲\t乙\t丙\n"
    )
    assert [t.title for t in tasks(text)] == ["甲任务"]


def test_rows_drawn_with_bars_are_read():
    text = "| 序号 | 重点任务 | 责任单位 | 完成时限 |\n| --- | --- | --- | --- |\n| 1 | 建设平台 | 市数据局 | 2026年 |\n"
    (task,) = tasks(text)
    assert (task.title, task.due) == ("建设平台", "2026年")


def test_shares_and_days_in_a_workbook_are_read_as_they_are_printed():
    from datetime import date

    from openpyxl import Workbook

    book = Workbook()
    book.active.append(["覆盖率", 0.605, 3.0, date(2026, 12, 31)])
    book.active["B1"].number_format = "0.0%"
    held = io.BytesIO()
    book.save(held)
    assert text_from(held.getvalue(), name="a.xlsx").text == "覆盖率\t60.5%\t3\t2026-12-31\n"


def test_a_sheet_of_too_many_rows_is_refused_not_cut_short():
    from openpyxl import Workbook

    book = Workbook()
    book.active.cell(20_001, 1, "尾")
    held = io.BytesIO()
    book.save(held)
    with pytest.raises(ContractError, match="found 20,001 rows of 1 columns") as caught:
        text_from(held.getvalue(), name="a.xlsx")
    assert caught.value.code == "QH127"


def test_a_cell_that_says_who_leads_and_who_supports_is_taken_apart():
    text = "序号\t重点任务\t责任单位\n1\t建设平台\t市数据局牵头,市科技局、市财政局配合\n"
    (task,) = tasks(text)
    assert task.units == Units((), ("市数据局",), ("市科技局", "市财政局"))


def test_a_workbook_of_tasks_is_read_whole():
    from openpyxl import Workbook

    book = Workbook()
    sheet = book.active
    sheet.title = "任务"
    rows = [
        ["云泽市重点任务分工表"],
        ["序号", "重点任务", "主要内容", "牵头单位", "配合单位", "完成时限"],
        [1, "强化算力", "建设智算中心\n分两期", "市数据局", "市科技局、市财政局", "2026年12月"],
        [2, None, "算力调度平台", None, None, "2027年"],
    ]
    for row in rows:
        sheet.append(row)
    sheet.merge_cells("B3:B4")
    sheet.merge_cells("D3:D4")
    hidden = book.create_sheet("草稿")
    hidden.append(["序号", "不应出现"])
    hidden.sheet_state = "hidden"
    held = io.BytesIO()
    book.save(held)
    source = text_from(held.getvalue(), name="tasks.xlsx")
    assert source.text.splitlines()[2:] == [
        "1\t强化算力\t建设智算中心 分两期\t市数据局\t市科技局、市财政局\t2026年12月",
        "2\t〃\t算力调度平台\t〃\t\t2027年",
    ]
    first, second = tasks(source.text)
    assert (first.title, second.title) == ("强化算力", "算力调度平台")
    assert second.units == Units((), ("市数据局",), ())


def test_a_row_that_lost_its_merged_cells_is_a_task_of_the_same_unit():
    """As some crawls print tables: cells merged with those above are not there at all."""
    text = "序号 | 单位名称 | 2026年重点工作任务 |\n1 | 市数据局 | 建设登记平台。 |\n推动数据分级登记和质量评价。 | ||\n2 | 市科技局 | 组织评测 |\n"
    first, second, third = tasks(text)
    assert second.title == "推动数据分级登记和质量评价"
    assert first.units == second.units == Units(("市数据局",))
    assert third.units == Units(("市科技局",))


def test_what_a_row_sets_out_stands_under_that_row_where_its_number_is_no_headings():
    table = (
        HEADER
        + "7\t建设城市算力调度平台\t算力规模达到500PFlops以上。\t市数据局\t\t2026年12月\n"
        + "1\t培育典型场景20个以上\t\t市科技局\t\t2026年12月\n"
    )
    told = read_text(
        "云泽市2026年任务清单\n一、总体要求\n培育企业5家以上。\n附件\n" + table, file="x"
    )
    assert [(t.section, t.value) for t in told.targets] == [("1", 5), ("7", 500), ("1", 20)]
