"""Stores and hydrographs: water is neither made nor lost, and a made-up river is found again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.engines.forecast.hydrology import (
    Forcing,
    RainfallRunoff,
    sun_evaporation,
    with_melt,
)
from qianhang.engines.forecast.stores import run_stores, unit_hydrographs

ONE = np.ones(1)


def test_unit_hydrographs_let_all_water_through_in_time():
    """Base 2 steps, power 1.25: shares 0.5**1.25 and the rest; the other lasts four steps."""
    first, second = unit_hydrographs(2.0, step_h=1.0)
    assert first[:2] == pytest.approx([0.5**1.25, 1 - 0.5**1.25])
    assert first.sum() == pytest.approx(1.0)
    assert second.sum() == pytest.approx(1.0)
    assert second[:4] == pytest.approx(second[:4][::-1])
    assert unit_hydrographs(2.0, step_h=24.0)[0][0] == pytest.approx(0.5**2.5)


def test_one_step_of_the_production_store_is_the_printed_equation():
    """Perrin et al. (2003), eq. 3 and 6 by hand: 10 mm into a half-full store of 100 mm."""
    net, size, store = 10.0, 100.0, 50.0
    gain = size * (1 - 0.25) * np.tanh(0.1) / (1 + 0.5 * np.tanh(0.1))
    full = (store + gain) / size
    lost = (store + gain) * (1 - (1 + (4 / 9 * full) ** 4) ** -0.25)
    told = run_stores(
        np.full((1, 1), net), np.zeros((1, 1)), (ONE * size, ONE * 0, ONE * 50),
        reach=ONE, step_h=24.0, start=(0.5, 0.0),
    )  # fmt: skip
    assert told.soil[0, 0] * size == pytest.approx(store + gain - lost)


def test_without_exchange_or_evaporation_all_rain_comes_out_or_is_stored():
    rng = np.random.default_rng(0)
    rain = rng.gamma(0.3, 3.0, (1, 3000))
    told = run_stores(
        rain, np.zeros((1, 3000)), (ONE * 80, ONE * 0, ONE * 40), reach=ONE * 3.0, step_h=1.0,
        start=(0.0, 0.0),
    )  # fmt: skip
    held = told.soil[0, -1] * 80 + told.channel[0, -1] * 40
    assert told.flow.sum() + held == pytest.approx(rain.sum(), rel=0.002)


def test_many_parameter_sets_at_once_are_the_same_as_one_by_one():
    rain = np.random.default_rng(1).gamma(0.3, 3.0, (1, 200))
    sizes, reaches = np.asarray([50.0, 200.0]), np.asarray([1.5, 4.0])
    both = run_stores(rain, rain * 0.1, (sizes, ONE * 0.1, ONE * 30), reach=reaches, step_h=1.0, start=(0.5, 0.5))  # fmt: skip
    for i in range(2):
        alone = run_stores(rain, rain * 0.1, (sizes[i : i + 1], ONE * 0.1, ONE * 30), reach=reaches[i : i + 1], step_h=1.0, start=(0.5, 0.5))  # fmt: skip
        assert both.flow[i] == pytest.approx(alone.flow[0])


def river() -> RainfallRunoff:
    made = RainfallRunoff(1.0)
    made.start_ = (0.5, 0.5)
    made.values_ = {"production": np.log(150.0), "exchange": -0.1, "routing": np.log(50.0), "reach": np.log(3.0), "evaporation": np.log(0.4)}  # fmt: skip
    return made


def test_a_made_up_river_is_found_again_from_its_own_flow():
    rng = np.random.default_rng(2)
    rain = np.where(rng.random((1, 1500)) < 0.1, rng.gamma(0.8, 4.0, (1, 1500)), 0.0)
    leaving = np.full((1, 1500), 0.2)
    flow = river().predict(Forcing(rain, leaving))[0]
    model = RainfallRunoff(1.0, generations=20, members=50)
    model.fit(Forcing(rain[0, :1000], leaving[0, :1000]), flow[:1000], warm=100)
    told = model.predict(Forcing(rain, leaving))[0, 1000:]
    came = flow[1000:]
    assert 1 - ((told - came) ** 2).sum() / ((came - came.mean()) ** 2).sum() > 0.97
    again = RainfallRunoff.from_files(model.to_files())
    assert again.predict(Forcing(rain, leaving))[0, 1000:] == pytest.approx(told)


def test_flow_in_a_unit_of_its_own_needs_no_area():
    rng = np.random.default_rng(3)
    rain = np.where(rng.random((1, 1200)) < 0.1, rng.gamma(0.8, 4.0, (1, 1200)), 0.0)
    leaving = np.full((1, 1200), 0.2)
    flow = 7.3 * river().predict(Forcing(rain, leaving))[0]
    model = RainfallRunoff(1.0, generations=20, members=60, free_scale=True)
    told = model.fit(Forcing(rain[0], leaving[0]), flow, warm=100).predict(Forcing(rain, leaving))
    assert np.corrcoef(told[0, 200:], flow[200:])[0, 1] > 0.97
    assert told[0, 200:].mean() == pytest.approx(flow[200:].mean(), rel=0.25)


def test_snow_waits_for_warmth_and_melts_by_degrees():
    """10 mm at -5 degC, then 2 degC at 3 mm a degree: 6 mm, then the 4 mm that are left."""
    out = with_melt(
        np.asarray([[10.0, 0.0, 0.0, 0.0]]),
        np.asarray([[-5.0, 2.0, 2.0, 2.0]]),
        np.full((1, 1), 3.0),
    )
    assert out[0] == pytest.approx([0.0, 6.0, 4.0, 0.0])


def test_the_sun_over_the_equator_at_the_equinox_is_the_printed_value():
    """FAO 56, table 2.6: 37.9 MJ/m2 a day, over 2.45 MJ/kg is 15.5 mm; at night nothing."""
    times = pd.date_range("2024-03-21", periods=24, freq="1h", tz="UTC")
    sun = sun_evaporation(times, latitude=0.0, longitude=0.0)
    assert sun.sum() == pytest.approx(37.9 / 2.45, rel=0.02)
    assert sun[0] == 0
    days = pd.date_range("2024-03-21", periods=2, freq="1D", tz="UTC")
    assert sun_evaporation(days, latitude=0.0, longitude=0.0)[0] * 24 == pytest.approx(
        37.9 / 2.45, rel=0.02
    )


def test_too_few_flows_are_refused():
    with pytest.raises(ValueError, match="at least 100"):
        RainfallRunoff().fit(Forcing(np.zeros(150), np.zeros(150)), np.zeros(150), warm=100)
