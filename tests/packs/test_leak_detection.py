"""Claims about the leak pack: the official rule by hand, refusals by name, and the sample's leaks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("wntr")

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.pack import Pack, find
from qianhang.core.results import Trial
from qianhang.core.spec import Spec, make
from qianhang.engines.detect import SourceModel, score_episodes
from qianhang.packs.water.leak_detection import material, official, twin
from qianhang.packs.water.leak_detection.network import Network
from qianhang.packs.water.leak_detection.readings import match_readings
from qianhang.trial import detect as trying

_GRID = find("water.leak_detection").folder / "sample.inp"


@pytest.fixture(scope="module")
def pack() -> Pack:
    return find("water.leak_detection")


@pytest.fixture(scope="module")
def spec(pack: Pack) -> Spec:
    return make(pack.manifest, pack.manifest.find_case(), seed=0, params={})


@pytest.fixture(scope="module")
def sample(pack: Pack) -> Inputs:
    made: Inputs = pack.code.sample(0)
    return made


@pytest.fixture(scope="module")
def tried(pack: Pack, sample: Inputs, spec: Spec) -> Trial:
    return trying.run(pack.code, sample, case=pack.manifest.find_case(), spec=spec)


def test_pipe_distance_is_the_way_between_centres() -> None:
    """By hand: P1 is J00-J01 (120 m), P3 is J01-J02 (130 m), they meet: 60 + 65 = 125 m."""
    away = official.pipe_distance(_GRID, ["P1", "P3", "none"], ["P1"])
    np.testing.assert_allclose(away[:2, 0], [0.0, 125.0])
    assert np.isinf(away[2, 0])


def test_alarm_is_worth_the_water_still_to_be_lost_less_the_way_of_the_crew() -> None:
    """By hand: 10 m3/h for the last 6 of 10 h at 0.8 is 48; the way 125 / 300 * 500 is 208.33."""
    index = pd.date_range("2026-01-01", periods=10, freq="h", tz="UTC")
    flow = pd.DataFrame({"P1": np.full(10, 10.0)}, index=index)
    truth = pd.DataFrame({"start": [index[0]], "end": [index[-1]], "place": ["P1"]})
    alarms = pd.DataFrame({"start": [index[4], index[4]], "place": ["P3", "P60"]})
    prices = {"reach_m": 300.0, "crew_eur": 500.0, "water_eur_m3": 0.8}
    judged = official.judge(alarms, truth, flow, _GRID, prices)
    result = score_episodes(np.array([4.0, 4.0]), np.array([[0.0, 9.0]]), span=9.0, **judged)
    assert result.money[0] == pytest.approx(48 - 125 / 300 * 500)
    assert result.money[1] == -500.0
    assert official.perfect(flow, 0.8) == pytest.approx(80.0)


def test_perfect_score_of_the_official_leaks_is_the_published_one(data_root: Path) -> None:
    """Published: EUR 523,153.82 (BattLeDIM's own report); times are rounded differently there."""
    folder = data_root / "infra/water_leak_ltown"
    leaks, places = (
        pd.read_parquet(folder / "leaks_2019.parquet"),
        pd.read_csv(folder / "leaks_table.csv"),
    )
    _, flow = material._official(leaks, places)
    assert official.perfect(flow, 0.8) == pytest.approx(523_153.82, rel=1e-4)


def test_file_that_is_no_network_is_refused_by_name(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.inp"
    wrong.write_text("[JUNCTIONS]\n a b c d e\n", encoding="utf8")
    with pytest.raises(ContractError, match=r"wrong\.inp"):
        Network(wrong)


def test_readings_of_another_network_are_refused_by_column(sample: Inputs) -> None:
    table = sample.table.rename(columns={sample.table.columns[0]: "n999"})
    with Network(_GRID) as network, pytest.raises(ContractError, match="n999"):
        match_readings(table, network)


@pytest.mark.parametrize("column", ["S1", "S2"])
def test_unmetered_reservoir_is_refused_by_link(sample: Inputs, column: str) -> None:
    with Network(_GRID) as network, pytest.raises(ContractError, match=column):
        match_readings(sample.table.drop(columns=column), network)


def test_uneven_clock_is_refused(sample: Inputs) -> None:
    with Network(_GRID) as network, pytest.raises(ContractError, match="evenly"):
        match_readings(sample.table.drop(index=sample.table.index[5]), network)


def test_own_readings_become_a_table_indexed_by_time(sample: Inputs, spec: Spec) -> None:
    frame = sample.table.tz_localize(None).reset_index()
    inputs = Inputs({"network": _GRID, "readings": frame})
    table = material.assemble(inputs, params=spec.params, seed=0).table
    pd.testing.assert_frame_equal(table, sample.table, check_freq=False)


def test_text_among_the_readings_is_refused_by_column_and_row(sample: Inputs, spec: Spec) -> None:
    """By hand: the third record stands in row 4 of the file, under the header."""
    frame = sample.table.reset_index().astype({"S1": object})
    frame.loc[2, "S1"] = "about 5"
    with pytest.raises(ContractError, match=r"S1, row 4"):
        material.assemble(Inputs({"network": _GRID, "readings": frame}), params=spec.params, seed=0)


def test_leaks_of_the_sample_are_found_without_a_false_alarm(tried: Trial) -> None:
    assert tried.scores["hits"] >= 2
    assert tried.scores["false"] == 0
    assert tried.scores["share"] > tried.practice["share"]


def test_each_alarm_names_the_gauges_that_drove_it(tried: Trial) -> None:
    assert tried.tables["alarms"]["sensors"].str.contains("cm").all()


def test_alarms_stay_the_same_when_later_readings_are_cut(
    pack: Pack, sample: Inputs, tried: Trial, spec: Spec
) -> None:
    whole = pack.code.detect(tried.model, sample, spec=spec)
    moment = sample.table.index[18 * 24 - 1]
    part = pack.code.detect(tried.model, sample.replace(table=sample.table.loc[:moment]), spec=spec)
    pd.testing.assert_frame_equal(whole[whole["start"] <= moment], part)


def test_model_kept_without_pickle_raises_the_same_alarms(
    pack: Pack, sample: Inputs, tried: Trial, spec: Spec
) -> None:
    assert isinstance(tried.model, SourceModel)
    again = SourceModel.from_files(tried.model.to_files())
    pd.testing.assert_frame_equal(
        pack.code.detect(again, sample, spec=spec), pack.code.detect(tried.model, sample, spec=spec)
    )


def test_no_file_of_epanet_stays_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # EPANET names its scratch files in the working folder; other tests run EPANET in the shared one
    folders = [tmp_path / "temporary", tmp_path / "working"]
    for folder in folders:
        folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folders[0]))
    monkeypatch.chdir(folders[1])
    with Network(_GRID.resolve()) as network:
        network.set_demands(network.nominal(0), 1.0, {})
        network.solve()
    assert [list(folder.iterdir()) for folder in folders] == [[], []]


def test_twin_needs_no_working_folder_to_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is gone takes no file of anybody, of root's neither."""
    gone, network = tmp_path / "gone", _GRID.resolve()
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert len(twin.simulate(network, seed=1, days=2, leaks=1, sensors=3).table) == 48
