"""The reserve pack: real samples in part, blocks and classes by hand, bad files by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang import trial as trials
from qianhang.core import manifest as manifests
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import make
from qianhang.data import open_inputs
from qianhang.engines import spatial
from qianhang.packs.mining.reserve_estimate import deposit, pack

MANIFEST = manifests.load(Path(pack.__file__).with_name("pack.toml"))


def setting(case: str = "own", **params: str):
    filled = MANIFEST.find_case(case)
    return filled, make(MANIFEST, filled, seed=0, params=params)


def opened(path: Path, case: str = "own") -> Inputs:
    filled, spec = setting(case)
    return pack.read(open_inputs(MANIFEST, filled, data=path).inputs, spec=spec)


@pytest.mark.data
def test_cobalt_of_the_jura_is_foretold_better_than_by_inverse_distance(data_root):
    """Goovaerts' own split: 259 samples for 100; the bars of the case."""
    folder = data_root / "infra/geohazard_reserve"
    case, spec = setting("jura", kinds="spherical")
    columns = pd.read_csv(folder / "jura_pred.csv").rename(columns={"Xloc": "x", "Yloc": "y"})
    table = columns.rename(columns={"Co": "value"})[["x", "y", "value"]]
    inputs = Inputs({"table": table, "validation": pd.read_csv(folder / "jura_val.csv")})
    trial = trials.run(pack, pack.read(inputs, spec=spec), task="spatial", case=case, spec=spec)
    assert trial.facts["scored"] == 100
    assert trial.scores["rmse_ratio"] < 0.95
    assert 85 <= trial.scores["coverage"] <= 95
    assert {"map", "variogram", "quantities", "classes", "cut_off"} <= set(trial.tables)


@pytest.mark.data
def test_some_holes_of_the_coal_mine_left_out_one_by_one_lie_in_their_band(data_root):
    """Every fourth of the 208 holes, each foretold from all others; the whole is in the runs."""
    table = pd.read_csv(data_root / "infra/geohazard_reserve/coalash.csv")
    table = table.rename(columns={"coalash": "value"})
    _, spec = setting("coal_ash", kinds="spherical")
    inside, ours, usual = [], [], []
    for k in range(0, 208, 16):
        train, rows = table.drop(index=k), table.loc[[k]]
        found = pack.predict(pack.fit(train, spec=spec), rows.drop(columns="value"), spec=spec)
        actual = rows["value"].iloc[0]
        inside.append(found["low"].iloc[0] <= actual <= found["high"].iloc[0])
        ours.append(found["estimate"].iloc[0] - actual)
        usual.append(pack.baseline(train, rows, spec=spec).iloc[0] - actual)
    assert np.mean(inside) >= 0.75
    assert np.mean(np.square(ours)) < np.mean(np.square(usual))


def test_samples_at_one_place_are_averaged_and_keep_the_first_name():
    """By hand: 2 and 4 at one place make 3."""
    rows = pd.DataFrame({"hole": ["A", "B", "C"], "x": [1.0, 1.0, 2.0], "y": 0.0})
    merged = deposit.averaged(rows.assign(value=[2.0, 4.0, 9.0]))
    assert merged["value"].tolist() == [3.0, 9.0]
    assert merged["hole"].tolist() == ["A", "C"]


def test_quantities_of_a_flat_seam_by_hand():
    """Blocks of 1 km2 times 2 m times 1.5 t/m3 are 3 Mt each, and their sum the total."""
    table = pack.sample(0).table.drop(columns="thickness")
    _, spec = setting("own", side="1000", thickness="2.0", density="1.5")
    model = pack.fit(table, spec=spec)
    found = pack.tables(model, Inputs({"table": table}), spec=spec)
    count = len(found["blocks"])
    rows = found["quantities"].set_index("item")
    assert rows.loc["area", "value"] == pytest.approx(count)
    assert rows.loc["tonnes", "value"] == pytest.approx(3.0 * count)
    assert found["classes"]["amount"].sum() == pytest.approx(3.0 * count)
    expected = rows.loc["tonnes", "value"] * 1e6 * rows.loc["mean", "value"] / 100
    assert rows.loc["contained", "value"] == pytest.approx(expected)
    assert rows.loc["mean", "low"] < rows.loc["mean", "value"] < rows.loc["mean", "high"]


def test_thickness_of_the_holes_is_estimated_for_each_block():
    inputs = pack.sample(0)
    _, spec = setting("own")
    found = pack.tables(pack.fit(inputs.table, spec=spec), inputs, spec=spec)
    assert found["blocks"]["tonnes"].std() > 0
    rows = found["quantities"].set_index("item")
    assert rows.loc["tonnes", "low"] < rows.loc["tonnes", "value"] < rows.loc["tonnes", "high"]


def test_classes_follow_half_the_band_over_the_estimate():
    """By hand: halves of 0.5, 1.5 and 3 over 10 against limits of 0.1 and 0.2."""
    ten = np.full(3, 10.0)
    half = np.array([0.5, 1.5, 3.0])
    found = spatial.Estimate(ten, half, ten - half, ten + half)
    assert deposit._classes(found, setting()[1]) == ["Measured", "Indicated", "Inferred"]


def test_fewer_tonnes_pass_a_higher_cut_off():
    inputs = pack.sample(0)
    _, spec = setting()
    curve = pack.tables(pack.fit(inputs.table, spec=spec), inputs, spec=spec)["cut_off"]
    assert (curve["tonnes"].diff().dropna() <= 0).all()
    assert ((curve["low"] <= curve["tonnes"]) & (curve["tonnes"] <= curve["high"])).all()


def holes(n: int = 40) -> pd.DataFrame:
    table = pack.sample(1).table.head(n)
    names = {"hole": "孔号", "x": "东坐标", "y": "北坐标", "value": "品位", "thickness": "厚度"}
    return table.rename(columns=names)


def test_own_holes_with_chinese_headers_are_read_with_those_at_one_place_averaged(tmp_path):
    frame = pd.concat([holes(), holes().head(2).assign(孔号=["a", "b"])])
    frame.to_csv(tmp_path / "holes.csv", index=False, encoding="gbk")
    table = opened(tmp_path / "holes.csv").table
    assert len(table) == 40
    assert {"hole", "x", "y", "value", "thickness"} <= set(table)


def test_a_boundary_beside_the_holes_limits_the_blocks(tmp_path):
    holes().to_csv(tmp_path / "table.csv", index=False)
    corners = pd.DataFrame({"x": [1000, 4000, 4000, 1000], "y": [2000, 2000, 5000, 5000]})
    corners.to_csv(tmp_path / "boundary.csv", index=False)
    inputs = opened(tmp_path)
    _, spec = setting("own", side="300")
    found = pack.tables(pack.fit(inputs.table, spec=spec), inputs, spec=spec)
    assert len(found["blocks"]) == 100
    assert found["blocks"]["x"].between(1000, 4000).all()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda f: f.drop(columns="品位"), "value"),
        (lambda f: f.assign(品位=f["品位"] * 1000), "value"),
        (lambda f: f.assign(东坐标="east"), "x"),
        (lambda f: f.head(5), "at least"),
    ],
)
def test_a_bad_file_is_refused_with_one_clear_error(tmp_path, change, says):
    change(holes()).to_csv(tmp_path / "holes.csv", index=False)
    with pytest.raises(ContractError, match=says):
        opened(tmp_path / "holes.csv")


def test_a_validation_set_without_the_target_is_refused():
    _, spec = setting("jura")
    rows = pack.sample(0).table
    with pytest.raises(ContractError, match="QH103"):
        pack.read(Inputs({"table": rows, "validation": rows[["x", "y"]]}), spec=spec)


def test_places_to_be_estimated_are_served_as_they_come():
    _, spec = setting()
    rows = pack.sample(0).table.drop(columns="value").head(3)
    read = pack.read(Inputs({"table": rows}), spec=spec)
    model = pack.fit(pack.sample(0).table, spec=spec)
    served = trials.serve(pack, model, read, task="spatial", spec=spec)
    assert len(served) == 3
    assert (served["low"] <= served["high"]).all()
