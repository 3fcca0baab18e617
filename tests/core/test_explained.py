"""The pages of the error codes as the program reads them."""

import re
from pathlib import Path

import pytest

import qianhang
from qianhang.core import errors
from qianhang.core.explained import explain, explained, read

SOURCE = Path(qianhang.__file__).parent
RAISED = {
    code
    for path in SOURCE.rglob("*.py")
    if "templates" not in path.parts
    for code in re.findall(r"[\"'](QH\d{3})[\"']", path.read_text(encoding="utf8"))
}
CHINESE = re.compile(r"[\u3400-\u9fff]")


@pytest.mark.parametrize("code", sorted(RAISED))
def test_every_code_that_the_source_raises_is_explained_in_both_languages(code):
    one = explain(code)
    assert one is not None
    assert issubclass(getattr(errors, one.kind), errors.QianhangError)
    assert one.example.startswith(code)
    for text in (one.action, one.title, one.happened, one.why, one.todo):
        assert CHINESE.search(text.zh)
        assert not text.en.startswith(("*", "：", "."))
        assert not text.zh.startswith(("*", "：", "。"))


def test_a_page_is_read_part_by_part():
    one = explained()["QH114"]
    text = (SOURCE.parents[1] / "docs/errors/QH114.md").read_text(encoding="utf8")
    assert (one.title.zh, one.title.en, one.kind) == ("空文件", "Empty file", "ContractError")
    for said in (one.happened, one.why, one.todo):
        assert f"**：{said.zh}\n" in text
        assert f".** {said.en}\n" in text


def test_a_page_of_another_form_and_an_unknown_code_are_told():
    assert explain("QH999") is None
    with pytest.raises(ValueError, match="not a page of a code"):
        read("# Errors")
