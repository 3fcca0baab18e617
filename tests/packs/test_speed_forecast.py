"""The speed pack: T-GCN's own windows, jams by hand, wide and long files of other networks."""

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
from qianhang.packs.traffic.speed_forecast import pack, scores

MANIFEST = find("traffic.speed_forecast").manifest


def spec_of(case: str = "city", **params: str):
    return make(MANIFEST, MANIFEST.find_case(case), seed=0, params=params)


def wide(sensors=5, rows=700):
    rng = np.random.default_rng(0)
    clock = np.arange(rows) % 288 / 288 * 2 * np.pi
    speed = 60 + 15 * np.sin(clock)[:, None] + rng.normal(0, 2, (rows, sensors))
    return pd.DataFrame(speed.round(1), columns=[f"s{i}" for i in range(sensors)])


@pytest.mark.data
def test_the_last_reading_has_the_error_that_was_measured_and_ours_is_below(data_root, tmp_path):
    """Forty detectors of a part of the run; the last reading of all 207 is checked by hand."""
    path = data_root / "infra/traffic_forecast_los/los_speed.parquet"
    speed = pd.read_parquet(path).to_numpy(float)
    at = np.arange(1612, 2014)
    missed = np.stack([speed[at + k] - speed[at - 1] for k in range(3)])
    assert np.sqrt((missed**2).mean()) == pytest.approx(5.527, abs=0.001)
    spec = spec_of("los-loop", rounds="40", most_rows="8000")
    table = pack.read(Inputs({"wide": path}), spec=spec).table
    some = table["sensor"].unique()[:40]
    case = MANIFEST.find_case("los-loop")
    case = replace(case, split=replace(case.split, every=4))
    inputs = Inputs({"table": table[table["sensor"].isin(some)]})
    got = trial.run(pack, inputs, task="forecast", case=case, spec=spec)
    assert got.scores["rmse"] < 0.9 * got.trivial["rmse"]
    assert got.practice["rmse"] < got.trivial["rmse"]
    assert 70 < got.scores["coverage"] < 90


def test_jams_seen_coming_are_counted_by_hand():
    """Free 100, slow below 60. Four origins, two steps: one jam begins and is announced, one
    announced does not come, one that already was slow counts for nothing."""
    times = pd.date_range("2024-03-04", periods=8, freq="5min", tz="Asia/Shanghai")
    speed = np.array([100.0, 100, 50, 50, 100, 100, 100, 100])
    rows = []
    for origin, told in ((1, 40.0), (3, 40.0), (5, 40.0), (6, 90.0)):
        for k in (0, 1):
            now = (times[origin + k], origin, k + 1, "a", speed[origin + k], told)
            rows.append(now)
    names = ["time", "origin", "lead", "series", "actual", "p50"]
    frame = pd.DataFrame(rows, columns=names)
    found = scores.score(frame, slow_share=0.6, chance=0.5)
    # The reading before origin 1 is not among the answers, so that jam is not counted.
    assert found["onset_found"] == 0.0
    first = pd.DataFrame([(times[0], 0, 1, "a", 100.0, 100.0)], columns=names)
    found = scores.score(pd.concat([first, frame]), slow_share=0.6, chance=0.5)
    assert found["onset_found"] == 100.0
    assert found["onset_right"] == 50.0
    assert found["rmse_last"] == pytest.approx(np.sqrt((10**2 + 60**2 + 60**2 + 10**2) / 4))


def test_a_trial_on_the_sample_runs_and_shows_where_it_slows_down():
    case = MANIFEST.find_case("city")
    got = trial.run(pack, pack.sample(0), task="forecast", case=case, spec=spec_of(rounds="20"))
    assert got.scores["rmse"] < 0.95 * got.trivial["rmse"]
    assert {"methods", "usual", "places", "series"} <= set(got.tables)


def test_a_wide_file_becomes_a_long_table(tmp_path):
    table = wide().assign(time=pd.date_range("2025-03-03", periods=700, freq="5min").astype(str))
    table.loc[10, "s2"] = np.nan
    table.to_csv(tmp_path / "week.wide.csv", index=False)
    case = MANIFEST.find_case("city")
    opened = open_inputs(MANIFEST, case, data=tmp_path / "week.wide.csv").inputs
    long = pack.read(opened, spec=spec_of()).table
    assert len(long) == 3500
    assert long.index[0] == pd.Timestamp("2025-03-03", tz="Asia/Shanghai")
    assert long["speed"].iloc[:5].tolist() == table.iloc[0, :5].tolist()
    assert int(long["speed"].isna().sum()) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t, "no column of times"),
        (lambda t: t.assign(time="yesterday"), "no time that can be read"),
        (lambda t: t.assign(time="2025-03-03", s1="fast"), "found 'fast', expected a speed"),
    ],
)
def test_a_wide_file_that_cannot_be_read_is_refused_by_name(tmp_path, change, said):
    path = tmp_path / "week.wide.csv"
    change(wide(rows=30)).to_csv(path, index=False)
    with pytest.raises(ContractError, match=said):
        pack.read(Inputs({"wide": path}), spec=spec_of())


def test_a_file_without_readings_is_refused():
    with pytest.raises(ContractError, match="no readings"):
        pack.read(Inputs({}), spec=spec_of())


@pytest.mark.parametrize(("case", "freq", "steps"), [("city", "10min", 3),
                                                      ("city-quarter-hourly", "15min", 4)])  # fmt: skip
def test_other_spacings_and_missing_rows_are_forecast(tmp_path, case, freq, steps):
    rng = np.random.default_rng(0)
    times = pd.date_range("2025-03-03", periods=400, freq=freq)
    table = wide(4, 400).assign(时间=times).melt("时间", var_name="检测器", value_name="车速")
    table[rng.random(len(table)) > 0.03].to_csv(tmp_path / "speed.csv", index=False)
    inputs = open_inputs(MANIFEST, MANIFEST.find_case(case), data=tmp_path / "speed.csv").inputs
    spec = spec_of(case, rounds="20")
    model = pack.fit(inputs.table, spec=spec)
    served = trial.serve(pack, model, inputs, task="forecast", spec=spec)
    assert len(served) == 4 * steps
    assert served["p50"].between(20, 100).all()


@pytest.fixture(scope="module")
def learnt():
    table = pack.sample(0).table
    return table, pack.fit(table, spec=spec_of(rounds="5"))


def test_a_detector_that_the_model_has_not_learnt_is_refused(learnt):
    table, model = learnt
    new = table.assign(sensor=table["sensor"].replace("d3", "d9"))
    asked = Panel.of(new, group="sensor").windows([600], lookback=288, horizon=3)
    with pytest.raises(ContractError, match="'d9'"):
        pack.predict_windows(model, asked, spec=spec_of())


def test_a_detector_that_fell_silent_is_answered_all_the_same(learnt):
    table, model = learnt
    silent = table.assign(speed=table["speed"].where(table["sensor"] != "d3"))
    asked = Panel.of(silent, group="sensor").windows([600], lookback=288, horizon=3)
    for answer in (
        pack.predict_windows(model, asked, spec=spec_of()),
        pack.baseline_windows(asked, spec=spec_of()),
        pack.practice_windows(asked, spec=spec_of()),
    ):
        assert np.isfinite(answer).all()
