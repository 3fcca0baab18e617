"""A classify pack tried: the probability of a yes, for rows that the model has not seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.classify.few_events import few_events
from qianhang.trial.crossfit import crossfit, fold_scores, group_labels
from qianhang.trial.evidence import Risks, check_settings, overall, tables
from qianhang.trial.folds import Fold, cut, labelled
from qianhang.trial.tripod import sheets
from qianhang.trial.yardstick import Seen

__all__ = ["parts", "run", "serve"]

Progress = Callable[[int, int, str], None]
TOO_FEW = "QH133"
NOT_BINARY = "QH134"


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """`pack` tried on `inputs.table`, every scored row by a model that did not see it.

    Raises ContractError where the target is not a yes or no, where it has too few of either, or
    where the table cannot be cut as the split says, UsageError where the threshold or the bands
    make no sense.
    """
    check_settings(spec)
    table, target = inputs.table, _target(spec)
    event = _events(table, target)
    facts = _facts(table, event, spec=spec)
    folds = _folds(table, event, case=case, spec=spec)
    by = crossfit(pack, table, folds, hidden=(target,), spec=spec, progress=progress)
    rows = np.unique(np.concatenate([f.test for f in folds]))
    risks = Risks(by, Seen(event), rows, group_labels(table, spec), spec)
    scores = overall(risks, table)
    found = tables(risks, table)
    facts |= {"folds": len(folds), "split": (case.split or Split()).kind, "scored": len(rows)}
    if spec.manifest is None or spec.manifest.subject == "person":
        found |= sheets(spec, facts=facts, found=found)
    return Trial(
        folds=fold_scores(risks, folds),
        scores=scores["ours"],
        trivial=scores["trivial"],
        practice=scores.get("practice", {}),
        tables=found,
        model=pack.fit(table.copy(), spec=spec),
        headline=None if hasattr(pack, "headline") else scores["ours"]["treatments_avoided"],
        facts=facts | {"published": scores.get("published", {})},
    )


def _target(spec: Spec) -> str:
    return spec.target if isinstance(spec.target, str) else spec.target[0]


def _events(table: pd.DataFrame, target: str) -> NDArray[np.bool_]:
    """(n,) whether each row is a yes: the larger of the two values that the target takes."""
    values = table[target]
    levels = sorted(pd.unique(values.dropna()).tolist())
    if values.isna().any() or len(levels) != 2:
        raise ContractError(
            NOT_BINARY,
            f"column {target}: found {len(levels)} values and {int(values.isna().sum())} gaps, "
            "expected a yes or no in every row",
        )
    return np.asarray(values == levels[1], dtype=bool)


def _folds(
    table: pd.DataFrame, event: NDArray[np.bool_], *, case: Case, spec: Spec
) -> tuple[Fold, ...]:
    return cut(table, case.split or Split(), spec=spec, events=event)


def _facts(table: pd.DataFrame, event: NDArray[np.bool_], *, spec: Spec) -> dict[str, Any]:
    roles = ("feature", "protected")
    names = [n for n, c in spec.columns.items() if c.role in roles and n in table.columns]
    least = spec.manifest.event_min if spec.manifest else 0
    rarer = int(min(event.sum(), (~event).sum()))
    capacity = few_events(rarer, max(len(names), 1), least=max(least, 1))
    if not capacity.enough:
        raise ContractError(TOO_FEW, capacity.reason, hint="lower [event_min] only with reasons")
    return {
        "n": len(table),
        "events": int(event.sum()),
        "events_per_predictor": round(capacity.per_parameter, 1),
        "capacity": capacity.reason,
        "allowed": list(capacity.allowed),
        "predictors": names,
        "missing": {n: int(table[n].isna().sum()) for n in names},
    }


def parts(
    inputs: Inputs, *, case: Case, spec: Spec
) -> tuple[tuple[str, pd.DataFrame, NDArray[np.str_]], ...]:
    """Which rows each fold learns from and is scored on: name, frame (n, columns), labels (n,)."""
    table = inputs.table
    event = _events(table, _target(spec))
    folds = _folds(table, event, case=case, spec=spec)
    return tuple((f.name, table, labelled(f, len(table))) for f in folds)


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """What a kept model says of new rows: column risk, and what else the pack tells."""
    rows = inputs.table.drop(columns=[_target(spec)], errors="ignore")
    answer = pack.predict(model, rows, spec=spec)
    return answer if isinstance(answer, pd.DataFrame) else answer.rename("risk").to_frame()
