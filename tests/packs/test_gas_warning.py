"""Claims about methane warnings: what counts as a crossing, a warning, a false one, a refusal."""

from __future__ import annotations

import gzip
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
from qianhang.data.readers import open_table
from qianhang.engines.detect import AlarmLogic
from qianhang.packs.mining.gas_warning import record
from qianhang.packs.mining.gas_warning.warning import Warner
from qianhang.trial import detect as trying


@pytest.fixture(scope="module")
def pack() -> Pack:
    return find("mining.gas_warning")


@pytest.fixture(scope="module")
def spec(pack: Pack) -> Spec:
    return make(pack.manifest, pack.manifest.find_case("own"), seed=0, params={})


@pytest.fixture(scope="module")
def tried(pack: Pack, spec: Spec) -> Trial:
    case = pack.manifest.find_case("own")
    return trying.run(pack.code, pack.code.sample(0), case=case, spec=spec)


def _table(values: list[float]) -> pd.DataFrame:
    time = pd.date_range("2026-01-01", periods=len(values), freq="30s", tz="UTC", name="time")
    return pd.DataFrame({"methane": values}, index=time)


def test_crossing_begins_where_the_limit_is_reached_and_near_ones_are_one() -> None:
    """By hand: 1.5 % at rows 50 and 60 (5 min apart, one crossing) and at row 100 (another)."""
    values = np.full(150, 0.8)
    values[[50, 60, 100]] = 1.5
    table = _table(values.tolist())
    found = record.crossings(table, limit=1.5, ahead_min=10.0)
    assert found["crossing"].tolist() == [table.index[50], table.index[100]]
    assert found["end"].tolist() == [table.index[60], table.index[100]]
    assert found["start"].iloc[0] == table.index[30]


def test_label_looks_ahead_and_leaves_the_reading_itself_out() -> None:
    """By hand: the limit is reached at row 5 alone; rows 2, 3, 4 have it in their next three."""
    values = np.array([1.0, 1, 1, 1, 1, 1.6, 1, 1])
    assert np.flatnonzero(record.label(values, 3, 1.5)).tolist() == [2, 3, 4]


def test_score_carries_a_rise_on_but_no_fall() -> None:
    """By hand: 20 rows are ten minutes; 1.0 for 19 rows, then 1.2: mean 1.01, 1.2 + 0.5 * 0.19."""
    table = _table([1.0] * 19 + [1.2, 0.8])
    score = Warner(0.5, AlarmLogic(on=1.4)).score(table)
    assert score[19] == pytest.approx(1.2 + 0.5 * 0.19)
    assert score[20] == pytest.approx(0.8)


def test_slow_crossings_are_warned_of_before_they_happen(tried: Trial) -> None:
    """By construction: the sample's peaks rise over nine minutes."""
    assert tried.scores["warned"] == 1.0
    assert 0 < tried.scores["lead_min"] <= 10
    assert tried.scores["false_per_shift"] <= 1.0
    assert tried.trivial["warned"] == 0.0


def test_alarm_after_the_crossing_is_a_hit_but_no_warning(pack: Pack, spec: Spec) -> None:
    """By hand: the crossing is at row 60, the alarm at row 62; then one at row 40, 10 min ahead."""
    table = _table([0.8] * 60 + [1.6] * 5 + [0.8] * 60)
    inputs = Inputs({"table": table})
    truth = record.crossings(table, limit=1.5, ahead_min=10.0)

    def warned(row: int) -> float:
        from qianhang.engines.detect import score_episodes

        zero = table.index[0]
        alarms = pd.DataFrame({"start": [table.index[row]], "end": [table.index[row]]})
        seconds = (alarms["start"] - zero).dt.total_seconds().to_numpy()
        events = np.column_stack(
            [(truth[c] - zero).dt.total_seconds().to_numpy() for c in ("start", "end")]
        )
        result = score_episodes(seconds, events, span=3600.0)
        return float(pack.code.score(alarms, truth, inputs, result, spec=spec)["warned"])

    assert warned(62) == 0.0
    assert warned(40) == 1.0
    assert warned(30) == 0.0


def test_model_says_the_same_after_saving(pack: Pack, tried: Trial) -> None:
    again = Warner.from_files(tried.model.to_files())
    assert again == tried.model


def test_record_with_too_few_crossings_is_refused(pack: Pack, spec: Spec) -> None:
    rng = np.random.default_rng(0)
    table = _table((0.6 + rng.normal(0, 0.05, 1000)).round(2).tolist())
    with pytest.raises(ContractError, match=r"passes 1.5 % 0 times") as caught:
        pack.code.fit(Inputs({"table": table}), spec=spec)
    assert caught.value.code == "QH133"


def test_own_record_without_a_clock_is_read_at_its_step(pack: Pack, tmp_path: Path) -> None:
    sample = pack.code.sample(3).table
    path = tmp_path / "shaft.csv"
    sample.rename(columns={"methane": "瓦斯浓度"})[["瓦斯浓度", "air_velocity"]].to_csv(
        path, index=False
    )
    manifest = pack.manifest
    case = manifest.find_case(manifest.default_case(own=True))
    own = make(manifest, case, seed=0, params={"step_s": "60"})
    opened = pack.code.read(open_inputs(manifest, case, data=path).inputs, spec=own)
    assert record.step_of(opened.table.index) == pd.Timedelta(minutes=1)
    assert len(opened["truth"]) >= 5
    trial = trying.run(pack.code, opened, case=case, spec=own)
    assert 0 <= trial.scores["warned"] <= 1


def test_packed_arff_is_read(tmp_path: Path) -> None:
    text = "% remark\n@RELATION r\n@ATTRIBUTE 'MM116' real\n@DATA\n0.5\n1.25\n"
    path = tmp_path / "r.arff.gz"
    path.write_bytes(gzip.compress(text.encode()))
    assert list(open_table(path).names) == ["MM116"]


def test_real_longwall_is_published_as_unmet(pack: Pack, data_root: Path) -> None:
    """Figures of the README: both crossings warned of, more than one false alarm a shift."""
    case = pack.manifest.find_case("longwall")
    real = make(pack.manifest, case, seed=0, params={})
    inputs = pack.code.read(open_inputs(pack.manifest, case).inputs, spec=real)
    trial = trying.run(pack.code, inputs, case=case, spec=real)
    assert len(trial.tables["events"]) == 2
    assert trial.scores["warned"] == 1.0
    assert trial.scores["false_per_shift"] > 1.0
    assert all(bar.reason is not None for bar in case.bar if bar.metric == "false_per_shift")
