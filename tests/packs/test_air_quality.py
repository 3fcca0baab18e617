"""The air pack: the AQI by hand, scores by hand, other cities' tables, a part of the real run."""

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
from qianhang.data import open_inputs
from qianhang.engines.forecast import Panel
from qianhang.packs.ecology.air_quality import aqi, pack, scores
from qianhang.packs.ecology.air_quality.signs import last_known

MANIFEST = find("ecology.air_quality").manifest
CHANCES = {1: 0.5, 6: 0.5, 24: 0.5}


def spec_of(case: str = "city", **params: str):
    return make(MANIFEST, MANIFEST.find_case(case), seed=0, params=params)


def test_the_index_of_pm25_follows_the_standard():
    """HJ 633-2012: 53 lies between 35 (50) and 75 (100): 50 + 18 / 40 * 50 = 72.5, up to 73."""
    assert aqi.iaqi([0, 35, 53, 75, 115, 150, 250, 500, 900]).tolist() == [
        0, 50, 73, 100, 150, 200, 300, 500, 500,
    ]  # fmt: skip
    assert aqi.level_of([20, 35.1, 80, 120, 160, 260]).tolist() == [1, 2, 3, 4, 5, 6]


def answers(actual, told, *, lead=1, low=None, high=None):
    times = pd.date_range("2024-01-01 01:00", periods=len(actual), freq="1h", tz="Asia/Shanghai")
    frame = pd.DataFrame({"time": times, "origin": np.arange(len(actual)), "lead": lead})
    frame = frame.assign(series="a", actual=actual, p50=told)
    return frame if low is None else frame.assign(p10=low, p90=high)


def test_error_skill_and_f1_agree_with_a_count_by_hand():
    """Persistence of 100, 200, 160, 140 misses by 100, 40, 20; ours by 10, 0, 10 on those hours.

    Heavy: 200, 160. Persistence says heavy for hours 3 and 4: one right, F1 2 / 4. Ours: hour 2, 3.
    """
    found = scores.score(
        answers([100.0, 200.0, 160.0, 140.0], [0.0, 190.0, 160.0, 130.0]),
        limit=150.0,
        chances=CHANCES,
    )
    assert found["mae_1h"] == pytest.approx((100 + 10 + 0 + 10) / 4)
    assert found["skill_1h"] == pytest.approx(1 - 20 / 160)
    assert found["f1_1h"] == 1.0
    assert found["f1_lift_1h"] == pytest.approx(1 - 0.5)
    assert found["warned_1h"] == pytest.approx(2 * 8766 / 4)


def test_a_band_warns_by_chance_where_the_median_does_not():
    """Median 140, p90 180: the chance of more than 150 is 0.1 + 0.4 * 3 / 4 = 0.4."""
    frame = answers([160.0, 160.0], 140.0, low=100.0, high=180.0)
    for chance, f1 in ((0.39, 1.0), (0.41, 0.0)):
        found = scores.score(frame, limit=150.0, chances=CHANCES | {1: chance})
        assert found["f1_1h"] == f1
        assert found["f1_median_1h"] == 0.0


def test_the_page_marks_the_leads_at_which_it_is_no_better():
    ours = {"mae_1h": 5.0, "skill_1h": 0.1, "f1_1h": 0.4, "f1_lift_1h": -0.1, "f1_median_1h": 0.3}
    table = scores.by_lead({"ours": ours, "trivial": {"mae_1h": 6.0, "f1_1h": 0.5}, "practice": {}})
    assert table.loc[0, ["mae_better", "f1_better", "f1_median_better"]].tolist() == [
        True, False, False,
    ]  # fmt: skip


def test_a_station_without_a_reading_takes_the_mean_of_the_others():
    past = np.array([[[1.0, np.nan], [np.nan, 3.0], [np.nan, np.nan]]])
    assert last_known(past).tolist() == [[1.0, 3.0, 2.0]]


def test_a_trial_on_the_sample_runs_and_beats_persistence():
    got = trial.run(
        pack,
        pack.sample(0),
        task="forecast",
        case=MANIFEST.find_case("city"),
        spec=spec_of(rounds="40"),
    )
    assert got.scores["skill_6h"] > 0.05
    assert {"by_lead", "places", "warnings", "series"} <= set(got.tables)
    assert got.headline == got.scores["warned_6h"]


def one_station(hours=24 * 30):
    rng = np.random.default_rng(0)
    times = pd.date_range("2025-01-01", periods=hours, freq="1h")
    level = 80 + 40 * np.sin(np.arange(hours) / 40) + rng.normal(0, 5, hours)
    return pd.DataFrame({"时间": times, "PM2.5": level.round(1)})


def test_a_file_of_one_station_without_its_name_and_with_missing_hours_is_forecast(tmp_path):
    path = tmp_path / "one.csv"
    one_station().drop(index=[50, 51, 400]).to_csv(path, index=False)
    case = MANIFEST.find_case("city")
    inputs = open_inputs(MANIFEST, case, data=path).inputs
    spec = spec_of(rounds="20")
    model = pack.fit(inputs.table, spec=spec)
    served = trial.serve(pack, model, inputs, task="forecast", spec=spec)
    assert len(served) == 24
    assert (served["p10"] <= served["p50"]).all()
    assert (served["p50"] <= served["p90"]).all()


def test_a_folder_with_places_puts_them_beside_the_readings(tmp_path):
    rows = one_station(200).assign(station="A")
    rows.to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "stations.csv").write_text("station,lon,lat\nA,116.5,40\n", encoding="utf8")
    opened = open_inputs(MANIFEST, MANIFEST.find_case("city"), data=tmp_path).inputs
    table = pack.read(opened, spec=spec_of()).table
    assert table["lon"].unique().tolist() == [116.5]


def test_a_reading_below_zero_is_refused_with_its_row(tmp_path):
    rows = one_station(200)
    rows.loc[5, "PM2.5"] = -7
    rows.to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(ContractError, match=r"QH101.*pm25, row 7"):
        open_inputs(MANIFEST, MANIFEST.find_case("city"), data=tmp_path / "bad.csv")


def test_three_days_are_too_few_to_learn_from():
    table = pack.sample(0).table
    with pytest.raises(ContractError, match="too few"):
        pack.fit(table[table.index < "2024-11-04"], spec=spec_of())


def test_other_stations_than_the_model_has_learnt_are_refused():
    table = pack.sample(0).table
    model = pack.fit(table, spec=spec_of(rounds="5"))
    windows = Panel.of(table[table["station"] != "east"], group="station")
    asked = windows.windows([500], lookback=48, horizon=24)
    with pytest.raises(ContractError, match="train again"):
        pack.predict_windows(model, asked, spec=spec_of())


@pytest.mark.data
def test_beijing_in_january_2016_is_better_than_persistence(data_root):
    """Four stations, ten months to learn from, small trees: a part of the whole run."""
    table = pd.read_parquet(data_root / "infra/air_quality_beijing/prsa.parquet")
    table = table[table["station"].isin(["Dongsi", "Tiantan", "Shunyi", "Changping"])]
    table = table[table["time"].between("2015-03-01", "2016-01-31 23:00")]
    names = {c: c.lower() for c in table.columns if c not in ("PM2.5", "time")} | {"PM2.5": "pm25"}
    table = table.rename(columns=names).drop(columns=["wd"])
    table["time"] = table["time"].dt.tz_localize("Asia/Shanghai")
    table["station"] = table["station"].astype(str)
    case = MANIFEST.find_case("beijing")
    split = replace(case.split, test_from="2016-01-01", test_to="2016-01-31", every=7)
    spec = make(MANIFEST, case, seed=0, params={"rounds": "60", "most_rows": "9000"})
    inputs = Inputs({"table": table.set_index("time")})
    case = replace(case, split=split)
    got = trial.run(pack, inputs, task="forecast", case=case, spec=spec)
    assert got.scores["skill_1h"] > 0.05
    assert got.scores["skill_6h"] > 0.05
    assert 65 < got.scores["coverage"] < 92
