"""The sun's place and a plant's envelope, against published figures and made-up plants."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.engines.forecast import Envelope, air_mass, clear_sky, locate, sun_position


def year(freq: str = "30min") -> pd.DatetimeIndex:
    return pd.date_range("2023-01-01", "2023-12-31", freq=freq, tz="Asia/Shanghai")


def plant(times: pd.DatetimeIndex, latitude: float, longitude: float) -> np.ndarray:
    """A level plane that turns all light into power, 1 at 1,000 W/m2."""
    sun = sun_position(times, latitude=latitude, longitude=longitude)
    return clear_sky(sun.elevation).horizontal / 1000


def test_the_sun_stands_where_the_worked_example_of_spa_puts_it():
    """Reda and Andreas (2004), table A5.1: elevation without refraction, azimuth."""
    then = pd.DatetimeIndex(["2003-10-17 12:30:30-07:00"])
    sun = sun_position(then, latitude=39.742476, longitude=-105.1786)
    assert sun.elevation[0] == pytest.approx(39.872046, abs=0.01)
    assert sun.azimuth[0] == pytest.approx(194.340241, abs=0.01)


def test_the_sun_is_overhead_at_the_tropic_on_midsummer_noon():
    """By definition of the tropic: 23.44 degrees north, at local solar noon."""
    times = pd.date_range("2024-06-20", periods=24 * 60, freq="1min", tz="UTC")
    sun = sun_position(times, latitude=23.44, longitude=0.0)
    assert sun.elevation.max() == pytest.approx(90.0, abs=0.15)


def test_air_mass_is_that_of_the_published_table():
    """Kasten and Young (1989), table II: 1.0, 1.9943 and 37.9196 at 90, 30 and 0 degrees."""
    assert air_mass([90.0, 30.0, 0.0]) == pytest.approx([0.9997, 1.9943, 37.9196], rel=1e-4)
    assert np.isnan(air_mass([-5.0])[0])


def test_clear_light_overhead_follows_the_formula_and_night_is_dark():
    """By hand: 1098 exp(-0.057) and 1353 * 0.7 at an air mass of 0.9997."""
    sky = clear_sky([90.0, 0.5, -20.0])
    assert sky.horizontal[0] == pytest.approx(1037.16, abs=0.01)
    assert sky.direct[0] == pytest.approx(947.1, abs=0.3)
    assert sky.horizontal[1:].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(("latitude", "longitude"), [(36.0, 97.0), (-28.0, 24.0)])
def test_a_plant_is_found_from_its_hours_of_light(latitude, longitude):
    found = locate(year(), plant(year(), latitude, longitude))
    assert found[0] == pytest.approx(latitude, abs=4.0)
    assert found[1] == pytest.approx(longitude, abs=2.0)


def test_no_place_is_given_to_a_plant_that_never_works():
    with pytest.raises(ValueError, match="no light or no night"):
        locate(year(), np.zeros(len(year())))


def test_an_envelope_stands_above_the_clouds_and_holds_in_a_season_not_seen():
    """Half of the steps are dimmed at random; learnt from January to June, tried in October."""
    times = year()
    clear = 50 * plant(times, 36.0, 97.0)
    dim = np.where(np.random.default_rng(0).random(len(times)) < 0.5, 0.6, 1.0)
    early = times < "2023-07-01"
    learnt = Envelope(36.0, 97.0, capacity=55.0).fit(times[early], (clear * dim)[early])
    later = (times.month == 10) & (clear > 5)
    assert learnt.at(times[later]) / clear[later] == pytest.approx(1.0, abs=0.1)
    assert learnt.at(times[clear == 0]).max() == 0.0


def test_an_envelope_comes_back_from_its_files():
    times = year("1h")
    learnt = Envelope(36.0, 97.0, capacity=50.0).fit(times, 50 * plant(times, 36.0, 97.0))
    back = Envelope.from_files(learnt.to_files())
    np.testing.assert_array_equal(back.at(times), learnt.at(times))


def test_an_envelope_is_not_learnt_from_a_night():
    times = pd.date_range("2023-01-01 22:00", periods=8, freq="30min", tz="Asia/Shanghai")
    with pytest.raises(ValueError, match="too few"):
        Envelope(36.0, 97.0, capacity=1.0).fit(times, np.zeros(8))
