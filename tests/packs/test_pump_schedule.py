"""Claims about pump schedules: the same day by two ways, restored tanks, refused plans, own files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("wntr")

from qianhang.core.errors import ContractError, UsageError
from qianhang.core.inputs import Inputs
from qianhang.core.pack import Pack, find
from qianhang.core.results import Plan
from qianhang.core.spec import Spec, make
from qianhang.data.opening import open_inputs
from qianhang.packs.water.pump_schedule import check, planning
from qianhang.packs.water.pump_schedule.document import DAY_S, Document, Run
from qianhang.packs.water.pump_schedule.plant import Plant
from qianhang.packs.water.pump_schedule.search import tidy

_TOWN = find("water.pump_schedule").folder / "sample.inp"
_PROBLEM = Inputs({"network": _TOWN})


@pytest.fixture(scope="module")
def pack() -> Pack:
    return find("water.pump_schedule")


@pytest.fixture(scope="module")
def spec(pack: Pack) -> Spec:
    manifest = pack.manifest
    case = manifest.find_case("own")
    return make(manifest, case, seed=0, params={"runs": "150", "pressure_m": "20"})


@pytest.fixture(scope="module")
def plan(pack: Pack, spec: Spec) -> Plan:
    made: Plan = pack.code.solve(_PROBLEM, spec=spec)
    return made


def test_plan_restores_tanks_keeps_pressure_and_costs_less(
    pack: Pack, spec: Spec, plan: Plan
) -> None:
    """Independent: a file written anew, EPANET's own energy report and results."""
    own = pack.code.baseline(_PROBLEM, spec=spec)
    assert pack.code.violations(_PROBLEM, plan, spec=spec) == []
    assert pack.code.cost(_PROBLEM, plan, spec=spec) < pack.code.cost(_PROBLEM, own, spec=spec)
    assert plan.bound is None
    assert plan.facts["optimality"] == "unproven"


def test_two_ways_of_running_a_day_agree(plan: Plan, spec: Spec) -> None:
    """The stepping plant of the search against EPANET's whole run of the written file."""
    document = planning.open_document(_TOWN, spec.params).unscheduled()
    runs = planning.runs_of(plan)
    with Plant(document, slots=12) as plant:
        day = plant.day(runs)
    again = check.simulate(document.with_runs(runs))
    assert again.cost == pytest.approx(day.cost, rel=1e-3)
    assert again.energy["kwh"].sum() == pytest.approx(day.kwh.sum(), rel=1e-3)
    np.testing.assert_allclose(again.levels.iloc[-1].to_numpy(), day.levels, atol=2e-3)


def test_own_controls_replayed_as_runs_give_the_same_day(spec: Spec) -> None:
    document = planning.open_document(_TOWN, spec.params)
    runs = planning.runs_of(planning.own_runs(_TOWN, spec.params))
    under = check.simulate(document)
    replayed = check.simulate(document.unscheduled().with_runs(runs))
    assert replayed.cost == pytest.approx(under.cost, rel=1e-3)


def test_energy_is_what_flow_head_and_efficiency_make_of_it(spec: Spec) -> None:
    """Independent: wntr's own formula, power = g * flow * head / efficiency, hour by hour."""
    import wntr

    document = planning.open_document(_TOWN, spec.params).unscheduled()
    runs = [Run("A", 0, DAY_S)]
    model = wntr.network.WaterNetworkModel(str(_TOWN))
    found = check.simulate(document.with_runs(runs))
    flow = found.flow["A"].iloc[:24].to_numpy() / 3600
    lift = model.get_link("A").get_head_curve_coefficients()
    head = lift[0] - lift[1] * flow ** lift[2]
    kwh = (9.81 * flow * head / 0.70).sum()
    assert found.energy.loc["A", "kwh"] == pytest.approx(kwh, rel=0.02)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([("A", 20.0, 25.0)], "expected within"),
        ([("A", 2.0, 1.0)], "expected within"),
        ([("A", 0.0, 5.0), ("A", 4.0, 6.0)], "overlap"),
        ([("Z", 0.0, 5.0)], "no such pump"),
        ([], "tank T: ends at"),
        ([("A", float(h), h + 0.5) for h in range(0, 20, 2)], "starts 10 times"),
    ],
)
def test_checker_names_what_a_plan_breaks(
    pack: Pack, spec: Spec, rows: list[tuple[str, float, float]], words: str
) -> None:
    table = pd.DataFrame(rows, columns=["pump", "start", "end"])
    broken = pack.code.violations(_PROBLEM, Plan(table), spec=spec)
    assert any(words in b for b in broken), broken


def test_short_pauses_are_closed_and_short_runs_dropped() -> None:
    """By hand, with ten minutes as the shortest."""
    spans = [(-50, 700), (900, 4000), (9000, 9300), (80000, 90000)]
    assert tidy(spans, shortest=600) == [(0, 4000), (80000, DAY_S)]


def test_file_without_prices_takes_the_tariff_of_the_parameters(tmp_path: Path, spec: Spec) -> None:
    """By hand: 0.5 in the first half of the day, 1.5 in the second."""
    path = tmp_path / "town.inp"
    path.write_text(
        _TOWN.read_text().replace("Global Price 1.0", "").replace("Global Pattern E", "")
    )
    params = {**spec.params, "tariff": "0-12:0.5,12-24:1.5"}
    with Plant(planning.open_document(path, params)) as plant:
        assert plant.prices[0].tolist() == [0.5] * 12 + [1.5] * 12
    with pytest.raises(UsageError, match="tariff"):
        planning.open_document(path, {**params, "tariff": "0-12:0.5"})


def test_rules_and_controls_of_pumps_go_and_others_stay(tmp_path: Path) -> None:
    text = _TOWN.read_text().replace(
        "[ENERGY]",
        "[RULES]\nRULE 1\nIF TANK T LEVEL < 1\nTHEN PUMP A STATUS = OPEN\n\nRULE 2\n"
        "IF TANK T LEVEL < 1\nTHEN PIPE P2 STATUS = OPEN\n\n[STATUS]\nA Closed\nP1 Open\n\n[ENERGY]",
    )
    path = tmp_path / "ruled.inp"
    path.write_text(text.replace("LINK B CLOSED", "LINK P1 OPEN IF NODE T BELOW 1\nLINK B CLOSED"))
    bare = Document.read(path).unscheduled()
    assert [w[1] for w in bare.rows("CONTROLS")] == ["P1"]
    assert [w[0] for w in bare.rows("STATUS")] == ["P1"]
    assert [w[1] for w in bare.rows("RULES") if w[0] == "RULE"] == ["2"]


def test_network_without_a_pump_is_refused_by_name(tmp_path: Path, spec: Spec) -> None:
    path = tmp_path / "dry.inp"
    path.write_text("[JUNCTIONS]\nJ 1 1\n[RESERVOIRS]\nR 10\n[PIPES]\nP R J 10 100 100\n[END]\n")
    with pytest.raises(ContractError, match=r"dry.inp: found no pump") as caught:
        planning.open_document(path, spec.params)
    assert caught.value.code == "QH160"


def test_own_network_in_american_units_without_tanks_is_planned(
    pack: Pack, data_root: Path
) -> None:
    """Anytown by --data: one pump, no tank; the towers must not give more than they did."""
    path = data_root / "infra/water_pump/Anytown.inp"
    manifest = pack.manifest
    case = manifest.find_case(manifest.default_case(own=True))
    own = make(manifest, case, seed=0, params={"runs": "30"})
    opened = open_inputs(manifest, case, data=path).inputs
    made = pack.code.solve(opened, spec=own)
    assert pack.code.violations(opened, made, spec=own) == []
    usual = pack.code.cost(opened, pack.code.baseline(opened, spec=own), spec=own)
    assert pack.code.cost(opened, made, spec=own) <= usual * (1 + 1e-6)


def test_day_needs_no_working_folder_to_write_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder that is gone takes no file of anybody, of root's neither."""
    gone, document = tmp_path / "gone", Document.read(_TOWN.resolve()).one_day()
    here = check.simulate(document).cost
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert check.simulate(document).cost == here
