"""Schedules against enumeration, hand-worked prices and stores, broken plans and bad files."""

from __future__ import annotations

import gzip
import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from qianhang.core import manifest
from qianhang.core import spec as specs
from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan
from qianhang.core.spec import Spec
from qianhang.data import open_inputs
from qianhang.engines import optimise
from qianhang.packs.energy.unit_commitment import checker, merit, pack, toy
from qianhang.packs.energy.unit_commitment.dispatch import dispatch, moves
from qianhang.packs.energy.unit_commitment.formulation import formulate
from qianhang.packs.energy.unit_commitment.reading import parse, read_file
from qianhang.packs.energy.unit_commitment.system import System
from qianhang.trial import optimise as trials

MANIFEST = manifest.load(Path(pack.__file__).parent / "pack.toml")


def spec(**params: object) -> Spec:
    texts = {k: str(v) for k, v in {"gap": 0.0, "budget_s": 20.0, **params}.items()}
    return specs.make(MANIFEST, MANIFEST.find_case(), seed=0, params=texts)


def made(demand: list[float], units: dict[str, Any], **more: Any) -> Inputs:
    data = {"demand": demand, "reserves": 0.0, "thermal_generators": units, **more}
    held: dict[str, Any] = {"instance": parse(data, where="made")}
    return Inputs(held)


def mw(plan: Plan, unit: str) -> list[float]:
    rows = plan.table[plan.table["unit"] == unit].sort_values("hour")
    return [float(v) for v in rows["mw"].round(6)]


def small(seed: int) -> Inputs:
    """Three units over six hours with ramps, minimum times and start costs by hours off."""
    rng = np.random.default_rng(seed)
    units = {
        "A": toy.unit(
            20, 60, 10.0, time_up_minimum=3, time_down_minimum=2, ramp_up_limit=15.0,
            ramp_down_limit=20.0, ramp_startup_limit=30.0, ramp_shutdown_limit=25.0,
            unit_on_t0=1, time_up_t0=2, power_output_t0=30.0,
            startup=[{"lag": 2, "cost": 100.0}, {"lag": 3, "cost": 260.0}],
        ),
        "B": toy.unit(15, 50, 14.0, time_up_minimum=2, time_down_minimum=2, time_down_t0=1,
                      startup=[{"lag": 2, "cost": 60.0}, {"lag": 4, "cost": 150.0}]),
        "C": toy.unit(5, 40, 25.0, ramp_startup_limit=12.0, ramp_shutdown_limit=20.0,
                      startup=[{"lag": 1, "cost": 20.0}]),
    }  # fmt: skip
    demand = [50.0, *rng.uniform(45, 90, 5).round(1).tolist()]
    return made(demand, units, reserves=[4.0] * 6)


def enumerated(system: System) -> float:
    """Least cost over all commitments, each dispatched on its own: 8^6 less those that break
    minimum times or cannot serve the peak."""
    allowed = []
    for unit in system.thermal:
        rows = [np.array(r, float) for r in itertools.product((0, 1), repeat=system.hours)]
        allowed.append([r for r in rows if not list(checker._durations(unit, r > 0.5))])
    form, least = formulate(system), np.inf
    most = np.array([u.most for u in system.thermal])
    floor = np.array([u.least for u in system.thermal])
    for rows in itertools.product(*allowed):
        on = np.array(rows)
        enough = most @ on >= system.demand + system.reserve
        if not (enough & (floor @ on <= system.demand)).all():
            continue
        starts, _ = moves(system, on)
        fixed = float(sum(u.costs[0] * r.sum() for u, r in zip(system.thermal, on, strict=True)))
        if fixed + 20 * starts.sum() < least:
            found = dispatch(form, system, on)
            if found.found:
                least = min(least, found.cost)
    return least


def test_small_system_equals_enumeration_of_every_commitment() -> None:
    problem = small(1)
    plan = pack.solve(problem, spec=spec())
    assert pack.violations(problem, plan, spec=spec()) == []
    cost = pack.cost(problem, plan, spec=spec())
    assert cost == pytest.approx(enumerated(problem["instance"]), rel=1e-6)
    assert plan.gap == pytest.approx(0, abs=1e-6)
    assert plan.bound == pytest.approx(cost, rel=1e-6)


def test_prices_are_those_of_the_unit_that_would_serve_the_next_megawatt_hour() -> None:
    """By hand: A (10 to 60 MW, 10 USD/MWh) serves 50 alone; at 90 it is full and B (25) sets it."""
    running = {"unit_on_t0": 1, "time_up_t0": 9, "power_output_t0": 50.0}
    units = {"A": toy.unit(10, 60, 10.0, must_run=1, **running), "B": toy.unit(5, 50, 25.0)}
    plan = pack.solve(made([50.0, 90.0], units), spec=spec())
    assert plan.prices["energy"].tolist() == pytest.approx([10, 25])
    assert plan.prices["sets"].tolist() == ["A", "B"]
    assert mw(plan, "B") == [0, 30]
    shown = plan.facts["units"].set_index("unit")
    assert shown.loc["A", "full"] == 1
    assert shown.loc["B", "starts"] == 1
    # B: 2 x 5 x 25 = 250 at 5 MW, 25 x 25 above, 500 to start; earns 30 x 25
    assert shown.loc["B", "profit"] == pytest.approx(750 - 250 - 625 - 500)


def test_reserve_has_a_price_where_it_keeps_a_cheap_unit_back() -> None:
    """By hand: A could give 60 but B, running at its least 5, spares 5: of 15 MW of reserve A holds
    10 back. One more MW of reserve moves a MWh from A (10) to B (25)... which spares one less: so
    A gives way by one and B rises by one, no reserve gained; B's room is 45, so reserve is free."""
    running = {"unit_on_t0": 1, "time_up_t0": 9, "must_run": 1}
    units = {
        "A": toy.unit(10, 60, 10.0, power_output_t0=50.0, **running),
        "B": toy.unit(5, 20, 25.0, power_output_t0=5.0, **running),
    }
    tight = pack.solve(made([65.0], units, reserves=[15.0]), spec=spec())
    assert mw(tight, "A") == [60]
    assert tight.prices["reserve"].tolist() == [0]
    assert tight.table["spare"].sum() >= 15 - 1e-6


def test_store_moves_energy_from_cheap_hours_to_dear_ones_with_its_losses() -> None:
    """By hand: full cycle efficiency 0.81, 10 MW for an hour in gives 8.1 MWh out; the 60 MW unit
    at 10 USD saves the 40 USD one 8.1 MWh. A discharges no more than it stored."""
    running = {"unit_on_t0": 1, "time_up_t0": 9, "must_run": 1}
    units = {
        "A": toy.unit(10, 60, 10.0, power_output_t0=40.0, **running),
        "B": toy.unit(1, 50, 40.0, power_output_t0=1.0, **running),
    }
    store = {
        "S": {
            "power_charge_maximum": 10.0, "power_discharge_maximum": 20.0, "energy_maximum": 30.0,
            "energy_t0": 0.0, "efficiency": 0.81,
        }
    }  # fmt: skip
    problem = made([40.0, 80.0], units, storage_units=store)
    plan = pack.solve(problem, spec=spec())
    assert mw(plan, "S") == pytest.approx([-10, 8.1])
    assert mw(plan, "B") == pytest.approx([1, 80 - 60 - 8.1])
    assert pack.violations(problem, plan, spec=spec()) == []


def test_water_goes_to_the_dearest_hours_of_each_day_and_no_further_than_its_budget() -> None:
    """By hand: 10 MWh of water in each half; it all goes to the hour that B would have served."""
    running = {"unit_on_t0": 1, "time_up_t0": 9, "must_run": 1}
    units = {
        "A": toy.unit(10, 60, 10.0, power_output_t0=40.0, **running),
        "B": toy.unit(1, 50, 40.0, power_output_t0=1.0, **running),
    }
    dam = {"D": {"power_output_maximum": 30.0, "energy_maximum": [10.0, 10.0]}}
    problem = made([40.0, 80.0, 75.0, 50.0], units, hydro_generators=dam)
    plan = pack.solve(problem, spec=spec())
    assert mw(plan, "D") == pytest.approx([0, 10, 10, 0])
    assert pack.violations(problem, plan, spec=spec()) == []
    thirsty = plan.table.assign(mw=plan.table["mw"] + 5 * (plan.table["unit"] == "D"))
    broken = pack.violations(problem, replace(plan, table=thirsty), spec=spec())
    assert any("D: 20.000 MWh in part 1" in text for text in broken)


def test_starts_cost_more_after_longer_rest() -> None:
    """By hand: off for 5 h before, then on in hour 2: 6 h off, the coldest start of 3."""
    steps = [{"lag": 1, "cost": 10.0}, {"lag": 4, "cost": 20.0}, {"lag": 6, "cost": 30.0}]
    units = {
        "A": toy.unit(10, 60, 10.0, must_run=1, unit_on_t0=1, time_up_t0=9, power_output_t0=50.0),
        "B": toy.unit(5, 50, 25.0, startup=steps, time_down_t0=5),
    }
    problem = made([50.0, 80.0, 50.0, 80.0], units)
    plan = pack.solve(problem, spec=spec())
    # A: 200 and 400 above least twice, 200 and 500 twice; B 20 MW twice: 250 + 375, starts 30 + 10
    assert pack.cost(problem, plan, spec=spec()) == pytest.approx(
        2 * (200 + 400) + 2 * (200 + 500) + 2 * (250 + 375) + 30 + 10
    )


def changed(plan: Plan, unit: str, hour: int, **values: float) -> Plan:
    table = plan.table.copy()
    row = (table["unit"] == unit) & (table["hour"] == hour)
    for column, value in values.items():
        table.loc[row, column] = value
    return replace(plan, table=table)


@pytest.mark.parametrize(
    ("unit", "hour", "values", "says"),
    [
        ("NUCLEAR_1", 3, {"on": 0, "mw": 0.0, "spare": 0.0}, "must run"),
        ("STEAM_1", 12, {"mw": 400.0}, "above its most output"),
        ("STEAM_1", 12, {"mw": 10.0}, "below its least output"),
        ("WIND_1", 12, {"mw": 90.0}, "WIND_1: hour 12"),
        ("BATTERY_1", 5, {"mw": -25.0}, "beyond its power"),
        ("CT_1", 12, {"on": 0.5}, "neither on nor off"),
    ],
)
def test_checker_names_the_unit_and_the_rule(
    unit: str, hour: int, values: dict[str, float], says: str
) -> None:
    problem = pack.sample(0)
    plan = pack.practice(problem, spec=spec())
    assert pack.violations(problem, plan, spec=spec()) == []
    table = plan.table.astype({"on": float})
    broken = pack.violations(
        problem, changed(replace(plan, table=table), unit, hour, **values), spec=spec()
    )
    assert any(says in text for text in broken), broken


def test_checker_catches_short_runs_fast_ramps_and_missing_reserve() -> None:
    """Hand-made rows for one unit: on 1 of 3 h; 20 to 60 MW with 15 MW/h; 4 MW of reserve asked."""
    problem = small(0)
    rows = [(h, u, 0, 0.0, 0.0) for h in range(1, 7) for u in "ABC"]
    table = pd.DataFrame(rows, columns=["hour", "unit", "on", "mw", "spare"])
    hours = (table["unit"] == "A") & table["hour"].isin([3, 4])
    table.loc[hours, ["on", "mw"]] = [[1, 20.0], [1, 60.0]]
    broken = " | ".join(checker.violations(problem["instance"], table))
    for text in (
        "A: hour 1: stops after 2 of 3 hours", "A: hour 5: stops after 2 of 3 hours",
        "A: hour 4: rises by more than 15", "A: hour 1: stops from above 25",
        "hour 1: 0.0000 MW of reserve",
    ):  # fmt: skip
        assert text in broken, text


def test_both_lists_keep_every_rule_and_the_cheap_list_is_no_dearer_than_ours_is_bounded() -> None:
    for seed in range(2):
        problem = pack.sample(seed)
        plan = pack.solve(problem, spec=spec(gap=0.02))
        for other in (pack.baseline, pack.practice):
            listed = other(problem, spec=spec())
            assert pack.violations(problem, listed, spec=spec()) == []
            assert pack.cost(problem, listed, spec=spec()) >= plan.bound * (1 - 1e-9)


def test_relaxation_never_stands_above_the_schedule_and_lies_near_it() -> None:
    """A system of three units is the worst case for it: one start is a tenth of the cost."""
    problem = small(1)
    form = formulate(problem["instance"])
    relaxed = optimise.solve(replace(form.program, integer=None))
    whole = optimise.solve(form.program)
    assert 0.85 * whole.cost < relaxed.cost <= whole.cost + 1e-6


def test_demand_beyond_all_units_is_refused_with_what_to_compare() -> None:
    with pytest.raises(ContractError, match="cannot be met") as caught:
        pack.solve(made([500.0], {"A": toy.unit(10, 60, 10.0)}), spec=spec())
    assert caught.value.code == "QH141"
    assert "power_output_maximum" in caught.value.hint


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"demand": [1.0, "x"]}, "demand"),
        ({"demand": [50.0], "reserves": [1.0, 2.0]}, "reserves: found 2 values, expected 1"),
        ({"thermal_generators": {}}, "thermal_generators"),
        ({"thermal_generators": {"A": {"ramp_up_limit": 1}}}, "A, piecewise_production"),
        ({"storage_units": {"S": {}}}, "S, energy_maximum"),
        ({"time_periods": 7}, "time_periods"),
    ],
)
def test_bad_instance_is_refused_by_unit_and_field(change: dict[str, Any], says: str) -> None:
    data = {"demand": [50.0], "thermal_generators": {"A": toy.unit(10, 60, 10.0)}, **change}
    with pytest.raises(ContractError, match=says) as caught:
        parse(data, where="bad.json")
    assert caught.value.message.startswith("bad.json")


def test_own_file_and_own_folder_run_instance_by_instance(tmp_path: Path) -> None:
    for name, seed in (("monday", 1), ("tuesday", 2)):
        raw = json.dumps(toy.instance(seed)).encode()
        (tmp_path / f"{name}.json.gz").write_bytes(gzip.compress(raw))
    (tmp_path / "monday.json.gz").rename(tmp_path / "wednesday.json.gz")
    case, loose = MANIFEST.find_case(), spec(gap=0.03)
    alone = open_inputs(MANIFEST, case, data=tmp_path / "tuesday.json.gz").inputs
    assert list(pack.problems(pack.read(alone, spec=loose), spec=loose)) == ["tuesday"]
    inputs = pack.read(open_inputs(MANIFEST, case, data=tmp_path).inputs, spec=loose)
    trial = trials.run(pack, inputs, case=case, spec=loose)
    assert [f.name for f in trial.folds] == ["tuesday", "wednesday"]
    assert trial.scores["violations"] == 0
    assert trial.scores["gap"] <= 0.03
    assert pack.headline(trial, spec=loose) > 0


def test_damaged_file_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "day.json"
    path.write_text("{not json", encoding="utf8")
    with pytest.raises(ContractError, match=r"day\.json"):
        read_file(path)


def test_real_system_is_read_and_its_merit_order_serves_every_hour(data_root: Path) -> None:
    """RTS-GMLC, 2020-07-06: 73 units of which one is nuclear; no optimiser but the dispatch."""
    inputs = pack.read(open_inputs(MANIFEST, MANIFEST.find_case("rts")).inputs, spec=spec())
    system = inputs["rts_gmlc_2020-07-06"]
    assert len(system.thermal) == 73
    assert sum(u.must_run for u in system.thermal) == 1
    assert set(system.fuels().values()) >= {"nuclear", "hydro", "wind", "solar", "steam"}
    form = formulate(system)
    on, best = merit.commit(form, system, merit.by_cost(system))
    assert best.found
    assert on.shape == (73, 48)
    assert best.cost < 4.2e6
