"""The photovoltaic pack: a summer month of a real plant, made-up plants, and files of one's own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang import trial
from qianhang.core import manifest as manifests
from qianhang.core.errors import ContractError, UsageError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import make
from qianhang.data.contract import check
from qianhang.packs.energy.pv_forecast import pack
from qianhang.packs.energy.pv_forecast.scores import score_by_day

TOML = Path(pack.__file__).with_name("pack.toml")
SMALL = {"rounds": "60", "most_rows": "6000"}


@pytest.fixture(scope="module")
def manifest():
    return manifests.load(TOML)


def run(manifest, case, table, **params):
    spec = make(manifest, case, seed=0, params={**SMALL, **params})
    return trial.run(pack, Inputs({"table": table}), task="forecast", case=case, spec=spec)


def spec_of(manifest, **params):
    return make(manifest, manifest.find_case("own"), seed=0, params={**SMALL, **params})


@pytest.mark.data
def test_a_summer_month_of_a_plant_beats_the_clear_sky_index(data_root, manifest):
    """Four months, the last of them tried; few trees: a part of the run that meets the bars."""
    case = manifest.find_case("site1")
    source = data_root / "infra/pv_forecast_china/site1_50MW.parquet"
    table = check(source, case.columns).frame["2020-06-01":"2020-09-30"]
    split = replace(case.split, test_from="2020-09-01", test_to="2020-09-30", every=7)
    got = run(manifest, replace(case, split=split), table)
    assert got.scores["rmse_4h"] < 16
    assert got.scores["rmse_4h"] < 0.95 * got.practice["rmse_4h"]
    assert got.scores["rmse_4h"] < 0.5 * got.trivial["rmse_4h"]
    assert 60 < got.scores["coverage"] < 95


def test_power_alone_is_enough_and_nights_are_dark(manifest):
    table = pack.sample(0).table[["power"]]
    spec = spec_of(manifest)
    model = pack.fit(table, spec=spec)
    served = trial.serve(pack, model, Inputs({"table": table}), task="forecast", spec=spec)
    assert list(served.columns) == ["p10", "p50", "p90"]
    assert len(served) == 16  # four hours of quarter-hours
    assert (served.diff(axis=1).iloc[:, 1:] >= -1e-9).all(axis=None)
    assert served.to_numpy().max() < 0.5  # the sample ends at midnight


def test_the_plant_is_where_the_user_says(manifest):
    model = pack.fit(pack.sample(0).table, spec=spec_of(manifest, site="35,112"))
    assert (model.envelope.latitude, model.envelope.longitude) == (35.0, 112.0)


@pytest.mark.parametrize("site", ["north", "35", "95,112"])
def test_a_place_that_is_none_is_refused_by_name(manifest, site):
    with pytest.raises(UsageError, match="parameter site"):
        pack.fit(pack.sample(0).table, spec=spec_of(manifest, site=site))


def test_a_plant_that_never_works_is_refused(manifest):
    table = pack.sample(0).table.assign(power=0.0)
    with pytest.raises(ContractError, match="power"):
        pack.fit(table, spec=spec_of(manifest))


def test_only_sunlit_steps_count_and_only_the_asked_lead():
    """By hand: two instants at noon, 10 and 20 off of 100 MW, one at night 50 off."""
    spec = make(
        manifests.load(TOML),
        manifests.load(TOML).find_case("own"),
        seed=0,
        params={"capacity": "100", "site": "35,120"},
    )
    origin = np.repeat([0, 1, 2], 16)
    starts = ["2024-06-01 08:15", "2024-06-02 08:15", "2024-06-02 20:15"]
    times = [pd.date_range(s, periods=16, freq="15min", tz="Asia/Shanghai") for s in starts]
    frame = pd.DataFrame({"time": times[0].append(times[1:]), "origin": origin, "series": ""})
    frame["lead"] = np.tile(np.arange(1, 17), 3)
    frame["actual"] = 50.0
    frame["p50"] = frame["actual"] + frame["origin"].map({0: 10.0, 1: 20.0, 2: 50.0})
    found = score_by_day(frame, spec=spec)
    assert found["rmse_4h"] == pytest.approx(np.sqrt((10**2 + 20**2) / 2))
    assert found["mae_share"] == pytest.approx(15.0)


def test_a_plant_comes_back_from_its_files(manifest):
    table, spec = pack.sample(0).table, spec_of(manifest)
    model = pack.fit(table, spec=spec)
    back = type(model).from_files(model.to_files())
    asked = [
        trial.serve(pack, m, Inputs({"table": table}), task="forecast", spec=spec)
        for m in (model, back)
    ]
    pd.testing.assert_frame_equal(*asked)
