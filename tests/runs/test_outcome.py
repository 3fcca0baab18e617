"""What a finished run tells the ledger beside itself."""

from datetime import date
from types import SimpleNamespace

import pytest

from qianhang.core.manifest import Case, Feed, Words
from qianhang.runs import outcome

ON = date(2026, 6, 1)
ACCURACY = Feed(Words("准确率", "accuracy"), "mape", "%", ("准确率",), rest=True)
SPARED = Feed(Words("节电量", "spared"), "headline", "MWh/a", ("节电量",))
PACK = SimpleNamespace(id="energy.load", manifest=SimpleNamespace(feeds=(ACCURACY, SPARED)))


def told(case=None, *, request=None, pack=PACK, **more):
    result = {
        "scores": {"mape": 2.5}, "headline": None, "facts": {}, "source": "own", "model": None,
        "verdict": "met", "gate": {"stage": "accepted"},
    } | more  # fmt: skip
    given = {"own_data": "/data/east.2025.csv.gz", "subject": "", "region": ""} | (request or {})
    case = case or Case("own", Words("甲", "a"))
    return outcome.observations(result, pack, case, request=given, on=ON)


def test_each_indicator_with_a_figure_is_told_once_and_one_without_is_left_out():
    """100 - 2.5 = 97.5 %; the headline is none."""
    (found,) = told()
    assert (found.kind, found.value, found.unit, found.on) == ("figure", 97.5, "%", ON)
    assert (found.subject, found.key) == ("east", "准确率: east")
    assert [f.value for f in told(headline=12.0)] == [97.5, 12.0]


def test_a_figure_is_as_old_as_the_last_forecast_that_was_judged():
    assert told(facts={"last_origin": "2025-12-31 23:00:00+08:00"})[0].on == date(2025, 12, 31)
    assert told(facts={"last_origin": "2027-01-01 00:00:00+08:00"})[0].on == ON


@pytest.mark.parametrize(
    ("case", "request_", "subject"),
    [
        (Case("own", Words("甲", "a")), {"subject": "城东供电区"}, "城东供电区"),
        (Case("own", Words("甲", "a")), {"own_data": "/data/城西"}, "城西"),
        (Case("vic", Words("甲", "a"), dataset="power-load-vic"), {"own_data": ""}, "power-load-vic"),
        (Case("nis", Words("甲", "a"), twin=True), {"own_data": ""}, "nis"),
    ],
)  # fmt: skip
def test_the_subject_is_what_somebody_said_else_the_name_of_the_data(case, request_, subject):
    (found,) = told(case, request=request_)
    assert found.subject == subject
    assert found.facts["simulated"] is case.twin


def test_only_a_figure_of_registered_data_that_nobody_named_is_told_as_open():
    case = Case("vic", Words("甲", "a"), dataset="power-load-vic")
    asked = ({"own_data": ""}, {"own_data": "", "subject": "城东医院"}, {"own_data": "/d/a.csv"})
    assert [told(case, request=one)[0].facts["open"] for one in asked] == [True, False, False]


def test_a_registered_data_set_is_told_with_its_grade_and_own_data_are_not():
    none = SimpleNamespace(id="a.b", manifest=SimpleNamespace(feeds=()))
    case = Case("vic", Words("甲", "a"), dataset="power-load-vic")
    quality = {"grade": "high", "rows": 9, "complete": 1.0, "valid": 1.0, "unique": 0.99,
               "tables": {"table": {}}, "ungraded": []}  # fmt: skip
    (found,) = told(case, pack=none, source="real", quality=quality)
    assert (found.kind, found.subject) == ("dataset", "power-load-vic")
    assert found.facts == {
        "contract": "passed", "quality": "high", "rows": 9, "complete": 1.0, "valid": 1.0,
        "unique": 0.99,
    }  # fmt: skip
    assert told(case, pack=none, quality=quality) == []
