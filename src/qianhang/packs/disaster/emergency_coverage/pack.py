"""Where to put emergency stations so that most people are reached in time, with proof."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan, Trial
from qianhang.core.spec import Param, Spec
from qianhang.packs.disaster.emergency_coverage import checker, report, simple
from qianhang.packs.disaster.emergency_coverage.location import Chosen, locate
from qianhang.packs.disaster.emergency_coverage.places import Places, places

_AIMS = ("cover", "mean", "worst")


def solve(problem: Inputs, *, spec: Spec) -> Plan:
    """The best sites, their bound, what each rule costs, and the curve over station counts.

    Raises ContractError where the number of stations or the aim cannot be.
    """
    at, params = places(problem, spec.params), spec.params
    count, limit = _count(at, params), float(params["minutes"])
    patience = float(params["time_limit_s"])
    best = locate(at, count, aim=str(params["aim"]), limit=limit, time_limit_s=patience)
    facts: dict[str, pd.DataFrame] = {
        "left_out": report.left_out(at, best.chosen, limit),
        "map": report.drawing(at, best.chosen),
        "curve": report.curve(at, params, _counts(at, count, params)),
    }
    facts["covered"] = facts["curve"][["stations", "covered"]]
    table = report.table_of(at, best.chosen)
    return Plan(table, best.bound, best.gap, report.prices(at, best, params), facts)


def cost(problem: Inputs, plan: Plan, *, spec: Spec) -> float:
    """People reached too late, or the mean or longest minutes, point by point from the data."""
    return checker.cost(problem, plan, spec.params)


def score(problem: Inputs, plan: Plan, *, spec: Spec) -> dict[str, float]:
    """Share of people in time, mean and longest minutes; worst gap on the curve, where drawn."""
    return checker.score(problem, plan, spec.params)


def violations(problem: Inputs, plan: Plan, *, spec: Spec) -> list[str]:
    """Sites unknown, opened twice or by half, too many or too few, or an existing one closed."""
    return checker.violations(problem, plan, spec.params)


def baseline(problem: Inputs, *, spec: Spec) -> Plan:
    """Sites spread evenly over the map, nobody counted."""
    at = places(problem, spec.params)
    return Plan(report.table_of(at, simple.spread(at, _count(at, spec.params))))


def practice(problem: Inputs, *, spec: Spec) -> Plan:
    """One best site after another."""
    at, limit = places(problem, spec.params), float(spec.params["minutes"])
    chosen: Chosen = simple.greedy(
        at, _count(at, spec.params), aim=str(spec.params["aim"]), limit=limit
    )
    return Plan(report.table_of(at, chosen))


def headline(trial: Trial, *, spec: Spec) -> float:
    """Further people reached in time, against an even spread."""
    people = float(trial.tables["plan"]["people"].sum())
    return (trial.scores["covered"] - trial.trivial["covered"]) * people


def sample(seed: int) -> Inputs:
    """Sixty points and nine sites in a made-up town, for the conformance suite only."""
    rng = np.random.default_rng(seed)
    points = pd.DataFrame(rng.normal([114.3, 34.8], 0.04, (60, 2)).round(5), columns=["lon", "lat"])
    sites = pd.DataFrame(rng.normal([114.3, 34.8], 0.04, (9, 2)).round(5), columns=["lon", "lat"])
    points = points.assign(point=[f"p{i}" for i in range(60)], people=rng.integers(200, 4000, 60))
    sites = sites.assign(site=[f"s{i}" for i in range(9)], existing=0)
    return Inputs({"table": points.astype({"people": float}), "sites": sites})


def _count(at: Places, params: Mapping[str, Param]) -> int:
    count, least = int(params["stations"]), max(1, int(at.existing.sum()))
    if not least <= count <= len(at.sites):
        found = f"stations: found {count}, expected {least} to {len(at.sites)}"
        raise ContractError("QH101", found, hint="--param stations=N; existing ones count")
    if params["aim"] not in _AIMS:
        raise ContractError("QH107", f"aim: found {params['aim']!r}, expected {', '.join(_AIMS)}")
    return count


def _counts(at: Places, count: int, params: Mapping[str, Param]) -> list[int]:
    """The station counts of the curve: all, or as many around the asked one as the params allow."""
    least, most = max(1, int(at.existing.sum())), len(at.sites)
    span = int(params["curve"])
    first = max(least, min(count - span // 2, most - span + 1))
    return list(range(first, min(most, first + span - 1) + 1)) if span else [count]
