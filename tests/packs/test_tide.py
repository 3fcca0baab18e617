"""The tide pack: turns by hand, neighbours, gaps, other steps, and real macro-tides in part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from qianhang import trial
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.pack import find
from qianhang.core.spec import make
from qianhang.engines.forecast import Panel
from qianhang.packs.ocean.tide import pack, practice, waters
from qianhang.packs.ocean.tide.ports import LEVELS, PortForecaster

MANIFEST = find("ocean.tide").manifest


def spec_of(case: str = "own", **params: str):
    return make(MANIFEST, MANIFEST.find_case(case), seed=0, params=params)


@pytest.fixture(scope="module")
def table():
    return pack.sample(0).table


@pytest.fixture(scope="module")
def model(table):
    return pack.fit(table[table.index < table.index[2 * 2400]], spec=spec_of())


def windows_of(table, rows, lookback=1440):
    return Panel.of(table, group="port").windows(rows, lookback=lookback, horizon=24)


def test_the_rest_of_both_ports_is_forecast_better_than_the_tide_alone(table, model):
    rows = np.arange(2450, 2850, 7)
    windows = windows_of(table, rows)
    told = pack.predict_windows(model, windows, spec=spec_of())
    assert told.shape == (len(rows), 2, 24, len(LEVELS))
    came = Panel.of(table, group="port").ahead("level", rows, horizon=24)
    ours = np.sqrt(((told[..., 1] - came) ** 2).mean())
    tide = np.stack([model.tides[p].predict(windows.times()) for p in ("east", "west")], axis=1)
    alone = np.sqrt(((tide.reshape(len(rows), 24, 2).transpose(0, 2, 1) - came) ** 2).mean())
    assert ours < 0.7 * alone
    assert (told[..., 0] <= told[..., 2]).all()


def test_the_second_port_hears_of_a_surge_from_the_first(model):
    assert model.near == {"east": ("west",), "west": ("east",)}


def test_a_port_with_gaps_or_unknown_to_the_model_is_still_answered(table, model):
    holed = table.copy()
    holed.loc[(holed["port"] == "west") & (holed.index > table.index[2 * 2300]), "level"] = np.nan
    holed["port"] = holed["port"].replace({"east": "north"})
    told = pack.predict_windows(model, windows_of(holed, [2500]), spec=spec_of())
    assert np.isnan(told[0, 0]).all()  # a port that was never seen has no tide
    assert np.isfinite(told[0, 1]).all()


def test_a_kept_model_says_the_same(table, model):
    windows = windows_of(table, [2500, 2600])
    again = PortForecaster.from_files(model.to_files())
    assert again.predict(windows) == pytest.approx(model.predict(windows))
    assert again.until == model.until


def test_high_and_low_waters_of_a_cosine_are_where_the_formula_says():
    """cos(2 pi t / 12.42 h): high at 12.42 h, low at 6.21 h, 1 m and -1 m."""
    times = pd.date_range("2024-01-01", periods=22, freq="1h", tz="UTC")
    level = np.cos(2 * np.pi * np.arange(22) / 12.42)
    found = waters.turns(times, level)
    assert list(found["kind"]) == ["low", "high", "low"]
    hours = (found["time"] - times[0]) / pd.Timedelta(hours=1)
    assert hours.to_numpy() == pytest.approx([6.21, 12.42, 18.63], abs=0.05)
    assert found["height_m"].to_numpy() == pytest.approx([-1, 1, -1], abs=0.01)


def answers_of(late_h: float) -> pd.DataFrame:
    """Ten days of a tide of 3 m half range, forecast `late_h` too late, 5 cm too high."""
    times = pd.date_range("2024-01-01", periods=240, freq="1h", tz="UTC")
    hours = np.arange(240)
    actual = 3 * np.cos(2 * np.pi * hours / 12.42)
    told = 3 * np.cos(2 * np.pi * (hours - late_h) / 12.42) + 0.05
    table = pd.DataFrame({"time": times, "actual": actual, "p50": told, "series": "a"})
    return table.assign(lead=hours % 24 + 1, origin=hours // 24)


def test_a_tide_that_is_late_is_late_by_its_minutes():
    found = waters.scores(answers_of(0.25))
    assert found["high_water_min"] == pytest.approx(15, abs=1.5)
    assert found["high_water_cm"] == pytest.approx(5, abs=1)
    assert {"rmse_macro", "rmse_6h", "rmse_24h", "explained"} <= set(found)
    assert "rmse_micro" not in found
    assert waters.scores(answers_of(0.0))["rmse_macro"] == pytest.approx(0.05)


def test_a_tidal_day_before_is_25_rows_of_hours_back():
    times = pd.date_range("2024-01-01", periods=100, freq="1h", tz="UTC", name="time")
    table = pd.DataFrame({"level": np.arange(100.0)}, index=times)
    windows = Panel.of(table).windows([60], lookback=40, horizon=50)
    told = practice.a_tidal_day_before(windows)[0, 0]
    assert told[:2] == pytest.approx([35, 36])
    assert told[24] == pytest.approx(59)
    assert told[26] == pytest.approx(60 + 26 - 50)


def test_ten_minute_readings_off_the_clock_become_hours(table):
    east = table[table["port"] == "east"]
    times = pd.date_range(east.index[0], east.index[-1], freq="10min") + pd.Timedelta(minutes=3)
    level = np.interp(times.asi8, east.index.asi8, east["level"])
    fine = pd.DataFrame({"level": level}, index=times.rename("time"))
    read = pack.read(Inputs({"table": fine}), spec=spec_of()).table
    assert (read.index == read.index.floor("h")).all()
    assert np.diff(read.index.asi8).min() == np.diff(read.index.asi8).max()
    kept = pack.read(Inputs({"table": east}), spec=spec_of()).table
    assert kept.equals(east)


def test_a_trial_on_the_sample_prints_the_coming_waters(table):
    case = MANIFEST.find_case("own")
    case = replace(case, split=replace(case.split, every=24))
    spec = spec_of(lookback="1440")
    got = trial.run(pack, Inputs({"table": table}), task="forecast", case=case, spec=spec)
    assert got.scores["rmse_24h"] < got.trivial["rmse_24h"]
    printed = got.tables["waters"]
    assert set(printed["port"]) == {"east", "west"}
    assert printed["time"].min() > table.index.max()
    first = got.tables["constituents"].groupby("port").head(1)
    assert set(first["constituent"]) == {"M2"}
    assert 0 < got.headline < 60


def test_a_record_of_a_few_days_is_refused_in_words(table):
    with pytest.raises(ContractError, match="15 days"):
        pack.fit(table.iloc[: 2 * 24 * 6], spec=spec_of())


@pytest.mark.data
def test_darwin_a_year_ahead_is_within_the_bar(data_root):
    """Two years to learn, the third to test, as the run does for all ports."""
    table = pd.read_parquet(data_root / "infra/tide/tides.parquet")
    part = table[table["port"] == "Darwin"]
    times = pd.DatetimeIndex(part["DateTime"]).tz_localize("UTC")
    level = part["SeaLevel"].to_numpy(float)
    from qianhang.engines.forecast.harmonics import TidalHarmonics

    early = times.year < 2014
    told = TidalHarmonics(-12.5).fit(times[early], level[early]).predict(times[~early])
    assert np.sqrt(np.nanmean((told - level[~early]) ** 2)) < 0.105
