"""The policy pack: bars on the plans, citations in force, one's own documents."""

import io
import zipfile
from pathlib import Path

import pandas as pd
import pytest

from qianhang import trial as trials
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.pack import find
from qianhang.core.spec import Spec, make
from qianhang.data import open_inputs

PACK = find("government.policy_qa")


def _spec(case: str, **params: str) -> Spec:
    return make(PACK.manifest, PACK.manifest.find_case(case), seed=0, params=params)


def _opened(case: str, data: Path | None = None) -> Inputs:
    opened = open_inputs(PACK.manifest, PACK.manifest.find_case(case), data=data)
    return PACK.code.read(opened.inputs, spec=_spec(case))


@pytest.fixture(scope="module")
def plan_folder(data_root: Path) -> Path:
    """The five texts, which lie in a folder of QIANHANG_DATA or beside it."""
    for place in (data_root / "plans" / "texts", data_root.parent / "plans" / "texts"):
        if place.is_dir():
            return place
    pytest.fail("the five plan texts are not here")


@pytest.mark.data
def test_plans_keep_their_bars(plan_folder: Path) -> None:
    """219 questions and 126 off-topic ones, the refusal of each half tuned on the other."""
    spec = _spec("plans")
    files = Inputs({p.stem: p for p in sorted(plan_folder.glob("*.txt"))})
    inputs = PACK.code.read(files, spec=spec)
    known = set(PACK.code.passages(inputs, spec=spec)["id"])
    gold = inputs.table["gold"][inputs.table["gold"] != ""].str.split("|")
    assert len(gold) >= 200
    assert (inputs.table["gold"] == "").sum() >= 100
    assert all(set(g) <= known for g in gold)
    case = PACK.manifest.find_case("plans")
    found = trials.run(PACK.code, inputs, task="retrieve", case=case, spec=spec)
    assert found.scores["hit1"] >= 0.95
    assert found.scores["off_topic_refused"] >= 0.95
    assert found.scores["on_topic_kept"] >= 0.95
    assert found.scores["hit1"] > found.trivial["hit1"]


@pytest.mark.data
def test_no_repealed_article_is_cited(data_root: Path) -> None:
    """Acts that the Civil Code replaced are out from 2021-01-01, and in on the day before."""
    if not (data_root / "economy" / "policy_legal_qa").is_dir():
        pytest.fail("the laws are not here")
    inputs = _opened("laws")
    rows = inputs["articles"]
    some = rows[rows["law"].str.contains("合同法|婚姻法|民法典|担保法|增值税|个体工商户")]
    cut = inputs.replace(articles=some.reset_index(drop=True))

    def live(day: str) -> set[str]:
        found = PACK.code.passages(cut, spec=_spec("laws", as_of=day))
        return set(found.loc[found["in_force"], "document"])

    old = "最高人民法院关于适用合同法若干问题的解释(二)"
    assert old in live("2020-12-31")
    assert old not in live("2021-01-01")
    assert "民法典" not in live("2020-12-31")
    assert "民法典" in live("2021-01-01")
    assert "增值税暂行条例" in live("2025-12-31")
    assert "增值税暂行条例" not in live("2026-01-01")
    assert "促进个体工商户发展条例" in live("2026-01-01")
    assert "个体工商户条例" not in live("2026-01-01")


def test_reviewed_repeals_name_a_day_and_a_source() -> None:
    listed = pd.read_csv(PACK.folder / "repeals.csv", dtype=str, keep_default_na=False)
    assert listed["law"].is_unique
    assert (listed["source"] != "").all()
    assert pd.to_datetime(listed["until"], format="%Y-%m-%d").notna().all()


def _word(*lines: str) -> bytes:
    space = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in lines)
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("word/document.xml", f'<w:document xmlns:w="{space}">{body}</w:document>')
    return held.getvalue()


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "my_docs"
    folder.mkdir()
    (folder / "rules.docx").write_bytes(
        _word(
            "某市停车管理办法",
            "第一条 为了规范机动车停放秩序，改善道路通行条件，制定本办法。",
            "第二条 小区内的停车位应当首先满足业主需要，外来车辆停放按物业规定收费。",
            "第三条 在消防通道停放机动车的，处二百元罚款并立即驶离。",
        )
    )
    notice = "关于供暖的通知\n一、供暖时间\n今年十月二十日开始供暖，明年四月二十日停止供暖。\n"
    notice += "二、收费标准\n居民用户每平方米收取二十五元，特困家庭减半收取。\n2024年9月1日\n"
    (folder / "heat.txt").write_bytes(notice.encode("gb18030"))
    return folder


def test_own_documents_answer_with_their_citation(documents: Path) -> None:
    inputs = _opened("laws", documents)
    found = trials.run(
        PACK.code, inputs, task="retrieve", case=PACK.manifest.find_case("laws"), spec=_spec("laws")
    )
    assert set(found.scores) == {"self_hit1", "self_hit10"}
    asked = Inputs(
        {"table": pd.DataFrame({"question": ["消防通道停车罚款多少", "暖气费怎么收費", "QQQ"]})}
    )
    rows = trials.serve(PACK.code, found.model, asked, task="retrieve", spec=_spec("laws"))
    assert rows["citation"].tolist() == [
        "《某市停车管理办法》第三条",
        "《关于供暖的通知》二、（2024-09-01）",
        "",
    ]
    assert "二百元" in rows["extract"].iloc[0]
    assert rows["refused"].tolist() == [False, False, True]


def test_a_document_that_cannot_be_read_is_named(documents: Path) -> None:
    (documents / "old.doc").write_bytes(b"\xd0\xcf\x11\xe0")
    with pytest.raises(ContractError, match=r"old\.doc"):
        _opened("laws", documents)
