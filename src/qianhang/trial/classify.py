"""A classify pack tried: the probability of a yes, for rows that the model has not seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.trial.crossfit import crossfit, group_labels
from qianhang.trial.evidence import Risks, check_settings
from qianhang.trial.folds import cut, labelled
from qianhang.trial.judged import counted, judged
from qianhang.trial.progress import Progress
from qianhang.trial.yardstick import Seen

__all__ = ["parts", "run", "serve"]

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
    table, target, split = inputs.table, _target(spec), case.split or Split()
    event = _events(table, target)
    rarer = int(min(event.sum(), (~event).sum()))
    facts = counted(table, events=int(event.sum()), rarer=rarer, spec=spec)
    folds = cut(table, split, spec=spec, events=event)
    by = crossfit(pack, table, folds, hidden=(target,), spec=spec, progress=progress)
    rows = np.unique(np.concatenate([f.test for f in folds]))
    risks = Risks(by, Seen(event), rows, group_labels(table, spec), spec)
    model = pack.fit(table.copy(), spec=spec)
    return judged(pack, risks, table, folds=folds, split=split, model=model, facts=facts)


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


def parts(
    inputs: Inputs, *, case: Case, spec: Spec
) -> tuple[tuple[str, pd.DataFrame, NDArray[np.str_]], ...]:
    """Which rows each fold learns from and is scored on: name, frame (n, columns), labels (n,)."""
    table = inputs.table
    event = _events(table, _target(spec))
    folds = cut(table, case.split or Split(), spec=spec, events=event)
    return tuple((f.name, table, labelled(f, len(table))) for f in folds)


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """What a kept model says of new rows: column risk, and what else the pack tells."""
    rows = inputs.table.drop(columns=[_target(spec)], errors="ignore")
    answer = pack.predict(model, rows, spec=spec)
    return answer if isinstance(answer, pd.DataFrame) else answer.rename("risk").to_frame()
