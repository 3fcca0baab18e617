"""A spatial pack tried: what lies at places whose samples the model has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import FoldScore, Trial
from qianhang.core.spec import Spec
from qianhang.engines.spatial import metrics
from qianhang.trial.folds import Fold, cut, labelled
from qianhang.trial.progress import Progress

__all__ = ["parts", "run", "serve"]

_FOLD_ROWS = 20  # fewer samples than this in some fold and only the whole is judged
_BLOCKS = 5
SAME_PLACE = "QH132"


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """`pack` tried on `inputs.table`, each sample foretold without it, and again by whole blocks.

    Scores: rmse, mae, bias, coverage (%) and width of the band; rmse_ratio to usual practice;
    rmse_block, coverage_block and rmse_block_ratio with blocks of neighbours held out together.
    Tables: foretold (a row each held-out sample), performance, and those of the pack's `tables`.
    Raises ContractError where the table cannot be cut as the split says.
    """
    table = inputs.table
    split = case.split or Split()
    folds = cut(table, split, spec=spec)
    points = _crossed(pack, table, folds, spec=spec, progress=progress)
    scores = {who: _scores(points, who) for who in ("ours", "trivial", "practice")}
    blocks = _blocks(pack, table, split, spec=spec)
    if len(blocks):
        scores = {who: found | _blocked(blocks, who) for who, found in scores.items()}
    _ratios(scores)
    model = pack.fit(table.copy(), spec=spec)
    shown = points.rename(columns={"estimate": "predicted"}).drop(columns="fold")
    tables = {"foretold": shown.reset_index(drop=True), "performance": _performance(scores)}
    if hasattr(pack, "tables"):
        tables |= pack.tables(model, inputs, spec=spec)
    return Trial(
        folds=_fold_scores(points, folds),
        scores=scores["ours"],
        trivial=scores["trivial"],
        practice=scores["practice"],
        tables=tables,
        model=model,
        facts={"n": len(table), "folds": len(folds), "split": split.kind, "scored": len(points)},
    )


def _crossed(
    pack: Any,
    table: pd.DataFrame,
    folds: Sequence[Fold],
    *,
    spec: Spec,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """A row each held-out sample: its places, fold, actual, estimate, sd, low, high, baselines."""
    target, found = _target(spec), []
    for done, fold in enumerate(folds):
        train = table.iloc[fold.train]
        rows = table.iloc[fold.test].drop(columns=[target])
        model = pack.fit(train.copy(), spec=spec)
        ours = _answer(pack.predict(model, rows.copy(), spec=spec), rows)
        part = ours.assign(trivial=pack.baseline(train.copy(), rows.copy(), spec=spec))
        if hasattr(pack, "practice"):
            part["practice"] = pack.practice(train.copy(), rows.copy(), spec=spec)
        places = rows[[n for n, c in spec.columns.items() if c.role == "place" and n in rows]]
        actual = table[target].iloc[fold.test]
        found.append(pd.concat([places, part.assign(actual=actual, fold=fold.name)], axis=1))
        if progress:
            progress(done + 1, len(folds), fold.name)
    return pd.concat(found)


def _answer(answer: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """The columns estimate, sd, low and high of an answer.

    Raises ValueError where a row has no finite answer, or lies outside its own band.
    """
    kept = answer[["estimate", "sd", "low", "high"]].astype(float)
    if not kept.index.equals(rows.index) or not np.isfinite(kept.to_numpy()).all():
        raise ValueError(f"{len(rows)} places were asked about, not each has a finite answer")
    if ((kept["low"] > kept["estimate"]) | (kept["estimate"] > kept["high"])).any():
        raise ValueError("an estimate lies outside its own band")
    return kept


def _scores(points: pd.DataFrame, who: str) -> dict[str, float]:
    column = "estimate" if who == "ours" else who
    if column not in points:
        return {}
    actual = points["actual"].to_numpy(float)
    found = metrics.errors(actual, points[column].to_numpy(float))
    if who == "ours":
        found |= metrics.band(actual, points["low"].to_numpy(), points["high"].to_numpy())
    return found


def _blocks(pack: Any, table: pd.DataFrame, split: Split, *, spec: Spec) -> pd.DataFrame:
    """Held-out samples when whole blocks of neighbours are; empty where the split is that, or where
    there are too few samples for it."""
    places = [n for n, c in spec.columns.items() if c.role == "place" and n in table]
    if split.kind == "spatial_block" or len(places) != 2 or len(table) < 4 * _BLOCKS:
        return pd.DataFrame()
    held = replace(split, kind="spatial_block", folds=_BLOCKS, column=",".join(places))
    return _crossed(pack, table, cut(table, held, spec=spec), spec=spec)


def _blocked(blocks: pd.DataFrame, who: str) -> dict[str, float]:
    kept = ("rmse", "coverage")
    return {f"{n}_block": v for n, v in _scores(blocks, who).items() if n in kept}


def _ratios(scores: Mapping[str, dict[str, float]]) -> None:
    """Adds ours over usual practice (or trivial, where the pack has no practice)."""
    usual = scores["practice"] or scores["trivial"]
    for name, ratio in (("rmse", "rmse_ratio"), ("rmse_block", "rmse_block_ratio")):
        for found in scores.values():
            if name in found and usual.get(name):
                found[ratio] = found[name] / usual[name]


def _performance(scores: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """One row a metric: ours, trivial, practice."""
    shown = {who: found for who, found in scores.items() if found}
    return pd.DataFrame(shown).rename_axis("metric").reset_index()


def _fold_scores(points: pd.DataFrame, folds: Sequence[Fold]) -> tuple[FoldScore, ...]:
    """Each fold's scores, or one for all where folds are too small to be judged by themselves."""
    small = any(len(f.test) < _FOLD_ROWS for f in folds)
    parts = {"all": points} if small else dict(iter(points.groupby("fold", sort=False)))
    return tuple(
        FoldScore(
            str(name), _scores(part, "ours"), _scores(part, "trivial"), _scores(part, "practice")
        )
        for name, part in parts.items()
    )


def _target(spec: Spec) -> str:
    return spec.target if isinstance(spec.target, str) else spec.target[0]


def parts(
    inputs: Inputs, *, case: Case, spec: Spec
) -> tuple[tuple[str, pd.DataFrame, NDArray[np.str_]], ...]:
    """Which rows each fold learns from and is scored on: name, frame (n, columns), labels (n,)."""
    table = inputs.table
    places = [n for n, c in spec.columns.items() if c.role == "place" and n in table]
    twice = table.duplicated(places, keep=False) if places else pd.Series(False, index=table.index)
    if twice.any():
        at = ", ".join(f"{n} = {table[n][twice].iloc[0]:g}" for n in places)
        raise ContractError(
            SAME_PLACE, f"two samples at {at}: one would foretell the other", hint="average them"
        )
    folds = cut(table, case.split or Split(), spec=spec)
    return tuple((f.name, table, labelled(f, len(table))) for f in folds)


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """What a kept model says lies at new places: the places, then estimate, sd, low, high."""
    rows = inputs.table.drop(columns=[_target(spec)], errors="ignore")
    answer: pd.DataFrame = pack.predict(model, rows, spec=spec)
    places = rows[[n for n, c in spec.columns.items() if c.role == "place" and n in rows]]
    return pd.concat([places, answer], axis=1)
