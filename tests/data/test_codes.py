"""Every code of the data layer is one thing, and has a page in both languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from qianhang.data import codes

DOCS = Path(__file__).parents[2] / "docs"
CODES = {name: getattr(codes, name) for name in codes.__all__}


def test_no_two_problems_share_a_code() -> None:
    assert len(set(CODES.values())) == len(CODES)


@pytest.mark.parametrize("code", sorted(CODES.values()))
def test_every_code_has_a_page_in_both_languages(code: str) -> None:
    text = (DOCS / "errors" / f"{code}.md").read_text(encoding="utf8")
    assert text.startswith(f"# {code} ")
    assert "怎么办" in text
    assert "What to do" in text


def test_every_key_of_the_schema_and_every_setting_is_documented() -> None:
    import dataclasses
    import typing

    from qianhang.data.datasets import DataFile, DataSet, PublicCopy, Reader

    text = (DOCS / "data_sets.md").read_text(encoding="utf8")
    keys = {f.name for kind in (DataSet, DataFile, PublicCopy) for f in dataclasses.fields(kind)}
    readers = typing.get_args(Reader)
    for word in (*keys, *readers, "QIANHANG_DATA", "QIANHANG_HOME", "QIANHANG_OFFLINE"):
        assert word in text, word
