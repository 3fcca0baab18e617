"""The forecast engine: numbers by hand or by an independent method, no leak, no pickle."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.utils.estimator_checks import check_estimator

from qianhang.core.errors import MissingExtra
from qianhang.engines import forecast as engine
from qianhang.engines.forecast.series import crop, fold_days

ZONE = "Australia/Melbourne"


def city(
    days: int, seed: int = 0, start: str = "2014-01-06"
) -> tuple[pd.DatetimeIndex, np.ndarray]:
    """Hourly load with a daily shape, a weekend and noise."""
    rng = np.random.default_rng(seed)
    times = pd.date_range(start, periods=days * 24, freq="1h", tz="Australia/Brisbane")
    shape = 1 + 0.3 * np.sin((times.hour - 8) / 24 * 2 * np.pi) - 0.2 * (times.day_of_week >= 5)
    return times, np.asarray(1000 * shape) * np.exp(rng.normal(0, 0.02, len(times)))


def series_of(times: pd.DatetimeIndex, values: np.ndarray, drivers: np.ndarray | None = None):
    clock = engine.read_clock(times, length=24, holiday=None)
    extra = np.empty((len(times), 0)) if drivers is None else drivers
    return engine.SeasonalSeries(values, clock, extra)


def test_metrics_agree_with_numbers_worked_out_by_hand():
    """Errors 10, 20 and -30 on readings of 100, 200 and 300."""
    actual, told = [100.0, 200.0, 300.0], [110.0, 220.0, 270.0]
    assert engine.mae(actual, told) == pytest.approx(20)
    assert engine.mape(actual, told) == pytest.approx(10)
    assert engine.rmse(actual, told) == pytest.approx(np.sqrt(1400 / 3))
    assert engine.coverage(actual, [90, 230, 250], [105, 240, 310]) == pytest.approx(200 / 3)
    assert engine.pinball([10.0, 10.0], [8.0, 13.0], level=0.9) == pytest.approx((1.8 + 0.3) / 2)
    assert engine.mase(actual, told, history=[1, 2, 4, 8], season=1) == pytest.approx(20 / (7 / 3))
    assert engine.mse_scaled([[2.0, 30.0]], [[4.0, 20.0]], scale=[2.0, 10.0]) == pytest.approx(1)


def test_steps_that_are_not_known_do_not_count():
    """The middle of three readings is missing; the two others are 10 and 30 off."""
    actual, told = [100.0, np.nan, 300.0], [110.0, 0.0, 270.0]
    assert engine.mae(actual, told) == pytest.approx(20)


def test_skill_by_lead_is_one_minus_the_ratio_of_errors():
    """Lead 1: 1 against 2; lead 2: 3 against 3."""
    table = engine.skill_by_lead([10, 10], [11, 13], [12, 7], lead=[1, 2])
    np.testing.assert_allclose(table, [[1, 1, 2, 0.5], [2, 3, 3, 0]])


def test_seasonal_naive_repeats_the_last_season():
    model = engine.SeasonalNaive(season=3).fit([1, 2, 3, 4, 5, 6])
    np.testing.assert_array_equal(model.predict(5), [4, 5, 6, 4, 5])
    again = engine.SeasonalNaive.from_files(model.to_files())
    np.testing.assert_array_equal(again.predict(5), model.predict(5))


def test_the_same_step_before_never_reaches_past_the_origin():
    """Two steps back, five ahead: the last two readings over and over, two seasons at a time."""
    told = engine.same_step_before([1, 2, 3, 4, 5, 6], back=2, steps=5)
    np.testing.assert_array_equal(told, [5, 6, 5, 6, 5])


def test_conformal_radius_is_the_order_statistic_of_the_paper():
    """Nine scores, level 0.8: ceil(10 * 0.8) = the eighth smallest; at 0.95 none is enough."""
    scores = [3, 1, 2, 9, 8, 7, 4, 5, 6]
    assert engine.conformal_radius(scores, level=0.8) == 8
    assert engine.conformal_radius(scores, level=0.95) == np.inf


def test_split_conformal_covers_what_it_says_on_exchangeable_errors():
    """4,000 fresh errors against the radius of 999 others; binomial limits of four sigma."""
    rng = np.random.default_rng(1)
    radius = engine.conformal_radius(np.abs(rng.standard_t(3, 999)), level=0.8)
    held = np.mean(np.abs(rng.standard_t(3, 4000)) <= radius)
    assert abs(held - 0.8) < 4 * np.sqrt(0.16 / 4000) + 4 * np.sqrt(0.16 / 999)


def test_adapted_level_rises_by_the_rate_times_the_shortfall():
    """From 0.8, one miss and one hit at rate 0.1: + 0.08, then - 0.02."""
    assert engine.adapt_level([0, 1], target=0.8, rate=0.1, start=0.8) == pytest.approx(0.86)


def test_recent_quantiles_agree_with_the_plain_median_when_all_count_the_same():
    errors = np.random.default_rng(0).normal(size=(101, 4))
    told = engine.recent_quantiles(errors, levels=[0.5], half_life=1e12, smooth=0)
    np.testing.assert_allclose(told[0], np.median(errors, axis=0), atol=1e-9)


def test_recent_quantiles_follow_a_change_of_spread():
    errors = np.vstack([np.full((50, 2), 1.0), np.full((50, 2), 5.0)])
    told = engine.recent_quantiles(errors, levels=[0.5], half_life=5, smooth=0)
    np.testing.assert_allclose(told, 5.0)


def test_forward_level_asks_for_more_where_days_differ_and_covers_what_it_says():
    """Errors with a shift common to each day: plain 80% intervals from 60 days cover less."""
    rng = np.random.default_rng(0)
    days = rng.normal(size=(400, 1)) + 0.3 * rng.normal(size=(400, 24))
    settings = {"half_life": 15.0, "smooth": 1}
    held = {"plain": [], "forward": []}
    for day in range(90, 400, 4):
        past = days[day - 84 : day]
        for name, level in (("plain", 0.8), ("forward", None)):
            asked = level or engine.forward_level(past, target=0.8, **settings)
            low, high = engine.recent_quantiles(
                past, levels=[(1 - asked) / 2, (1 + asked) / 2], **settings
            )
            held[name].append(np.mean((days[day] >= low) & (days[day] <= high)))
    assert np.mean(held["plain"]) < np.mean(held["forward"])
    assert 0.77 < np.mean(held["forward"]) < 0.83


def test_a_day_of_a_clock_change_keeps_its_local_hours():
    """Melbourne, 5 October 2014: 23 hours, 02:00 does not exist; 6 April: 25, 02:00 comes twice."""
    spring = pd.date_range("2014-10-05", periods=23, freq="1h", tz=ZONE)
    clock = engine.read_clock(spring, length=24, holiday=None)
    assert set(clock.day) == {0}
    assert 2 not in clock.slot
    table = fold_days(clock.slot.astype(float), clock)
    np.testing.assert_allclose(table[0], np.arange(24))
    autumn = pd.date_range("2014-04-06", periods=25, freq="1h", tz=ZONE)
    assert list(engine.read_clock(autumn, length=24, holiday=None).slot[:4]) == [0, 1, 2, 2]


def test_make_up_working_days_count_as_working_and_holidays_as_resting():
    """Saturday 4 February 2023 was worked in China; Monday 23 January was Spring Festival."""
    times = pd.date_range("2023-01-23", "2023-02-05", freq="1D", tz="Asia/Shanghai")
    off = ["2023-01-23", "2023-01-24", "2023-01-25", "2023-01-26", "2023-01-27"]
    rest = np.array([str(t.date()) in off or t.day_of_week == 6 for t in times])
    workday = ~rest
    workday[times.day_of_week == 5] = [
        str(t.date()) == "2023-02-04" or str(t.date()) == "2023-01-28"
        for t in times[times.day_of_week == 5]
    ]
    clock = engine.read_clock(times, length=1, holiday=None, workday=workday)
    assert clock.kind[0] == 2  # a Monday of rest
    assert clock.kind[12] == 0  # a Saturday of work
    assert clock.kind[13] == 2  # a Sunday


def test_steps_of_a_day_are_read_from_the_spacing():
    for freq, steps in (("15min", 96), ("30min", 48), ("1h", 24)):
        assert engine.steps_per_day(pd.date_range("2024-01-01", periods=9, freq=freq)) == steps
    with pytest.raises(ValueError, match="whole number"):
        engine.steps_per_day(pd.date_range("2024-01-01", periods=9, freq="7min"))


def test_features_of_an_origin_do_not_change_when_what_follows_changes():
    """Readings from the origin on are replaced by nonsense: not one feature moves."""
    times, values = city(60)
    drivers = np.random.default_rng(2).normal(size=(len(times), 1))
    origin = 50 * 24
    spoilt = values.copy()
    spoilt[origin:] = 1e6
    rows = [
        engine.day_ahead_rows(
            series_of(times, v, drivers), origins=np.array([origin]), ends=np.array([origin + 24])
        ).X
        for v in (values, spoilt)
    ]
    np.testing.assert_array_equal(rows[0], rows[1])


def test_features_in_service_equal_those_in_training():
    """The rows of one origin, alone with a cropped history, and among all origins."""
    times, values = city(150)
    whole = series_of(times, values, np.sin(np.arange(len(times)))[:, None])
    starts = whole.day_starts()[60:]
    ends = np.append(starts[1:], len(values))
    among = engine.day_ahead_rows(whole, origins=starts, ends=ends)
    origin = 140 * 24
    short, begin, _ = crop(whole, origin=origin, since=10**6, days=56)
    alone = engine.day_ahead_rows(short, origins=np.array([begin]), ends=np.array([begin + 24]))
    here = among.origin == origin
    np.testing.assert_allclose(among.X[here], alone.X, equal_nan=True, rtol=1e-9)


def test_an_origin_inside_a_day_is_refused_by_the_features():
    times, values = city(40)
    with pytest.raises(ValueError, match="first step of a local day"):
        engine.day_ahead_rows(
            series_of(times, values), origins=np.array([35 * 24 + 5]), ends=np.array([36 * 24])
        )


@pytest.fixture(scope="module")
def fitted():
    times, values = city(140)
    known = 130 * 24
    model = engine.DayAheadForecaster(rounds=60, seed=3).fit(
        series_of(times[:known], values[:known])
    )
    ahead = values.copy()
    ahead[known + 72 :] = np.nan
    return model, series_of(times[: known + 96], ahead[: known + 96]), known + 72, values


def test_day_ahead_beats_last_week_and_its_band_holds_the_middle(fitted):
    """Noise of 2% around a fixed shape: the best possible MAPE is 1.6%, last week's is 2.3%."""
    model, series, origin, values = fitted
    told = model.predict(series, origin=origin)
    assert told.shape == (24, 3)
    assert (told[:, 0] <= told[:, 1]).all()
    assert (told[:, 1] <= told[:, 2]).all()
    week = values[origin - 168 : origin - 144]
    actual = values[origin : origin + 24]
    assert engine.mape(actual, told[:, 1]) < engine.mape(actual, week)


def test_day_ahead_read_back_from_its_files_says_exactly_the_same(fitted):
    model, series, origin, _ = fitted
    again = engine.DayAheadForecaster.from_files(model.to_files())
    np.testing.assert_array_equal(
        model.predict(series, origin=origin), again.predict(series, origin=origin)
    )


def test_day_ahead_is_the_same_for_the_same_seed_and_leaves_its_input_alone():
    times, values = city(60)
    series = series_of(times, values.copy())
    models = [engine.DayAheadForecaster(rounds=20, seed=5).fit(series) for _ in range(2)]
    assert models[0].to_files() == models[1].to_files()
    np.testing.assert_array_equal(series.values, values)


def test_day_ahead_refuses_a_history_of_a_few_days():
    with pytest.raises(ValueError, match="days of history"):
        engine.DayAheadForecaster().fit(series_of(*city(10)))


def test_loads_that_cross_zero_are_forecast_without_logarithms():
    times, values = city(60)
    model = engine.DayAheadForecaster(rounds=20).fit(series_of(times, values - 1000))
    assert model.log_ is False


def test_similar_day_is_last_weeks_when_nothing_has_changed():
    """A series that repeats every week: level one, so the similar day is the answer itself."""
    times, _ = city(50)
    values = np.tile(np.arange(1.0, 169.0), 8)[: len(times)]
    origin = 42 * 24
    told = engine.similar_day(series_of(times[: origin + 24], values[: origin + 24]), origin=origin)
    np.testing.assert_allclose(told, values[origin : origin + 24])


def test_window_ridge_equals_scikit_learns_ridge_on_the_same_departures():
    """One penalty for all ages is plain ridge without intercept, solved by another library."""
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(200, 6)), rng.normal(size=(200, 3))
    ours = engine.WindowRidge(0.0, floor=2.0).fit(X, Y)
    level = X.mean(axis=1, keepdims=True)
    theirs = Ridge(alpha=2.0, fit_intercept=False).fit(X - level, Y - level)
    np.testing.assert_allclose(ours.predict(X), theirs.predict(X - level) + level, atol=1e-9)


def test_linear_forecaster_continues_a_sum_of_sines():
    """A noiseless sum of two sines is a linear recurrence, so a linear map continues it, but for
    a ridge that never falls to nought."""
    t = np.arange(1500)
    both = np.column_stack([np.sin(t / 5) + 0.5 * np.sin(t / 11), np.cos(t / 7) * 3 + 10])
    model = engine.LinearForecaster(60, 12, levels=(0,), penalties=(1e-6, 1.0), spread=0.0)
    model.fit(both[:1400])
    told = model.predict(both[None, 1340:1400])[0]
    np.testing.assert_allclose(told, both[1400:1412], atol=0.15)
    again = engine.LinearForecaster.from_files(model.to_files())
    np.testing.assert_array_equal(again.predict(both[None, 1340:1400])[0], told)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    "estimator", [engine.BoostedTrees(rounds=80, least_rows=5, columns=1.0), engine.WindowRidge()]
)
def test_regressors_pass_scikit_learns_own_suite(estimator):
    drawn = "rows are drawn for each tree: a row that weighs two is not two rows"
    names = ("on_dense_data", "on_sparse_data")
    expected = {f"check_sample_weight_equivalence_{n}": drawn for n in names}
    check_estimator(estimator, expected_failed_checks=expected, on_fail="raise")


def test_boosted_trees_read_back_from_text_say_the_same():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)), rng.normal(size=300)
    model = engine.BoostedTrees(rounds=30).fit(X, y)
    again = engine.BoostedTrees.from_files(model.to_files())
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


def test_a_missing_statsforecast_is_named_with_its_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "statsforecast", None)
    with pytest.raises(MissingExtra, match=r"qianhang\[forecast\]"):
        engine.StatisticalForecaster("ets").fit(np.arange(20.0))


def test_textbook_models_follow_a_season():
    """A seasonal line; AutoETS must continue it within one unit."""
    pytest.importorskip("statsforecast")
    t = np.arange(96)
    values = 50 + 0.2 * t + 5 * np.sin(t / 12 * 2 * np.pi)
    told = engine.StatisticalForecaster("ets", seasons=(12,)).fit(values).predict(12)
    expected = 50 + 0.2 * (t[:12] + 96) + 5 * np.sin(t[:12] / 12 * 2 * np.pi)
    np.testing.assert_allclose(told[:, 1], expected, atol=1)
    assert (told[:, 0] <= told[:, 2]).all()
