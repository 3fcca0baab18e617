"""A survive pack tried: risks by a horizon, from follow-up that ends in the event or before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import PackError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.trial.crossfit import crossfit, group_labels
from qianhang.trial.evidence import Risks, check_settings
from qianhang.trial.folds import Fold, cut, labelled
from qianhang.trial.judged import counted, judged
from qianhang.trial.progress import Progress
from qianhang.trial.yardstick import Followed

__all__ = ["parts", "run", "serve"]

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

    def folds(self, split: Split, spec: Spec) -> tuple[Fold, ...]:
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
    table, split = cohort.table, case.split or Split()
    facts = _facts(cohort, spec)
    folds = cohort.folds(split, spec)
    by = crossfit(pack, table, folds, hidden=cohort.hidden, spec=spec, progress=progress)
    rows = np.unique(np.concatenate([f.test for f in folds]))
    risks = Risks(by, cohort.yardstick, rows, group_labels(table, spec), spec)
    model = pack.fit(table.copy(), spec=spec)
    return judged(pack, risks, table, folds=folds, split=split, model=model, facts=facts)


def _facts(cohort: _Cohort, spec: Spec) -> dict[str, Any]:
    """Counts of the cohort; refuses what has too few events to learn from."""
    stick, events = cohort.yardstick, int(cohort.flags.sum())
    follow_up = cohort.table[cohort.duration].to_numpy(dtype=np.float64)
    return counted(cohort.table, events=events, rarer=events, spec=spec) | {
        "lost_before_horizon": int(((stick.time < stick.horizon) & ~stick.event).sum()),
        "median_follow_up": float(np.median(follow_up)),
    }


def parts(
    inputs: Inputs, *, case: Case, spec: Spec
) -> tuple[tuple[str, pd.DataFrame, NDArray[np.str_]], ...]:
    """Which rows each fold learns from and is scored on: name, frame (n, columns), labels (n,)."""
    cohort = _Cohort.of(inputs.table, spec)
    folds = cohort.folds(case.split or Split(), spec)
    return tuple((f.name, cohort.table, labelled(f, len(cohort.table))) for f in folds)


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """What a kept model says of new rows: who it is, risk, score, and what else the pack tells."""
    table = inputs.table
    hidden = [n for n, c in spec.columns.items() if c.role in _OUTCOME and n in table.columns]
    answer: pd.DataFrame = pack.predict(model, table.drop(columns=hidden), spec=spec)
    keys = [n for n, c in spec.columns.items() if c.role in ("group", "id") and n in table]
    return pd.concat([table[keys], answer], axis=1)
