"""Claims about the heat demand pack: files put together, baselines by hand, skill, no look ahead."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core import manifest as manifests
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec, make
from qianhang.engines.forecast import Panel, Windows
from qianhang.packs.heating.demand_forecast import pack, practised
from qianhang.packs.heating.demand_forecast.demand import HeatForecaster
from qianhang.packs.heating.demand_forecast.drivers import WeatherCurve, known_of, rows_at

MANIFEST = manifests.load(Path(pack.__file__).with_name("pack.toml"))
QUICK = {"rounds": "60", "seeds": "1", "lookback": "192"}


def spec(case: str = "", **params: str) -> Spec:
    return make(MANIFEST, MANIFEST.find_case(case), seed=0, params={**QUICK, **params})


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    frame: pd.DataFrame = pack.sample(3).table
    return frame


@pytest.fixture(scope="module")
def model(table: pd.DataFrame) -> HeatForecaster:
    return pack.fit(table[table.index < "2024-01-29"], spec=spec())


def windows_of(table: pd.DataFrame, *, first: str, count: int) -> tuple[Panel, Windows, np.ndarray]:
    panel = Panel.of(table, group="substation")
    rows = panel.times.searchsorted(pd.Timestamp(first, tz=panel.times.tz)) + np.arange(count)
    known = [c for c in ("t_amb", "temp") if c in panel.columns]
    return panel, panel.windows(rows, lookback=192, horizon=24, known=known), rows


def test_forecast_of_unseen_days_is_better_than_yesterday(
    table: pd.DataFrame, model: HeatForecaster
) -> None:
    panel, windows, rows = windows_of(table, first="2024-01-29", count=96)
    actual = panel.ahead("heat", rows, horizon=24)
    told = pack.predict_windows(model, windows, spec=spec())
    miss = np.abs(told[..., 1] - actual).mean()
    assert told.shape == (96, 2, 24, 3)
    assert (np.diff(told, axis=-1) >= 0).all()
    assert miss < 0.8 * np.abs(pack.baseline_windows(windows, spec=spec()) - actual).mean()


def test_what_comes_after_the_origin_changes_nothing(
    table: pd.DataFrame, model: HeatForecaster
) -> None:
    """The readings behind the origin are spoilt; the weather ahead, which is told, stays."""
    spoilt = table.copy()
    spoilt.loc[spoilt.index >= "2024-01-29", "heat"] = 1e5
    _, before, _ = windows_of(table, first="2024-01-29", count=1)
    _, after, _ = windows_of(spoilt, first="2024-01-29", count=1)
    answers = [pack.predict_windows(model, w, spec=spec()) for w in (before, after)]
    np.testing.assert_array_equal(*answers)


def test_case_without_weather_is_blind_to_it(table: pd.DataFrame) -> None:
    blind = spec("no-weather")
    _, windows, _ = windows_of(table, first="2024-01-29", count=1)
    assert windows.known == ("t_amb",)
    assert practised.without(windows, blind).known == ()
    assert practised.without(windows, spec()).known == ("t_amb",)


def test_substation_never_met_is_forecast_at_its_own_level(
    table: pd.DataFrame, model: HeatForecaster
) -> None:
    """A third substation, ten times the first: its forecast is about ten times as high."""
    east = table[table["substation"] == "east"]
    new = east.assign(substation="new", heat=10 * east["heat"])
    _, windows, _ = windows_of(pd.concat([east, new]), first="2024-01-29", count=4)
    told = pack.predict_windows(model, windows, spec=spec())[..., 1]
    assert told[:, 1].mean() == pytest.approx(10 * told[:, 0].mean(), rel=0.15)


def test_one_substation_without_a_name_is_enough(table: pd.DataFrame) -> None:
    alone = table[table["substation"] == "west"].drop(columns="substation")
    kept = pack.fit(alone, spec=spec())
    _, windows, _ = windows_of(alone, first="2024-01-29", count=2)
    assert pack.predict_windows(kept, windows, spec=spec()).shape == (2, 1, 24, 3)


def test_model_kept_as_files_gives_the_same_answers(
    table: pd.DataFrame, model: HeatForecaster
) -> None:
    again = HeatForecaster.from_files(model.to_files())
    _, windows, _ = windows_of(table, first="2024-01-30", count=2)
    first, second = (pack.predict_windows(m, windows, spec=spec()) for m in (model, again))
    np.testing.assert_array_equal(first, second)


def test_quarter_hours_become_the_heat_of_the_hour_that_ends_there() -> None:
    """By hand: 00:15 to 01:00 hold 1 + 2 + 3 + 4 kWh; the hour after is cut short, so unknown."""
    times = pd.date_range("2025-01-01 00:15", periods=7, freq="15min")
    raw = pd.DataFrame({"datetime": times, "qizm": np.arange(1.0, 8.0), "t_amb": 5.0})
    got = pack.read(Inputs({"L9": raw}), spec=spec()).table
    assert got["heat"].tolist() == [10.0]
    assert str(got.index[0]) == "2025-01-01 01:00:00"
    assert got["substation"].tolist() == ["L9"]


def test_folder_with_a_file_a_substation_becomes_one_table(tmp_path: Path) -> None:
    times = pd.date_range("2025-01-01", periods=30, freq="1h")
    for name in ("north", "south"):
        frame = pd.DataFrame({"时间": times, "用热量": 5.0, "室外温度": -1.0})
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    got = pack.read(Inputs({"substations": tmp_path}), spec=spec()).table
    assert sorted(got["substation"].unique()) == ["north", "south"]
    assert len(got) == 60


def test_file_without_heat_is_refused_by_name() -> None:
    raw = pd.DataFrame({"time": pd.date_range("2025-01-01", periods=30, freq="1h"), "power": 1.0})
    with pytest.raises(ContractError, match=r"L9.*expected heat"):
        pack.read(Inputs({"L9": raw}), spec=spec())


def test_weather_curve_is_the_mean_heat_of_hour_and_temperature() -> None:
    """By hand: 100 readings of 2 at 06:00 and 0 degC, smoothed with empty neighbours, stay 2."""
    curve = WeatherCurve.of(np.full(100, 2.0), np.zeros(100), np.full(100, 6))
    assert curve.at(np.array([0.5]), np.array([6]))[0] == pytest.approx(2.0)
    assert np.isnan(curve.at(np.array([np.nan]), np.array([6]))[0])


def test_gaps_and_missing_columns_leave_finite_answers(model: HeatForecaster) -> None:
    """Only heat is given, and half of it is missing: no weather, no water temperatures."""
    times = pd.date_range("2024-01-01", periods=240, freq="1h", tz="Asia/Shanghai", name="time")
    frame = pd.DataFrame({"heat": np.where(np.arange(240) % 2, np.nan, 100.0)}, index=times)
    windows = Panel.of(frame).windows([240], lookback=192, horizon=24)
    assert np.isfinite(pack.predict_windows(model, windows, spec=spec())).all()
    assert np.isfinite(pack.baseline_windows(windows, spec=spec())).all()
    assert np.isfinite(pack.practice_windows(windows, spec=spec())).all()


def test_r2_is_the_mean_over_substations_and_pooled() -> None:
    """By hand: series a is hit (R2 1), of b the mean is told (R2 0): mean 0.5.

    Pooled: actuals 0, 2, 10, 14 have mean 6.5 and squares 131; missed squares 8: 1 - 8/131.
    """
    frame = pd.DataFrame(
        {
            "series": ["a", "a", "b", "b"],
            "time": pd.to_datetime(["2025-01-01", "2025-01-02"] * 2),
            "lead": 1,
            "actual": [0.0, 2.0, 10.0, 14.0],
            "p50": [0.0, 2.0, 12.0, 12.0],
        }
    )
    found = practised.skill(frame, last=1)
    assert found["r2_1h"] == pytest.approx(0.5)
    assert found["r2_1h_pooled"] == pytest.approx(1 - 8 / 131)
    assert found["excess_season"] == pytest.approx(2.0)
    assert found["short_season"] == pytest.approx(2.0)


def test_lags_are_never_those_of_hours_to_come(table: pd.DataFrame) -> None:
    _, windows, _ = windows_of(table, first="2024-01-20", count=1)
    known = known_of(windows, heat="heat", level=np.ones(2), curve=WeatherCurve(np.ones((24, 18))))
    assert np.isnan(known.lag(24, 23)).all()
    np.testing.assert_array_equal(known.lag(24, 24), windows.of("heat")[0, :, -1])
    assert rows_at(known, 24).shape == rows_at(known, 1).shape


@pytest.mark.data
def test_last_season_in_nis_is_forecast_well_beyond_the_weather_curve(data_root: Path) -> None:
    """One substation, two seasons to learn from and small trees: a part of the run of the bars."""
    raw = pd.read_parquet(data_root / "infra/district_heating_xai4heat/L12_hourly.parquet")
    got = pack.read(Inputs({"L12": raw[raw["time"] >= "2022-10-01"]}), spec=spec()).table
    frame = got.tz_localize("Asia/Shanghai")
    kept = pack.fit(frame[frame.index < "2024-11-01"], spec=spec(share="0.03", rounds="120"))
    panel = Panel.of(frame, group="substation")
    first = panel.times.searchsorted(pd.Timestamp("2024-11-25", tz=panel.times.tz))
    rows = first + 7 * np.arange(400)
    windows = panel.windows(rows, lookback=192, horizon=24, known=["t_amb", "temp"])
    actual = panel.ahead("heat", rows, horizon=24)[:, 0, 23]
    spread = ((actual - actual.mean()) ** 2).sum()
    answers = {
        "ours": pack.predict_windows(kept, windows, spec=spec())[:, 0, 23, 1],
        "curve": pack.practice_windows(windows, spec=spec())[:, 0, 23],
    }
    r2 = {name: 1 - ((told - actual) ** 2).sum() / spread for name, told in answers.items()}
    assert r2["ours"] > 0.84
    assert r2["ours"] > r2["curve"] + 0.01
