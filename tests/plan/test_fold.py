"""The folded text against OpenCC, Unicode's own normal form, and spans counted by hand."""

from __future__ import annotations

import unicodedata
from importlib import resources

import pytest

from qianhang.plan.reading.fold import fold


def pairs() -> dict[str, str]:
    text = resources.files("qianhang.plan.reading").joinpath("simplified.txt").read_text("utf8")
    return dict(zip(text.strip()[0::2], text.strip()[1::2], strict=True))


def test_every_character_of_the_table_is_what_opencc_makes_of_it() -> None:
    """OpenCC is the oracle; 畫 alone differs, for 规划 is in every title."""
    opencc = pytest.importorskip("opencc", reason="the oracle of the table is not installed")
    convert = opencc.OpenCC("t2s").convert
    other = {c: s for c, s in pairs().items() if convert(c) != s}
    assert other == {"畫": "划"}


def test_no_character_that_opencc_changes_is_missing_from_the_table() -> None:
    opencc = pytest.importorskip("opencc", reason="the oracle of the table is not installed")
    convert = opencc.OpenCC("t2s").convert
    table = pairs()
    blocks = (*range(0x3400, 0x4DC0), *range(0x4E00, 0xA000))
    changed = {chr(code) for code in blocks if convert(chr(code)) != chr(code)}
    assert {c for c in changed if len(convert(c)) == 1} <= set(table)


def test_full_width_forms_become_what_unicode_calls_compatible() -> None:
    printed = "（一）１．Ａ：５０％；①㈡⑶"
    assert fold(printed).text == unicodedata.normalize("NFKC", printed)


def test_a_circled_number_knows_its_one_place() -> None:
    folded = fold("甲⑩乙")
    assert folded.text == "甲10乙"
    assert folded.span(1, 3) == (1, 2)


def test_pinyin_in_place_of_a_word_is_read_as_the_word() -> None:
    folded = fold("由zhengfu引导")
    assert folded.text == "由政府引导"
    assert folded.span(1, 3) == (1, 8)
    assert folded.quote(3, 5) == "引导"


def test_pinyin_in_brackets_is_dropped_and_the_words_keep_their_places() -> None:
    folded = fold("关(guān)于額(é)度")
    assert folded.text == "关于额度"
    assert folded.span(0, 2) == (0, 8)
    assert folded.span(3, 4) == (12, 13)


def test_the_vocabulary_of_taiwan_is_read_as_that_of_the_mainland() -> None:
    folded = fold("人工智慧套用與資訊軟體")
    assert folded.text == "人工智能应用与信息软件"
    assert folded.quote(0, 4) == "人工智慧"


def test_a_latin_word_that_only_holds_a_mask_is_left_alone() -> None:
    assert fold("zhengfuwang").text == "zhengfuwang"


def test_a_place_of_the_original_is_found_in_the_folded_text() -> None:
    folded = fold("由zhengfu引导")
    assert [folded.find(place) for place in (0, 1, 8, 9, 10)] == [0, 1, 3, 4, 5]


def test_the_number_of_a_page_does_not_part_a_sentence() -> None:
    folded = fold("按照职责\n— 7 —\n分工落实\n第 8 页 共 10 页\n执行")
    assert folded.text == "按照职责\n分工落实\n执行"
    assert folded.quote(5, 7) == "分工"


def test_an_empty_text_folds_to_an_empty_text() -> None:
    assert fold("").text == ""
    assert fold("").find(0) == 0
