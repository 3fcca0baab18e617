"""The routing pack: the optimum of a small instance, rules by hand, broken plans, bad files."""

from __future__ import annotations

import dataclasses
import itertools
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
from qianhang.packs.logistics.routing import checker, pack, report, rules
from qianhang.packs.logistics.routing.network import best_known, of_file, of_stops
from qianhang.packs.logistics.routing.search import bound, search

pytest.importorskip("pyvrp", reason="needs the extra routing")
MANIFEST = manifests.load(Path(pack.__file__).with_name("pack.toml"))


def spec(case: str = "own", **params: str):
    return make(MANIFEST, MANIFEST.find_case(case), seed=0, params=params)


def square(**columns: object) -> pd.DataFrame:
    """A depot in the middle of a square of 2 km, a stop at each corner."""
    x, y = [0.0, -1000, 1000, 1000, -1000], [0.0, -1000, -1000, 1000, 1000]
    table = pd.DataFrame({"stop": ["D", "A", "B", "C", "E"], "x": x, "y": y})
    return table.assign(**{"demand": [0.0, 1, 1, 1, 1], **columns})


def network(table: pd.DataFrame | None = None, **params: str):
    given = {"capacity": "10", "detour": "1.0", **params}
    return of_stops(square() if table is None else table, spec(**given).params)


@pytest.mark.data
def test_a_second_on_x_n101_beats_both_rules_and_breaks_nothing(data_root):
    """A few iterations; the bar is held in the runs."""
    folder = data_root / "infra/logistics_vrp"
    files = {"instance": folder / "X-n101-k25.vrp", "solution": folder / "X-n101-k25.sol"}
    setting = spec("x101", effort="8")
    inputs = pack.read(Inputs(files), spec=setting)
    case = MANIFEST.find_case("x101")
    trial = trials.run(pack, inputs, task="optimise", case=case, spec=setting)
    assert trial.scores["violations"] == 0
    assert trial.scores["over_best"] < 0.03
    assert trial.practice["over_best"] == pytest.approx(0.055, abs=0.01)
    assert trial.scores["bound"] < 27591
    assert trial.scores["cost"] < trial.practice["cost"] < trial.trivial["cost"]
    assert best_known(files["solution"]) == 27591


@pytest.mark.data
def test_the_published_solution_costs_what_it_says(data_root):
    """Independent: the routes of CVRPLIB's own file, through our checker."""
    folder = data_root / "infra/logistics_vrp"
    held = of_file(folder / "X-n439-k37.vrp", spec("x439").params)
    routes = [
        [int(n) for n in line.partition(":")[2].split()]
        for line in (folder / "X-n439-k37.sol").read_text().splitlines()
        if line.startswith("Route")
    ]
    table = report.plan_table(held, routes)
    assert checker.total(held, table) == 36391
    assert checker.broken(held, table) == []
    assert bound(held) < 36391


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_small_round_is_the_best_of_all_orders(seed):
    """Independent: every order of seven stops on one vehicle."""
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"stop": [str(k) for k in range(8)]})
    table = table.assign(x=rng.uniform(0, 9e3, 8).round(), y=rng.uniform(0, 9e3, 8).round())
    held = network(table.assign(demand=1.0), cny_per_vehicle="1000")
    routes = search(held, iterations=500, seed=0)
    best = min(
        sum(held.distance[a, b] for a, b in zip((0, *way), (*way, 0), strict=True))
        for way in itertools.permutations(range(1, 8))
    )
    assert len(routes) == 1
    way = [0, *routes[0], 0]
    assert sum(held.distance[a, b] for a, b in zip(way, way[1:], strict=False)) == best
    assert bound(held) <= checker.total(held, report.plan_table(held, routes)) + 1e-9


def test_cost_is_length_and_vehicles_by_hand():
    """Out to a corner, round three sides, and back: 2 * 1.4142 + 3 * 2 km at 2.5, and 200."""
    held = network()
    table = report.plan_table(held, [[1, 2, 3, 4]])
    expected = 200 + 2.5 * (2 * 2**0.5 + 6)
    assert checker.total(held, table) == pytest.approx(expected)


def test_savings_join_all_corners_and_split_where_two_fit():
    """By hand: one round where all fit; with room for two, pairs of neighbours."""
    assert len(rules.savings(network())) == 1
    pairs = rules.savings(network(capacity="2"))
    assert sorted(map(len, pairs)) == [2, 2]
    neighbours = ({1, 2}, {2, 3}, {3, 4}, {1, 4})
    assert all(set(p) in neighbours for p in pairs)


def test_the_nearest_rule_goes_on_to_the_nearest_stop_that_fits():
    """By hand: stops 1, 3 and 4 km out on a line, room for two."""
    table = pd.DataFrame({"stop": ["D", "A", "B", "C"], "x": [0.0, 1e3, 3e3, 4e3], "y": 0.0})
    held = network(table.assign(demand=[0.0, 1, 1, 1]), capacity="2")
    assert rules.nearest(held) == [[1, 2], [3]]


def test_windows_and_shifts_are_kept_by_search_rules_and_checker():
    """By hand: at 30 km/h a corner is 2.83 min away, so two windows of one minute need two vans."""
    opens, closes = [0.0, 100, 100, 300, 300], [1440.0, 101, 101, 400, 400]
    held = network(square(opens=opens, closes=closes, service=[0.0, 5, 5, 5, 5]))
    for routes in (search(held, iterations=500, seed=0), rules.savings(held), rules.nearest(held)):
        assert checker.broken(held, report.plan_table(held, routes)) == []
        assert len(routes) >= 2
    late = report.plan_table(held, [[1, 2, 3, 4]])
    assert checker.broken(held, late) == ["route 1: B is reached after it closes"]
    short = dataclasses.replace(held, shift=60.0)
    said = checker.broken(short, report.plan_table(short, [[1, 3], [2, 4]]))
    assert len(said) == 2
    assert "the shift is 60" in said[0]


def test_a_vehicle_may_start_later_so_that_its_shift_is_kept():
    """By hand: it need not wait from 0 to 100, so that two stops take 19 minutes and not 111."""
    opens, closes = [0.0, 100, 100, 100, 100], [1440.0, 200, 200, 200, 200]
    table = square(opens=opens, closes=closes, service=[0.0, 5, 5, 5, 5])
    held = network(table, shift_min="30")
    assert checker.broken(held, report.plan_table(held, [[1, 2], [3, 4]])) == []
    assert rules.fits(held, [1, 2])
    assert not rules.fits(dataclasses.replace(held, shift=15.0), [1, 2])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.iloc[:-1], "not visited"),
        (lambda t: pd.concat([t, t.iloc[:1].assign(route=9, position=1)]), "visited 2 times"),
        (lambda t: t.assign(route=1, position=range(1, 5)), "on board, 2 fit"),
        (lambda t: t.assign(demand=0.5), "asked for 1"),
        (lambda t: t.assign(position=t["position"] * 3), "numbered"),
        (lambda t: t.assign(stop="Z"), "not a stop"),
        (lambda t: t.assign(stop=["D", *t["stop"].iloc[1:]]), "depot"),
        (lambda t: t.assign(route=t["route"] - 0.5), "not a vehicle"),
    ],
)
def test_a_broken_plan_is_named_by_what_it_breaks(change, says):
    held = network(capacity="2")
    table = change(report.plan_table(held, [[1, 2], [3, 4]]))
    assert any(says in line for line in checker.broken(held, table))


def test_more_vehicles_than_there_are_is_a_violation_and_no_plan_an_error():
    held = network(capacity="2", vehicles="1")
    assert checker.broken(held, report.plan_table(held, [[1, 2], [3, 4]])) == [
        "2 vehicles, there are 1"
    ]
    problem = Inputs({"instance": square()})
    with pytest.raises(ContractError, match="QH147"):
        pack.solve(problem, spec=spec(capacity="2", vehicles="1"))


def test_stops_that_no_vehicle_can_serve_are_named():
    """By hand: 1.41 km at 30 km/h are 2.8 minutes, and A closes after one."""
    far = square(opens=0.0, closes=[1440.0, 1, 900, 900, 900])
    assert "even alone: A" in str(rules.impossible(network(far)))


def test_the_same_seed_gives_the_same_routes():
    problem = pack.problems(pack.sample(0), spec=spec())["stops"]
    first, again = (pack.solve(problem, spec=spec()).table for _ in range(2))
    pd.testing.assert_frame_equal(first, again)


def test_lengths_on_the_earth_agree_between_matrix_and_checker():
    """Independent: one degree of latitude is 111.195 km on a sphere of 6,371.0088 km."""
    table = pd.DataFrame({"stop": ["D", "A"], "lat": [34.0, 35.0], "lon": [113.0, 113.0]})
    held = network(table.assign(demand=[0.0, 1.0]))
    assert checker.length(held, 0, 1) == pytest.approx(111195.08, abs=0.1)
    assert held.distance[0, 1] == pytest.approx(111195, abs=1)


SOLOMON = """toy

VEHICLE
NUMBER     CAPACITY
  2         50

CUSTOMER
CUST NO.  XCOORD.   YCOORD.    DEMAND   READY TIME  DUE DATE   SERVICE   TIME

    0      40         50          0          0       1236          0
    1      45         68         10          0        967         90
    2      45         70         30        825        870         90
"""


def test_solomons_files_are_read_with_windows_and_one_decimal(tmp_path):
    """By hand: sqrt(5^2 + 18^2) = 18.68, cut to 18.6."""
    (tmp_path / "toy.txt").write_text(SOLOMON)
    held = of_file(tmp_path / "toy.txt", spec().params)
    assert (held.vehicles, held.capacity, held.closes[2]) == (2, 50.0, 870.0)
    assert checker.length(held, 0, 1) == 18.6
    assert held.distance[0, 1] == 186
    routes = search(held, iterations=500, seed=0)
    assert routes == [[1, 2]]
    assert checker.broken(held, report.plan_table(held, routes)) == []
    exact = of_file(tmp_path / "toy.txt", spec(rounding="exact").params)
    assert checker.length(exact, 0, 1) == pytest.approx(349**0.5)


VRP = """NAME : toy
TYPE : CVRP
DIMENSION : 3
EDGE_WEIGHT_TYPE : EXPLICIT
EDGE_WEIGHT_FORMAT : FULL_MATRIX
CAPACITY : 2
EDGE_WEIGHT_SECTION
0 5 6
5 0 4
6 4 0
DEMAND_SECTION
1 0
2 1
3 1
DEPOT_SECTION
1
-1
EOF
"""


def test_a_folder_of_instances_is_solved_one_by_one_beside_their_best(tmp_path):
    (tmp_path / "toy.vrp").write_text(VRP)
    (tmp_path / "toy.sol").write_text("Route #1: 1 2\nCost 15\n")
    (tmp_path / "town.txt").write_text(SOLOMON)
    case, setting = MANIFEST.find_case("own"), spec()
    inputs = pack.read(open_inputs(MANIFEST, case, data=tmp_path).inputs, spec=setting)
    trial = trials.run(pack, inputs, task="optimise", case=case, spec=setting)
    assert {f.name for f in trial.folds} == {"toy", "town"}
    toy = next(f for f in trial.folds if f.name == "toy")
    assert toy.ours["cost"] == 15
    assert toy.ours["over_best"] == 0
    assert "over_best" not in trial.scores


def test_own_stops_with_chinese_headers_become_a_plan(tmp_path):
    names = {"stop": "站点", "demand": "货量", "opens": "最早", "closes": "最晚", "service": "停留"}
    pack.sample(0)["stops"].rename(columns=names).to_csv(tmp_path / "s.csv", index=False)
    opened = open_inputs(MANIFEST, MANIFEST.find_case("own"), data=tmp_path / "s.csv").inputs
    problem = pack.problems(pack.read(opened, spec=spec()), spec=spec())["stops"]
    plan = pack.solve(problem, spec=spec())
    assert pack.violations(problem, plan, spec=spec()) == []
    assert {"map", "vehicles", "schedule"} <= set(plan.facts)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (VRP.replace("CAPACITY : 2\n", ""), "QH103 .*CAPACITY"),
        (VRP.replace("TYPE : CVRP", "TYPE : PDTSP"), "QH107 .*PDTSP"),
        ("nothing of the kind", "QH1"),
    ],
)
def test_a_file_that_is_no_instance_is_refused_by_name(tmp_path, text, says):
    (tmp_path / "bad.vrp").write_text(text)
    with pytest.raises(ContractError, match=says):
        of_file(tmp_path / "bad.vrp", spec().params)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda t: t.assign(demand=[0.0, 99, 1, 1, 1]), "A asks for 99"),
        (lambda t: t.drop(columns="x"), "lat and lon"),
        (lambda t: t.assign(stop="D"), "comes twice"),
        (lambda t: t.assign(opens=10.0, closes=5.0), "closes before"),
        (lambda t: t.head(1), "expected a depot and a stop"),
    ],
)
def test_stops_that_cannot_be_planned_are_refused(change, says):
    with pytest.raises(ContractError, match=says):
        network(change(square()))


def test_nothing_to_plan_and_a_solution_without_a_cost_are_refused(tmp_path):
    with pytest.raises(ContractError, match="no instance"):
        pack.read(Inputs({}), spec=spec())
    (tmp_path / "x.sol").write_text("Route #1: 1 2\n")
    with pytest.raises(ContractError, match="cost"):
        best_known(tmp_path / "x.sol")
