"""Utility tunnel: limits always speak, climbs speak earlier, and one accident is one alarm."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from qianhang.core.pack import find
from qianhang.core.spec import make
from qianhang.packs.city.utility_tunnel import pack
from qianhang.packs.city.utility_tunnel.watch import alarms_of, limits, usual

MANIFEST = find("city.utility_tunnel").manifest
SPEC = make(MANIFEST, MANIFEST.find_case(), seed=0, params={})


def quiet(hours: int = 240) -> pd.DataFrame:
    """One section in which nothing happens but a little noise."""
    rng = np.random.default_rng(1)
    times = pd.date_range("2025-01-01", periods=60 * hours, freq="1min", tz="Asia/Shanghai")
    level = {"ch4": 2.0, "h2s": 0.5, "o2": 20.8, "temperature": 18.0, "level": 0.1}
    spread = {"ch4": 0.3, "h2s": 0.05, "o2": 0.02, "temperature": 0.1, "level": 0.005}
    table = pd.DataFrame(
        {k: v + rng.normal(0, spread[k], len(times)) for k, v in level.items()}, index=times
    )
    return table.assign(section="A").rename_axis("time")


def told(table: pd.DataFrame, *, half: float = 0.5) -> pd.DataFrame:
    cut = table.index[int(len(table) * half)]
    model = usual(table[table.index < cut], slack=2.0)
    return alarms_of(table[table.index >= cut], model, limits(SPEC), spec=SPEC)


def test_a_quiet_section_raises_no_alarm():
    assert told(quiet()).empty


def test_a_statutory_limit_is_told_at_its_first_reading():
    table = quiet()
    at = table.index[-120]
    table.loc[at, "ch4"] = 25.0
    (alarm,) = told(table).itertuples()
    assert (alarm.start, alarm.sensor, alarm.rule, alarm.size) == (at, "ch4", "limit", 25.0)


def test_a_slow_climb_is_told_before_the_limit_and_once():
    """Oxygen falls by 0.1 % an hour from 20.8 %: the limit of 19.5 % is thirteen hours away."""
    table = quiet()
    last = table.index[-900:]
    table.loc[last, "o2"] -= 0.1 / 60 * np.arange(900)
    alarms = told(table)
    first = alarms[alarms["sensor"] == "o2"].iloc[0]
    assert first["rule"] == "climb"
    assert first["size"] > 19.5
    assert (first["start"] - last[0]) < pd.Timedelta(hours=3)
    assert list(alarms["rule"]) == ["climb", "limit"]


def test_sections_do_not_speak_for_each_other():
    inputs = pack.sample(0)
    truth, table = inputs["truth"], inputs.table
    alarms = told(table)
    distance = pack.match(alarms, truth, inputs, spec=SPEC)["distance"]
    assert distance.shape == (len(alarms), len(truth))
    here = alarms["place"].to_numpy()[:, None] == truth["place"].to_numpy()
    assert (np.isfinite(distance) == here).all()


@pytest.mark.parametrize("sensor", ["ch4", "h2s", "o2", "temperature", "level"])
def test_a_sensor_that_is_silent_raises_no_alarm(sensor):
    table = quiet(96)
    table[sensor] = np.nan
    assert told(table).empty
