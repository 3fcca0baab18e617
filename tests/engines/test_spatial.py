"""Kriging against equations solved by hand, blocks against their points, baselines by hand."""

from __future__ import annotations

import numpy as np
import pytest

from qianhang.engines import spatial
from qianhang.engines.spatial import Blocks, Field, Structure
from qianhang.engines.spatial.fitting import Trend, fit_structure, left_out
from qianhang.engines.spatial.system import System

LINE = Structure("exponential", 0.0, 3.0, 2.0)


def scattered(n: int, *, seed: int = 0, noise: float = 0.3):
    rng = np.random.default_rng(seed)
    places = rng.uniform(0, 10, (n, 2))
    return places, np.sin(places[:, 0]) + np.cos(places[:, 1] / 2) + rng.normal(0, noise, n)


def test_two_samples_and_a_point_between_them_agree_with_the_equations_solved_by_hand():
    """By symmetry both weights are 1/2; K w + mu = k gives mu, and the variance c0 - w k - mu."""
    places, values = np.array([[0.0, 0.0], [2.0, 0.0]]), np.array([1.0, 4.0])
    c0, c1, k = 2.0, 2.0 * np.exp(-2.0), 2.0 * np.exp(-1.0)
    mu = k - (c0 + c1) / 2
    system = System.of(LINE, Trend.of(places, 0), places, values)
    at = np.array([[1.0, 0.0]])
    cross = LINE.covariance(places, at)
    estimate, variance = system.estimate(cross, np.ones((1, 1)), np.array([c0]))
    assert estimate[0] == pytest.approx(2.5)
    assert variance[0] == pytest.approx(c0 - k - mu, rel=1e-6)


def test_universal_kriging_follows_a_plane_however_far_away():
    """Independent: values that are a plane leave nothing to be interpolated."""
    places, _ = scattered(30)
    values = 3.0 + 2.0 * places[:, 0] - 5.0 * places[:, 1]
    trend = Trend.of(places, 1)
    system = System.of(LINE, trend, places, values)
    far = np.array([[100.0, -50.0]])
    found = system.estimate(LINE.covariance(places, far), trend.at(far), np.array([2.0]))[0]
    assert found[0] == pytest.approx(3.0 + 200.0 + 250.0, rel=1e-6)


def test_samples_left_out_in_one_go_are_those_of_solving_again_without_each():
    places, values = scattered(25)
    structure, trend = Structure("spherical", 0.3, 4.0, 1.5), Trend.of(places, 1)
    error, variance = left_out(structure, trend, places, values)
    for k in (0, 7, 24):
        rest = np.delete(np.arange(25), k)
        system = System.of(structure, trend, places[rest], values[rest])
        at = places[k : k + 1]
        cross = structure.covariance(places[rest], at)
        again = system.estimate(cross, trend.at(at), np.array([structure.sill]))
        assert values[k] - again[0][0] == pytest.approx(error[k], rel=1e-5)
        assert again[1][0] == pytest.approx(variance[k], rel=1e-5)


def test_distance_across_the_short_axis_counts_for_more():
    """By hand: ratio 1/2 along x, so that one step north counts as two."""
    structure = Structure("spherical", 0.0, 4.0, 1.0, ratio=0.5, angle=0.0)
    a, north, east = np.zeros((1, 2)), np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])
    assert structure.distance(a, north)[0, 0] == pytest.approx(0.5)
    assert structure.distance(a, east)[0, 0] == pytest.approx(0.25)
    turned = Structure("spherical", 0.0, 4.0, 1.0, ratio=0.5, angle=np.pi / 2)
    assert turned.distance(a, north)[0, 0] == pytest.approx(0.25)


def test_likelihood_finds_range_and_nugget_of_a_simulated_field():
    """Independent: 250 values drawn from a spherical field of range 4, a fifth of it nugget."""
    rng = np.random.default_rng(4)
    places = rng.uniform(0, 12, (250, 2))
    true = Structure("spherical", 0.2, 4.0, 3.0)
    values = np.linalg.cholesky(true.between_samples(places)) @ rng.standard_normal(250)
    found, _ = fit_structure(places, values, kinds=["spherical"], degree=0, seed=0)
    assert 2.5 < found.reach < 6.5
    assert 0.05 < found.nugget < 0.4
    assert found.ratio == 1.0


def test_likelihood_sees_a_field_that_is_longer_one_way():
    rng = np.random.default_rng(1)
    places = rng.uniform(0, 12, (220, 2))
    true = Structure("exponential", 0.1, 8.0, 2.0, ratio=0.25, angle=np.pi / 4)
    values = np.linalg.cholesky(true.between_samples(places)) @ rng.standard_normal(220)
    found, _ = fit_structure(places, values, kinds=["exponential"], degree=0, seed=0)
    assert found.ratio < 0.6
    assert abs((found.angle % np.pi) - np.pi / 4) < 0.35


def test_band_holds_its_share_of_new_samples_even_with_heavy_tails():
    """Independent: a hundred samples that the field has not seen, errors of Student's t with 3."""
    rng = np.random.default_rng(5)
    places, smooth = scattered(260, noise=0.0)
    values = smooth + 0.3 * rng.standard_t(3, 260)
    field = Field.fit(places[:160], values[:160], kinds=["spherical"])
    found = field.predict(places[160:])
    inside = (found.low <= values[160:]) & (values[160:] <= found.high)
    assert 0.82 <= inside.mean() <= 0.97


def test_few_neighbours_say_nearly_what_all_samples_say(monkeypatch):
    places, values = scattered(120)
    at = np.array([[2.0, 3.0], [8.0, 5.0]])
    whole = Field.fit(places, values, kinds=["spherical"])
    monkeypatch.setattr("qianhang.engines.spatial.field._WHOLE", 50)
    part = Field.fit(places, values, kinds=["spherical"])
    np.testing.assert_allclose(part.predict(at).estimate, whole.predict(at).estimate, atol=0.05)
    assert part.tails == pytest.approx(whole.tails, abs=0.1)


def test_a_block_is_the_mean_of_its_points_and_surer_than_each():
    places, values = scattered(60)
    field = Field.fit(places, values, kinds=["spherical"])
    block = Blocks(np.array([[5.0, 5.0]]), 2.0)
    inner = block.centres + block._points()
    points = field.predict(inner)
    found = block.estimate(field)
    assert found.estimate[0] == pytest.approx(points.estimate.mean(), rel=1e-6)
    assert found.sd[0] < points.sd.min()


def test_simulated_deposits_scatter_about_the_estimates_as_their_errors_say():
    places, values = scattered(60)
    field = Field.fit(places, values, kinds=["spherical"])
    blocks = spatial.lay(places, side=1.0, margin=1.0)
    found, drawn = blocks.estimate(field), blocks.simulate(field, 2000, seed=0)
    np.testing.assert_allclose(drawn.mean(axis=0), found.estimate, atol=0.06)
    np.testing.assert_allclose(drawn.std(axis=0), found.sd, rtol=0.15)
    mean, sd = blocks.whole(field)
    assert mean == pytest.approx(found.estimate.mean(), abs=0.01)
    assert sd == pytest.approx(drawn.mean(axis=1).std(), rel=0.15)


def test_blocks_stay_inside_their_boundary_and_near_their_samples():
    """By hand: an L of three unit squares; of a square of four blocks three are inside."""
    corners = np.array([[0, 0], [2, 0], [2, 1], [1, 1], [1, 2], [0, 2]], dtype=float)
    points = np.array([[0.5, 0.5], [1.5, 0.5], [0.5, 1.5], [1.5, 1.5]])
    assert spatial.inside(points, corners).tolist() == [True, True, True, False]
    laid = spatial.lay(points, side=1.0, margin=9.0, boundary=corners)
    assert sorted(map(tuple, laid.centres.tolist())) == [(0.5, 0.5), (0.5, 1.5), (1.5, 0.5)]


def test_nearest_and_inverse_distance_by_hand():
    """Distances 1 and 2, power 2: weights 4 : 1, so (4 * 10 + 20) / 5 = 12; on a sample, itself."""
    places, values = np.array([[0.0, 0.0], [3.0, 0.0]]), np.array([10.0, 20.0])
    at = np.array([[1.0, 0.0], [3.0, 0.0]])
    found = spatial.inverse_distance(places, values, at, power=2.0)
    np.testing.assert_allclose(found, [12.0, 20.0], rtol=1e-9)
    np.testing.assert_allclose(spatial.nearest(places, values, at), [10.0, 20.0])


def test_power_is_the_one_that_foretells_the_samples_best():
    """Independent: each sample from all others by the plain formula."""
    places, values = scattered(40)

    def lost(power: float) -> float:
        keep = [np.delete(np.arange(40), k) for k in range(40)]
        told = [
            spatial.inverse_distance(places[r], values[r], places[k : k + 1], power=power)[0]
            for k, r in enumerate(keep)
        ]
        return float(np.mean((values - np.array(told)) ** 2))

    powers = (1.0, 2.0, 4.0)
    assert spatial.power_left_out(places, values, powers=powers) == min(powers, key=lost)


def test_variogram_of_samples_on_a_line_by_hand():
    """Pairs at distance 1: differences 1 and 3, half their mean square is 2.5; 2 apart: 4, 8.

    Classes reach to half the extent of 4, so the pairs 3 and 4 apart are left out.
    """
    places = np.array([[0.0, 0.0], [1.0, 0.0], [2.0, 0.0], [4.0, 0.0]])
    found = spatial.empirical(places, np.array([0.0, 1.0, 4.0, 4.0]), bins=2)
    assert found["pairs"].tolist() == [2, 2]
    assert found["gamma"].tolist() == [2.5, (16 + 0) / 4]


def test_cut_off_counts_tonnes_and_their_mean_grade():
    """By hand: of grades 1, 2, 3, 4 with 10 t a block three reach 2: 30 t of mean 3."""
    found = spatial.cut_off(np.array([[1.0, 2.0, 3.0, 4.0]]), 10.0, np.array([2.0]), above=True)
    assert found.iloc[0][["tonnes", "low", "high", "grade"]].tolist() == [30.0, 30.0, 30.0, 3.0]
    below = spatial.cut_off(np.array([[1.0, 2.0, 3.0, 4.0]]), 10.0, np.array([2.0]), above=False)
    assert below.iloc[0]["tonnes"] == 20.0


def test_a_field_in_files_says_the_same():
    places, values = scattered(40)
    field = Field.fit(places, values, degree=1)
    again = Field.from_files(field.to_files())
    at = np.array([[1.0, 1.0]])
    assert again.predict(at).low[0] == field.predict(at).low[0]
    assert all(isinstance(v, bytes) for v in field.to_files().values())


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda p, v: (np.vstack([p, p[:1]]), np.append(v, 1.0)), "average them"),
        (lambda p, v: (p[:5], v[:5]), "need"),
        (lambda p, v: (p, np.ones(len(v))), "the same"),
        (lambda p, v: (p, np.append(v[:-1], np.nan)), "finite"),
    ],
)
def test_samples_that_no_field_can_be_made_of_are_refused(change, says):
    with pytest.raises(ValueError, match=says):
        Field.fit(*change(*scattered(20)))


def test_an_unknown_kind_and_too_many_blocks_are_refused():
    places, values = scattered(20)
    with pytest.raises(ValueError, match="kind 'cubic'"):
        Field.fit(places, values, kinds=["cubic"])
    field = Field.fit(places, values, kinds=["spherical"])
    with pytest.raises(ValueError, match="at most"):
        Blocks(np.zeros((5000, 2)), 1.0).simulate(field, 1, seed=0)
