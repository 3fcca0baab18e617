"""The flood pack: no look ahead, alarms counted by hand, units, and a river without an area."""

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
from qianhang.packs.disaster.flood_small_river import alarms, pack, practice
from qianhang.packs.disaster.flood_small_river.river import LEVELS, RiverForecaster

MANIFEST = find("disaster.flood_small_river").manifest


def spec_of(case: str = "own", **params: str):
    return make(MANIFEST, MANIFEST.find_case(case), seed=0, params=params)


@pytest.fixture(scope="module")
def table():
    return pack.sample(0).table


@pytest.fixture(scope="module")
def model(table):
    return pack.fit(table.iloc[:2600], spec=spec_of(generations="8"))


def windows_of(table, rows, **kept):
    return Panel.of(table).windows(rows, lookback=720, horizon=24, known=["rain"], **kept)


def test_quantiles_rise_and_the_middle_follows_a_made_up_river(table, model):
    rows = np.arange(2700, 3500, 8)
    told = pack.predict_windows(model, windows_of(table, rows), spec=spec_of())
    assert told.shape == (100, 1, 24, len(LEVELS))
    assert (np.diff(told, axis=-1) >= -1e-9).all()
    came = Panel.of(table).ahead("flow", rows, horizon=24)
    middle = told[..., LEVELS.index(0.5)]
    assert ((middle - came) ** 2).mean() < 0.1 * ((came - came.mean()) ** 2).mean()


def test_one_origin_is_answered_as_it_is_among_many(table, model):
    rows = np.arange(2700, 3200, 100)
    many = pack.predict_windows(model, windows_of(table, rows), spec=spec_of())
    one = pack.predict_windows(model, windows_of(table, rows[2:3]), spec=spec_of())
    assert one[0] == pytest.approx(many[2])


def test_without_rain_ahead_the_coming_rain_changes_nothing(table):
    spec = spec_of(generations="2", rain_ahead="false")
    blind = pack.fit(table.iloc[:2600], spec=spec)
    wet = table.copy()
    wet.iloc[2700:, wet.columns.get_loc("rain")] = 50.0
    told = [
        ask(w, spec=spec)
        for w in (windows_of(t, [2700]) for t in (table, wet))
        for ask in (
            pack.practice_windows,
            lambda w, spec: pack.predict_windows(blind, w, spec=spec),
        )
    ]
    assert told[0] == pytest.approx(told[2])
    assert told[1] == pytest.approx(told[3])


def test_known_rain_ahead_raises_the_river(table, model):
    wet = table.copy()
    wet.iloc[2700:, wet.columns.get_loc("rain")] = 30.0
    dry, flood = (
        pack.predict_windows(model, windows_of(t, [2700]), spec=spec_of())[0, 0, -1, 5]
        for t in (table, wet)
    )
    assert flood > 3 * dry


def answers_of() -> pd.DataFrame:
    """Two days hourly at leads 1 and 6; a flood at hours 10 to 12 and an alarm at 12 to 13."""
    times = pd.date_range("2024-01-01", periods=48, freq="1h", tz="UTC")
    actual, told = np.ones(48), np.ones(48)
    actual[10:13], told[12:14] = 5.0, 5.0
    parts = []
    for lead in (1, 6):
        part = pd.DataFrame({"time": times, "lead": lead, "actual": actual, "p50": told})
        parts.append(part.assign(origin=np.arange(48) - lead, series=""))
    return pd.concat(parts, ignore_index=True)


def test_hits_misses_and_efficiency_are_counted_by_hand():
    """One hour of four is both; 3 squared misses of 16 of a variance of 45 * 3 / 48 * 16."""
    spec = spec_of("wye", warning="2.0")
    found = alarms.scores(answers_of(), spec=spec)
    assert found["csi_6h"] == pytest.approx(1 / 4)
    assert found["nse_6h"] == pytest.approx(1 - 3 * 16 / (16 * 45 * 3 / 48))
    assert found["brier"] == pytest.approx(3 / 48)
    assert found["floods"] == 1
    # The alarm of hour 12 at lead 6 was raised at hour 6: four hours before the flood.
    assert found["warning_h"] == pytest.approx(4)
    assert found["floods_warned"] == 0


def test_an_alarm_that_overlaps_a_flood_is_a_hit_and_a_lone_one_is_false():
    rows = answers_of().query("lead == 6").reset_index(drop=True)
    rows.loc[44, "p50"] = 9.0
    quiet = rows.assign(p10=rows["p50"], p90=rows["p50"])
    told = alarms.tables(quiet, spec=spec_of("wye", warning="2.0"))
    assert list(told["alarms"]["outcome"]) == ["hit", "event", "false_alarm"]
    assert told["chance"]["n"].sum() == 48
    assert told["by_lead"]["nse"].notna().all()


def test_a_recession_is_known_to_the_unit_hydrograph():
    """Flow that falls by a tenth an hour without rain: 0.9, 0.81, ... of the last flow."""
    times = pd.date_range("2024-01-01", periods=200, freq="1h", tz="UTC", name="time")
    table = pd.DataFrame({"rain": 0.0, "flow": 100 * 0.9 ** np.arange(200)}, index=times)
    windows = Panel.of(table).windows([40], lookback=30, horizon=5, known=["rain"])
    told = practice.unit_hydrograph(windows, rain_ahead=True)[0, 0]
    assert told == pytest.approx(100 * 0.9 ** np.arange(40, 45), rel=0.01)
    assert practice.persistence(windows)[0, 0] == pytest.approx(100 * 0.9**39)


def test_depth_and_cubic_metres_with_their_area_are_the_same_river(table):
    """1 m3/s on 10 km2 is 0.36 mm an hour."""
    cubic = pack.fit(table.iloc[:1500], spec=spec_of(generations="2", area_km2="10"))
    depth = table.assign(flow=table["flow"] * 0.36)
    asked = spec_of("wye", generations="2", latitude="30", longitude="110")
    same = pack.fit(depth.iloc[:1500], spec=asked)
    first = pack.predict_windows(cubic, windows_of(table, [1600]), spec=asked) * 0.36
    second = pack.predict_windows(same, windows_of(depth, [1600]), spec=asked)
    assert first == pytest.approx(second, rel=1e-6)


def test_snow_and_evaporation_are_taken_where_they_are_given(table):
    more = table.assign(evaporation=0.1, temperature=5.0).iloc[:1500]
    model = pack.fit(more, spec=spec_of(generations="2"))
    assert "melt" in model.stores.values_
    windows = Panel.of(more).windows(
        [1400], lookback=720, horizon=24, known=["rain", "evaporation", "temperature"]
    )
    told = pack.predict_windows(model, windows, spec=spec_of())
    assert np.isfinite(told).all()
    again = RiverForecaster.from_files(model.to_files())
    assert again.predict(windows) == pytest.approx(told)


def test_a_trial_on_days_reports_its_lead_in_days(table):
    daily = table.resample("1D").mean()
    daily = pd.concat([daily, daily.shift(150, freq="1D")])
    case = MANIFEST.find_case("own-daily")
    spec = spec_of("own-daily", generations="2", lookback="30")
    case = replace(case, split=replace(case.split, every=3))
    got = trial.run(pack, Inputs({"table": daily}), task="forecast", case=case, spec=spec)
    assert got.facts["horizon_steps"] == 3
    assert {"nse_24h", "nse_lead", "brier"} <= set(got.scores)
    assert {"alarms", "chance", "flood", "by_lead"} <= set(got.tables)


def test_a_flow_without_readings_is_refused_in_words(table):
    with pytest.raises(ContractError, match="column flow"):
        pack.fit(table.assign(flow=np.nan).iloc[:800], spec=spec_of(generations="2"))


def test_daily_rows_in_millimetres_an_hour_are_refused_with_the_case_to_take(table):
    with pytest.raises(ContractError, match="24 h apart") as caught:
        pack.fit(table.resample("1D").mean(), spec=spec_of(generations="2"))
    assert "own-daily" in str(caught.value.hint)


@pytest.mark.data
def test_the_warning_level_of_the_wye_is_a_quantile_of_training(data_root):
    table = pd.read_parquet(data_root / "infra/flood_small_river/wye.parquet")
    known = table["Q"].iloc[: round(0.6 * len(table))]
    level = MANIFEST.find_case("wye").params["warning"]
    assert known.quantile(0.995) == pytest.approx(level, abs=0.001)
