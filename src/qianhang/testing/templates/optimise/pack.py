"""$title_en."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan, Trial
from qianhang.core.spec import Spec
from qianhang.engines import optimise


def solve(problem: Inputs, *, spec: Spec) -> Plan:
    """The cheapest blend of the wanted amount and strength."""
    rows, amount = problem.table, float(spec.params["amount_kg"])
    n = len(rows)
    program = optimise.Program(
        cost=rows["price"].to_numpy(float),
        matrix=np.vstack([np.ones(n), rows["strength"].to_numpy(float)]),
        row_low=np.array([amount, amount * float(spec.params["strength"])]),
        row_high=np.array([amount, np.inf]),
        low=np.zeros(n),
        high=np.full(n, np.inf),
    )
    found = optimise.solve(program)
    table = pd.DataFrame({"material": rows["material"], "kg": found.x})
    return Plan(table, bound=found.bound, gap=found.gap)


def cost(problem: Inputs, plan: Plan, *, spec: Spec) -> float:
    """CNY of the plan, added up by itself."""
    price = dict(zip(problem.table["material"], problem.table["price"], strict=True))
    rows = plan.table.itertuples()
    return float(sum(price[row.material] * row.kg for row in rows))


def violations(problem: Inputs, plan: Plan, *, spec: Spec) -> list[str]:
    """What the plan breaks, one sentence each."""
    kg, amount = plan.table["kg"].to_numpy(float), float(spec.params["amount_kg"])
    below = plan.table[kg < -1e-6]
    found = [f"{row.material}: {row.kg:g} kg is below zero" for row in below.itertuples()]
    if abs(kg.sum() - amount) > 1e-3:
        found.append(f"{kg.sum():g} kg in all, expected {amount:g} kg")
    strength = float(kg @ problem.table["strength"].to_numpy(float)) / amount
    if strength < float(spec.params["strength"]) - 1e-4:
        found.append(f"strength {strength:.4g} % is below {spec.params['strength']} %")
    return found


def baseline(problem: Inputs, *, spec: Spec) -> Plan:
    """Equal shares of the materials that are strong enough by themselves."""
    rows = problem.table
    strong = rows["strength"] >= float(spec.params["strength"])
    share = float(spec.params["amount_kg"]) / max(int(strong.sum()), 1)
    return Plan(pd.DataFrame({"material": rows["material"], "kg": strong * share}))


def headline(trial: Trial, *, spec: Spec) -> float:
    """CNY saved a day against the trivial plan."""
    return trial.trivial["cost"] - trial.scores["cost"]


def sample(seed: int) -> Inputs:
    """Six synthetic materials: the stronger, the dearer, and not in proportion."""
    rng = np.random.default_rng(seed)
    strength = np.array([10.0, 25.0, 40.0, 45.0, 60.0, 80.0])
    price = 0.5 + 0.05 * strength + rng.uniform(0, 2, 6)
    names = ["A", "B", "C", "D", "E", "F"]
    table = pd.DataFrame({"material": names, "price": price, "strength": strength})
    return Inputs({"table": table})
