"""Plans tried: solved, costed and checked by three functions that share nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case
from qianhang.core.results import FoldScore, Plan, Trial
from qianhang.core.spec import Spec
from qianhang.trial.progress import Progress, silent

__all__ = ["run", "serve"]

_SOLVES = 9
_PATIENCE_S = 5.0  # for repeating a solve in order to time it
_PATIENCE_MANY_S = 0.5  # the same for each of several instances
_SUMS = ("cost", "bound", "saving", "violations")

Scores = dict[str, float]


@dataclass(frozen=True, slots=True)
class _Instance:
    """One problem tried: plans, what they score, and what the checker found, by contender."""

    plans: Mapping[str, Plan]
    found: Mapping[str, Scores]
    broken: Mapping[str, list[str]]


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """The pack's plan beside its baselines, each costed and checked independently of the solver.

    Where the pack has `problems`, each instance that it names is a fold of its own: overall, cost,
    bound, saving and violations are sums, gap the worst, the rest means.
    A pack's `score` adds the field's own figures of each plan, with inputs named truth at hand.
    Scores: cost, violations (count), gap, bound, cpu_s (of one solve), solve_ms (the same, least of
    several where it is quick), saving. A baseline that breaks nothing has its gap to our bound.
    Tables: plan, prices (requirements with shadow prices) and the frames in the facts of the plan,
    all of the first instance; contenders, violations; instances where there is `problems`.
    """
    say = progress or silent
    problems = _problems(pack, inputs, spec)
    tried: dict[str, _Instance] = {}
    patience = _PATIENCE_S if len(problems) == 1 else _PATIENCE_MANY_S
    for i, (name, problem) in enumerate(problems.items()):
        say(i, len(problems), name or "solve")
        tried[name] = _try(pack, problem, spec, patience)
    folds = tuple(_fold(name or case.name, one.found) for name, one in tried.items())
    overall = {n: _overall([one.found[n] for one in tried.values()]) for n in _first(tried).found}
    facts = _first(tried).plans["ours"].facts
    return Trial(
        folds=folds,
        scores=overall["ours"],
        trivial=overall["trivial"],
        practice=overall.get("practice", {}),
        tables=_tables(tried, overall, hasattr(pack, "problems")),
        facts={k: v for k, v in facts.items() if not isinstance(v, pd.DataFrame)},
    )


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:  # noqa: ARG001
    """The plan for new inputs, with a column `instance` where there are several; no model is kept.

    Also the plans of all instances, below each other in the order of `problems`.
    """
    problems = _problems(pack, inputs, spec)
    plans = {name: pack.solve(p, spec=spec).table for name, p in problems.items()}
    if len(plans) == 1:
        only: pd.DataFrame = next(iter(plans.values()))
        return only
    return _joined(plans)


def _problems(pack: Any, inputs: Inputs, spec: Spec) -> Mapping[str, Inputs]:
    """The instances to solve by name; the inputs themselves, without a name, for most packs."""
    if not hasattr(pack, "problems"):
        return {"": inputs}
    named: Mapping[str, Inputs] = pack.problems(inputs, spec=spec)
    if not named:
        raise ValueError("problems() names no instance")
    return named


def _try(pack: Any, whole: Inputs, spec: Spec, patience: float) -> _Instance:
    # What is named truth (a best known solution, say) is for `score` alone.
    problem = whole.blind()
    ours, times = _timed(pack, problem, spec, patience)
    plans = {"ours": ours, "trivial": pack.baseline(problem, spec=spec)}
    if hasattr(pack, "practice"):
        plans["practice"] = pack.practice(problem, spec=spec)
    broken = {n: list(pack.violations(problem, p, spec=spec)) for n, p in plans.items()}
    found = {n: _scores(pack, problem, p, broken[n], spec) for n, p in plans.items()}
    if hasattr(pack, "score"):
        found = {n: {**f, **pack.score(whole, plans[n], spec=spec)} for n, f in found.items()}
    found["ours"] |= {**times, **_proof(ours)}
    usual = found["trivial"]["cost"]
    found["ours"]["saving"] = usual - found["ours"]["cost"]
    for scores in found.values():
        scores["cost_ratio"] = scores["cost"] / usual if usual else float("nan")
    for name in plans.keys() - {"ours"}:
        if ours.bound is not None and ours.gap is not None and not broken[name]:
            cost = found[name]["cost"]
            found[name]["gap"] = (cost - float(ours.bound)) / max(abs(cost), 1e-9)
    return _Instance(plans, found, broken)


def _timed(pack: Any, inputs: Inputs, spec: Spec, patience: float) -> tuple[Plan, Scores]:
    """The plan, the CPU time of the first solve, and that of a solve, ms: the least of several,
    which neighbours on a busy machine disturb least; the first one pays for imports."""
    began = time.process_time()
    plan: Plan = pack.solve(inputs, spec=spec)
    first = time.process_time() - began
    repeats = min(_SOLVES, int(patience / max(first, 1e-6)))
    if repeats < 1:
        return plan, {"cpu_s": first, "solve_ms": 1000 * first}
    spent: list[float] = []
    for _ in range(repeats):
        began = time.process_time()
        plan = pack.solve(inputs, spec=spec)
        spent.append(time.process_time() - began)
    return plan, {"cpu_s": first, "solve_ms": 1000 * min(spent)}


def _scores(pack: Any, inputs: Inputs, plan: Plan, broken: list[str], spec: Spec) -> Scores:
    return {
        "cost": float(pack.cost(inputs, plan, spec=spec)),
        "violations": float(len(broken)),
    }


def _proof(plan: Plan) -> Scores:
    proof = {"bound": plan.bound, "gap": plan.gap}
    return {k: float(v) for k, v in proof.items() if v is not None}


def _fold(name: str, found: Mapping[str, Scores]) -> FoldScore:
    return FoldScore(name, found["ours"], found["trivial"], found.get("practice", {}))


def _overall(scores: Sequence[Scores]) -> Scores:
    """One figure a metric that every instance has."""
    shared = [m for m in scores[0] if all(m in one for one in scores)]
    return {m: _combined(m, [one[m] for one in scores]) for m in shared}


def _combined(metric: str, values: Sequence[float]) -> float:
    if metric == "gap":
        return max(values)
    return float(np.sum(values) if metric in _SUMS else np.mean(values))


def _first(tried: Mapping[str, _Instance]) -> _Instance:
    return next(iter(tried.values()))


def _tables(
    tried: Mapping[str, _Instance], overall: Mapping[str, Scores], several: bool
) -> dict[str, pd.DataFrame]:
    ours = _first(tried).plans["ours"]
    tables = {"plan": ours.table}
    if ours.prices is not None:
        tables["prices"] = ours.prices
    tables["contenders"] = pd.DataFrame([{"plan": n, **s} for n, s in overall.items()])
    tables["violations"] = _violations(tried, several)
    if several:
        tables["instances"] = pd.DataFrame([_line(n, one.found) for n, one in tried.items()])
    for name, value in ours.facts.items():
        if isinstance(value, pd.DataFrame):
            tables[name] = value
    return tables


def _violations(tried: Mapping[str, _Instance], several: bool) -> pd.DataFrame:
    columns = ["plan", "violation"]
    rows = [
        {"instance": instance, "plan": plan, "violation": text}
        for instance, one in tried.items()
        for plan, texts in one.broken.items()
        for text in texts
    ]
    return pd.DataFrame(rows, columns=["instance", *columns] if several else columns)


def _line(name: str, found: Mapping[str, Scores]) -> dict[str, Any]:
    """One instance: our scores, then what the baselines cost and break."""
    line: dict[str, Any] = {"instance": name, **found["ours"]}
    for other, scores in found.items():
        if other != "ours":
            line |= {other: scores["cost"], f"{other}_violations": scores["violations"]}
    return line


def _joined(plans: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    parts = []
    for name, table in plans.items():
        part = table.copy()
        part.insert(0, "instance", name)
        parts.append(part)
    return pd.concat(parts, ignore_index=True)
