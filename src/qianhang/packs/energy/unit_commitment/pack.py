"""Which units run in each hour, at what output, and what one more megawatt-hour costs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan, Trial
from qianhang.core.spec import Spec
from qianhang.packs.energy.unit_commitment import checker, merit, report, toy
from qianhang.packs.energy.unit_commitment.dispatch import shortfall, table_of
from qianhang.packs.energy.unit_commitment.formulation import formulate
from qianhang.packs.energy.unit_commitment.reading import parse, read_file
from qianhang.packs.energy.unit_commitment.search import search
from qianhang.packs.energy.unit_commitment.system import System

_ENDINGS = (".json", ".json.gz")


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """Every instance among the files, or in the folder, by the name of its file.

    Raises ContractError naming file, unit and field.
    """
    folder = inputs.get("folder")
    paths = [v for v in inputs.values() if isinstance(v, Path) and v.is_file()]
    if isinstance(folder, Path):
        paths = [p for p in sorted(folder.iterdir()) if p.name.endswith(_ENDINGS)]
    if not paths:
        raise ContractError("QH123", "no instance was given", hint="a pglib-uc .json or .json.gz")
    found: dict[str, Any] = {p.name.partition(".json")[0]: read_file(p) for p in paths}
    return Inputs(found)


def problems(inputs: Inputs, *, spec: Spec) -> dict[str, Inputs]:
    """Each instance on its own."""
    one: dict[str, dict[str, Any]] = {n: {"instance": s} for n, s in inputs.items()}
    return {name: Inputs(value) for name, value in one.items()}


def solve(problem: Inputs, *, spec: Spec) -> Plan:
    """The schedule, its bound and gap, and the price of energy and of reserve in each hour.

    Raises ContractError where demand or reserve cannot be met.
    """
    system = _system(problem)
    form = formulate(system)
    target, budget = float(spec.params["gap"]), float(spec.params["budget_s"])
    found = search(form, system, target=target, budget_s=budget)
    table = table_of(form, system, found.best.x)
    facts = {
        "stack": report.fuels(table, system),
        "runs": report.runs(form, system, found.best),
        "units": report.units(form, system, found.best),
        "steps": pd.DataFrame(found.steps).drop(columns="cpu_s"),
    }
    costs = report.prices(form, system, found.best)
    return Plan(table, found.bound, found.gap, costs, facts)


def cost(problem: Inputs, plan: Plan, *, spec: Spec) -> float:
    """Fuel and starts, USD, read off the units' own curves."""
    return checker.cost(_system(problem), plan.table)


def violations(problem: Inputs, plan: Plan, *, spec: Spec) -> list[str]:
    """Every limit of a unit, of an hour or of a store that the schedule breaks, in words."""
    return checker.violations(_system(problem), plan.table)


def baseline(problem: Inputs, *, spec: Spec) -> Plan:
    """The largest units first, until each hour is covered."""
    system = _system(problem)
    return _listed(system, merit.by_size(system))


def practice(problem: Inputs, *, spec: Spec) -> Plan:
    """The static merit order: the cheapest full-load megawatt-hour first, checks by hand rules."""
    system = _system(problem)
    return _listed(system, merit.by_cost(system))


def headline(trial: Trial, *, spec: Spec) -> float:
    """Money saved a day against the merit order, USD, as the mean over instances of one length."""
    days = len(trial.folds) * len(trial.tables["prices"]) / 24
    return (trial.practice["cost"] - trial.scores["cost"]) / days


def sample(seed: int) -> Inputs:
    """Three units, wind, a dam and a battery over a day, for the conformance suite only."""
    made: dict[str, Any] = {"instance": parse(toy.instance(seed), where="sample")}
    return Inputs(made)


def _system(problem: Inputs) -> System:
    found: System = problem["instance"] if "instance" in problem else next(iter(problem.values()))
    return found


def _listed(system: System, order: list[int]) -> Plan:
    form = formulate(system)
    on, best = merit.commit(form, system, order)
    if not best.found:  # shown with what it breaks
        best = shortfall(form, system, on)[2]
    return Plan(table_of(form, system, best.x))
