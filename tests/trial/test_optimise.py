"""Plans of a toy diet: costed and checked apart from the solver."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Words
from qianhang.core.results import Plan
from qianhang.core.spec import Spec
from qianhang.trial import optimise

CASE = Case("toy", Words("口粮", "diet"))
TABLE = pd.DataFrame({"feed": ["oats", "beans"], "price": [1.0, 3.0]})


def plan(oats: float, beans: float, **more: Any) -> Plan:
    return Plan(pd.DataFrame({"feed": ["oats", "beans"], "kg": [oats, beans]}), **more)


def cost(problem: Inputs, plan: Plan, *, spec: Spec) -> float:
    return float(plan.table["kg"] @ problem.table["price"])


def violations(problem: Inputs, plan: Plan, *, spec: Spec) -> list[str]:
    protein = float(plan.table["kg"] @ [0.1, 0.3])
    return [] if protein >= 1 else [f"protein {protein:.2f} < 1"]


PACK = SimpleNamespace(
    solve=lambda problem, *, spec: plan(
        10,
        0,
        bound=10.0,
        gap=0.0,
        prices=pd.DataFrame({"requirement": ["protein"], "price": [10.0]}),
        facts={"rounds": 1, "shares": pd.DataFrame({"feed": ["oats"], "share": [1.0]})},
    ),
    baseline=lambda problem, *, spec: plan(7, 2),
    practice=lambda problem, *, spec: plan(4, 1),
    cost=cost,
    violations=violations,
)


def test_trial_costs_and_checks_every_plan_itself() -> None:
    """By hand: 10 x 1 = 10; 7 + 6 = 13; 4 + 3 = 7 but only 0.7 of 1 protein."""
    trial = optimise.run(PACK, Inputs({"table": TABLE}), case=CASE, spec=Spec())
    assert trial.scores["cost"] == 10
    assert trial.scores["saving"] == 3
    assert trial.scores["violations"] == 0
    assert trial.scores["gap"] == 0
    ratio = {"cost_ratio": 1.0}
    assert trial.trivial == {"cost": 13.0, "violations": 0.0, "gap": pytest.approx(3 / 13), **ratio}
    practice = {"cost": 7.0, "violations": 1.0, "cost_ratio": 7 / 13}
    assert trial.practice == practice  # what breaks a limit has no gap
    assert trial.tables["violations"].to_dict("records") == [
        {"plan": "practice", "violation": "protein 0.70 < 1"}
    ]
    assert set(trial.tables) == {"plan", "prices", "contenders", "violations", "shares"}
    assert trial.facts == {"rounds": 1}
    assert trial.scores["solve_ms"] < 1000


def test_served_plan_is_the_solved_one() -> None:
    served = optimise.serve(PACK, None, Inputs({"table": TABLE}), spec=Spec())
    assert served["kg"].tolist() == [10, 0]


def days(inputs: Inputs, *, spec: Spec) -> dict[str, Inputs]:
    """One instance a day: prices as they are, then doubled."""
    table = inputs["table"]
    return {
        "monday": inputs,
        "tuesday": inputs.replace(table=table.assign(price=2 * table["price"])),
    }


def solve_day(problem: Inputs, *, spec: Spec) -> Plan:
    cheap = float(problem.table["price"].iloc[0])
    return plan(10, 0, bound=9.5 * cheap, gap=0.05 * (cheap == 2))


MANY = SimpleNamespace(**{**vars(PACK), "problems": days, "solve": solve_day})


def test_each_instance_is_a_fold_and_overall_figures_are_sums_and_the_worst_gap() -> None:
    """By hand: 10 and 20 against 13 and 26; bounds 9.5 and 19; gaps 0 and 5%."""
    trial = optimise.run(MANY, Inputs({"table": TABLE}), case=CASE, spec=Spec())
    assert [f.name for f in trial.folds] == ["monday", "tuesday"]
    assert [f.ours["cost"] for f in trial.folds] == [10, 20]
    assert trial.scores["cost"] == 30
    assert trial.scores["bound"] == 28.5
    assert trial.scores["saving"] == 9
    assert trial.scores["gap"] == 0.05
    assert trial.trivial["cost"] == 39
    assert trial.practice["violations"] == 2
    instances = trial.tables["instances"].set_index("instance")
    assert instances.loc["tuesday", ["cost", "trivial", "practice"]].tolist() == [20, 26, 14]
    assert instances["cpu_s"].max() < 1
    assert trial.tables["plan"]["kg"].tolist() == [10, 0]
    assert set(trial.tables["violations"]["instance"]) == {"monday", "tuesday"}


def test_slow_instances_are_solved_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock is a fake one: each solve takes a second of it."""
    clock, calls = iter(range(1000)), []

    def solve(problem: Inputs, *, spec: Spec) -> Plan:
        calls.append(1)
        return solve_day(problem, spec=spec)

    monkeypatch.setattr(optimise.time, "process_time", lambda: float(next(clock)))
    pack = SimpleNamespace(**{**vars(MANY), "solve": solve})
    trial = optimise.run(pack, Inputs({"table": TABLE}), case=CASE, spec=Spec())
    assert len(calls) == 2
    assert trial.scores["cpu_s"] == 1


def test_served_plans_of_several_instances_name_theirs() -> None:
    served = optimise.serve(MANY, None, Inputs({"table": TABLE}), spec=Spec())
    assert served["instance"].tolist() == ["monday", "monday", "tuesday", "tuesday"]
