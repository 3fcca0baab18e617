"""Road ice: inputs in their place, a forecast that knows a straight line, and the freezing share."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.pack import find
from qianhang.core.spec import make
from qianhang.engines.forecast import Panel
from qianhang.packs.traffic.road_ice import pack
from qianhang.packs.traffic.road_ice.leads import rows_of
from qianhang.trial import forecast

MANIFEST = find("traffic.road_ice").manifest
SPEC = make(MANIFEST, MANIFEST.find_case(), seed=0, params={})


def table_of(n: int = 600) -> pd.DataFrame:
    """The surface is the air of the same moment and a half, the air a made-up walk."""
    rng = np.random.default_rng(0)
    times = pd.date_range("2025-01-01", periods=n, freq="10min", tz="Asia/Shanghai", name="time")
    air = np.cumsum(rng.normal(0, 0.2, n))
    return pd.DataFrame({"surface": air + 0.5, "air": air}, index=times)


def test_inputs_are_the_last_readings_and_the_air_of_their_own_step():
    windows = Panel.of(table_of()).windows([100], lookback=36, horizon=18, known=["air"])
    air = table_of()["air"].to_numpy()
    X = rows_of(windows)
    assert X.shape == (1, 18, 15)
    assert X[0, 0, 0] == air[99] + 0.5
    assert X[0, 5, 9] == air[105]
    assert X[0, 5, 10] == pytest.approx(air[100:106].mean())


def test_a_surface_that_follows_the_air_is_forecast_from_the_airs_forecast():
    table = table_of()
    model = pack.fit(table.iloc[:500], spec=SPEC)
    windows = Panel.of(table).windows([520], lookback=36, horizon=18, known=["air"])
    told = pack.predict_windows(model, windows, spec=SPEC)[0, 0]
    assert told[:, 1] == pytest.approx(table["surface"].to_numpy()[520:538], abs=0.05)
    assert (told[:, 0] <= told[:, 2]).all()
    practice = pack.practice_windows(windows, spec=SPEC)[0, 0]
    assert practice == pytest.approx(table["surface"].to_numpy()[520:538])


def test_the_freezing_share_counts_frozen_readings_alone():
    answers = pd.DataFrame({"actual": [-1.0, -2.0, 0.0, 3.0], "p50": [-1.0, 1.0, 0.0, -5.0]})
    assert pack.score(answers, spec=SPEC)["recall"] == pytest.approx(2 / 3)


def test_too_short_a_history_is_refused_in_words():
    with pytest.raises(ContractError, match="at least"):
        pack.fit(table_of(150), spec=SPEC)


def test_the_steps_after_the_last_reading_are_served():
    table = table_of()
    table.loc[table.index[-18:], "surface"] = np.nan
    model = pack.fit(table.iloc[:500], spec=SPEC)
    told = forecast.serve(pack, model, Inputs({"table": table}), spec=SPEC)
    assert list(told.columns) == ["p10", "p50", "p90"]
    assert told.index.equals(table.index[-18:])
