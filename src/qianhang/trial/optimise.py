"""Plans tried: solved, costed and checked by three functions that share nothing."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case
from qianhang.core.results import FoldScore, Plan, Trial
from qianhang.core.spec import Spec

__all__ = ["run", "serve"]

_SOLVES = 9
_PATIENCE_S = 20.0  # a solve that takes longer is not repeated for its timing


def run(
    pack: Any,
    inputs: Inputs,
    *,
    case: Case,
    spec: Spec,
    progress: Callable[[int, int, str], None] | None = None,
) -> Trial:
    """The pack's plan beside its baselines, each costed and checked independently of the solver.

    Scores: cost, violations (count), gap, bound, solve_ms (CPU time, least of several), saving.
    Tables: plan, prices (requirements with shadow prices), contenders, violations, and the
    frames in the facts of the plan.
    """
    say = progress or _silent
    say(0, 3, "solve")
    ours, milliseconds = _timed(pack, inputs, spec)
    plans = {"ours": ours, "trivial": pack.baseline(inputs, spec=spec)}
    if hasattr(pack, "practice"):
        plans["practice"] = pack.practice(inputs, spec=spec)
    say(1, 3, "check")
    broken = {n: list(pack.violations(inputs, p, spec=spec)) for n, p in plans.items()}
    found = {n: _scores(pack, inputs, p, broken[n], spec) for n, p in plans.items()}
    found["ours"] |= {"solve_ms": milliseconds, **_proof(ours)}
    found["ours"]["saving"] = found["trivial"]["cost"] - found["ours"]["cost"]
    say(2, 3, "tables")
    fold = FoldScore(case.name, found["ours"], found["trivial"], found.get("practice", {}))
    return Trial(
        folds=(fold,),
        scores=fold.ours,
        trivial=fold.trivial,
        practice=fold.practice,
        tables=_tables(plans, found, broken),
        facts={k: v for k, v in ours.facts.items() if not isinstance(v, pd.DataFrame)},
    )


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:  # noqa: ARG001
    """The plan for new inputs; there is no model to be kept."""
    plan: Plan = pack.solve(inputs, spec=spec)
    return plan.table


def _timed(pack: Any, inputs: Inputs, spec: Spec) -> tuple[Plan, float]:
    """The plan and the CPU time of a solve, ms: the least of several, which neighbours on a busy
    machine disturb least; the first one pays for imports and does not count."""
    began = time.process_time()
    plan: Plan = pack.solve(inputs, spec=spec)
    if time.process_time() - began > _PATIENCE_S:
        return plan, 1000 * (time.process_time() - began)
    spent: list[float] = []
    for _ in range(_SOLVES):
        began = time.process_time()
        plan = pack.solve(inputs, spec=spec)
        spent.append(1000 * (time.process_time() - began))
    return plan, min(spent)


def _scores(
    pack: Any, inputs: Inputs, plan: Plan, broken: list[str], spec: Spec
) -> dict[str, float]:
    return {
        "cost": float(pack.cost(inputs, plan, spec=spec)),
        "violations": float(len(broken)),
    }


def _proof(plan: Plan) -> dict[str, float]:
    proof = {"bound": plan.bound, "gap": plan.gap}
    return {k: float(v) for k, v in proof.items() if v is not None}


def _tables(
    plans: Mapping[str, Plan],
    found: Mapping[str, Mapping[str, float]],
    broken: Mapping[str, list[str]],
) -> dict[str, pd.DataFrame]:
    ours = plans["ours"]
    tables = {"plan": ours.table}
    if ours.prices is not None:
        tables["prices"] = ours.prices
    tables["contenders"] = pd.DataFrame([{"plan": n, **s} for n, s in found.items()])
    rows = [{"plan": n, "violation": text} for n, texts in broken.items() for text in texts]
    tables["violations"] = pd.DataFrame(rows, columns=["plan", "violation"])
    for name, value in ours.facts.items():
        if isinstance(value, pd.DataFrame):
            tables[name] = value
    return tables


def _silent(done: int, total: int, note: str) -> None:
    """Progress that goes nowhere."""
