"""Model cards: both languages, back and forth."""

import pytest

from qianhang.core.errors import ModelError
from qianhang.models import Card, Fact, Section


def both(zh, en):
    return {"zh": zh, "en": en}


CARD = Card(
    both("负荷预测", "Load forecast"),
    sections=(Section(both("用途", "Purpose"), both("日前计划", "day-ahead planning")),),
    facts=(Fact(both("误差", "error"), both("2.2%|中位", "2.2%|median")),),
)


def test_a_card_comes_back_from_json_as_it_was():
    assert Card.from_json(CARD.to_json()) == CARD
    assert "负荷" in CARD.to_json()


def test_a_card_reads_in_each_language():
    assert CARD.markdown("en") == (
        "# Load forecast\n\n| | |\n|---|---|\n| error | 2.2%\\|median |\n\n"
        "## Purpose\n\nday-ahead planning\n"
    )
    assert CARD.markdown("zh").startswith("# 负荷预测\n")
    assert "day-ahead" not in CARD.markdown("zh")


@pytest.mark.parametrize("text", ["", "[]", '{"titel": {}}', '{"title": 3}'])
def test_a_spoilt_card_is_refused(text):
    with pytest.raises(ModelError) as caught:
        Card.from_json(text)
    assert caught.value.code == "QH606"
