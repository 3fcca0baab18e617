"""Plans of a toy diet: costed and checked apart from the solver."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pandas as pd

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
    assert trial.trivial == {"cost": 13.0, "violations": 0.0}
    assert trial.practice == {"cost": 7.0, "violations": 1.0}
    assert trial.tables["violations"].to_dict("records") == [
        {"plan": "practice", "violation": "protein 0.70 < 1"}
    ]
    assert set(trial.tables) == {"plan", "prices", "contenders", "violations", "shares"}
    assert trial.facts == {"rounds": 1}
    assert trial.scores["solve_ms"] < 1000


def test_served_plan_is_the_solved_one() -> None:
    served = optimise.serve(PACK, None, Inputs({"table": TABLE}), spec=Spec())
    assert served["kg"].tolist() == [10, 0]
