"""From a run on one's own data to the reading of a target: figure, rule, state."""

from __future__ import annotations

import shutil
from datetime import UTC, date, datetime, timedelta

import pytest

from qianhang.core.pack import load_pack
from qianhang.plan import evidence, items, ledger, review, rules, standing
from qianhang.plan.document import Document, Target
from qianhang.runs import Request, carry_out
from qianhang.runs.workplace import open_store
from qianhang.store import Settings

pytestmark = pytest.mark.xdist_group("feeds")  # two runs that every test here looks at

FEED = """
[[feeds]]
indicator = { zh = "故障识别能力", en = "faults told apart" }
figure = "auroc"
unit = "1"
words = ["故障 识别"]

[[case]]
name = "made_up"
title = { zh = "样例", en = "made up" }
synthetic = true
bar = [{ metric = "auroc", at_least = 0.7, unit = "1" }]
"""
TEXT = "云泽市行动方案\n故障识别率达到80%"


@pytest.fixture(scope="module")
def feeding(pack, tmp_path_factory):
    """The generated pack with an indicator that it feeds and a made-up case."""
    folder = tmp_path_factory.mktemp("feeding") / "industry" / "fault"
    shutil.copytree(pack.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
    with (folder / "pack.toml").open("a", encoding="utf8") as file:
        file.write(FEED)
    return load_pack(folder)


@pytest.fixture(scope="module")
def told(feeding, faults, tmp_path_factory):
    """Settings of a store with a made-up run and two runs on one's own data, and their records."""
    settings = Settings.load(environ={"QIANHANG_HOME": str(tmp_path_factory.mktemp("fed"))})
    name = str(feeding.folder)
    asked = [
        Request(name, case="made_up"),
        Request(name, data=faults),
        Request(name, data=faults, subject="一号厂", region="云泽市"),
    ]
    return settings, [carry_out(each, settings=settings)[0] for each in asked]


def test_a_run_on_own_data_leaves_its_figure_and_a_made_up_one_nothing(told, faults):
    settings, (made_up, bare, named) = told
    with open_store(settings) as store:
        found = evidence.evidence(store, kind="figure")
    assert made_up.result["source"] == "sample"
    assert made_up.result["quality"] == {}
    assert [f.by for f in found] == [f"run {bare.id}", f"run {named.id}"]
    assert [f.subject for f in found] == ["faults", "一号厂"]
    assert [f.value for f in found] == [bare.result["scores"]["auroc"]] * 2
    assert {f.unit for f in found} == {"1"}
    assert {f.grade for f in found} == {"A"}
    facts = found[1].facts
    assert (facts["figure"], facts["score"], facts["source"]) == ("故障识别能力", "auroc", "own")
    assert (facts["simulated"], facts["region"]) == (False, "云泽市")
    assert "region" not in found[0].facts


def test_the_target_that_asks_for_it_is_read_from_the_run(told, feeding, monkeypatch):
    settings, (_, _, named) = told
    monkeypatch.setattr(rules, "feeds", lambda: feeding.manifest.feeds)
    now = datetime.now(UTC)
    start = TEXT.index("故障")
    target = Target(
        "t1", section="1", indicator="故障识别率", comparator=">=", value=80.0, unit="%",
        deadline=2030, span=TEXT[start:], start=start, end=len(TEXT),
    )  # fmt: skip
    document = Document(
        "p.txt", TEXT, "0" * 64, title="云泽市行动方案", period="2026-2030", targets=(target,)
    )
    with open_store(settings) as store:
        plan = ledger.keep(store, document, raw=TEXT.encode(), by="赵一", at=now).plan
        item = review.confirm(store, items.find_item(store, f"{plan.ref}.T1"), by="赵一", at=now)
        rules.confirm_rules(store, plan, by="赵一", at=now)
        found = standing.standing(store, item, on=date.today() + timedelta(days=1))
    assert found.reading.value == pytest.approx(100 * named.result["scores"]["auroc"])
    assert [c.subject for c in found.reading.used] == ["faults", "一号厂"]
    assert found.grade == "A"


def test_a_run_grades_the_data_that_it_opens(told):
    """400 rows without an empty cell or a repeat."""
    quality = told[1][1].result["quality"]
    assert (quality["grade"], quality["rows"], quality["ungraded"]) == ("high", 400, [])
    assert (quality["complete"], quality["valid"], quality["unique"]) == (1.0, 1.0, 1.0)


def test_the_same_data_of_another_subject_are_another_run(told, feeding, faults):
    settings, (_, bare, named) = told
    again, found = carry_out(Request(str(feeding.folder), data=faults), settings=settings)
    assert (again.id, found) == (bare.id, True)
    assert named.id != bare.id
    assert named.result["scores"] == bare.result["scores"]
