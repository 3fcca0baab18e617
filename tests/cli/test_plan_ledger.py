"""The ledger on the command line: from a file to a figure that can be recomputed."""

import json
import shutil
import zipfile

import pytest
from click.testing import CliRunner

from qianhang.cli import _app
from qianhang.core.errors import QianhangError
from qianhang.core.words import say
from qianhang.plan import connectors
from qianhang.runs import open_store
from qianhang.store import Settings

PLAN = """云泽市“人工智能+”行动方案（2025—2027年）
云泽市人民政府
一、重点任务
（一）模型。到2027年，培育行业模型20个以上，打造智慧供水平台。（责任单位：市数据局、市科技局）
（二）企业。到2027年，培育骨干企业8家。（责任单位：市工业和信息化局）
"""


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory):
    """A folder with an empty store: migrating takes longer than most tests."""
    folder = tmp_path_factory.mktemp("home")
    open_store(Settings(home=folder)).close()
    return folder


@pytest.fixture
def call(home, monkeypatch, empty_home):
    """call("plan", ...) -> what the command printed."""
    shutil.copytree(empty_home, home)
    monkeypatch.setenv("QIANHANG_LANG", "en")

    def run(*arguments, typed=None):
        done = CliRunner().invoke(_app(), [str(a) for a in arguments], input=typed)
        if done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        return done.output

    return run


@pytest.fixture
def plan(call, tmp_path):
    path = tmp_path / "plan.txt"
    path.write_text(PLAN, encoding="utf8")
    assert "P1" in call("plan", "import", path, "--by", "赵一")
    return path


def targets(call, **more):
    options = [x for name, value in more.items() for x in (f"--{name}", value)]
    rows = json.loads(call("plan", "ledger", "P1", "--json", *options))["targets"]
    return {r["indicator"]: r for r in rows}


def test_a_file_that_is_there_is_said_to_be_there(call, plan):
    assert "nothing was changed" in call("plan", "import", plan, "--by", "赵一")
    assert [p["version"] for p in json.loads(call("plan", "list", "--json"))] == [1]


def test_drafts_are_not_counted_until_a_person_confirms_them(call, plan):
    assert targets(call) == {}
    with pytest.raises(QianhangError, match="QH823"):
        call("plan", "review", "P1", "--confirm-all")
    assert "confirmed" in call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    assert {r["state"] for r in targets(call).values()} == {"no_evidence"}


def test_a_review_at_the_terminal_goes_key_by_key(call, plan):
    said = call("plan", "review", "P1", "--by", "钱二", "--kind", "target", typed="y\ne\nlow=9\n\n")
    assert "培育行业模型20个以上" in said
    found = targets(call)
    assert {name: r["target"] for name, r in found.items()} == {
        "行业模型": "≥ 20 个",
        "骨干企业": "9 家",
    }
    assert "2 settled, 0 left" in said


def test_a_review_can_be_left_and_an_item_rejected(call, plan):
    assert "0 settled" in call("plan", "review", "P1", "--by", "钱二", typed="q\n")
    call("plan", "review", "P1", "--by", "钱二", "--kind", "target", typed="n\n重复\ns\n")
    shown = json.loads(call("plan", "show", "P1", "--kind", "target", "--json"))["items"]
    assert [i["state"] for i in shown] == ["rejected", "draft"]


def test_a_figure_is_explained_and_recomputed(call, plan, tmp_path):
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    firms = targets(call)["骨干企业"]["ref"]
    register = tmp_path / "register.txt"
    register.write_text("firms", encoding="utf8")
    call("plan", "evidence", "add", firms, "--value", 3, "--by", "李四", "--on", "2026-03-01")
    call(
        "plan", "evidence", "add", firms, "--value", 8, "--by", "李四", "--on", "2026-03-02",
        "--file", register,
    )  # fmt: skip
    told = targets(call, on="2026-06-01")["骨干企业"]
    assert (told["value"], told["claimed"], told["grade"], told["state"]) == (8, 3, "C", "met")
    said = json.loads(call("plan", "explain", firms, "--on", "2026-06-01", "--json"))
    assert said["again"] == said["value"] == 8
    assert [c["grade"] for c in said["components"]] == ["D", "C"]
    assert "same as the reading" in call("plan", "explain", firms, "--on", "2026-06-01")


def test_a_record_taken_back_leaves_the_figure_and_stays_in_the_list(call, plan):
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    ref = targets(call)["行业模型"]["ref"]
    call("plan", "evidence", "add", ref, "--value", 5, "--by", "李四")
    seq = json.loads(call("plan", "evidence", "list", "--json"))[0]["seq"]
    assert targets(call)["行业模型"]["claimed"] == 5
    call("plan", "evidence", "retract", seq, "--why", "错", "--by", "李四")
    assert targets(call)["行业模型"]["claimed"] is None
    assert "retracted" in call("plan", "evidence", "list")


def test_a_rule_that_divides_by_zero_says_so(call, plan):
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    ref = targets(call)["行业模型"]["ref"]
    part = {"kinds": ["document"], "aggregate": "sum"}
    rule = {"query": part, "per": part}
    call("plan", "rule", "set", ref, json.dumps(rule), "--by", "钱二")
    assert '"version": 2' in call("plan", "rule", "show", ref)
    call(
        "plan", "evidence", "add", ref, "--value", 0, "--kind", "document", "--by", "李四",
        "--file", plan,
    )  # fmt: skip
    told = targets(call)["行业模型"]
    assert (told["value"], told["state"]) == (None, "no_evidence")
    assert told["reason"].startswith("undefined")
    assert "the denominator is 0" in call("plan", "explain", ref)


def test_a_re_issue_is_shown_as_a_difference(call, plan):
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    plan.write_text(PLAN.replace("骨干企业8家", "骨干企业12家"), encoding="utf8")
    assert "1 changed" in call("plan", "import", plan, "--by", "赵一")
    told = json.loads(call("plan", "diff", "P1", "--json"))
    assert told["counts"]["changed"] == 1
    assert "骨干企业" in call("plan", "diff", "P1")
    assert list(targets(call)) == ["行业模型"]


def test_by_unit_and_by_section_show_every_target_once(call, plan):
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    for by in ("section", "unit", "target"):
        assert "no evidence" in call("plan", "ledger", "P1", "--by", by)


def test_an_override_and_a_milestone_are_stated_by_a_person(call, plan):
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    ref = targets(call)["行业模型"]["ref"]
    call("plan", "milestone", ref, "--on", "2026-01-01", "--value", 5, "--by", "李四")
    call(
        "plan", "override", ref, "on_track", "--reason", "等验收", "--expires", "2099-01-01",
        "--by", "李四",
    )  # fmt: skip
    told = targets(call)["行业模型"]
    assert (told["state"], told["assessed"], told["override"]) == (
        "on_track",
        "no_evidence",
        "等验收",
    )
    assert "stated by hand" in call("plan", "ledger", "P1", "--by", "target")


def test_a_signed_delivery_is_taken_once(call, plan, tmp_path):
    private, public = connectors.new_key()
    assert "public key" in call("plan", "connector", "new-key")
    call("plan", "connector", "add", "stats", "--public", public, "--by", "钱二")
    records = [{"kind": "statistic", "subject": "甲公司", "on": "2026-05-01"}]
    body = connectors.seal("stats", 1, sent="", records=records, private=private)
    path = tmp_path / "delivery.json"
    path.write_text(json.dumps(body), encoding="utf8")
    assert "1 records of stats" in call("plan", "evidence", "import", path)
    with pytest.raises(QianhangError, match="QH182"):
        call("plan", "evidence", "import", path)
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    assert targets(call, on="2026-06-01")["骨干企业"]["by_grade"] == {"B": 1}
    call("plan", "connector", "retire", "stats", "--by", "钱二")


def test_coverage_is_told_for_the_published_plans_and_for_ours(call, plan):
    rows = {r["plan"]: r for r in json.loads(call("plan", "coverage", "--json"))}
    assert set(rows) == {"", *"CHJQZ"}
    assert 0 < rows[""]["share"] < 1
    ours = json.loads(call("plan", "coverage", "P1", "--json"))[0]
    assert [n["name"] for n in ours["named"]] == ["智慧供水平台"]
    assert "智慧供水平台" in call("plan", "coverage", "P1")


def test_demo_ends_with_the_ledger_of_the_sample_plan_and_its_bulletin(call, monkeypatch, tmp_path):
    """Without any scenario there is no evidence, which the ledger says instead of showing 0."""
    monkeypatch.setattr("qianhang.core.pack.packs", lambda: ())
    told = call("demo", "--out", tmp_path / "reports")
    assert "P1.T1" in told
    assert "no evidence 11" in told
    kinds = {p.suffix for p in (tmp_path / "reports" / "plan").iterdir()}
    assert kinds == {".docx", ".html", ".txt"}


def test_weights_give_one_figure_and_name_what_they_leave_out(call, plan):
    call("plan", "review", "P1", "--confirm-all", "--by", "赵一")
    call("plan", "evidence", "add", "P1.T2", "--value", "4", "--by", "赵一", "--file", plan)
    call("plan", "weights", "P1", "T1=1", "T2=3", "--by", "赵一")
    told = call("plan", "ledger", "P1")
    assert "T1 × 1, T2 × 3" in told
    assert "left out: T1" in told
    with pytest.raises(QianhangError, match="QH826 weight 'T9=1'"):
        call("plan", "weights", "P1", "T9=1", "--by", "赵一")


def test_a_system_is_linked_to_what_realises_it(call, plan):
    assert "scenario water.leak_detection" in call(
        "plan", "link", "P1.Y1", "scenario", "water.leak_detection", "--by", "赵一"
    )


def test_a_name_of_another_kind_of_file_is_refused(call, plan, tmp_path):
    with pytest.raises(QianhangError, match=r"QH834 .*x\.csv: found '\.csv', expected \.xlsx"):
        call("plan", "export", "P1", "--out", tmp_path / "x.csv")
    assert not (tmp_path / "x.csv").exists()


def every_command(group, path=()):
    import click

    with click.Context(group) as context:
        for name in group.list_commands(context):
            found = group.get_command(context, name)
            if isinstance(found, click.Group):
                yield from every_command(found, (*path, name))
            else:
                yield " ".join((*path, name)), found


def test_every_command_of_the_ledger_answers_in_json(call):
    from qianhang.cli.plan import plan_command

    found = dict(every_command(plan_command))
    assert {"bulletin", "work meeting", "work decision", "evidence add"} <= set(found)
    without = [n for n, c in found.items() if not any("--json" in p.opts for p in c.params)]
    assert without == []


def test_what_is_written_is_told_in_json(call, plan, tmp_path):
    def told(*arguments):
        return json.loads(call("plan", *arguments, "--json"))

    assert told("import", plan, "--by", "赵一")[0] | {"file": ""} == {
        "file": "", "ref": "P1", "title": "云泽市“人工智能+”行动方案(2025—2027年)", "version": 1,
        "again": True, "difference": None, "notes": [],
        "counts": {"sections": 3, "tasks": 2, "targets": 2, "systems": 1, "measures": 0},
    }  # fmt: skip
    assert len(told("review", "P1", "--kind", "target")) == 2
    assert told("review", "P1", "--confirm-all", "--by", "钱二")["rules"] == 2
    added = told("evidence", "add", "P1.T2", "--value", "0.0004", "--unit", "万家", "--by", "钱二")
    assert (added["value"], added["unit"], added["part"]["value"]) == (0.0004, "万家", 4)
    assert told("bulletin", "P1", "--preview")["bulletin"] is None
    assert told("bulletin", "P1", "--by", "钱二", "--out", tmp_path)["bulletin"]["id"] == 1
    assert [one["id"] for one in told("bulletin", "P1", "--list")] == [1]
    held = told("work", "meeting", "P1", "推进会", "--on", "2026-06-01", "--by", "钱二")
    assert [(m["title"], m["day"]) for m in held] == [("推进会", "2026-06-01")]
    decided = told("work", "decision", "P1", "补报", "--owner", "市数据局", "--by", "钱二")
    assert [(d["text"], d["state"], d["due"]) for d in decided] == [("补报", "open", None)]
    assert told("ledger", "P1")["whole"]["counts"]["no_evidence"] == 2


def test_a_value_in_another_unit_is_converted_and_told_or_refused(call, plan):
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    said = call(
        "plan", "evidence", "add", "P1.T2", "--value", "0.0004", "--unit", "万家", "--by", "甲"
    )
    assert "0.0004 万家 is read as 4 家" in said
    with pytest.raises(
        QianhangError, match=r"QH825 P1\.T2 骨干企业, unit: found '亿元', expected '家'"
    ):
        call("plan", "evidence", "add", "P1.T2", "--value", "3", "--unit", "亿元", "--by", "甲")
    assert [e["unit"] for e in json.loads(call("plan", "evidence", "list", "--json"))] == ["万家"]


def test_a_record_that_does_not_count_is_told_so_at_once(call, plan, tmp_path):
    file = tmp_path / "register.pdf"
    file.write_bytes(b"x")
    given = ("P1.T1", "--value", "3", "--file", file, "--by", "甲")
    assert "P1.T1 is not confirmed" in call("plan", "evidence", "add", *given)
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    assert "not counted: does not qualify: kind is document" in call(
        "plan", "evidence", "add", *given
    )


def test_what_a_folder_holds_beside_documents_is_named_and_not_opened(call, plan, tmp_path):
    folder = tmp_path / "folder"
    (folder / "sub").mkdir(parents=True)
    shutil.copy(plan, folder / "plan.txt")
    with zipfile.ZipFile(folder / "sub" / "annex.zip", "w") as archive:
        archive.writestr("plan.txt", PLAN)
    (folder / "photo.png").write_bytes(b"\x89PNG.....")
    (folder / "list.csv").write_text("a,b", encoding="utf8")
    (folder / ".hidden.zip").write_bytes(b"PK")
    for command in (("import", folder), ("extract", folder, "--out", tmp_path / "out")):
        said = call("plan", *command)
        assert f"passed over {folder / 'sub' / 'annex.zip'}" in said
        assert "QH120 annex.zip: found a ZIP archive of 1 files" in said
        assert "unpack it, then import the folder" in said
        assert "QH120 photo.png: found a PNG picture" in said
        assert "list.csv: found text under the ending '.csv'" in said
        assert "hidden" not in said
    (tmp_path / "none").mkdir()
    assert "holds no document" in call("plan", "import", tmp_path / "none")


def test_a_unit_printed_in_two_ways_is_one_row(call, tmp_path):
    path = tmp_path / "two.txt"
    text = PLAN.replace("市数据局、市科技局", "市发展改革委").replace(
        "市工业和信息化局", "市发改委"
    )
    path.write_text(text, encoding="utf8")
    call("plan", "import", path, "--by", "赵一")
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    rows = json.loads(call("plan", "directory", "P1", "--json"))
    told = ("unit", "name", "printed", "tasks_led", "targets")
    assert [tuple(r[key] for key in told) for r in rows] == [
        ("市发展改革委", "云泽市发展和改革委员会", ["市发展改革委", "市发改委"], 2, 2)
    ]
    led = json.loads(call("plan", "ledger", "P1", "--json"))["units"]
    assert [(u["name"], u["targets"]) for u in led] == [("市发展改革委", 2)]


def test_another_name_of_a_unit_is_put_down_by_a_person(call, plan):
    asked = ("plan", "directory", "P1", "--unit", "市数据局", "--alias", "市工业和信息化局")
    with pytest.raises(QianhangError, match="QH823"):
        call(*asked)
    rows = json.loads(call(*asked, "--by", "钱二", "--json"))
    assert rows[0]["printed"] == ["市数据局", "市工业和信息化局"]


def test_an_empty_edit_changes_nothing_and_asks_again(call, plan):
    said = call("plan", "review", "P1", "--by", "钱二", "--kind", "target", typed="e\n\ns\nq\n")
    assert "no field was given: nothing was changed" in said
    shown = json.loads(call("plan", "show", "P1", "--kind", "target", "--json"))["items"]
    assert {(i["state"], i["revision"]) for i in shown} == {("draft", 0)}
    assert json.loads(call("plan", "rule", "show", "P1.T1", "--json"))["state"] == "proposed"


def test_an_edit_takes_the_labels_that_the_screen_prints(call, plan):
    """数值, 上限 and a sign as they are shown; the second in English, with another mark."""
    typed = "e\n数值=9\n上限：12\n比较=≥\n\ne\nValue=7\nyearly=是\n\n"
    labels = {name: say(f"cli.plan.field_{name}", lang="en") for name in ("low", "yearly")}
    typed = typed.replace("Value", labels["low"].upper()).replace("yearly", labels["yearly"])
    call("plan", "review", "P1", "--by", "钱二", "--kind", "target", typed=typed)
    shown = json.loads(call("plan", "show", "P1", "--kind", "target", "--json"))["items"]
    first, second = (i["values"] for i in shown)
    assert (first["low"], first["high"], first["comparator"]) == (9, 12, ">=")
    assert (second["low"], second["yearly"]) == (7, True)


def test_the_end_of_input_tells_what_is_written(call, plan):
    said = call("plan", "review", "P1", "--by", "钱二", "--kind", "target", typed="y\n")
    assert "End of input: the 1 settled items are written, 1 left" in said
    assert len(targets(call)) == 1


def test_units_typed_as_they_are_shown_or_side_by_side(call, plan):
    typed = (
        'e\nunits={"lead\nunits={"lead": 3}\nunits={"lead": ["市教育局"]}\n\ne\n单位=甲局、乙局\n\n'
    )
    said = call("plan", "review", "P1", "--by", "钱二", "--kind", "task", typed=typed)
    assert said.count("expected name=value") == 2
    shown = json.loads(call("plan", "show", "P1", "--kind", "task", "--json"))["items"]
    assert [i["values"]["units"] for i in shown] == [
        {"responsible": [], "lead": ["市教育局"], "support": []},
        {"responsible": ["甲局", "乙局"], "lead": [], "support": []},
    ]


@pytest.mark.parametrize(
    ("kind", "name", "says"),
    [
        ("scenario", "water.leak_detectio", "did you mean 'water.leak_detection'"),
        ("pool", "nopool", "as local"),
        ("dataset", "uci_bikesharing", r"no dataset 'uci_bikesharing' \(as "),
        ("model", "x", "nothing of this kind"),
        ("part", "store", "nothing of this kind"),
        ("service", "x", "expected scenario, dataset, pool"),
    ],
)
def test_what_cannot_be_looked_up_realises_nothing(call, plan, kind, name, says):
    before = json.loads(call("plan", "coverage", "P1", "--json"))
    with pytest.raises(QianhangError, match=rf"QH826 P1\.Y1.*{says}"):
        call("plan", "link", "P1.Y1", kind, name, "--by", "赵一")
    assert json.loads(call("plan", "coverage", "P1", "--json")) == before


def test_every_unit_has_a_row_with_the_systems_that_it_leads(call, plan):
    """The first section names a system and two units, of which the first leads."""
    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    rows = json.loads(call("plan", "ledger", "P1", "--json"))["units"]
    told = [(r["name"], r["targets"], r["systems"]) for r in rows]
    assert told == [("市数据局", 1, 1), ("市工业和信息化局", 1, 0), ("市科技局", 0, 0)]


def test_the_directory_counts_tasks_led_and_targets_answered_for(call, plan):
    rows = json.loads(call("plan", "directory", "P1", "--json"))
    told = {r["unit"]: (r["tasks_led"], r["targets"]) for r in rows}
    assert told == {"市数据局": (1, 1), "市科技局": (0, 1), "市工业和信息化局": (1, 1)}
    assert "tasks led" in call("plan", "directory", "P1")


def test_weights_without_a_reading_are_told(call, plan):
    call("plan", "review", "P1", "--confirm-all", "--by", "赵一")
    call("plan", "weights", "P1", "T1=1", "--by", "赵一")
    assert "none of these targets has a reading" in call("plan", "ledger", "P1")
    told = json.loads(call("plan", "ledger", "P1", "--json"))["weighted"]
    assert told == {"value": None, "weights": {"T1": 1.0}, "left_out": ["T1"]}


def test_a_sheet_speaks_one_language_and_the_same_sheet_again_adds_nothing(call, plan, tmp_path):
    from openpyxl import load_workbook

    call("plan", "review", "P1", "--confirm-all", "--by", "钱二")
    path = tmp_path / "ledger.xlsx"
    call("plan", "export", "P1", "--out", path)
    book = load_workbook(path)
    sheet = book.worksheets[0]
    heads = {c.value: c.column for c in sheet[2]}
    state, value = (say(f"office.sheet.{n}", lang="en") for n in ("state", "value"))
    lead = say("office.sheet.lead", lang="en")
    assert sheet.cell(3, heads[state]).value == "no evidence"
    assert sheet.cell(3, heads[lead]).value == "市数据局 (by convention)"
    sheet.cell(3, heads[value]).value = 7
    sheet.cell(3, heads[lead]).value = "市数据局"
    book.save(path)
    read = ("plan", "import-sheet", "P1", path, "--by", "韩梅", "--json")
    first, second = (json.loads(call(*read)) for _ in range(2))
    assert (first["claims"], first["edits"], first["left"]) == (1, 2, [])
    assert (second["claims"], second["edits"]) == (0, 0)
    assert len(json.loads(call("plan", "evidence", "list", "--json"))) == 1


def test_a_plan_cannot_be_put_under_its_own_child(call, plan, tmp_path):
    child = tmp_path / "county.txt"
    child.write_text(PLAN.replace("云泽市", "清河县"), encoding="utf8")
    call("plan", "import", child, "--parent", "P1", "--by", "赵一")
    call("plan", "import", plan, "--parent", "P2", "--by", "赵一")
    call("plan", "import", plan, "--parent", "P1", "--by", "赵一")
    rows = json.loads(call("plan", "list", "--json"))
    assert [r["parent"] for r in rows] == [None, 1]
