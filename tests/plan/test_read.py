"""Documents read whole: the annotated plans within their bars, every place a place in the text."""

import json

import pytest

from qianhang.plan.reading.read import read, read_text

BARS = {
    "section (path+title)": 0.97,
    "unit (section+role+name)": 0.98,
    "target (value+place)": 0.97,
    "target (exact)": 0.90,
    "system (place+name~)": 0.75,
}


@pytest.fixture(scope="module")
def documents(plan_texts):
    """(gold, document) of each annotated plan."""
    golds = [json.loads(p.read_text("utf8")) for p in sorted((plan_texts / "gold").glob("*.json"))]
    return [(gold, read(plan_texts / "texts" / gold["file"])) for gold in golds]


@pytest.fixture(scope="module")
def tally(documents, scorer):
    """Hits and misses over all of them, by the scorer beside the texts."""
    found = scorer.Tally()
    for gold, document in documents:
        told, errors = document.to_dict(), []
        scorer.targets(gold["targets"], told["targets"], found, {}, errors)
        scorer.sections(gold["sections"], told["sections"], found, {}, errors)
        scorer.things(gold["systems"], told["systems"], found, errors, "system")
    return found


@pytest.mark.parametrize(("kind", "bar"), BARS.items(), ids=BARS)
def test_the_annotated_plans_are_read_within_their_bars(tally, scorer, kind, bar):
    assert scorer.prf(tally[kind])[2] >= bar


def test_every_place_is_a_place_in_the_text_as_it_came(documents):
    for _, document in documents:
        for item in (*document.targets, *document.systems, *document.measures):
            assert document.text[item.start : item.end] == item.span
        for section in document.sections:
            assert 0 <= section.start < section.end <= len(document.text)


def test_a_text_without_a_plan_has_nothing_in_it():
    read_ = read_text("今天天气很好，我们去公园散步。", file="diary.txt")
    assert (read_.sections, read_.targets, read_.systems, read_.measures) == ((), (), (), ())
