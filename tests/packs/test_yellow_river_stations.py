"""The station contract: water balance of the made-up river, order of stations, own data."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang import trial
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.pack import find
from qianhang.core.spec import make
from qianhang.engines.forecast import Panel
from qianhang.packs.water.yellow_river_stations import pack
from qianhang.packs.water.yellow_river_stations.reach import (
    LEVELS,
    StationForecaster,
    muskingum,
    simulated,
)
from qianhang.trial import forecast

MANIFEST = find("water.yellow_river_stations").manifest
SPEC = make(MANIFEST, MANIFEST.find_case(), seed=0, params={})


def test_muskingum_keeps_all_water_and_delays_it_by_the_storage_time():
    """A pulse comes out whole; its centre of mass is the storage time of 10 hours later."""
    pulse = np.zeros(400)
    pulse[50] = 100.0
    out = muskingum(pulse, hold_h=10.0, weight=0.2)
    assert out.sum() == pytest.approx(100.0, rel=1e-6)
    centre = (np.arange(400) * out).sum() / out.sum()
    assert centre - 50 == pytest.approx(10.0, abs=0.01)


def test_the_case_is_synthetic_and_has_no_data_set():
    case = MANIFEST.find_case()
    assert case.synthetic
    assert not any(c.dataset for c in MANIFEST.case)


@pytest.fixture(scope="module")
def table():
    return simulated(1, days=40)


@pytest.fixture(scope="module")
def model(table):
    return pack.fit(table[table.index < table.index[6 * 700]], spec=SPEC)


def test_what_passes_above_is_foretold_below(table, model):
    panel = Panel.of(table, group="station")
    rows = np.arange(720, 930, 5)
    windows = panel.windows(rows, lookback=72, horizon=24, known=["release"])
    told = pack.predict_windows(model, windows, spec=SPEC)
    came = panel.ahead("flow", rows, horizon=24)
    error = np.abs(told[..., 1] - came)[:, 2:].mean()
    last = np.abs(pack.baseline_windows(windows, spec=SPEC) - came)[:, 2:].mean()
    assert error < 0.5 * last
    assert told.shape[-1] == len(LEVELS)
    again = StationForecaster.from_files(model.to_files())
    assert again.predict(windows) == pytest.approx(told)


def test_other_stations_than_those_learnt_get_their_last_flow(table, model):
    other = table.assign(station=table["station"].str.replace("station", "post"))
    windows = Panel.of(other, group="station").windows([800], lookback=72, horizon=24)
    told = pack.predict_windows(model, windows, spec=SPEC)
    assert told[0, :, 5, 1] == pytest.approx(windows.of("flow")[0, :, -1])


def test_own_stations_without_release_or_sediment_are_tried_and_served(table):
    own = table[["station", "flow"]]
    case = MANIFEST.find_case("own")
    spec = make(MANIFEST, case, seed=0, params={})
    got = trial.run(pack, Inputs({"table": own}), task="forecast", case=case, spec=spec)
    assert got.scores["mae"] < got.trivial["mae"]
    told = forecast.serve(pack, got.model, Inputs({"table": own}), spec=spec)
    assert len(told) == 6 * 24
    assert told.index.min() == own.index.max() + pd.Timedelta(hours=1)


def test_too_short_a_record_is_refused_in_words(table):
    with pytest.raises(ContractError, match="too few"):
        pack.fit(table.iloc[: 6 * 150], spec=SPEC)
