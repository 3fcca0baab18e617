"""When each pump of a network runs, so that the day's energy costs least."""

from __future__ import annotations

from pathlib import Path

from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan, Trial
from qianhang.core.spec import Spec
from qianhang.packs.water.pump_schedule import planning

_SAMPLE = Path(__file__).with_name("sample.inp")


def sample(seed: int) -> Inputs:
    """A made-up town with two pumps and a tank, for the conformance suite only."""
    return Inputs({"network": _SAMPLE})


def solve(problem: Inputs, *, spec: Spec) -> Plan:
    """The cheapest schedule found: a linear estimate, then switching times moved in EPANET.

    The plan's table has a row for each run: pump, start, end and hours, in hours of the day.
    """
    return planning.plan_day(problem["network"], spec.params, spec.seed)


def cost(problem: Inputs, plan: Plan, *, spec: Spec) -> float:
    """Money for the day by EPANET's own energy report, from a file written anew with the plan."""
    return planning.price(problem["network"], plan, spec.params)


def violations(problem: Inputs, plan: Plan, *, spec: Spec) -> list[str]:
    """Tanks not restored, pressures not kept, too many starts, other sources drawn on, in words."""
    return planning.judge(problem["network"], plan, spec.params)


def baseline(problem: Inputs, *, spec: Spec) -> Plan:
    """The runs that the network file's own controls come to."""
    return planning.own_runs(problem["network"], spec.params)


def practice(problem: Inputs, *, spec: Spec) -> Plan:
    """Off-peak filling: fill at the cheap rate, else run only for tanks half empty, or by night."""
    return planning.rule_runs(problem["network"], spec.params)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Money saved a day against the network's own controls."""
    return float(trial.scores["saving"])
