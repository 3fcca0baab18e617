"""Delivery routes for a fleet: which vehicle visits whom and when, for the least cost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan, Trial
from qianhang.core.spec import Spec
from qianhang.packs.logistics.routing import checker, report, rules
from qianhang.packs.logistics.routing.network import Network, best_known, of_file, of_stops
from qianhang.packs.logistics.routing.search import bound, search

_ENDINGS = (".vrp", ".txt")


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """Instances by name, each a table of stops or a file with the solution known for it.

    Raises ContractError where there is neither.
    """
    if "stops" in inputs:
        return Inputs({"stops": inputs["stops"]})
    folder = inputs.get("folder")
    paths = [p for p in (inputs.get("instance"), inputs.get("solution")) if p is not None]
    if isinstance(folder, Path):
        paths = sorted(folder.iterdir())
    files = {p.stem: p for p in paths if p.suffix.lower() in _ENDINGS}
    if not files:
        raise ContractError("QH123", "no instance was given", hint="a .vrp, a .txt or stops.csv")
    best = {f"truth_{p.stem}": p for p in paths if p.suffix.lower() == ".sol" and p.stem in files}
    return Inputs({**files, **best})


def problems(inputs: Inputs, *, spec: Spec) -> dict[str, Inputs]:
    """Each instance on its own, its best known cost kept apart."""
    found = {}
    for name, value in inputs.items():
        if not name.startswith("truth"):
            known = inputs.get(f"truth_{name}")
            found[name] = Inputs({"instance": value} | ({"truth": known} if known else {}))
    return found


def _network(problem: Inputs, spec: Spec) -> Network:
    given = problem["instance"]
    if isinstance(given, pd.DataFrame):
        return of_stops(given, spec.params)
    return of_file(given, spec.params)


def solve(problem: Inputs, *, spec: Spec) -> Plan:
    """The routes after a fixed number of iterations, with a bound that is proven but weak.

    Raises ContractError where no plan keeps loads, fleet and opening times.
    """
    network = _network(problem, spec)
    count = round(float(spec.params["effort"]) * len(network.stops))
    routes = search(network, iterations=max(count, 500), seed=spec.seed)
    if not routes:
        raise rules.impossible(network)
    table = report.plan_table(network, routes)
    low, cost_ = bound(network), checker.total(network, table)
    return Plan(table, low, (cost_ - low) / max(cost_, 1e-9), facts=report.facts(network, routes))


def cost(problem: Inputs, plan: Plan, *, spec: Spec) -> float:
    """Length of all routes (times the cost of a km, plus the vehicles, for one's own stops)."""
    return checker.total(_network(problem, spec), plan.table)


def violations(problem: Inputs, plan: Plan, *, spec: Spec) -> list[str]:
    """Visits, loads, fleet, opening times and shifts that the plan breaks."""
    return checker.broken(_network(problem, spec), plan.table)


def baseline(problem: Inputs, *, spec: Spec) -> Plan:
    """Each vehicle on to the nearest stop that still fits."""
    network = _network(problem, spec)
    return Plan(report.plan_table(network, rules.nearest(network)))


def practice(problem: Inputs, *, spec: Spec) -> Plan:
    """Clarke and Wright's savings, what a dispatcher's software does without a search."""
    network = _network(problem, spec)
    return Plan(report.plan_table(network, rules.savings(network)))


def score(problem: Inputs, plan: Plan, *, spec: Spec) -> dict[str, float]:
    """routes, and over_best: the cost over the best known one, less 1, where that is given."""
    found = {"routes": float(plan.table["route"].nunique())}
    if "truth" in problem:
        found["over_best"] = cost(problem, plan, spec=spec) / best_known(problem["truth"]) - 1
    return found


def headline(trial: Trial, *, spec: Spec) -> float:
    """% of the cost of the savings rule that is saved."""
    usual = trial.practice["cost"]
    return 100.0 * (usual - trial.scores["cost"]) / usual


def sample(seed: int) -> Inputs:
    """18 synthetic stops around a depot, with demands and opening times."""
    rng, n = np.random.default_rng(seed), 19
    place = rng.uniform(0, 20000, (n, 2)).round()
    opens = rng.choice([480.0, 540.0, 600.0], n)
    table = pd.DataFrame({"stop": [f"S{k:02d}" for k in range(n)], "x": place[:, 0]})
    table = table.assign(y=place[:, 1], demand=rng.integers(5, 30, n).astype(float))
    table = table.assign(opens=opens, closes=opens + 360, service=10.0)
    table.loc[0, ["demand", "opens", "closes", "service"]] = [0.0, 420.0, 1200.0, 0.0]
    return Inputs({"stops": table})
