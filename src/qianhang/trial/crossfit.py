"""Risks of rows that their model has not seen, fold by fold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.results import FoldScore
from qianhang.core.spec import Spec
from qianhang.trial.evidence import Risks
from qianhang.trial.folds import Fold
from qianhang.trial.progress import Progress

__all__ = ["crossfit", "fold_scores", "group_labels", "risk_of"]

Floats = NDArray[np.float64]
FOLD_EVENTS = 50


def crossfit(
    pack: Any,
    table: pd.DataFrame,
    folds: Sequence[Fold],
    *,
    hidden: tuple[str, ...],
    spec: Spec,
    progress: Progress | None = None,
) -> dict[str, Floats]:
    """Who predicted -> (n,) risks, NaN for rows that no fold scores.

    hidden : outcome columns, taken off the rows before anything predicts them
    """
    found: dict[str, Floats] = {}
    for done, fold in enumerate(folds):
        train = table.iloc[fold.train]
        rows = table.iloc[fold.test].drop(columns=list(hidden))
        for who, answer in _predictions(pack, train, rows, spec=spec).items():
            found.setdefault(who, np.full(len(table), np.nan))[fold.test] = answer
        if progress:
            progress(done + 1, len(folds), fold.name)
    return {who: risk for who, risk in found.items() if _whole(risk, folds)}


def _predictions(
    pack: Any, train: pd.DataFrame, rows: pd.DataFrame, *, spec: Spec
) -> dict[str, Floats]:
    model = pack.fit(train.copy(), spec=spec)
    found = {
        "ours": risk_of(pack.predict(model, rows.copy(), spec=spec), rows),
        "trivial": risk_of(pack.baseline(train.copy(), rows.copy(), spec=spec), rows),
    }
    if hasattr(pack, "practice"):
        answer = pack.practice(train.copy(), rows.copy(), spec=spec)
        if answer is not None:
            found["practice"] = risk_of(answer, rows)
    if hasattr(pack, "published"):
        answer = pack.published(rows.copy(), spec=spec)
        if answer is not None:
            found["published"] = risk_of(answer, rows)
    return found


def risk_of(answer: pd.DataFrame | pd.Series[float], rows: pd.DataFrame) -> Floats:
    """(n,) risks in an answer, in the order of `rows`.

    Raises ValueError where the answer does not hold one risk between 0 and 1 for each row.
    """
    column = answer["risk"] if isinstance(answer, pd.DataFrame) else answer
    if len(column) != len(rows) or not column.index.equals(rows.index):
        raise ValueError(f"{len(rows)} rows were asked about, the answer is indexed otherwise")
    risk = np.asarray(column, dtype=np.float64)
    if not (np.isfinite(risk) & (risk >= 0.0) & (risk <= 1.0)).all():
        raise ValueError("a risk must lie between 0 and 1")
    return risk


def _whole(risk: Floats, folds: Sequence[Fold]) -> bool:
    return all(np.isfinite(risk[fold.test]).all() for fold in folds)


def fold_scores(risks: Risks, folds: Sequence[Fold]) -> tuple[FoldScore, ...]:
    """The scores of each fold by itself: ours, the trivial baseline's, the practitioner's.

    Where some fold has fewer than 50 events, no fold can be judged by itself: its scores are named
    `<metric>_in_fold`, and only the whole is held to the bars.
    """
    small = any(risks.yardstick.count(fold.test) < FOLD_EVENTS for fold in folds)

    def scores(who: str, fold: Fold) -> Mapping[str, float]:
        if who not in risks.by:
            return {}
        found = risks.yardstick.scores(risks.by[who], fold.test)
        return {f"{name}_in_fold" if small else name: value for name, value in found.items()}

    return tuple(
        FoldScore(f.name, scores("ours", f), scores("trivial", f), scores("practice", f))
        for f in folds
    )


def group_labels(table: pd.DataFrame, spec: Spec) -> NDArray[np.int64]:
    """(n,) numbers of rows that belong together; each row by itself where nothing groups them."""
    names = [n for n in spec.group_by if n in table.columns]
    names = names or [
        n for n, c in spec.columns.items() if c.role == "group" and n in table.columns
    ]
    if not names:
        return np.arange(len(table))
    return np.asarray(table.groupby(names, sort=False, dropna=False).ngroup(), dtype=np.int64)
