"""A survive pack tried: risks by a horizon, from follow-up that ends in the event or before it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError, PackError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.classify.few_events import few_events
from qianhang.trial.crossfit import crossfit, fold_scores, group_labels
from qianhang.trial.evidence import Risks, check_settings, overall, tables
from qianhang.trial.folds import Fold, cut, labelled
from qianhang.trial.tripod import sheets
from qianhang.trial.yardstick import Followed

__all__ = ["parts", "run", "serve"]

Progress = Callable[[int, int, str], None]
TOO_FEW = "QH133"
NO_OUTCOME = "QH209"


@dataclass(frozen=True, slots=True)
class _Cohort:
    """The table with its outcome found by role."""

    table: pd.DataFrame
    duration: str
    event: str
    yardstick: Followed

    @classmethod
    def of(cls, table: pd.DataFrame, spec: Spec) -> _Cohort:
        named = {role: n for n, c in spec.columns.items() for role in [c.role] if role in _OUTCOME}
        if set(named) != set(_OUTCOME) or not spec.horizon:
            raise PackError(
                NO_OUTCOME,
                "a survive pack needs a column of role duration, one of role event, and a horizon",
            )
        time = table[named["duration"]].to_numpy(dtype=np.float64)
        event = table[named["event"]].to_numpy(dtype=np.float64) > 0
        stick = Followed.of(time, event, float(spec.horizon))
        return cls(table, named["duration"], named["event"], stick)

    @property
    def flags(self) -> NDArray[np.bool_]:
        return self.yardstick.event

    @property
    def hidden(self) -> tuple[str, ...]:
        return (self.duration, self.event)

    def predictors(self, spec: Spec) -> tuple[str, ...]:
        roles = ("feature", "protected")
        return tuple(
            n for n, c in spec.columns.items() if c.role in roles and n in self.table.columns
        )

    def folds(self, case: Case, spec: Spec) -> tuple[Fold, ...]:
        split = case.split or Split()
        return cut(self.table, split, spec=spec, events=self.flags)


_OUTCOME = ("duration", "event")


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """`pack` tried on `inputs.table`, every row scored by a model that did not see its group.

    Raises ContractError where the table has too few events, or cannot be cut as the split says,
    UsageError where the threshold or the bands make no sense.
    """
    check_settings(spec)
    cohort = _Cohort.of(inputs.table, spec)
    facts = _facts(cohort, spec)
    folds = cohort.folds(case, spec)
    by = crossfit(pack, cohort.table, folds, hidden=cohort.hidden, spec=spec, progress=progress)
    rows = np.unique(np.concatenate([f.test for f in folds]))
    risks = Risks(by, cohort.yardstick, rows, group_labels(cohort.table, spec), spec)
    scores = overall(risks, cohort.table)
    model = pack.fit(cohort.table.copy(), spec=spec)
    found = tables(risks, cohort.table)
    if hasattr(model, "coefficients"):
        found["coefficients"] = model.coefficients()
    facts |= {"folds": len(folds), "split": (case.split or Split()).kind, "scored": len(rows)}
    if spec.manifest is None or spec.manifest.subject == "person":
        found |= sheets(spec, facts=facts, found=found)
    return Trial(
        folds=fold_scores(risks, folds),
        scores=scores["ours"],
        trivial=scores["trivial"],
        practice=scores.get("practice", {}),
        tables=found,
        model=model,
        headline=None if hasattr(pack, "headline") else scores["ours"]["treatments_avoided"],
        facts=facts | {"published": scores.get("published", {})},
    )


def _facts(cohort: _Cohort, spec: Spec) -> dict[str, Any]:
    """Counts of the cohort; refuses what has too few events to learn from."""
    names = cohort.predictors(spec)
    least = spec.manifest.event_min if spec.manifest else 0
    events = int(cohort.flags.sum())
    capacity = few_events(events, max(len(names), 1), least=max(least, 1))
    if not capacity.enough:
        raise ContractError(TOO_FEW, capacity.reason, hint="lower [event_min] only with reasons")
    stick = cohort.yardstick
    cohort_time = cohort.table[cohort.duration].to_numpy(dtype=np.float64)
    return {
        "n": len(cohort.table),
        "events": events,
        "events_per_predictor": round(capacity.per_parameter, 1),
        "capacity": capacity.reason,
        "allowed": list(capacity.allowed),
        "lost_before_horizon": int(((stick.time < stick.horizon) & ~stick.event).sum()),
        "median_follow_up": float(np.median(cohort_time)),
        "predictors": list(names),
        "missing": {n: int(cohort.table[n].isna().sum()) for n in names},
    }


def parts(
    inputs: Inputs, *, case: Case, spec: Spec
) -> tuple[tuple[str, pd.DataFrame, NDArray[np.str_]], ...]:
    """Which rows each fold learns from and is scored on: name, frame (n, columns), labels (n,)."""
    cohort = _Cohort.of(inputs.table, spec)
    return tuple(
        (f.name, cohort.table, labelled(f, len(cohort.table))) for f in cohort.folds(case, spec)
    )


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """What a kept model says of new rows: who it is, risk, score, and what else the pack tells."""
    table = inputs.table
    hidden = [n for n, c in spec.columns.items() if c.role in _OUTCOME and n in table.columns]
    answer: pd.DataFrame = pack.predict(model, table.drop(columns=hidden), spec=spec)
    keys = [n for n, c in spec.columns.items() if c.role in ("group", "id") and n in table]
    return pd.concat([table[keys], answer], axis=1)
