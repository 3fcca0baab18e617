"""What only the language decides stands in a template once it is compiled."""

import pytest

from qianhang.web import words
from qianhang.web.render import edition


def _shown(text, lang="zh", **values):
    return edition(lang).from_string(text).render(values)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_texts_and_the_language_are_put_in_when_a_template_is_compiled(lang):
    source = edition(lang).compile('<p lang="{{ lang }}">{{ t("runs.title") }}</p>', raw=True)
    title = words.say("runs.title", lang=lang)
    assert repr(f'<p lang="{lang}">{title}</p>') in source


def test_each_language_has_its_own_text():
    assert _shown('{{ t("runs.title") }}') != _shown('{{ t("runs.title") }}', "en")


def test_a_text_is_escaped_as_everything_else(monkeypatch):
    monkeypatch.setitem(words.catalogue("zh"), "runs.title", "<b>&")
    assert _shown('{{ t("runs.title") }}') == "&lt;b&gt;&amp;"
    assert _shown('{{ t("runs." ~ name) }}', name="title") == "&lt;b&gt;&amp;"


def test_a_template_may_call_something_else_by_the_same_name():
    assert _shown("{% for lang in names %}{{ lang }}{% endfor %}", names=["x", "y"]) == "xy"
    assert _shown('{% set t = f %}{{ t("runs.title") }}', f=str.upper) == "RUNS.TITLE"


def test_values_are_filled_in_when_the_page_is_shown():
    told = words.say("bills.count", lang="zh", count=7)
    assert _shown('{{ t("bills.count", count=n) }}', n=7) == told
