"""Network forecasts: habits, neighbours, the closed-form map, trees at a few leads, chances."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.engines.forecast import (
    LeadTrees,
    NeighbourRidge,
    NetworkForecaster,
    chance_above,
    filled,
    habit_marks,
    habits,
    likest,
)


def test_working_days_and_weekends_have_marks_of_their_own():
    """2024-03-01 is a Friday: noon at 6-hour steps is slot 2, on Saturday 2 + 4."""
    times = pd.DatetimeIndex(["2024-03-01 12:00", "2024-03-02 12:00"], tz="Asia/Shanghai")
    assert habit_marks(times, step=pd.Timedelta("6h")).tolist() == [2, 6]
    with pytest.raises(ValueError, match="whole number of steps"):
        habit_marks(times, step=pd.Timedelta("7h"))


def test_a_habit_is_drawn_half_way_by_one_reading():
    """One slot a day, level (10 + 20) / 2 = 15: all days (30 + 15) / 3, working day (10 + 15) / 2."""
    found = habits([[10.0], [20.0]], [0, 1], slots=1, smooth=0)
    assert found[:, 0] == pytest.approx([(10 + 15) / 2, (20 + 15) / 2])


def test_a_habit_of_a_series_that_never_reads_is_the_level_of_the_others():
    found = habits([[10.0, np.nan], [20.0, np.nan]], [0, 0], slots=1, smooth=0)
    assert np.isfinite(found).all()
    assert found[0, 1] == pytest.approx(15.0)


def test_the_likest_series_comes_first_and_never_itself():
    wave = np.sin(np.arange(50.0))
    table = np.stack([wave, 2 * wave + 1, -wave], axis=1)
    assert likest(table, count=1)[:2].tolist() == [[1], [0]]
    assert likest(table[:, :1], count=3).shape == (1, 0)


def test_gaps_are_filled_from_before_then_from_after_then_by_the_level():
    past = [[[np.nan, 1.0, np.nan], [np.nan, np.nan, np.nan]]]
    assert filled(past, [7.0, 9.0]).tolist() == [[[1.0, 1.0, 1.0], [9.0, 9.0, 9.0]]]


@pytest.fixture(scope="module")
def waves():
    """Series 1 is series 0 two steps later; 0 is a random walk that returns to 50."""
    rng = np.random.default_rng(0)
    first = np.full(2000, 50.0)
    for t in range(1, 2000):
        first[t] = 50 + 0.9 * (first[t - 1] - 50) + rng.normal(0, 3)
    return np.stack([first, np.roll(first, 2)], axis=1)[10:]


def _windows(table, lookback, horizon):
    at = np.arange(lookback, len(table) - horizon)
    past = table[at[:, None] + np.arange(-lookback, 0)].transpose(0, 2, 1)
    later = table[at[:, None] + np.arange(horizon)].transpose(0, 2, 1)
    return past, np.full((len(at), table.shape[1], horizon + 1), 50.0), later


def test_a_neighbour_that_runs_ahead_is_found_and_forecasts_without_error(waves):
    """Two steps of series 1 are known from series 0; the third has the noise of one step, 3."""
    past, usual, later = _windows(waves, 6, 3)
    model = NeighbourRidge(3, own=6, near=4, neighbours=1, penalty=1e-6)
    model.fit(past[:1500], usual[:1500], later[:1500], near=[[1], [0]])
    missed = model.predict(past[1500:], usual[1500:])[:, 1] - later[1500:, 1]
    assert np.abs(missed[:, :2]).max() < 0.01
    assert missed[:, 2].std() == pytest.approx(3.0, rel=0.1)


def test_the_map_equals_an_ordinary_least_squares_when_the_penalty_is_nothing(waves):
    past, usual, later = _windows(waves, 2, 1)
    model = NeighbourRidge(1, own=2, near=1, neighbours=0, penalty=1e-9)
    model.fit(past, usual, later, near=np.empty((2, 0)))
    design = np.column_stack([past[:, 0], np.ones(len(past))])
    solved = np.linalg.lstsq(design, later[:, 0, 0], rcond=None)[0]
    assert model.predict(past, usual)[:, 0, 0] == pytest.approx(design @ solved, abs=1e-4)


def test_the_map_survives_its_files(waves):
    past, usual, later = _windows(waves, 6, 3)
    model = NeighbourRidge(3, own=6, near=4).fit(past, usual, later, near=[[1], [0]])
    again = NeighbourRidge.from_files(model.to_files())
    assert (again.predict(past, usual) == model.predict(past, usual)).all()


def test_windows_shorter_than_the_map_needs_are_refused(waves):
    past, usual, later = _windows(waves, 4, 3)
    with pytest.raises(ValueError, match="do not fit"):
        NeighbourRidge(3, own=6).fit(past, usual, later, near=[[1], [0]])


@pytest.fixture(scope="module")
def leads():
    """The change k steps on is k times the input, with noise of the size of the second input."""
    rng = np.random.default_rng(1)
    rows = np.column_stack([rng.uniform(-1, 1, 6000), rng.uniform(0.5, 2, 6000)])
    noise = rng.normal(0, 1, (6000, 2)) * rows[:, 1:]
    changes = rows[:, :1] * np.array([10.0, 40.0]) + noise
    model = LeadTrees((1, 4), rounds=120, band_rounds=60)
    model.fit(rows[:5000], changes[:5000], checked=np.arange(5000) >= 3500)
    return model, rows[5000:], changes[5000:]


def test_the_band_holds_four_fifths_of_what_comes(leads):
    model, rows, changes = leads
    told = model.predict(rows)[:, [0, 3]]
    inside = (changes >= told[..., 0]) & (changes <= told[..., 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.03)
    assert (np.diff(told, axis=-1) >= 0).all()


def test_steps_between_two_leads_lie_on_the_line_between_them(leads):
    model, rows, _ = leads
    told = model.predict(rows)
    assert told.shape == (1000, 4, 3)
    assert told[:, 1] == pytest.approx((2 * told[:, 0] + told[:, 3]) / 3)


def test_trees_that_do_not_help_are_not_grown():
    """Of pure noise the middle keeps the fewest trees that were tried: 5 % of 100."""
    rng = np.random.default_rng(2)
    rows, came = rng.normal(size=(3000, 4)), rng.normal(size=(3000, 1))
    model = LeadTrees((1,), rounds=100).fit(rows, came, checked=np.arange(3000) >= 2000)
    assert model.trees_[0]["middle"].rounds <= 20


def test_the_trees_survive_their_files(leads):
    model, rows, _ = leads
    assert (LeadTrees.from_files(model.to_files()).predict(rows) == model.predict(rows)).all()


def test_too_few_rows_on_one_side_of_the_check_are_refused():
    with pytest.raises(ValueError, match="too few"):
        LeadTrees((1,)).fit(np.zeros((10, 1)), np.zeros((10, 1)), checked=np.zeros(10, bool))


def test_a_network_beats_the_last_reading_and_holds_its_band(waves):
    times = pd.date_range("2024-03-04", periods=len(waves) + 3, freq="15min")
    marks = habit_marks(times, step=pd.Timedelta("15min"))
    model = NetworkForecaster(3, lookback=8, slots=96, rounds=60).fit(waves[:1500], marks[:1500])
    at = np.arange(1510, len(waves) - 3)
    past = waves[at[:, None] + np.arange(-8, 0)].transpose(0, 2, 1)
    later = waves[at[:, None] + np.arange(3)].transpose(0, 2, 1)
    told = model.predict(past, marks[at[:, None] + np.arange(-1, 3)])
    ours = np.sqrt(((told[..., 1] - later) ** 2).mean())
    assert ours < 0.8 * np.sqrt(((past[..., -1:] - later) ** 2).mean())
    inside = (later >= told[..., 0]) & (later <= told[..., 2])
    assert 0.7 < inside.mean() < 0.9
    again = NetworkForecaster.from_files(model.to_files())
    assert (again.predict(past, marks[at[:, None] + np.arange(-1, 3)]) == told).all()


def test_a_network_of_one_series_with_gaps_is_forecast():
    values = 50 + 5 * np.sin(np.arange(600.0) / 20)[:, None]
    values[100:110] = np.nan
    times = pd.date_range("2024-03-04", periods=602, freq="1h")
    marks = habit_marks(times, step=pd.Timedelta("1h"))
    model = NetworkForecaster(2, lookback=6, slots=24, rounds=30).fit(values, marks[:600])
    told = model.predict(np.full((1, 1, 6), np.nan), marks[None, 599:602])
    assert np.isfinite(told).all()


def test_a_chance_is_read_from_quantiles_by_straight_lines():
    """Above 15 of (0, 10, 20) at 10, 50, 90 %: half way to 90 %, 30 %. Above 25: clipped at 0."""
    found = chance_above([[0.0, 10.0, 20.0]] * 3, (0.1, 0.5, 0.9), limit=15.0)
    assert found == pytest.approx([0.3] * 3)
    assert chance_above([[0.0, 10.0, 20.0]], (0.1, 0.5, 0.9), limit=25.0) == pytest.approx([0.0])
    assert chance_above([[7.0, 7.0, 7.0]], (0.1, 0.5, 0.9), limit=8.0) == pytest.approx([0.0])
