"""Both catalogues hold the same texts; a missing one is loud."""

import string

import pytest

from qianhang.core import words


def _names(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def test_both_catalogues_hold_the_same_keys():
    zh, en = words.catalogue("zh"), words.catalogue("en")
    assert sorted(zh) == sorted(en)


def test_a_text_has_the_same_placeholders_in_both_languages():
    zh, en = words.catalogue("zh"), words.catalogue("en")
    assert [k for k in zh if _names(zh[k]) != _names(en[k])] == []


def test_no_text_is_blank():
    both = [*words.catalogue("zh").values(), *words.catalogue("en").values()]
    assert all(isinstance(text, str) and text.strip() for text in both)


def test_say_fills_in_values_in_the_asked_language():
    assert (
        words.say("cli.predict.done", lang="en", answers=7, out="a.csv")
        == "7 answers written to a.csv"
    )
    assert "7" in words.say("cli.predict.done", lang="zh", answers=7, out="a.csv")


def test_a_missing_key_or_value_raises_key_error():
    with pytest.raises(KeyError):
        words.say("cli.no_such_text", lang="zh")
    with pytest.raises(KeyError):
        words.say("cli.predict.done", lang="zh", answers=7)


@pytest.mark.parametrize(
    ("set_to", "lang"), [("", "zh"), ("zh_CN", "zh"), ("en_GB", "en"), ("EN", "en")]
)
def test_the_language_comes_from_the_environment(monkeypatch, set_to, lang):
    monkeypatch.setenv("QIANHANG_LANG", set_to)
    assert words.language() == lang
