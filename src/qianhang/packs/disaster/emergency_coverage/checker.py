"""What a choice of sites is worth and breaks, counted point by point without the solver."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from qianhang.core.inputs import Inputs
from qianhang.core.results import Plan
from qianhang.core.spec import Param
from qianhang.packs.disaster.emergency_coverage.places import Array, places

__all__ = ["cost", "score", "violations"]


def cost(problem: Inputs, plan: Plan, params: Mapping[str, Param]) -> float:
    """cover: people beyond the limit; mean: minutes a person; worst: minutes."""
    minutes, people = _minutes(problem, plan, params)
    if params["aim"] == "cover":
        return float(people[minutes > float(params["minutes"]) + 1e-9].sum())
    if params["aim"] == "mean":
        return float((people * minutes)[people > 0].sum() / people.sum())
    return float(minutes[people > 0].max())


def score(problem: Inputs, plan: Plan, params: Mapping[str, Param]) -> dict[str, float]:
    """covered (share), mean_min, worst_min, and curve_gap where the plan holds a curve."""
    minutes, people = _minutes(problem, plan, params)
    some = people > 0
    in_time = people[minutes <= float(params["minutes"]) + 1e-9].sum() / people.sum()
    found = {
        "covered": float(in_time),
        "mean_min": float((people * minutes)[some].sum() / people.sum()),
        "worst_min": float(minutes[some].max()),
    }
    if "curve" in plan.facts:
        found["curve_gap"] = float(plan.facts["curve"]["gap"].max())
    return found


def violations(problem: Inputs, plan: Plan, params: Mapping[str, Param]) -> list[str]:
    """What the plan breaks, in words."""
    known, table = set(problem["sites"]["site"].astype(str)), plan.table
    broken = [f"{s}: not a site" for s in table["site"].astype(str) if s not in known]
    broken += [f"{s}: twice" for s in table.loc[table["site"].duplicated(), "site"]]
    broken += [f"{s}: neither open nor closed" for s in table["site"][~table["open"].isin([0, 1])]]
    allowed, opened = int(params["stations"]), table["open"].sum()
    if opened != allowed:
        broken.append(f"{opened:g} stations, {allowed} asked")
    if "existing" in problem["sites"] and params["keep_existing"]:
        stands = problem["sites"].loc[problem["sites"]["existing"].fillna(0) > 0.5, "site"]
        shut = set(stands.astype(str)) - set(table.loc[table["open"] == 1, "site"].astype(str))
        broken += [f"{s}: stands already and must stay" for s in sorted(shut)]
    return broken


def _minutes(problem: Inputs, plan: Plan, params: Mapping[str, Param]) -> tuple[Array, Array]:
    """Minutes (points,) to the nearest open site of the plan, and people (points,)."""
    at = places(problem, params)
    chosen = set(plan.table.loc[plan.table["open"] == 1, "site"].astype(str))
    columns = [j for j, name in enumerate(at.sites) if name in chosen]
    nearest = at.minutes[:, columns].min(axis=1) if columns else np.full(len(at.points), np.inf)
    return nearest, at.people
