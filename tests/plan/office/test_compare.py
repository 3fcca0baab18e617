"""Plans side by side: what is the same, what is not, and that no figure is made up."""

import io
from dataclasses import replace

import pytest
from openpyxl import load_workbook

from qianhang.core.errors import UsageError
from qianhang.plan.document import Document, NamedSystem, Section, Target, Units
from qianhang.plan.items import items
from qianhang.plan.office.compare import Aim, Side, likeness, of_document, of_plan, side_by_side
from qianhang.plan.office.comparison import as_json, comparison_workbook, grids


def target(indicator, comparator, value, unit, deadline):
    return Target("1", "1", indicator, comparator, value, unit, deadline, "", 0, 0)


def system(name, role="build"):
    return NamedSystem("1", name, "建设", role, name, 0, 0)


FIRST = Document(
    "a.txt", "", "", title="甲省行动方案", issuer="甲省人民政府",
    sections=(
        Section("1", "产业", 0, 9, "industry", Units(lead=("省科技厅",), support=("省教育厅",))),
        Section("2", "医疗", 9, 19, "health", Units(responsible=("省科学技术厅",))),
    ),
    targets=(
        target("高质量行业数据集", ">=", 30.0, "个", 2027),
        target("智算规模", ">=", 5.0, "EFlops", 2027),
        target("人工智能骨干企业", "=", (3.0, 5.0), "家", 2026),
        target("行业应用普及率", ">", 70.0, "%", 2027),
    ),
    systems=(system("省级算力调度平台"), system("智慧校园"), system("政务云", "existing")),
)  # fmt: skip
SECOND = Document(
    "b.txt", "", "", title="乙市工作要点", issuer="乙市人民政府",
    sections=(Section("1", "产业", 0, 9, "industry", Units(lead=("市科技局",))),),
    targets=(
        target("数據集", ">=", 50.0, "项", 2026),
        target("智算规模", ">=", 800.0, "PFlops", 2026),
        target("行业应用普及率", ">=", 20.0, "家", 2026),
        target("人工智能人才", ">=", 500.0, "名", 2026),
    ),
    systems=(system("智慧校园"), system("算力调度平台")),
)  # fmt: skip


def both(**more):
    return side_by_side([of_document(FIRST, name="甲"), of_document(SECOND, name="乙")], **more)


def row(rows, name):
    return next(r for r in rows if r.name == name)


def test_the_same_indicator_in_another_spelling_is_one_row():
    """Praise is left out, traditional characters are folded, 个 and 项 count alike."""
    cells = row(both().indicators, "数據集").cells
    assert [[(a.low, a.unit, a.deadline) for a in cell] for cell in cells] == [
        [(30.0, "个", 2027)],
        [(50.0, "项", 2026)],
    ]


def test_figures_stay_as_printed_where_units_can_be_converted():
    cells = row(both().indicators, "智算规模").cells
    assert [(a.low, a.unit) for cell in cells for a in cell] == [(5.0, "EFlops"), (800.0, "PFlops")]


def test_one_name_in_units_that_measure_other_things_is_two_rows():
    found = [r for r in both().indicators if r.name == "行业应用普及率"]
    assert [r.shared for r in found] == [1, 1]


def test_only_the_common_word_is_not_the_same():
    """Companies and people both have artificial intelligence in their names."""
    shared = {r.name for r in both().indicators if r.shared == 2}
    assert shared == {"数據集", "智算规模"}


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("垂直领域行业模型", "全国一流的垂直行业大模型", True),
        ("标杆应用场景", "可复制推广的应用场景", True),
        ("电能利用效率（PUE）", "新建数据中心PUE", True),
        ("工业大模型", "医疗大模型", False),
        ("人工智能企业", "人工智能人才", False),
        ("创新平台", "创新团队", False),
        ("智算中心规模", "智算中心数量", False),
        ("数据集", "", False),
    ],
)
def test_likeness_tells_same_from_similar(first, second, same):
    assert (likeness(first, second) >= 0.6) is same
    assert likeness(first, second) == likeness(second, first)


def test_likeness_by_hand():
    """行业数据集 and 数据集 share 3 of 5 + 3 characters, 2 of 4 + 2 pairs: (6/8 + 4/6) / 2."""
    assert likeness("行业数据集", "数据集") == pytest.approx((6 / 8 + 4 / 6) / 2)


def test_the_threshold_is_stated_and_can_be_moved():
    assert "0.6" in as_json(both())["rule"]
    assert row(both(threshold=0.8).indicators, "高质量行业数据集").shared == 1


def test_systems_say_who_has_what_and_who_lacks_what():
    found = {r.name: [bool(c) for c in r.cells] for r in both().systems}
    assert found["智慧校园"] == [True, True]
    assert found["算力调度平台"] == [True, True]
    assert "政务云" not in found


def test_the_inventorys_ids_decide_before_names():
    ids = {"省级算力调度平台": "M001", "算力调度平台": "M002", "智慧校园": "M003"}
    sides = [of_document(d, match=ids.get, name=n) for d, n in ((FIRST, "甲"), (SECOND, "乙"))]
    shared = {r.name: r.shared for r in side_by_side(sides).systems}
    assert shared == {"省级算力调度平台": 1, "智慧校园": 2, "算力调度平台": 1}


def test_fields_and_kinds_of_units_are_counted():
    """省科技厅 twice (once by its full name) and 市科技局 once are one kind of unit."""
    found = both()
    assert [r.cells for r in found.industries] == [((1,), (1,)), ((1,), ())]
    assert found.units[0].cells == ((2,), (1,))
    assert row(found.units, "教育厅").cells == ((1,), ())


def test_a_plan_of_the_ledger_is_a_side_without_what_was_rejected(store, evidenced):
    every = items(store, evidenced)
    side = of_plan(evidenced, every)
    assert [a.indicator for a in side.aims][:2] == ["垂直模型", "数据集"]
    assert side.systems == (("云港智能体平台", ""),)
    rejected = [replace(i, state="rejected") for i in every]
    assert of_plan(evidenced, rejected).aims == ()


def test_fewer_than_two_plans_are_refused():
    for wrong in ([], [Side("甲")]):
        with pytest.raises(UsageError, match="QH833"):
            side_by_side(wrong)
    with pytest.raises(UsageError, match="threshold"):
        side_by_side([Side("甲"), Side("乙")], threshold=0)


def test_the_workbook_holds_the_tables_and_no_formula():
    side = Side("=甲", (Aim("=1+1", "=", 1.0, None, "个", None, "1", ""),))
    raw = comparison_workbook(side_by_side([side, Side("乙")]))
    book = load_workbook(io.BytesIO(raw))
    assert book.sheetnames == ["同一指标", "只见于一份计划的指标", "系统与平台", "领域", "责任单位"]
    sheet = book["只见于一份计划的指标"]
    assert [c.value for c in sheet[3]] == ["=1+1", "1/2", "1个", "—"]
    assert {c.data_type for r in sheet.iter_rows() for c in r if c.value} == {"s"}


def test_nothing_is_worked_out_per_head():
    texts = [cell for grid in grids(both()) for r in grid.rows for cell in r]
    assert not [t for t in texts if "人均" in t]
    assert "≥30个 (2027)" in texts
