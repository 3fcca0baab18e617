"""The wind pack: two real farms, made-up ones, and files of one's own."""

from __future__ import annotations

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
from qianhang.data.contract import check
from qianhang.engines.forecast import Panel
from qianhang.packs.energy.wind_forecast import pack
from qianhang.packs.energy.wind_forecast.farms import power_curve
from qianhang.packs.energy.wind_forecast.weather import rows_of, spread_farms

TOML = Path(pack.__file__).with_name("pack.toml")
WIND = ("u10", "v10", "u100", "v100")


@pytest.fixture(scope="module")
def manifest():
    return manifests.load(TOML)


def spec_of(manifest, **params):
    return make(manifest, manifest.find_case("own"), seed=0, params={"rounds": "40", **params})


@pytest.mark.data
def test_two_farms_in_october_beat_the_power_curve(data_root, manifest):
    """Two farms, five months, the last tried; few trees: a part of the run that meets the bars."""
    case = manifest.find_case("gefcom2014")
    source = data_root / "infra/wind_forecast_gefcom2014/gefcom2014_wind_t5.parquet"
    table = check(source, case.columns).frame["2012-06-01":"2012-10-31"]
    table = table[table["farm"].isin(["4", "5"])]
    split = replace(case.split, test_from="2012-10-01 01:00", test_to="2012-10-31", folds=1)
    spec = make(manifest, case, seed=0, params={"rounds": "80"})
    got = trial.run(
        pack,
        Inputs({"table": table}),
        task="forecast",
        case=replace(case, split=split),
        spec=spec,
    )
    assert got.scores["pinball"] < got.practice["pinball"] < got.trivial["pinball"]
    assert 60 < got.scores["coverage"] < 95
    assert got.headline > 0
    assert set(got.tables["series"]["series"]) == {"4", "5"}


def test_one_farm_with_speed_and_direction_is_forecast_in_megawatts(manifest):
    """Half of each farm's 40 MW at most: told from the readings, no name, no components."""
    whole = pack.sample(0).table
    farm = whole[whole["farm"] == "A"]
    table = pd.DataFrame({"power": 40 * farm["power"]})
    table["speed"] = np.hypot(farm["u100"], farm["v100"])
    table["direction"] = np.degrees(np.arctan2(-farm["u100"], -farm["v100"])) % 360
    ahead = table.tail(24).assign(power=np.nan)
    spec = spec_of(manifest)
    model = pack.fit(table.iloc[:-24], spec=spec)
    later = pd.concat([table.iloc[:-24], ahead])
    served = trial.serve(pack, model, Inputs({"table": later}), task="forecast", spec=spec)
    assert len(served) == 24
    assert served.shape[1] == 99
    assert (served.diff(axis=1).iloc[:, 1:] >= -1e-9).all(axis=None)
    assert served["p99"].max() <= 40 * farm["power"].max() + 1e-9


def test_components_and_direction_say_the_same():
    """A wind from the west-south-west: 3 m/s to the east, 1 m/s to the north."""
    times = pd.date_range("2024-01-01", periods=72, freq="1h", tz="UTC")
    table = pd.DataFrame({"power": 0.5, "u100": 3.0, "v100": 1.0}, index=times)
    other = pd.DataFrame({"power": 0.5, "speed": np.hypot(3, 1)}, index=times)
    other["direction"] = np.degrees(np.arctan2(-3.0, -1.0)) % 360
    one, two = (
        rows_of(
            Panel.of(frame).windows([48], lookback=3, horizon=24, known=list(frame.columns[1:])),
            shown=np.array([0]),
        )
        for frame in (table, other)
    )
    np.testing.assert_allclose(one, two, atol=1e-9)


def test_a_table_without_a_forecast_is_refused(manifest):
    table = pack.sample(0).table.drop(columns=list(WIND))
    with pytest.raises(ContractError, match="u100 and v100, or speed"):
        pack.fit(table, spec=spec_of(manifest))


def test_the_power_curve_reads_the_bin_of_the_forecast_speed():
    """Power is a tenth of the speed: the median at 8 m/s is 0.8 to a bin's width."""
    times = pd.date_range("2024-01-01", periods=1024, freq="1h", tz="UTC")
    speed = np.random.default_rng(0).uniform(0, 10, 1024)
    speed[-24:] = 8.0
    table = pd.DataFrame({"power": speed / 10, "speed": speed}, index=times)
    windows = Panel.of(table).windows([1000], lookback=1000, horizon=24, known=["speed"])
    told = power_curve(windows, target="power")
    assert told.shape == (1, 1, 24, 99)
    assert told[0, 0, :, 49] == pytest.approx(0.8, abs=0.06)


def test_of_many_farms_those_that_differ_are_shown_to_all():
    """Thirty farms, but two winds: both are among the twelve that are kept."""
    rng = np.random.default_rng(0)
    winds = rng.normal(8, 2, (500, 2))
    speed = np.repeat(winds, [29, 1], axis=1) + rng.normal(0, 0.1, (500, 30))
    shown = spread_farms(speed)
    assert len(shown) == 12
    assert 29 in shown


def test_farms_come_back_from_their_files(manifest):
    table, spec = pack.sample(0).table, spec_of(manifest)
    model = pack.fit(table, spec=spec)
    back = type(model).from_files(model.to_files())
    windows = Panel.of(table, group="farm").windows([600], lookback=9, horizon=24, known=list(WIND))
    np.testing.assert_array_equal(model.predict(windows), back.predict(windows))
