"""Claims about the detect engine; every number is worked out by hand or by another way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import check_estimator

from qianhang.engines import detect


@pytest.mark.parametrize(
    "estimator",
    [
        detect.ResidualModel(),
        detect.ResidualModel(method="pls", components=1),
        detect.Whitener(),
        detect.IsolationDetector(trees=10, share=0.1),
    ],
    ids=["ridge", "pls", "whitener", "isolation"],
)
def test_estimators_pass_the_checks_of_scikit_learn(estimator: object) -> None:
    check_estimator(estimator)


def test_residual_model_equals_ridge_on_standardised_drivers() -> None:
    """Independent method: scikit-learn's Ridge on drivers standardised by hand."""
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(50, 3)) * (1, 5, 10), rng.normal(size=50)
    ours = detect.ResidualModel(alpha=2.0).fit(X, y)
    Z = (X - X.mean(axis=0)) / X.std(axis=0)
    theirs = Ridge(alpha=2.0).fit(Z, y).predict(Z)
    np.testing.assert_allclose(ours.predict(X), theirs, atol=1e-12)
    np.testing.assert_allclose(ours.residual(X, y), y - theirs, atol=1e-12)


def test_whitened_healthy_residuals_have_unit_covariance() -> None:
    """By hand: without shrinkage the covariance of the whitened sample is the identity."""
    rng = np.random.default_rng(1)
    X = rng.normal(size=(200, 4)) @ rng.normal(size=(4, 4))
    white = detect.Whitener(shrinkage=0.0).fit(X).transform(X)
    np.testing.assert_allclose(np.cov(white, rowvar=False), np.eye(4), atol=1e-8)


@pytest.mark.parametrize("kind", ["residual", "whitener", "isolation"])
def test_estimators_answer_the_same_after_saving(kind: str) -> None:
    rng = np.random.default_rng(2)
    X, y = rng.normal(size=(80, 3)), rng.normal(size=80)
    if kind == "residual":
        model = detect.ResidualModel().fit(X, y)
        assert (type(model).from_files(model.to_files()).predict(X) == model.predict(X)).all()
    elif kind == "whitener":
        white = detect.Whitener().fit(X)
        assert (type(white).from_files(white.to_files()).distance(X) == white.distance(X)).all()
    else:
        forest = detect.IsolationDetector(trees=20).fit(X)
        again = type(forest).from_files(forest.to_files())
        assert (again.score_samples(X) == forest.score_samples(X)).all()


def test_isolation_ranks_points_as_scikit_learn_does() -> None:
    """Independent method: scikit-learn's IsolationForest; ranks agree to 0.9."""
    rng = np.random.default_rng(3)
    X = np.vstack([rng.normal(size=(300, 2)), rng.normal(size=(10, 2)) * 6])
    ours = detect.IsolationDetector(trees=200, seed=1).fit(X).score_samples(X)
    theirs = (
        IsolationForest(n_estimators=200, max_samples=256, random_state=1).fit(X).score_samples(X)
    )
    ranks = [np.argsort(np.argsort(s)) for s in (ours, theirs)]
    assert np.corrcoef(*ranks)[0, 1] > 0.9


def test_cusum_crosses_where_the_arithmetic_says() -> None:
    """By hand: 2 - 0.5 = 1.5 a step, so 1.5, 3.0, 4.5, 6.0: past 5 at the fourth value."""
    chart = detect.cusum(np.array([2.0, 2.0, 2.0, 2.0, 0.0]), slack=0.5, limit=5.0)
    np.testing.assert_allclose(chart.statistic, [1.5, 3.0, 4.5, 6.0, 0.0])
    assert chart.alarm.tolist() == [False, False, False, True, False]


def test_ewma_follows_its_recursion_and_widening_limit() -> None:
    """By hand: weight 0.5 on 1, 1 gives 0.5, 0.75; first limit 3 * 0.5 = 1.5."""
    chart = detect.ewma(np.array([1.0, 1.0]), weight=0.5, width=3.0)
    np.testing.assert_allclose(chart.statistic, [0.5, 0.75])
    assert chart.limit[0] == pytest.approx(1.5)
    with pytest.raises(ValueError, match="weight"):
        detect.ewma(np.zeros(2), weight=0.0)


def test_flags_apart_by_a_short_gap_are_one_episode() -> None:
    """By hand: flags at 1, 3 and 7; a gap of one joins the first two."""
    flags = np.zeros(9, dtype=bool)
    flags[[1, 3, 7]] = True
    assert detect.build_episodes(flags, gap=1).tolist() == [[1, 3], [7, 7]]
    assert detect.build_episodes(flags, gap=1, least=2).tolist() == [[1, 3]]
    assert detect.build_episodes(flags & False).shape == (0, 2)


def test_episodes_are_scored_as_by_hand() -> None:
    """By hand: alarm 0 finds event 0, 1 repeats it, 2 is false (-500), 3 finds event 1 for 70."""
    result = detect.score_episodes(
        np.array([2.0, 3.0, 20.0, 31.0]),
        np.array([[1.0, 10.0], [30.0, 40.0], [50.0, 60.0]]),
        span=70.0,
        worth=np.array([[100.0, 0, 0], [90.0, 0, 0], [0, 0, 0], [0, 70.0, 0]]),
        false_cost=500.0,
    )
    assert result.event_of.tolist() == [0, -2, -1, 1]
    assert result.alarm_of.tolist() == [0, 3, -1]
    summary = result.summary(week=7.0)
    assert (summary["hits"], summary["misses"], summary["false"]) == (2, 1, 1)
    assert summary["money"] == pytest.approx(100 + 70 - 500)
    assert summary["false_per_week"] == pytest.approx(0.1)
    assert summary["delay"] == pytest.approx(1.0)


def test_alarm_too_far_away_is_false() -> None:
    result = detect.score_episodes(
        np.array([2.0]), np.array([[1.0, 9.0]]), span=10.0, distance=np.array([[np.inf]])
    )
    assert result.event_of.tolist() == [-1]


def test_match_finds_the_size_by_generalised_least_squares() -> None:
    """By hand: unit covariance, response (3, 4), difference 2 * (3, 4): ratio 2^2 * 25 / 2 = 50."""
    found = detect.match(np.array([6.0, 8.0]), np.array([[3.0, 4.0], [-3.0, -4.0]]), np.eye(2))
    np.testing.assert_allclose(found.size, [2.0, -2.0])
    np.testing.assert_allclose(found.ratio, [50.0, 0.0])


def test_sizes_of_known_sources_are_never_negative() -> None:
    """By hand: the second source would need -1; the first alone then fits (2, -1) with 2."""
    sizes = detect.fit_sizes(np.array([2.0, -1.0]), np.eye(2), np.eye(2))
    np.testing.assert_allclose(sizes, [2.0, 0.0])


def test_cover_leaves_no_place_without_a_near_one() -> None:
    places = np.arange(20.0)
    distance = np.abs(places[:, None] - places)
    chosen = detect.cover(distance, 2.0)
    assert distance[:, chosen].min(axis=1).max() <= 2.0


def test_bias_filter_equals_the_posterior_in_closed_form() -> None:
    """By hand: prior 4, noise 1, three readings of mean 2: mean 2 * 12 / 13, before the fourth."""
    bias = detect.BiasFilter(np.array([[4.0]]), np.array([[1.0]]), drift=0.0, memory=10)
    for value in (1.0, 2.0, 3.0):
        bias.push(np.array([value]), np.ones(1), np.ones(1))
        bias.learn()
    bias.push(np.array([5.0]), np.ones(1), np.ones(1))
    difference, spread = bias.window(3)
    assert difference[0] == pytest.approx(5 - 2 * 12 / 13)
    assert spread[0, 0] == pytest.approx(4 / 13 + 1)


class _Line:
    """Sources on a line of eight places seen by five gauges, with a lasting bias."""

    def __init__(self, *, stop: int = 60) -> None:
        rng = np.random.default_rng(5)
        where = np.arange(8.0)[:, None]
        self.shape = -np.exp(-((where - np.linspace(0, 7, 5)) ** 2) / 4)
        self.bias = rng.normal(0, 1.0, 5)
        self.noise = rng.normal(0, 0.05, (stop, 5))

    def residual(
        self, period: int, known: Mapping[int, float]
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        value = self.bias + self.noise[period]
        if 20 <= period < 40:
            value = value + 3.0 * self.shape[6]
        for place, size in known.items():
            value = value - size * self.shape[place]
        return value, np.ones(5), np.ones(5)

    def responses(
        self, period: int, places: Sequence[int], *, sizes: np.ndarray, known: Mapping[int, float]
    ) -> np.ndarray:
        return self.shape[list(places)]


def _tracker(plant: _Line) -> detect.SourceTracker:
    line = np.arange(8.0)
    places = detect.Places(
        np.array([plant.shape, plant.shape]), (1.0, 5.0), np.abs(line[:, None] - line), 1.0
    )
    settings = detect.Settings(first=10, settle=1, worth=0.5, least=0.3, windows=(1, 2, 4, 8))
    return detect.SourceTracker(plant, places, np.eye(5), np.eye(5) * 0.05**2, settings=settings)


def test_source_is_found_sized_and_closed_behind_an_unknown_bias() -> None:
    """By construction: place 6, size 3, from period 20 to 39; bias as large as the prior says."""
    tracker = _tracker(_Line())
    for _ in range(60):
        tracker.step()
    assert [a.place for a in tracker.declared] == [6]
    assert 20 <= tracker.declared[0].period <= 22
    assert tracker.declared[0].size == pytest.approx(3.0, abs=0.2)
    assert not tracker.known()


def test_tracker_says_nothing_where_there_is_nothing() -> None:
    tracker = _tracker(_Line())
    for _ in range(20):
        tracker.step()
    assert tracker.declared == []


def test_tracker_does_not_look_ahead() -> None:
    whole, part = _tracker(_Line()), _tracker(_Line(stop=30))
    early = [a for _ in range(60) for a in whole.step() if a.period < 30]
    assert [a for _ in range(30) for a in part.step()] == early
