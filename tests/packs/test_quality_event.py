"""Claims about water-quality events: what is found, named, refused, and how own files are read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.pack import Pack, find
from qianhang.core.results import Trial
from qianhang.core.spec import Spec, make
from qianhang.data.opening import open_inputs
from qianhang.packs.water.quality_event import material
from qianhang.trial import detect as trying


@pytest.fixture(scope="module")
def pack() -> Pack:
    return find("water.quality_event")


@pytest.fixture(scope="module")
def spec(pack: Pack) -> Spec:
    return make(pack.manifest, pack.manifest.find_case(), seed=0, params={})


@pytest.fixture(scope="module")
def tried(pack: Pack, spec: Spec) -> Trial:
    case = pack.manifest.find_case()
    return trying.run(pack.code, pack.code.sample(0), case=case, spec=spec)


def test_every_shift_of_a_sensor_is_found_and_named(tried: Trial) -> None:
    """By construction: chlorine falls, pH and conductivity rise, by many times their noise."""
    assert tried.scores["recall"] == 1.0
    assert tried.scores["point_f1"] > tried.trivial["point_f1"]
    hits = tried.tables["alarms"].query("outcome == 'hit'")
    assert set(hits["place"]) <= {"chlorine", "ph", "conductivity"}
    fallen = hits[hits["place"] == "chlorine"]
    assert (fallen["size"] < -0.05).all()


def test_flow_raises_no_alarm(pack: Pack, spec: Spec) -> None:
    inputs = pack.code.sample(1)
    model = pack.code.fit(inputs, spec=spec)
    wild = inputs.table.assign(flow=inputs.table["flow"] * 5)
    assert "flow" not in model.names
    pd.testing.assert_frame_equal(
        pack.code.detect(model, Inputs({"table": wild}), spec=spec),
        pack.code.detect(model, Inputs({"table": inputs.table}), spec=spec),
    )


def test_point_f1_is_counted_over_readings(pack: Pack, spec: Spec) -> None:
    """By hand: event readings 2-5, alarm readings 4-7: two in both, 2 * 2 / (4 + 4) = 0.5."""
    time = pd.date_range("2026-01-01", periods=10, freq="min", tz="UTC")
    truth = pd.DataFrame({"start": [time[2]], "end": [time[5]]})
    alarms = pd.DataFrame({"start": [time[4]], "end": [time[7]]})
    inputs = Inputs({"table": pd.DataFrame({"ph": np.zeros(10)}, index=time)})
    found = pack.code.score(alarms, truth, inputs, None, spec=spec)
    assert found["point_f1"] == pytest.approx(0.5)
    assert found["alarm_share"] == pytest.approx(40.0)


def test_own_file_with_other_sensors_gaps_and_no_marks_is_watched(
    pack: Pack, tmp_path: Path
) -> None:
    """A plant with two sensors every five minutes, a missing stretch and a missing hour."""
    inputs = pack.code.sample(2)
    table = inputs.table[["ph", "turbidity"]].tz_localize(None)
    table.iloc[100:140, 0] = np.nan
    table = pd.concat([table.iloc[:300], table.iloc[312:]])
    path = tmp_path / "plant.csv"
    table.rename(columns={"ph": "pH", "turbidity": "浊度"}).rename_axis("时间").to_csv(path)
    manifest = pack.manifest
    case = manifest.find_case(manifest.default_case(own=True))
    own = make(manifest, case, seed=0, params={})
    opened = pack.code.read(open_inputs(manifest, case, data=path).inputs, spec=own)
    assert len(opened.table) == 12 * 288
    trial = trying.run(pack.code, opened, case=case, spec=own)
    assert list(trial.scores) == ["alarms"]
    assert trial.scores["alarms"] >= 1


def test_marked_readings_become_events(pack: Pack, spec: Spec) -> None:
    time = pd.date_range("2026-01-01", periods=6, freq="min", tz="UTC", name="time")
    marks = [False, True, True, False, True, False]
    table = pd.DataFrame({"ph": np.arange(6.0), "event": marks}, index=time)
    read = pack.code.read(Inputs({"table": table}), spec=spec)
    assert read["truth"]["start"].tolist() == [time[1], time[4]]
    assert read["truth"]["end"].tolist() == [time[2], time[4]]
    assert list(read.table.columns) == ["ph"]


def test_table_without_a_water_sensor_is_refused(pack: Pack, spec: Spec) -> None:
    time = pd.date_range("2026-01-01", periods=6, freq="min", tz="UTC", name="time")
    with pytest.raises(ContractError, match="no water-quality sensor"):
        pack.code.read(Inputs({"table": pd.DataFrame({"flow": 1.0}, index=time)}), spec=spec)


def test_a_week_of_the_real_record_shows_its_five_events(
    pack: Pack, spec: Spec, data_root: Path
) -> None:
    """Minutes 35,000-45,000 of GECCO 2018 hold five marked events; the ten thousand before train."""
    path = data_root / "infra/water_quality_gecco2018/gecco2018.parquet"
    part = pd.read_parquet(path).iloc[25000:45000]
    part = part.set_index(pd.DatetimeIndex(part["Time"]).tz_localize("UTC"))
    names = {"Cl": "chlorine", "pH": "ph", "Redox": "redox", "Leit": "conductivity"}
    marks = part["EVENT"].to_numpy(dtype=bool)
    table = part[list(names)].rename(columns=names).astype(float)
    edge = table.index[10000]
    model = pack.code.fit(Inputs({"table": table[table.index < edge]}), spec=spec)
    alarms = pack.code.detect(model, Inputs({"table": table}), spec=spec)
    events = material.stretches(marks, pd.DatetimeIndex(table.index))
    assert len(events) == 5
    for start, end in zip(events["start"], events["end"], strict=True):
        assert ((alarms["start"] >= start) & (alarms["start"] <= end)).any()
