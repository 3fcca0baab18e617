"""A trial made of risks that held: what classify and survive packs share once rows are scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.manifest import Split
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.classify.few_events import few_events
from qianhang.trial.crossfit import fold_scores
from qianhang.trial.evidence import Risks, overall, tables
from qianhang.trial.folds import Fold
from qianhang.trial.tripod import sheets

__all__ = ["counted", "judged"]

TOO_FEW = "QH133"


def counted(table: pd.DataFrame, *, events: int, rarer: int, spec: Spec) -> dict[str, Any]:
    """What the rows hold: counts, what so many events can bear, predictors and their gaps.

    rarer : events or non-events, whichever are fewer, or events alone where some are censored
    Raises ContractError where there are too few to learn from.
    """
    roles = ("feature", "protected")
    names = [n for n, c in spec.columns.items() if c.role in roles and n in table.columns]
    least = spec.manifest.event_min if spec.manifest else 0
    capacity = few_events(rarer, max(len(names), 1), least=max(least, 1))
    if not capacity.enough:
        raise ContractError(TOO_FEW, capacity.reason, hint="lower [event_min] only with reasons")
    return {
        "n": len(table),
        "events": events,
        "events_per_predictor": round(capacity.per_parameter, 1),
        "capacity": capacity.carried,
        "allowed": list(capacity.allowed),
        "predictors": names,
        "missing": {n: int(table[n].isna().sum()) for n in names},
    }


def judged(
    pack: Any,
    risks: Risks,
    table: pd.DataFrame,
    *,
    folds: Sequence[Fold],
    split: Split,
    model: Any,
    facts: Mapping[str, Any],
) -> Trial:
    """The trial of a model whose risks were told for rows it had not seen.

    facts : what the trial counted, as `counted` gives it
    """
    spec, scores, found = risks.spec, overall(risks, table), tables(risks, table)
    if hasattr(model, "coefficients"):
        found["coefficients"] = model.coefficients()
    known = {**facts, "folds": len(folds), "split": split.kind, "scored": len(risks.rows)}
    if spec.manifest is None or spec.manifest.subject == "person":
        found |= sheets(spec, facts=known, found=found)
    return Trial(
        folds=fold_scores(risks, folds),
        scores=scores["ours"],
        trivial=scores["trivial"],
        practice=scores.get("practice", {}),
        tables=found,
        model=model,
        headline=None if hasattr(pack, "headline") else scores["ours"]["treatments_avoided"],
        facts=known | {"published": scores.get("published", {})},
    )
