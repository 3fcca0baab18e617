"""Quantiles from trees: coverage on rows not seen, no crossing, and what the lines between give."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.utils.estimator_checks import check_estimator

from qianhang.engines.forecast import QuantileTrees, coverage, quantiles_at, recalibrate


def noisy(rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise whose spread grows with the first input."""
    rng = np.random.default_rng(seed)
    X = rng.random((rows, 3))
    return X, X[:, 1] + (0.1 + X[:, 0]) * rng.normal(0, 1, rows)


@pytest.mark.filterwarnings("ignore")
def test_it_keeps_the_promises_of_an_estimator():
    drawn = "rows are drawn for each tree: a row that weighs two is not two rows"
    names = ("on_dense_data", "on_sparse_data")
    expected = {f"check_sample_weight_equivalence_{n}": drawn for n in names}
    estimator = QuantileTrees(rounds=30, rate=0.3, least_rows=5, columns=1.0)
    check_estimator(estimator, expected_failed_checks=expected, on_fail="raise")


def test_the_band_covers_what_it_says_though_trees_overfit():
    """Leaves of three rows: uncorrected bands hold far less than 80 % of new rows."""
    X, y = noisy(1500, 0)
    new, came = noisy(1500, 1)
    rough = {"rounds": 100, "rate": 0.2, "leaves": 31, "least_rows": 3}
    checked = QuantileTrees(**rough).fit(X, y).predict_quantiles(new)
    trusting = QuantileTrees(**rough, check_share=0.0).fit(X, y).predict_quantiles(new)
    assert coverage(came, trusting[:, 0], trusting[:, 2]) < 70
    assert 75 < coverage(came, checked[:, 0], checked[:, 2]) < 90


def test_blocks_that_check_in_turn_let_all_seasons_speak():
    """The last third is quiet: checked on it alone, the band is too narrow for a whole year."""
    X, y = noisy(1500, 4)
    y[1000:] = X[1000:, 1]
    new, came = noisy(1500, 5)
    came[1000:] = new[1000:, 1]
    last = QuantileTrees(check_share=1 / 3, rounds=60).fit(X, y).predict_quantiles(new)
    turns = QuantileTrees(blocks=6, rounds=60).fit(X, y).predict_quantiles(new)
    assert coverage(came, last[:, 0], last[:, 2]) < 65
    assert 70 < coverage(came, turns[:, 0], turns[:, 2]) < 90


def test_quantiles_do_not_cross_and_stay_inside_their_limits():
    X, y = noisy(600, 2)
    levels = tuple(k / 20 for k in range(1, 20))
    model = QuantileTrees(levels, rounds=40, low=0.0, high=1.5).fit(X, y)
    told = model.predict_quantiles(X)
    assert told.shape == (600, 19)
    assert (np.diff(told, axis=1) >= 0).all()
    assert told.min() >= 0.0
    assert told.max() <= 1.5


def test_the_middle_can_be_the_mean():
    """Of 0 (three times in four) and 4 the mean is 1, the median 0."""
    X, y = np.zeros((400, 1)), np.tile([0.0, 0.0, 0.0, 4.0], 100)
    told = QuantileTrees(middle="mean", rounds=60, rate=0.2, check_share=0.0).fit(X, y)
    assert told.predict(X)[0] == pytest.approx(1.0, abs=0.05)


def test_lines_between_knots_are_straight_and_go_on_beyond_them():
    """By hand: from (0.2, 1) over (0.5, 4) to (0.8, 5)."""
    told = quantiles_at([[1.0, 4.0, 5.0]], knots=(0.2, 0.5, 0.8), levels=(0.1, 0.35, 0.65, 0.95))
    assert told[0] == pytest.approx([0.0, 2.5, 4.5, 5.5])


def test_levels_move_out_where_the_band_was_too_narrow():
    """Told half the true spread of uniform noise: for 10 % one has to ask for less than nothing."""
    came = np.linspace(0, 1, 1001)
    told = np.tile([0.3, 0.5, 0.7], (1001, 1))  # said to be the 10, 50 and 90 % levels
    moved = recalibrate(came, told, knots=(0.1, 0.5, 0.9), levels=(0.3, 0.5, 0.7))
    assert moved == pytest.approx([0.1, 0.5, 0.9], abs=0.01)


def test_readings_at_the_limit_are_held_by_the_band():
    """One reading in five is 0 and so is the low quantile: all misses may lie above the band.

    Told the true quantiles 0 (10 %), 0.375 and 0.875 of readings that are else uniform on 0..1.
    """
    came = np.concatenate([np.zeros(200), np.linspace(0.001, 1, 800)])
    told = np.tile([-0.02, 0.375, 0.875], (1000, 1))
    knots = (0.1, 0.5, 0.9)
    moved = recalibrate(came, told, knots=knots, levels=(0.3, 0.9), limits=(0.0, 1.0))
    band = quantiles_at(told[:1], knots=knots, levels=moved)[0].clip(0.0, 1.0)
    assert coverage(came, np.full(1000, band[0]), np.full(1000, band[1])) == pytest.approx(
        60, abs=2
    )


def test_a_model_comes_back_from_its_files():
    X, y = noisy(400, 3)
    model = QuantileTrees(rounds=20).fit(X, y)
    back = QuantileTrees.from_files(model.to_files())
    np.testing.assert_array_equal(back.predict_quantiles(X), model.predict_quantiles(X))
