"""A formula pack tried: figures computed from its inputs, held against published ones."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case
from qianhang.core.results import FoldScore, Trial
from qianhang.core.spec import Spec
from qianhang.engines.formula import Constant, closure
from qianhang.trial.progress import Progress

__all__ = ["run", "serve"]

_SHOWN = 500
_OPEN = (0, 9999)  # years of a constant that holds whenever


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """The pack's figures beside its baselines, each held against the input `truth`.

    Without `truth` the pack's `recount` stands in: the same figures by other means. The pack sees
    neither. Scores: closure_error (the largest relative error), closure_error_<level> where
    figures have a level, closure_mean, held (% of published figures inside the interval),
    total (the sum of the first level).
    Tables: results, closure (worst first), contenders, constants, and those of the pack's `tables`.
    """
    if progress:
        progress(0, 1, "compute")
    given = inputs.blind()
    found = {"ours": pack.compute(given, spec=spec), "trivial": pack.baseline(given, spec=spec)}
    if hasattr(pack, "practice"):
        found["practice"] = pack.practice(given, spec=spec)
    published, told = _published(pack, inputs, given, spec)
    closed = {n: closure(frame, published) for n, frame in found.items()}
    scores = {n: _scores(closed[n], found[n]) for n in found}
    tables = {
        "results": found["ours"].head(_SHOWN),
        "closure": closed["ours"].sort_values("error", ascending=False, kind="stable").head(_SHOWN),
        "contenders": pd.DataFrame([{"method": n, **s} for n, s in scores.items()]),
        "constants": pd.DataFrame([_told(c) for c in pack.constants(spec=spec)]),
    }
    if hasattr(pack, "tables"):
        tables |= pack.tables(given, found["ours"], spec=spec)
    fold = FoldScore(case.name, scores["ours"], scores["trivial"], scores.get("practice", {}))
    return Trial(
        folds=(fold,),
        scores=fold.ours,
        trivial=fold.trivial,
        practice=fold.practice,
        tables=tables,
        facts={"figures": len(found["ours"]), "compared": len(published), "against": told},
    )


def _published(pack: Any, inputs: Inputs, given: Inputs, spec: Spec) -> tuple[pd.DataFrame, str]:
    """The figures to agree with, and where they come from.

    Raises ValueError where there are none.
    """
    if "truth" in inputs:
        frame: pd.DataFrame = inputs["truth"]
        return frame, "published"
    if hasattr(pack, "recount"):
        return pack.recount(given, spec=spec), "recount"
    raise ValueError("no input `truth`, and the pack has no recount()")


def _told(constant: Constant) -> dict[str, Any]:
    """The constant as a row to read: its years as they are written, "" where they are open."""
    first = str(constant.first) if constant.first > _OPEN[0] else ""
    last = str(constant.last) if constant.last < _OPEN[1] else ""
    return asdict(constant) | {"first": first, "last": last}


def _scores(closed: pd.DataFrame, found: pd.DataFrame) -> dict[str, float]:
    scores = {"closure_error": float(closed["error"].max())}
    levels = closed.groupby("level", sort=False)["error"].max()
    if len(levels) > 1:
        scores |= {f"closure_error_{name}": float(error) for name, error in levels.items()}
    scores["closure_mean"] = float(closed["error"].mean())
    if {"low", "high"} <= set(closed):
        slack = 1e-6 * closed["value"].abs()
        inside = (closed["value"] >= closed["low"] - slack) & (
            closed["value"] <= closed["high"] + slack
        )
        scores["held"] = 100.0 * float(inside.mean())
    first = found[found["level"] == found["level"].iloc[0]] if "level" in found else found
    total = float(first["value"].sum())
    scores["total"] = total
    return scores


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:  # noqa: ARG001
    """The figures for new inputs, with their intervals; there is no model to be kept."""
    given = inputs.blind()
    frame: pd.DataFrame = pack.compute(given, spec=spec)
    return frame
