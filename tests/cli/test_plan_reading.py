"""`qianhang plan read` and `extract`: what a person sees and what is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import qianhang.plan
from qianhang.cli.plan import plan_command
from qianhang.core.errors import ContractError

SAMPLE = qianhang.plan.SAMPLE


def call(*words: str | Path, lang: str = "en") -> Result:
    result = CliRunner().invoke(plan_command, [str(w) for w in words], env={"QIANHANG_LANG": lang})
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def test_read_prints_facts_outline_and_targets() -> None:
    shown = call("read", SAMPLE, lang="zh").output
    for part in (
        "云政办发〔2026〕6号",
        "人工智能+水务",
        "市卫生健康委牵头",
        "≥ 5 个",
        "8–10 家",
        "< 1.25",
    ):
        assert part in shown, part


def test_read_prints_the_published_schema_as_json() -> None:
    shown = json.loads(call("read", SAMPLE, "--json").output)
    text = SAMPLE.read_text(encoding="utf8")
    assert shown["schema"] == "qianhang-plan-gold/1"
    assert [text[t["start"] : t["end"]] for t in shown["targets"]] == [
        t["span"] for t in shown["targets"]
    ]


def test_read_refuses_what_is_no_document(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with pytest.raises(ContractError, match=r"a\.png: found a PNG picture"):
        call("read", tmp_path / "a.png")


def test_extract_goes_on_after_a_bad_file_and_ends_with_1(tmp_path: Path) -> None:
    folder = tmp_path / "plans"
    folder.mkdir()
    (folder / "a.txt").write_bytes(b"")
    (folder / "b.txt").write_bytes(SAMPLE.read_bytes())
    result = call("extract", folder, tmp_path / "none.txt", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "QH114 a.txt: the file is empty" in result.output
    assert "none.txt: there is no such file" in result.output
    assert "1 written to" in result.output
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["b.json"]
    assert json.loads((tmp_path / "out" / "b.json").read_text(encoding="utf8"))["file"] == "b.txt"


def test_extract_does_not_overwrite_one_answer_with_another(tmp_path: Path) -> None:
    for name in ("x", "y"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "plan.txt").write_bytes(SAMPLE.read_bytes())
    result = call("extract", tmp_path / "x", tmp_path / "y", "--out", tmp_path / "out")
    assert result.exit_code == 1
    assert "QH809" in result.output


def test_extract_writes_nothing_it_cannot_name(tmp_path: Path) -> None:
    result = call("extract", SAMPLE, "--out", tmp_path / "out")
    assert result.exit_code == 0
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["sample.json"]


def test_a_mistyped_subcommand_is_answered_with_the_nearest() -> None:
    assert "did you mean extract?" in call("extrat").output
