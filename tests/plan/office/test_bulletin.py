"""The bulletin: what it counts, what it says of changes, and that a reprint is the same bytes."""

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from dataclasses import asdict, replace
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from qianhang.core.errors import StoreError, UsageError
from qianhang.core.pack import cards
from qianhang.plan import schema
from qianhang.plan.evidence import Observation, retract
from qianhang.plan.items import find_item, find_plan
from qianhang.plan.office import printing
from qianhang.plan.office.bulletin import Order, counts
from qianhang.plan.office.plain import plain
from qianhang.plan.office.wording import percent
from qianhang.plan.review import edit, reject
from qianhang.plan.rules import Query, Rule, set_rule
from qianhang.plan.standing import frozen, standings
from qianhang.plan.stated import override

JUNE, SEPTEMBER = date(2026, 6, 30), date(2026, 9, 30)
AT = datetime(2026, 10, 8, 1, 0, tzinfo=UTC)
SECOND = Order("2026年第二季度")
THIRD = Order("2026年第三季度", issuer="云港市行动办", number="云行办〔2026〕3号", to="各县区")


def issue(store, plan, order, on):
    return printing.issue(store, plan, order, on=on, by="韩梅", at=AT)


def text_of(store, one):
    return printing.reprint(store, one, "txt").decode()


def part(text, title):
    """The lines of a numbered part up to the next one."""
    rest = text.partition(f"、{title}\n")[2]
    lines = []
    for line in rest.splitlines():
        if line[:1] in "一二三四五六七八" and line[1:2] == "、":
            break
        lines.append(line)
    return "\n".join(lines)


def test_nothing_confirmed_is_refused_and_nothing_is_kept(store, draft):
    with pytest.raises(UsageError) as caught:
        issue(store, draft, SECOND, JUNE)
    assert caught.value.code == "QH830"
    assert printing.issued(store, draft) == ()


def test_nobody_to_answer_for_it_is_refused(store, evidenced):
    with pytest.raises(UsageError, match="QH831"):
        printing.issue(store, evidenced, SECOND, on=JUNE, by=" ", at=AT)


def test_states_are_counted_over_confirmed_targets_only(store, evidenced):
    """By hand, on 30 June 2026: 4 of 20 models where half of 2026 has passed since January 2025, 12
    of 100 scenarios after their deadline, three targets without a rule."""
    reject(store, find_item(store, "P1.T5"), by="韩梅", at=AT)
    found = counts(standings(store, evidenced, on=JUNE))
    wanted = {"behind": 1, "overdue": 1, "no_evidence": 2}
    assert {state: n for state, n in found.items() if n} == wanted
    text = text_of(store, issue(store, evidenced, SECOND, JUNE))
    assert "4 项目标中，滞后 1 项、逾期 1 项、暂无证据 2 项。" in text
    assert "PUE" not in text


def test_the_first_bulletin_has_nothing_to_compare_with(store, evidenced):
    text = text_of(store, issue(store, evidenced, SECOND, JUNE))
    assert "本期为首期通报" in part(text, "与上期相比的变化及原因")


def test_a_bulletin_issued_again_for_a_day_compares_with_the_day_before(store, evidenced):
    issue(store, evidenced, SECOND, JUNE)
    issue(store, evidenced, THIRD, SEPTEMBER)
    again = issue(store, evidenced, THIRD, SEPTEMBER)
    assert "上期为2026年第二季度（截至2026年6月30日）" in text_of(store, again)


@pytest.mark.parametrize(
    ("share", "shown"), [(0.996, "99%"), (1.0, "100%"), (0.29, "29%"), (None, "")]
)
def test_a_hundred_per_cent_means_all_of_it(share, shown):
    """0.29 is a little less than 29 hundredths in binary; it is 29 % all the same."""
    assert percent(share) == shown


def test_a_change_names_the_records_that_made_it(store, evidenced, made_up):
    issue(store, evidenced, SECOND, JUNE)
    _, seen = made_up
    day = date(2026, 9, 1)
    numbers = seen(store, *(Observation("model", f"new-{n}", day) for n in range(16)))
    text = part(text_of(store, issue(store, evidenced, THIRD, SEPTEMBER)), "与上期相比的变化及原因")
    line = next(row for row in text.splitlines() if row.startswith("垂直模型"))
    assert "滞后，4个" in line
    assert "已完成，20个" in line
    shown = "、".join(f"#{n}" for n in numbers[:8])
    assert f"新增证据 16 条（{shown} 等 16 条）" in line
    assert len([row for row in text.splitlines() if "证据" in row and "个" in row]) == 1


def test_a_retracted_record_is_named_with_its_reason(store, evidenced, made_up):
    _, seen = made_up
    (number,) = seen(store, Observation("model", "twice", date(2026, 6, 2)))
    issue(store, evidenced, SECOND, JUNE)
    retract(store, number, why="重复登记", by="韩梅", at=AT)
    text = text_of(store, issue(store, evidenced, THIRD, SEPTEMBER))
    assert f"不再计入的证据 1 条（#{number}），已撤回：重复登记" in text


def test_an_edited_target_is_shown_as_such(store, evidenced):
    issue(store, evidenced, SECOND, JUNE)
    edit(store, find_item(store, "P1.T1"), {"low": 25.0}, by="韩梅", at=AT)
    text = text_of(store, issue(store, evidenced, THIRD, SEPTEMBER))
    assert "目标由“垂直模型≥20个”改为“垂直模型≥25个”" in text


def test_overdue_and_unproven_targets_stand_with_their_lead_units(store, evidenced):
    text = text_of(store, issue(store, evidenced, SECOND, JUNE))
    overdue = part(text, "逾期目标")
    assert "市发展和改革委员会" in overdue
    assert "场景≈100个" in overdue
    unproven = part(text, "暂无证据的目标")
    # The first of those responsible leads where no leader is printed.
    assert "市数据局" in unproven
    assert "市大数据中心" not in unproven
    assert "0%" not in unproven
    # Why there is no figure is said, once.
    assert "没有" in unproven
    assert all(line.count("没有记录") <= 1 for line in unproven.splitlines())


def test_a_claim_is_printed_apart_and_never_counts(store, evidenced, made_up):
    _, seen = made_up
    claim = Observation("claim", "P1.T1", date(2026, 6, 3), value=18, unit="个", target="P1.T1")
    seen(store, claim, grade="D", by="李雷")
    one = issue(store, evidenced, SECOND, JUNE)
    assert "18个" in part(text_of(store, one), "尚无佐证的填报")
    first = frozen(store, one.readings)[0]
    assert (first.reading.value, first.reading.claimed) == (4.0, 18.0)


def test_an_override_is_always_printed_beside_what_was_computed(store, evidenced):
    issue(store, evidenced, SECOND, JUNE)
    item = find_item(store, "P1.T3")
    until = date(2026, 12, 31)
    override(
        store,
        item,
        state="watch",
        reason="延期获批",
        expires=until,
        by="韩梅",
        at=datetime(2026, 9, 1, tzinfo=UTC),
    )
    one = issue(store, evidenced, THIRD, SEPTEMBER)
    stated = part(text_of(store, one), "人工认定")
    for word in ("逾期", "需关注", "延期获批", "韩梅", "2026-12-31"):
        assert word in stated
    assert "本期没有人工认定" in text_of(store, printing.issued(store, evidenced)[0])


def test_the_annex_lists_every_component(store, evidenced):
    one = issue(store, evidenced, SECOND, JUNE)
    annex = text_of(store, one).partition("读数构成表\n\n")[2]
    assert annex.count("scenario-") == 12
    assert annex.count("model-") == 4


OWN = {"figure": "准确率", "source": "own", "open": False}


@pytest.fixture
def measured(store, evidenced, made_up):
    """A plan of which one target asks for a figure, of which nothing but names tells more."""
    _, seen = made_up
    query = Query(("figure",), "last", where=(("subject", "==", "某台区"),))
    set_rule(store, find_item(store, "P1.T2"), Rule(query), by="韩梅", at=AT)

    def told(subject, by="run 20260601-000000-abcdef", kind="figure", **facts):
        value = 30 if kind == "figure" else None
        made = Observation(kind, subject, date(2026, 6, 2), value=value, unit="个" * bool(value),
                           facts=facts)  # fmt: skip
        return seen(store, made, by=by)[0]

    return told


def test_a_figure_of_own_data_is_printed_without_the_name_of_its_site(store, evidenced, measured):
    first, second = measured("城东医院", **OWN), measured("某台区", **OWN)
    one = issue(store, evidenced, SECOND, JUNE)
    for kind in printing.FORMATS:
        printed = _words(printing.reprint(store, one, kind), kind)
        assert "城东医院" not in printed
        assert "某台区" not in printed
    annex = text_of(store, one).partition("读数构成表\n\n")[2]
    assert all(f"#{n}" in annex for n in (first, second))
    assert annex.count("（自有数据）") == 2
    assert "城东医院" not in repr(frozen(store, one.readings))
    assert printing.rebuilt(store, one) == {
        k: printing.reprint(store, one, k) for k in printing.FORMATS
    }


def test_a_figure_of_an_older_run_that_did_not_say_whose_data_it_had_is_not_named(
    store, evidenced, measured
):
    measured("城东医院", figure="准确率", source="real")
    assert "城东医院" not in text_of(store, issue(store, evidenced, SECOND, JUNE))


def test_a_figure_of_registered_data_and_one_that_the_office_typed_keep_their_names(
    store, evidenced, measured
):
    measured("power-load-vic", figure="准确率", source="real", open=True)
    measured("市统计局公报", by="韩梅")
    text = text_of(store, issue(store, evidenced, SECOND, JUNE))
    assert "power-load-vic" in text
    assert "市统计局公报" in text


def test_a_model_is_printed_without_the_organisation_that_fitted_it(store, evidenced, measured):
    measured("energy.load/east-hospital", kind="model")
    text = text_of(store, issue(store, evidenced, SECOND, JUNE))
    assert "energy.load" in text
    assert "east-hospital" not in text


def test_a_scenario_is_printed_by_its_title_in_the_language_of_the_bulletin(
    store, evidenced, measured
):
    """And a model by the scenario that it is of; what no pack is called stays as it is."""
    measured("energy.load_forecast", kind="run")
    measured("water.leak_detection/east-hospital", kind="model")
    measured("energy.of_another_house", kind="run")
    names = {"energy.load_forecast", "water.leak_detection"}
    packs = [c for c in cards() if c.id in names]
    for lang in ("zh", "en"):
        one = issue(store, evidenced, replace(SECOND, lang=lang), JUNE)
        for kind in printing.FORMATS:
            printed = _words(printing.reprint(store, one, kind), kind)
            assert "energy.load_forecast" not in printed
            assert "water.leak_detection" not in printed
        text = text_of(store, one)
        for found in packs:
            assert (found.title_en if lang == "en" else found.title_zh) in text
        assert "energy.of_another_house" in text
        assert printing.rebuilt(store, one) == {
            k: printing.reprint(store, one, k) for k in printing.FORMATS
        }


def test_a_bulletin_that_was_printed_with_ids_is_rebuilt_with_them(store, evidenced, measured):
    """As an earlier version kept it: without the titles, so that its files are the same bytes."""
    measured("energy.load_forecast", kind="run")
    one = issue(store, evidenced, SECOND, JUNE)
    body = {"order": asdict(SECOND), "title": one.title, "before": None}
    with store.write() as tx:
        tx.execute(sa.update(schema.bulletin).values(body=json.dumps(body)))
    again = printing.find(store, find_plan(store, "P1"), one.id)
    assert "energy.load_forecast" in printing.rebuilt(store, again)["txt"].decode()
    assert "energy.load_forecast" not in text_of(store, again)


def _words(body, kind):
    if kind != "docx":
        return body.decode()
    with zipfile.ZipFile(io.BytesIO(body)) as file:
        return "".join(file.read(name).decode("utf8") for name in file.namelist())


def test_a_reprint_in_another_process_is_byte_identical(store, evidenced, tmp_path):
    one = issue(store, evidenced, THIRD, SEPTEMBER)
    code = (
        "import sys, hashlib, json; from pathlib import Path\n"
        "from qianhang.plan import schema; from qianhang.plan.items import plans\n"
        "from qianhang.plan.office import printing\n"
        "from qianhang.store import Settings, Store\n"
        "with Store.open(Settings(home=Path(sys.argv[1])), parts=(schema.PART,)) as store:\n"
        "    one = printing.issued(store, plans(store)[0])[-1]\n"
        "    made = printing.rebuilt(store, one)\n"
        "print(json.dumps({k: hashlib.sha256(v).hexdigest() for k, v in made.items()}))\n"
    )
    argv = [sys.executable, "-X", "utf8", "-c", code, str(tmp_path / "home")]
    for salt in ("1", "2"):
        env = {"PYTHONHASHSEED": salt, "PYTHONPATH": ":".join(sys.path), "TZ": "Asia/Shanghai"}
        out = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
        assert json.loads(out.stdout) == dict(one.files)


def test_what_happens_later_does_not_reach_a_frozen_bulletin(store, evidenced, made_up):
    one = issue(store, evidenced, SECOND, JUNE)
    before = printing.reprint(store, one, "docx")
    _, seen = made_up
    seen(store, Observation("model", "late", JUNE))
    edit(store, find_item(store, "P1.T1"), {"indicator": "改名"}, by="韩梅", at=AT)
    again = printing.find(store, find_plan(store, "P1"), one.id)
    assert printing.reprint(store, again, "docx") == before
    assert printing.rebuilt(store, again)["docx"] == before


def test_the_printed_files_are_in_the_log_and_checked_with_it(store, evidenced, tmp_path):
    one = issue(store, evidenced, SECOND, JUNE)
    entry = store.entries(kind="plan.bulletin")[-1]
    assert entry.payload["files"] == dict(one.files)
    assert hashlib.sha256(printing.reprint(store, one, "html")).hexdigest() == one.files["html"]
    path = next((tmp_path / "home" / "files").rglob(one.files["txt"]))
    path.chmod(0o600)
    path.write_bytes(b"other")
    assert not store.verify().ok
    with pytest.raises(StoreError):
        printing.reprint(store, one, "txt")


def test_a_preview_keeps_nothing(store, evidenced):
    head = len(store.entries())
    paper = printing.preview(store, evidenced, SECOND, on=JUNE)
    assert "逾期" in plain(paper)
    assert printing.issued(store, evidenced) == ()
    assert len(store.entries()) == head


def test_an_english_bulletin_has_no_chinese_but_the_plans_own(store, evidenced):
    order = Order("Q2 2026", lang="en")
    text = text_of(store, issue(store, evidenced, order, JUNE))
    assert "Overview" in text
    assert "Without any evidence inside its window: 3" in text
    assert not any(word in text for word in ("本期", "逾期", "附件", "目标"))


def test_hostile_text_stays_text(store, evidenced):
    order = Order("<b>Q2</b>", to="a&b", note='<script>alert("x")</script>\x0b')
    one = issue(store, evidenced, order, JUNE)
    page = printing.reprint(store, one, "html").decode()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src 'none'" in page
    assert "http" not in page.partition("<body>")[2]
