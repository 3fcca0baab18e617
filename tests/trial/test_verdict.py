"""Verdicts worked out by hand."""

from __future__ import annotations

import math

import pytest

from qianhang.core.manifest import Bar, Case, Words
from qianhang.core.results import FoldScore, Trial
from qianhang.trial.verdict import improvement, judge


def case(*bars: Bar, better_by: float = 0.0) -> Case:
    return Case("only", Words("甲", "A"), bar=bars, better_by=better_by)


def trial(ours, trivial, folds=()) -> Trial:
    return Trial(tuple(FoldScore(str(i), a, b) for i, (a, b) in enumerate(folds)), ours, trivial)


def test_error_20_percent_below_trivial_is_a_gain_of_a_fifth():
    assert improvement(8.0, 10.0, lower_is_better=True) == pytest.approx(0.2)
    assert improvement(12.0, 10.0, lower_is_better=True) == pytest.approx(-0.2)


def test_a_score_above_trivial_is_a_gain_where_higher_is_better():
    assert improvement(0.9, 0.6, lower_is_better=False) == pytest.approx(0.5)


def test_from_a_trivial_score_of_zero_any_rise_is_a_gain():
    assert improvement(5.0, 0.0, lower_is_better=False) == 1.0
    assert improvement(5.0, 0.0, lower_is_better=True) == -1.0
    assert improvement(0.0, 0.0, lower_is_better=True) == 0.0


def test_the_worst_fold_decides_whether_the_baseline_is_beaten():
    folds = [({"mae": 5.0}, {"mae": 10.0}), ({"mae": 9.5}, {"mae": 10.0})]
    found = judge(trial({"mae": 7.0}, {"mae": 10.0}, folds), case(Bar("mae", at_most=8.0)))
    assert found.gain == pytest.approx(0.05)
    assert found.beats_trivial
    held = judge(trial({"mae": 7.0}, {"mae": 10.0}, folds), case(Bar("mae", 8.0), better_by=0.1))
    assert not held.beats_trivial


def test_a_bar_on_every_fold_takes_the_worst_and_a_range_holds_both_ends():
    folds = [({"cover": 0.79}, {}), ({"cover": 0.85}, {})]
    bar = Bar("cover", at_least=0.78, at_most=0.82, on="every_fold")
    found = judge(trial({"cover": 0.80}, {}, folds), case(bar))
    assert found.bars[0].value == 0.85
    assert found.verdict == "unmet"
    assert judge(trial({"cover": 0.80}, {}, folds), case(Bar("cover", 0.82, 0.78))).verdict == "met"


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_a_score_that_is_no_number_is_not_met(value):
    found = judge(trial({"mae": value}, {"mae": 1.0}), case(Bar("mae", at_most=2.0)))
    assert found.bars[0].met is None
    assert found.verdict == "unmet"
    assert not found.beats_trivial


def test_equal_to_trivial_does_not_beat_it():
    assert not judge(trial({"c": 0.7}, {"c": 0.7}), case(Bar("c", at_least=0.6))).beats_trivial


def test_a_case_without_bars_has_no_verdict():
    assert judge(trial({}, {}), case()).verdict == "none"


def test_knowing_nothing_is_one_half_even_where_chance_put_the_trivial_ranking_below():
    assert not judge(trial({"c": 0.5}, {"c": 0.47}), case(Bar("c", at_least=0.4))).beats_trivial
