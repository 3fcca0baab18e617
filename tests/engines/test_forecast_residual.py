"""What a model misses: lags in their place, a known law found, quantiles that hold."""

from __future__ import annotations

import numpy as np
import pytest

from qianhang.engines.forecast.residual import ResidualRidge, lagged


def test_lags_count_back_from_the_last_reading_and_unknown_is_nothing():
    past = np.asarray([[1.0, 2.0, np.nan, 4.0]])
    assert lagged(past, (0, 1, 2, 9), means=(3,))[0] == pytest.approx([4, 0, 2, 0, 3])


def test_the_law_of_an_autoregression_is_found_for_every_step_ahead():
    """x(t+1) = 0.9 x(t) + e: 0.9, 0.81, 0.729 are the coefficients at steps 1, 2, 3."""
    rng = np.random.default_rng(0)
    x = np.zeros(6000)
    for i in range(1, len(x)):
        x[i] = 0.9 * x[i - 1] + rng.normal()
    rows = np.arange(10, 5900)
    later = x[rows[:, None] + np.arange(1, 4)]
    model = ResidualRidge(1e-6).fit(x[rows][:, None], later)
    told = model.predict(np.asarray([[2.0]]))[0, :, 1]
    assert told == pytest.approx([1.8, 1.62, 1.458], abs=0.15)
    # Spread of the misses: 1, sqrt(1 + 0.81), ...; a tenth lies 1.2816 deviations below.
    low = model.predict(np.asarray([[0.0]]))[0, :, 0]
    assert low[0] == pytest.approx(-1.2816, abs=0.12)
    assert low[1] == pytest.approx(-1.2816 * np.sqrt(1.81), abs=0.2)


def test_each_step_may_have_inputs_and_gaps_of_its_own():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(800, 2, 1))
    later = np.stack([2 * inputs[:, 0, 0], -3 * inputs[:, 1, 0]], axis=1)
    later[::7, 0] = np.nan
    model = ResidualRidge(1e-6).fit(inputs, later)
    told = model.predict(np.ones((1, 2, 1)))[0, :, 1]
    assert told == pytest.approx([2.0, -3.0], abs=0.01)
    same = rng.normal(size=(800, 2))
    gappy = np.stack([same[:, 0], same[:, 1]], axis=1)
    gappy[:450, 0] = np.nan
    plain = ResidualRidge(1e-6).fit(same, gappy).predict(np.asarray([[1.0, 2.0]]))
    assert plain[0, :, 1] == pytest.approx([1.0, 2.0], abs=0.01)


def test_misses_are_measured_in_the_size_given():
    """Noise of a tenth of the size: the band is 2 x 1.2816 x 0.1 sizes wide."""
    rng = np.random.default_rng(2)
    size = rng.uniform(1, 10, (4000, 1))
    came = 0.1 * size * rng.normal(size=(4000, 1))
    model = ResidualRidge().fit(rng.normal(size=(4000, 1)), came, size=size)
    told = model.predict(np.zeros((2, 1)), size=np.asarray([[1.0], [10.0]]))
    assert told[0, 0, 2] - told[0, 0, 0] == pytest.approx(0.256, abs=0.03)
    assert told[1, 0, 2] - told[1, 0, 0] == pytest.approx(2.56, abs=0.3)


def test_a_kept_model_says_the_same_and_too_little_is_refused():
    rng = np.random.default_rng(3)
    inputs, later = rng.normal(size=(300, 2)), rng.normal(size=(300, 3))
    model = ResidualRidge().fit(inputs, later)
    again = ResidualRidge.from_files(model.to_files())
    assert again.predict(inputs) == pytest.approx(model.predict(inputs))
    with pytest.raises(ValueError, match="fewer than 50"):
        model.fit(inputs[:40], later[:40])
