"""Tides: a made-up one is found again, and what the record cannot part is inferred."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.engines.forecast.constituents import STANDARD, read_constituents
from qianhang.engines.forecast.harmonics import TidalHarmonics


def hours(days: int, start: str = "2020-01-01") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=days * 24, freq="1h", tz="UTC")


def wave(times: pd.DatetimeIndex, *names_and_sizes: tuple[str, float, float]) -> np.ndarray:
    """Level from UTide's own factors at each hour: amplitude in m and lag on Greenwich in degrees."""
    days = (times - pd.Timestamp("1970-01-01", tz="UTC")) / pd.Timedelta(days=1)
    days = np.asarray(days, dtype=float)
    known = read_constituents(days, latitude=30.0)
    out = np.zeros(len(times))
    for name, size, lag in names_and_sizes:
        at = known.names.index(name)
        turn = 2 * np.pi * (days - days[0]) * known.speed[at] - np.radians(lag)
        out += size * (known.slow[:, at] * np.exp(1j * turn)).real
    return out


def test_amplitude_and_lag_of_a_made_up_tide_are_found_again():
    times = hours(400)
    level = 2.0 + wave(times, ("M2", 1.5, 40.0), ("K1", 0.4, 200.0), ("M4", 0.1, 10.0))
    tide = TidalHarmonics(30.0).fit(times, level)
    table = tide.table().set_index("constituent")
    assert tide.mean_ == pytest.approx(2.0, abs=0.002)
    assert table.loc["M2", "amplitude_m"] == pytest.approx(1.5, abs=0.005)
    assert table.loc["M2", "phase_deg"] == pytest.approx(40.0, abs=0.5)
    assert table.loc["K1", "phase_deg"] == pytest.approx(200.0, abs=1.0)
    assert table.loc["M2", "speed_deg_h"] == pytest.approx(28.984104, abs=1e-5)  # Foreman 1977


def test_the_tide_of_another_year_follows_the_nodal_factors():
    """Two years later by UTide's factors at each hour: within 1 cm of 2 m."""
    times, later = hours(400), hours(60, "2022-06-01")
    parts = (("M2", 1.5, 40.0), ("O1", 0.5, 90.0))
    tide = TidalHarmonics(30.0).fit(times, wave(times, *parts))
    days = (later - pd.Timestamp("1970-01-01", tz="UTC")) / pd.Timedelta(days=1)
    first = (times[0] - pd.Timestamp("1970-01-01", tz="UTC")) / pd.Timedelta(days=1)
    grid = np.concatenate([[first], np.asarray(days, dtype=float)])
    known = read_constituents(grid, latitude=30.0)
    came = np.zeros(len(later))
    for name, size, lag in parts:
        at = known.names.index(name)
        turn = 2 * np.pi * (grid[1:] - first) * known.speed[at] - np.radians(lag)
        came += size * (known.slow[1:, at] * np.exp(1j * turn)).real
    assert np.abs(tide.predict(later) - came).max() < 0.01


def test_the_same_as_utide_reconstructs_from_its_own_solution():
    utide = pytest.importorskip("utide")
    times = hours(400)
    rng = np.random.default_rng(0)
    level = wave(times, ("M2", 1.5, 40.0), ("S2", 0.5, 80.0), ("K1", 0.3, 10.0))
    level = level + rng.normal(0, 0.02, len(times))
    naive = times.tz_localize(None)
    found = utide.solve(naive, level, lat=30.0, conf_int="none", trend=False, verbose=False)
    theirs = utide.reconstruct(hours(30, "2021-03-01").tz_localize(None), found, verbose=False).h
    ours = TidalHarmonics(30.0).fit(times, level).predict(hours(30, "2021-03-01"))
    assert np.abs(ours - theirs).max() < 0.02


def test_a_month_cannot_part_k2_from_s2_so_it_is_inferred():
    """S2 of 1 m and K2 of 27 cm at the same lag: two months on a lone S2 is far out of step."""
    times, later = hours(32), hours(20, "2020-04-01")
    parts = (("S2", 1.0, 0.0), ("K2", 0.272, 0.0), ("M2", 1.0, 0.0))
    whole = wave(hours(120), *parts)
    came = whole[hours(120).searchsorted(later)]
    tide = TidalHarmonics(30.0).fit(times, whole[: len(times)])
    assert "K2" not in tide.names_
    assert "K2" in tide.minor_names_
    lone = TidalHarmonics(30.0, only=("M2", "S2")).fit(times, whole[: len(times)])
    missed, missed_lone = (np.abs(t.predict(later) - came).mean() for t in (tide, lone))
    assert missed < 0.6 * missed_lone


def test_gaps_do_not_move_the_tide():
    times = hours(200)
    level = wave(times, ("M2", 1.0, 0.0))
    holed = level.copy()
    holed[1000:1400] = np.nan
    tide = TidalHarmonics(30.0).fit(times, holed)
    assert np.abs(tide.predict(times[1000:1400]) - level[1000:1400]).max() < 0.02


def test_a_kept_tide_says_the_same_without_utide():
    times = hours(60)
    tide = TidalHarmonics(30.0, only=STANDARD).fit(times, wave(times, ("M2", 1.0, 0.0)))
    again = TidalHarmonics.from_files(tide.to_files())
    assert again.names_ == tide.names_
    assert np.abs(again.predict(times) - tide.predict(times)).max() < 1e-5


def test_the_equator_and_too_short_a_record():
    assert np.isfinite(read_constituents(np.asarray([18000.0, 18010.0]), latitude=0.0).slow).all()
    with pytest.raises(ValueError, match="15 days"):
        TidalHarmonics(30.0).fit(hours(10), np.zeros(240))
