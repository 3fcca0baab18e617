"""The ledger as a workbook: out, edited, and back in; one clear error, and never half of it."""

import io
import json
from datetime import UTC, date, datetime

import pytest
from openpyxl import Workbook, load_workbook

from qianhang.core.errors import ContractError, UsageError
from qianhang.plan.evidence import evidence
from qianhang.plan.items import Led, find_item, items, leaders
from qianhang.plan.office.agenda import notes
from qianhang.plan.office.exchange import dump, read_json
from qianhang.plan.office.intake import check, current, take
from qianhang.plan.office.sheets import read_sheet, workbook
from qianhang.plan.review import edit, history
from qianhang.plan.standing import standing

ON = date(2026, 6, 30)
AT = datetime(2026, 7, 1, 1, 0, tzinfo=UTC)
HEADS = [
    "序号",
    "章节",
    "重点任务",
    "量化指标",
    "目标值",
    "单位",
    "完成时限",
    "牵头单位",
    "配合单位",
    "当前值",
    "证据等级",
    "状态",
    "进展说明",
    "原文",
    "编号",
]


MADE = {}


def export(store, plan):
    """The ledger's workbook; equal logs hold equal ledgers, so one is made for each."""
    head = store.entries()[-1].hash
    if head not in MADE:
        found = current(store, plan, on=ON)
        MADE[head] = workbook(found, plan=plan.title, ref=plan.ref, on=ON)
    return MADE[head]


def opened(raw):
    book = load_workbook(io.BytesIO(raw))
    return book, book.worksheets[0]


def cell(sheet, ref, head):
    column = HEADS.index(head) + 1
    for row in range(3, sheet.max_row + 1):
        if sheet.cell(row, len(HEADS)).value == ref:
            return sheet.cell(row, column)
    raise AssertionError(ref)


def edited(store, plan, *changes, extra=()):
    """The workbook with (id, head, value) put in and rows added below, as bytes."""
    book, sheet = opened(export(store, plan))
    for ref, head, value in changes:
        cell(sheet, ref, head).value = value
    for row in extra:
        sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


def taken(store, plan, raw):
    sheet = read_sheet(raw, "台账.xlsx")
    return take(store, plan, check(store, plan, sheet, on=ON), on=ON, by="韩梅", at=AT)


def refused(store, plan, raw, kind=ContractError):
    """The error; the ledger must be as it was."""
    before = len(store.entries())
    with pytest.raises(kind) as caught:
        taken(store, plan, raw)
    assert len(store.entries()) == before
    return str(caught.value)


def test_heads_are_those_that_offices_use(store, evidenced):
    _, sheet = opened(export(store, evidenced))
    assert [c.value for c in sheet[2]] == HEADS


def test_a_line_shows_target_units_value_and_sentence(store, evidenced):
    """4 of 20 models by hand; the first of those responsible leads where no leader is printed."""
    _, sheet = opened(export(store, evidenced))
    wanted = {
        "章节": "1.1", "重点任务": "推出模型", "量化指标": "垂直模型", "目标值": "≥20", "单位": "个",
        "完成时限": "2026", "牵头单位": "市工业和信息化局", "配合单位": "市科学技术局", "当前值": 4,
        "证据等级": "A", "状态": "滞后", "原文": "垂直模型20个以上",
    }  # fmt: skip
    assert {head: cell(sheet, "P1.T1", head).value for head in wanted} == wanted
    assert cell(sheet, "P1.T2", "牵头单位").value == "市数据局（按惯例）"
    assert cell(sheet, "P1.T2", "配合单位").value == "市大数据中心"
    assert cell(sheet, "P1.T2", "状态").value == "暂无证据"
    assert cell(sheet, "P1.T2", "当前值").value in (None, "")
    assert cell(sheet, "P1.T4", "目标值").value == "3—5"


def test_a_task_without_target_has_a_line_of_its_own(store, evidenced):
    lines = current(store, evidenced, on=ON)
    assert [line.id for line in lines] == ["P1.T1", "P1.T2", "P1.T3", "P1.T4", "P1.T5", "P1.K6"]
    assert (lines[-1].task, lines[-1].due) == ("宣传推广", "2026年底前")


def test_untouched_means_unchanged(store, evidenced):
    sheet = read_sheet(export(store, evidenced))
    assert check(store, evidenced, sheet, on=ON).count == 0


def test_a_changed_target_is_an_edit_by_a_named_person(store, evidenced):
    raw = edited(store, evidenced, ("P1.T1", "目标值", "≥25"), ("P1.T1", "完成时限", 2027))
    assert taken(store, evidenced, raw).edits == 1
    item = find_item(store, "P1.T1")
    assert (item.state, item.by) == ("edited", "韩梅")
    assert (item.values["low"], item.values["deadline"]) == (25.0, 2027)
    act = history(store, evidenced, "T1")[-1]
    assert (act.before["low"], act.after["low"], act.by) == (20.0, 25.0, "韩梅")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("≥1,500", (">=", 1500.0, None)),
        ("2—4", (">=", 2.0, 4.0)),
        ("＜1.3", ("<", 1.3, None)),
        ("≈80", ("~", 80.0, None)),
        (30, (">=", 30.0, None)),
        (">= 2.5", (">=", 2.5, None)),
    ],
)
def test_targets_are_read_as_people_write_them(store, evidenced, text, wanted):
    """A bare number keeps the comparator that was there."""
    taken(store, evidenced, edited(store, evidenced, ("P1.T1", "目标值", text)))
    values = find_item(store, "P1.T1").values
    assert (values["comparator"], values["low"], values["high"]) == wanted


def test_a_typed_value_is_a_claim_and_moves_no_reading(store, evidenced):
    taken(store, evidenced, edited(store, evidenced, ("P1.T1", "当前值", 18)))
    found = standing(store, find_item(store, "P1.T1"), on=ON)
    assert (found.reading.value, found.reading.claimed) == (4.0, 18.0)
    (claim,) = evidence(store, kind="claim")
    assert (claim.grade, claim.by, claim.value, claim.target) == ("D", "韩梅", 18.0, "P1.T1")


def test_notes_are_kept_one_after_the_other(store, evidenced):
    for text in ("已招标", "已签约"):
        taken(store, evidenced, edited(store, evidenced, ("P1.T3", "进展说明", text)))
    assert [(n.text, n.by) for n in notes(store, evidenced, "T3")] == [
        ("已招标", "韩梅"),
        ("已签约", "韩梅"),
    ]
    assert cell(opened(export(store, evidenced))[1], "P1.T3", "进展说明").value == "已签约"


def test_units_are_edited_where_they_are_held(store, evidenced):
    raw = edited(store, evidenced, ("P1.T3", "牵头单位", "市数据局，市科学技术局"))
    taken(store, evidenced, raw)
    assert leaders(store, evidenced)["T3"].units == ("市数据局", "市科学技术局")
    assert (
        cell(opened(export(store, evidenced))[1], "P1.T3", "牵头单位").value
        == "市数据局、市科学技术局"
    )


def test_a_leader_by_convention_is_marked_and_stays_one_until_the_mark_is_taken_away(
    store, evidenced
):
    raw = edited(store, evidenced, ("P1.T2", "配合单位", "市大数据中心、市科学技术局"))
    taken(store, evidenced, raw)
    assert leaders(store, evidenced)["T2"] == Led(("市数据局",), convention=True)
    shown = opened(export(store, evidenced))[1]
    assert cell(shown, "P1.T2", "牵头单位").value == "市数据局（按惯例）"
    assert cell(shown, "P1.T2", "配合单位").value == "市大数据中心、市科学技术局"
    taken(store, evidenced, edited(store, evidenced, ("P1.T2", "牵头单位", "市数据局")))
    assert leaders(store, evidenced)["T2"] == Led(("市数据局",))


def test_what_the_system_makes_is_not_taken_but_told(store, evidenced):
    raw = edited(store, evidenced, ("P1.T1", "状态", "已完成"), ("P1.T1", "量化指标", "别名"))
    intake = check(store, evidenced, read_sheet(raw), on=ON)
    assert intake.count == 0
    assert {column for _, column in intake.left} == {"state", "indicator"}


def test_a_new_row_is_a_task_added_by_hand(store, evidenced):
    row = ["", "", "新增工作", "", "", "", "2027年6月", "市数据局", "", "", "", "", "", "", ""]
    taken(store, evidenced, edited(store, evidenced, extra=[row]))
    item = items(store, evidenced, kind="task")[-1]
    assert (item.name, item.state, item.values["due"]) == ("新增工作", "edited", "2027年6月")
    assert item.values["units"]["lead"] == ["市数据局"]


def test_the_same_sheet_again_adds_no_second_task(store, evidenced):
    row = ["", "", "新增工作", "", "", "", "2027年6月", "市数据局", "", "", "", "", "", "", ""]
    raw = edited(store, evidenced, extra=[row])
    assert [taken(store, evidenced, raw).tasks for _ in range(2)] == [1, 0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("P1.T1", "目标值", "若干"), ("row 3", "目标值", "若干", "expected")),
        (("P1.T1", "目标值", "5—3"), ("row 3", "目标值", "rises")),
        (("P1.T1", "目标值", ""), ("row 3", "目标值")),
        (("P1.T1", "当前值", "约四个"), ("row 3", "当前值", "约四个", "number")),
        (("P1.T1", "当前值", "1,2"), ("row 3", "当前值")),
        (("P1.T1", "当前值", "nan"), ("row 3", "当前值")),
        (("P1.T1", "完成时限", "尽快"), ("row 3", "完成时限", "尽快")),
        (("P1.T1", "编号", "P1.T99"), ("row 3", "编号", "P1.T99")),
        (("P1.T1", "编号", "P1.T2"), ("row 4", "编号", "row 3")),
        (("P1.T1", "当前值", "=1+1"), ("row 3", "当前值", "formula")),
        (("P1.K6", "目标值", "3"), ("row 8", "目标值")),
    ],
)
def test_one_broken_cell_names_its_place_and_nothing_is_taken(store, evidenced, change, words):
    raw = edited(store, evidenced, ("P1.T3", "进展说明", "好"), ("P1.T4", "目标值", "6"), change)
    said = refused(store, evidenced, raw)
    assert said.startswith("QH184 台账.xlsx")
    assert [w for w in words if w not in said] == []


def test_two_lines_of_one_section_cannot_name_different_units(store, evidenced):
    """Both lines are of section 1.1 once the second target is moved there."""
    edit(store, find_item(store, "P1.T2"), {"section": "1.1"}, by="韩梅", at=AT)
    raw = edited(store, evidenced, ("P1.T1", "牵头单位", "甲局"), ("P1.T2", "牵头单位", "乙局"))
    assert "the units of row 3" in refused(store, evidenced, raw)


def test_what_the_ledger_changed_since_is_a_conflict(store, evidenced):
    raw = edited(store, evidenced, ("P1.T1", "目标值", "≥25"))
    edit(store, find_item(store, "P1.T1"), {"low": 22.0}, by="李雷", at=AT)
    said = refused(store, evidenced, raw, UsageError)
    assert "QH822" in said
    assert "≥22" in said


def test_an_old_sheet_does_not_undo_what_others_did(store, evidenced):
    raw = edited(store, evidenced, ("P1.T3", "进展说明", "好"))
    edit(store, find_item(store, "P1.T1"), {"low": 22.0}, by="李雷", at=AT)
    taken(store, evidenced, raw)
    assert find_item(store, "P1.T1").values["low"] == 22.0


def test_an_item_changed_between_check_and_taking_stops_everything(store, evidenced):
    raw = edited(store, evidenced, ("P1.T3", "目标值", "90"), ("P1.T4", "目标值", "4—6"))
    intake = check(store, evidenced, read_sheet(raw), on=ON)
    edit(store, find_item(store, "P1.T4"), {"low": 2.0}, by="李雷", at=AT)
    before = len(store.entries())
    with pytest.raises(UsageError, match="QH822"):
        take(store, evidenced, intake, on=ON, by="韩梅", at=AT)
    assert len(store.entries()) == before
    assert find_item(store, "P1.T3").values["low"] == 100.0


def test_nobody_named_takes_nothing(store, evidenced):
    intake = check(
        store, evidenced, read_sheet(edited(store, evidenced, ("P1.T3", "目标值", "90"))), on=ON
    )
    with pytest.raises(UsageError):
        take(store, evidenced, intake, on=ON, by="", at=AT)
    assert find_item(store, "P1.T3").values["low"] == 100.0


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@SUM(A1)", "\t=1"])
def test_what_begins_like_a_formula_is_written_as_text(store, evidenced, text):
    edit(store, find_item(store, "P1.T1"), {"indicator": text}, by="韩梅", at=AT)
    raw = export(store, evidenced)
    found = cell(opened(raw)[1], "P1.T1", "量化指标")
    assert (found.data_type, found.value, found.quotePrefix) == ("s", text, True)
    assert check(store, evidenced, read_sheet(raw), on=ON).count == 0


def sheet_of(*rows):
    book = Workbook()
    for row in rows:
        book.worksheets[0].append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"no workbook", ("XLSX",)),
        (b"", ("XLSX",)),
        (sheet_of(("甲", "乙")), ("编号",)),
        (sheet_of(("序号", "目标值")), ("编号",)),
        (sheet_of(("序号", "编号", "预算")), ("row 1", "column C", "预算")),
        (sheet_of(("序号", "编号", "编号")), ("row 1", "column C", "twice")),
    ],
)
def test_what_is_no_ledger_is_refused_by_name(raw, words):
    with pytest.raises(ContractError) as caught:
        read_sheet(raw, "x.xlsx")
    assert [w for w in words if w not in str(caught.value)] == []


def test_a_sheet_of_ones_own_is_compared_with_the_ledger(store, evidenced):
    """Only some columns, no record of what was given out."""
    raw = sheet_of(("编 号", "目标\n值"), ("P1.T1", "≥30"), ("P1.T2", "≥30"))
    assert taken(store, evidenced, raw).edits == 1
    assert find_item(store, "P1.T1").values["low"] == 30.0


def test_json_goes_the_same_way(store, evidenced):
    found = current(store, evidenced, on=ON)
    body = json.loads(dump(found, plan=evidenced.title, ref=evidenced.ref, on=ON))
    assert check(store, evidenced, read_json(json.dumps(body)), on=ON).count == 0
    body["lines"][0]["aim"] = "≥25"
    intake = check(store, evidenced, read_json(json.dumps(body)), on=ON)
    take(store, evidenced, intake, on=ON, by="韩梅", at=AT)
    assert find_item(store, "P1.T1").values["low"] == 25.0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", ("JSON",)),
        ("[]", ("schema",)),
        ('{"schema": "qianhang-ledger/1", "lines": [{"budget": 1}]}', ("line 1", "budget")),
        ('{"schema": "qianhang-ledger/1", "lines": [1]}', ("line 1",)),
        ('{"schema": "qianhang-ledger/1", "lines": 1}', ("lines",)),
        ('{"schema": "qianhang-ledger/1", "given": []}', ("given",)),
    ],
)
def test_broken_json_names_its_place(text, words):
    with pytest.raises(ContractError) as caught:
        read_json(text)
    assert [w for w in words if w not in str(caught.value)] == []


def test_a_merged_cell_speaks_for_all_its_rows(store, evidenced):
    """People merge the units of neighbouring lines; nothing is emptied by that."""
    book, sheet = opened(export(store, evidenced))
    for row in (3, 4):
        sheet.cell(row, 8).value = "市数据局"
    sheet.merge_cells("H3:H4")
    packed = io.BytesIO()
    book.save(packed)
    taken(store, evidenced, packed.getvalue())
    found = leaders(store, evidenced)
    assert found["T1"] == found["T2"] == Led(("市数据局",))


def test_a_share_typed_as_per_cent_is_read_in_per_cent(store, evidenced):
    book, sheet = opened(export(store, evidenced))
    found = cell(sheet, "P1.T1", "当前值")
    found.value, found.number_format = 0.35, "0%"
    packed = io.BytesIO()
    book.save(packed)
    intake = check(store, evidenced, read_sheet(packed.getvalue()), on=ON)
    assert [value for _, value in intake.claims] == [35.0]
