"""Station choices against enumeration, hand-worked times, broken plans and made-up files."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from qianhang.core import manifest
from qianhang.core import spec as specs
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.data import open_inputs
from qianhang.packs.disaster.emergency_coverage import pack
from qianhang.packs.disaster.emergency_coverage.places import places
from qianhang.trial import optimise as trials

MANIFEST = manifest.load(Path(pack.__file__).parent / "pack.toml")


def spec(**params: object) -> Spec:
    texts = {k: str(v) for k, v in params.items()}
    return specs.make(MANIFEST, MANIFEST.find_case(), seed=0, params=texts)


def street(**travel: object) -> Inputs:
    """Five points along a street, three sites; minutes are |position difference|."""
    points = pd.DataFrame({"point": list("abcde"), "people": [10.0, 20.0, 30.0, 40.0, 5.0]})
    sites = pd.DataFrame({"site": ["x", "y", "z"], "existing": [0, 0, 1]})
    place, at = {"x": 1.0, "y": 6.0, "z": 12.0}, dict(zip("abcde", [0, 2, 5, 7, 13], strict=True))
    rows = [{"site": s, "point": p, "minutes": abs(place[s] - at[p])} for s in place for p in at]
    return Inputs({"table": points, "sites": sites, "travel": pd.DataFrame(rows).assign(**travel)})


BARE = {"turnout_min": 0.0, "minutes": 1.5, "curve": 3}


def test_hand_worked_street_has_its_hand_worked_answers() -> None:
    """By hand within 1.5 min: x serves a, b (30), y serves c, d (70), z serves e (5).
    One free station: y, 35 people late. Two: x and y, 5 late."""
    late = {
        n: pack.solve(street(), spec=spec(stations=n, keep_existing=False, **BARE)) for n in (1, 2)
    }
    assert late[1].table.query("open == 1")["site"].tolist() == ["y"]
    assert late[1].bound == 35
    assert late[2].bound == 5
    curve = late[2].facts["curve"]
    assert curve["cost"].tolist() == [35, 5, 0]
    assert curve["more"].tolist()[1:] == [30, 5]
    worth = late[1].prices.set_index("rule")["price"]
    assert worth["one more station"] == 30


def test_existing_station_stays_and_its_price_is_told() -> None:
    """By hand: z must stay, so two stations are y and z: 30 late; free to move they leave 5."""
    plan = pack.solve(street(), spec=spec(stations=2, **BARE))
    assert plan.table.query("open == 1")["site"].tolist() == ["y", "z"]
    assert pack.cost(street(), plan, spec=spec(stations=2, **BARE)) == 30
    assert plan.prices.set_index("rule").loc["existing stations may move", "price"] == 25
    assert plan.facts["left_out"]["point"].tolist() == ["b", "a"]
    assert plan.facts["left_out"]["could"].tolist() == ["x", "x"]


@pytest.mark.parametrize("aim", ["cover", "mean", "worst"])
def test_every_aim_equals_enumeration_of_all_choices(aim: str) -> None:
    """Independent method: all 84 choices of three sites out of nine, costed one by one."""
    problem = pack.sample(4)
    how = spec(stations=3, aim=aim, minutes=9.0, curve=0)
    plan = pack.solve(problem, spec=how)
    costs = []
    for chosen in itertools.combinations(range(9), 3):
        table = plan.table.assign(open=np.isin(np.arange(9), chosen).astype(int))
        costs.append(pack.cost(problem, replace(plan, table=table), spec=how))
    assert pack.cost(problem, plan, spec=how) == pytest.approx(min(costs))
    assert plan.bound == pytest.approx(min(costs), rel=1e-6)
    assert plan.gap == 0


def test_times_follow_from_distance_speed_detour_and_turnout() -> None:
    """By hand: 3 km at 30 km/h is 6 min, and 1 min of turnout; a degree of latitude is 111.195 km."""
    told = street(minutes=np.nan, distance=3000.0)
    assert places(told, spec().params).minutes == pytest.approx(7.0)
    points = pd.DataFrame({"point": ["p"], "people": [1.0], "lon": [114.0], "lat": [34.0]})
    sites = pd.DataFrame({"site": ["s"], "lon": [114.0], "lat": [35.0]})
    at = places(Inputs({"table": points, "sites": sites}), spec(detour=1.0).params)
    assert at.minutes[0, 0] == pytest.approx(111.195 / 30 * 60 + 1, rel=1e-5)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"open": 0}, "0 stations"),
        ({"open": 1}, "3 stations"),
        ({"open": 0.5}, "neither open"),
        ({"site": "q"}, "q: not a site"),
        ({"open": [1, 1, 0]}, "z: stands already"),
    ],
)
def test_checker_catches_broken_choices(change: dict[str, object], says: str) -> None:
    how = spec(stations=2, **BARE)
    plan = pack.solve(street(), spec=how)
    assert pack.violations(street(), plan, spec=how) == []
    broken = pack.violations(street(), replace(plan, table=plan.table.assign(**change)), spec=how)
    assert any(says in text for text in broken), broken


@pytest.mark.parametrize(
    ("params", "code"), [({"stations": 9}, "QH101"), ({"aim": "most", "stations": 2}, "QH107")]
)
def test_settings_that_cannot_be_are_refused(params: dict[str, object], code: str) -> None:
    with pytest.raises(ContractError) as caught:
        pack.solve(street(), spec=spec(**params))
    assert caught.value.code == code


def test_point_without_any_time_is_named() -> None:
    problem = street()
    travel = problem["travel"].query("point != 'c'")
    with pytest.raises(ContractError, match="point c has no row"):
        pack.solve(problem.replace(travel=travel), spec=spec(stations=2))


def test_own_folder_with_chinese_columns_and_coordinates_only_runs(tmp_path: Path) -> None:
    sample = pack.sample(1)
    names = {"point": "需求点", "people": "人口", "lon": "经度", "lat": "纬度", "site": "站点"}
    sample["table"].rename(columns=names).to_csv(tmp_path / "table.csv", index=False)
    sites = sample["sites"].drop(columns="existing")
    sites.rename(columns=names).to_csv(tmp_path / "sites.csv", index=False)
    case = MANIFEST.find_case()
    inputs = open_inputs(MANIFEST, case, data=tmp_path).inputs
    trial = trials.run(pack, inputs, case=case, spec=spec(stations=3, curve=3))
    assert trial.scores["violations"] == 0
    assert trial.scores["gap"] == 0
    assert trial.scores["cost"] <= trial.practice["cost"] <= 60 * 4000


def test_san_francisco_is_proven_best_at_every_number_of_stations(data_root: Path) -> None:
    inputs = open_inputs(MANIFEST, MANIFEST.find_case()).inputs
    plan = pack.solve(inputs, spec=spec(curve=16))
    curve = plan.facts["curve"]
    assert curve["stations"].tolist() == list(range(1, 17))
    assert (curve["gap"] == 0).all()
    assert (curve["cost"].diff().dropna() <= 0).all()
    assert (curve["cost"] <= curve["practice"] + 1e-6).all()
    assert pack.cost(inputs, plan, spec=spec()) == plan.bound
