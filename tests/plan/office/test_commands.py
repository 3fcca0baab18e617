"""The office's commands, from the ledger to files and back."""

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from openpyxl import load_workbook

from qianhang.cli.plan import plan_command
from qianhang.core.errors import UsageError
from qianhang.plan.items import find_item
from qianhang.plan.office import agenda
from qianhang.runs import open_store
from qianhang.store import Settings


@pytest.fixture
def call(store, evidenced, tmp_path, monkeypatch):
    """Calls `qianhang plan ...` on the plan with evidence; gives what it printed."""
    store.close()
    monkeypatch.setenv("QIANHANG_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("QIANHANG_DATABASE_URL", raising=False)
    monkeypatch.delenv("QIANHANG_FILES_URL", raising=False)
    monkeypatch.chdir(tmp_path)

    def run(*argv):
        found = CliRunner().invoke(plan_command, [str(a) for a in argv])
        if found.exception and not isinstance(found.exception, SystemExit):
            raise found.exception
        return found.output

    return run


def test_a_bulletin_is_issued_and_printed_again_the_same(call, tmp_path):
    said = call("bulletin", "P1", "--on", "2026-06-30", "--by", "韩梅", "--out", "b.docx")
    assert said.strip() == "b.docx"
    call("bulletin", "P1", "--reprint", 1, "--out", "again.docx")
    assert (tmp_path / "b.docx").read_bytes() == (tmp_path / "again.docx").read_bytes()
    assert "2026年第二季度" in call("bulletin", "P1", "--list")


def test_without_a_suffix_all_three_formats_are_written(call, tmp_path):
    call("bulletin", "P1", "--on", "2026-06-30", "--preview", "--out", "b")
    assert sorted(p.name for p in tmp_path.glob("b.*")) == ["b.docx", "b.html", "b.txt"]
    assert call("bulletin", "P1", "--list") == ""


def test_a_bulletin_that_cannot_be_written_says_so(call):
    with pytest.raises(UsageError, match="QH834"):
        call("bulletin", "P1", "--preview", "--out", "no/such/folder/b.txt")


def test_a_sheet_goes_out_and_comes_back(call, tmp_path):
    call("export", "P1", "--on", "2026-06-30", "--out", "t.xlsx")
    book = load_workbook(tmp_path / "t.xlsx")
    book.worksheets[0]["E3"] = "≥25"
    book.save(tmp_path / "t.xlsx")
    back = ("import-sheet", "P1", "t.xlsx", "--on", "2026-06-30", "--by", "韩梅")
    assert "修改 1 项" in call(*back, "--check")
    assert "修改 1 项" in call(*back)
    with open_store(Settings.load()) as store:
        assert find_item(store, "P1.T1").values["low"] == 25.0


def test_work_is_kept_and_shown(call):
    call("work", "owner", "P1.T3", "王芳", "--by", "韩梅")
    call("work", "meeting", "P1", "调度会", "--on", "2026-06-01", "--by", "韩梅")
    call(
        "work",
        "decision",
        "P1",
        "补报",
        "--owner",
        "市数据局",
        "--due",
        "2026-06-05",
        "--meeting",
        1,
        "--by",
        "韩梅",
    )
    call("work", "settings", "P1", "office=行动办", "--by", "韩梅")
    told = call("work", "remind", "P1", "--on", "2026-06-25")
    lines = told.splitlines()
    assert any("P1.T3" in line and "王芳" in line and "行动办" in line for line in lines)
    assert any("会议决定" in line and "已逾期 20 天" in line for line in lines)
    assert any("月度报送" in line and "今日到期" in line for line in lines)
    call("work", "decision", "P1", "--done", 1, "--by", "韩梅")
    assert "补报" not in call("work", "remind", "P1", "--on", "2026-06-25")


def test_a_day_is_needed_where_a_day_is_asked_for(call):
    assert "2026-6-x" in call("work", "remind", "P1", "--on", "2026-6-x")


def test_comparing_one_plan_is_refused(call):
    with pytest.raises(UsageError, match="QH833"):
        call("compare", "P1")


def test_time_is_stamped_in_utc(call):
    call("work", "owner", "P1.T3", "王芳", "--by", "韩梅")
    with open_store(Settings.load()) as store:
        from qianhang.plan.items import find_plan

        at = agenda.owners(store, find_plan(store, "P1"))["T3"].at
    assert abs(datetime.fromisoformat(at) - datetime.now(UTC)).total_seconds() < 60
