"""Claims about alarms made from a score, and about sensors held against their recent usual."""

from __future__ import annotations

import numpy as np
import pytest

from qianhang.engines.detect import AlarmLogic, DeviationDetector, alarm_limit, recent_usual


def test_alarm_waits_for_persistence_and_outlasts_a_short_pause() -> None:
    """By hand: two in a row raise it (position 2), one quiet position is outlasted, two are not."""
    score = np.array([0.0, 1, 1, 0, 1, 0, 0, 0, 1, 0])
    logic = AlarmLogic(on=1.0, persist=2, hold=1)
    assert logic.states(score).tolist() == [False, False, True, True, True, True] + [False] * 4
    assert logic.episodes(score).tolist() == [[2, 4]]


def test_alarm_stays_while_the_score_is_above_the_release() -> None:
    """By hand: raised at 1.0, kept at 0.6 with a release of one half, ended at 0.4."""
    score = np.array([0.6, 1.0, 0.6, 0.6, 0.4, 0.6])
    assert AlarmLogic(on=1.0, release=0.5).episodes(score).tolist() == [[1, 3]]


def test_missing_score_neither_raises_nor_holds_an_alarm() -> None:
    score = np.array([np.nan, 2.0, np.nan, np.nan])
    assert AlarmLogic().states(score).tolist() == [False, True, False, False]


def test_states_depend_on_nothing_later() -> None:
    rng = np.random.default_rng(1)
    score = rng.gamma(1.0, 0.5, 500)
    logic = AlarmLogic(on=1.0, release=0.6, persist=2, hold=3)
    whole = logic.states(score)
    for cut in (100, 257, 400):
        assert (logic.states(score[:cut]) == whole[:cut]).all()


@pytest.mark.parametrize(("most", "raised"), [(0, 0), (1, 1), (2, 2), (3, 3)])
def test_limit_spends_the_budget_and_no_more(most: int, raised: int) -> None:
    """By hand: four peaks of different height, far apart."""
    size = np.zeros(100)
    size[[10, 30, 50, 70]] = 4.0, 2.0, 3.0, 1.0
    limit = alarm_limit(size, most=most)
    assert (size > limit).sum() <= raised
    assert limit >= sorted([4.0, 3.0, 2.0, 1.0], reverse=True)[raised] if raised < 4 else True


def test_known_events_set_no_limit() -> None:
    size = np.array([0.0, 9.0, 9.0, 0.0, 1.0, 0.5])
    apart = np.array([False, True, True, False, False, False])
    assert alarm_limit(size, most=0, apart=apart) == pytest.approx(1.0)


def test_usual_is_the_median_of_what_came_before() -> None:
    """By hand: medians of (1, 2), (1, 2, 9), (2, 9, 4); the reading itself is left out."""
    values = np.array([[1.0], [2.0], [9.0], [4.0], [100.0]])
    usual = recent_usual(values, 3)[:, 0]
    assert np.isnan(usual[:2]).all()
    np.testing.assert_allclose(usual[2:], [1.5, 2.0, 4.0])


def test_detector_finds_a_step_and_names_its_sensor_after_saving() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(0, [1.0, 0.1], (2000, 2))
    detector = DeviationDetector.fit(
        values[:1000], names=("a", "b"), window=60, most=2, logic=AlarmLogic(hold=5)
    )
    values[1500:1510, 1] += 2.0
    again = DeviationDetector.from_files(detector.to_files())
    score = again.score(values)
    np.testing.assert_allclose(score, detector.score(values))
    assert score[1500:1510].min() > 1.0
    assert np.abs(again.ratios(values)[1500]).argmax() == 1


def test_logic_that_cannot_be_is_refused() -> None:
    with pytest.raises(ValueError, match="release"):
        AlarmLogic(release=1.5)
    with pytest.raises(ValueError, match="persist"):
        AlarmLogic(persist=0)
