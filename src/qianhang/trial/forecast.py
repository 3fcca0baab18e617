"""Forecasts tried forward in time: the pack sees what was known at each origin, and no more."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError, PackError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Split
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.trial.forecast_scores import score_fold, tables_of
from qianhang.trial.forward import ForwardFold, Pace, pace, walk
from qianhang.trial.progress import Progress, silent
from qianhang.trial.told import METHODS, Told, joined
from qianhang.trial.windows import answers_windows, panel_of, serve_windows, told_by_windows

__all__ = ["known_ahead", "run", "serve"]

Floats = NDArray[np.float64]


def run(
    pack: Any, inputs: Inputs, *, case: Case, spec: Spec, progress: Progress | None = None
) -> Trial:
    """The pack fitted before each fold and asked at each origin, beside its baselines.

    Scores of one target: mape, mae, rmse, mase, coverage, pinball; of several: mse and mae, each
    target divided by its standard deviation in training.
    Tables: forecast, skill, folds; with intervals also coverage (by hour) and reliability.
    """
    table, split = inputs.table, case.split or Split(kind="forward")
    by_windows = answers_windows(pack, spec)
    panel = panel_of(table, spec) if by_windows else None
    clock = pd.DataFrame(index=panel.times) if panel else table
    folds = walk(clock, split, spec, even=by_windows)
    say = progress or silent
    told, scored = [], []
    history = _history(table, clock, folds[0], spec)
    for i, fold in enumerate(folds):
        say(i, len(folds) + 1, f"fold {fold.name}")
        # Every frame that the pack gets is a copy cut at the origin: there is nothing behind it.
        known = table[table.index < clock.index[fold.train_end]].copy()
        model = pack.fit(known, spec=spec)
        if panel:
            told.append(told_by_windows(pack, model, panel, fold, spec))
        else:
            told.append(_by_origins(pack, model, table, fold, spec))
        scored.append(score_fold(pack, fold.name, told[-1], history=history, spec=spec))
    say(len(folds), len(folds) + 1, "final model")
    overall = score_fold(pack, "all", joined(told), history=history, spec=spec)
    rate = pace(pd.DatetimeIndex(clock.index), split, spec)
    trial = Trial(
        folds=tuple(scored),
        scores=overall.ours,
        trivial=overall.trivial,
        practice=overall.practice,
        tables=tables_of(told, scored, every=rate.every) | _of_answers(pack, joined(told), spec),
        model=pack.fit(table.copy(), spec=spec),
        facts=_facts(table, clock.index, folds, rate) | {"known_ahead": known_ahead(table, spec)},
    )
    return _with_words_of_the_pack(pack, trial, spec)


def serve(pack: Any, model: Any, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """The forecast after the last reading, one row a step, indexed by time.

    Rows at the end of the table whose target is empty are the steps ahead, with what is known of
    them; where there are none, the next horizon is asked for with nothing known ahead.
    """
    table = inputs.table
    if answers_windows(pack, spec):
        return serve_windows(pack, model, table, spec)
    targets = _targets(spec)
    known = table[list(targets)].notna().any(axis=1).to_numpy()
    if not known.any():
        raise ContractError("QH132", f"column {targets[0]}: no reading to forecast from")
    end = int(np.flatnonzero(known)[-1]) + 1
    history, later = table.iloc[:end].copy(), table.iloc[end:]
    if not len(later):
        rate = pace(pd.DatetimeIndex(table.index), Split(kind="forward"), spec)
        times = pd.date_range(table.index[-1], periods=rate.horizon + 1, freq=rate.step)[1:]
        later = pd.DataFrame(index=times, columns=table.columns, dtype=float)
    ahead = later[known_ahead(table, spec)].copy()
    frame: pd.DataFrame = pack.predict(model, history, ahead, spec=spec)
    return frame.rename_axis("time")


def known_ahead(table: pd.DataFrame, spec: Spec) -> list[str]:
    """Columns of `table` that the contract declares known ahead of time."""
    return [c for c, column in spec.columns.items() if column.known_ahead and c in table]


def _targets(spec: Spec) -> tuple[str, ...]:
    return (spec.target,) if isinstance(spec.target, str) else tuple(spec.target)


def _history(table: pd.DataFrame, clock: pd.DataFrame, first: ForwardFold, spec: Spec) -> Floats:
    """(n, targets) readings before the first fold: what errors are scaled by.

    A part that only chooses settings (parameter check_share) does not set the scale.
    """
    share = float(spec.params.get("check_share", 0.0))
    end = round(first.train_end * (1 - share)) if len(_targets(spec)) > 1 else first.train_end
    known = table[table.index < clock.index[end]]
    return np.asarray(known[list(_targets(spec))], dtype=np.float64)


def _by_origins(pack: Any, model: Any, table: pd.DataFrame, fold: ForwardFold, spec: Spec) -> Told:
    targets, columns = list(_targets(spec)), known_ahead(table, spec)
    middle: dict[str, list[Floats]] = {m: [] for m in METHODS}
    bands = []
    for origin, end in zip(fold.origins, fold.ends, strict=True):
        history, ahead = table.iloc[:origin].copy(), table[columns].iloc[origin:end].copy()
        ours = _same_index(pack.predict(model, history, ahead, spec=spec), ahead)
        middle["ours"].append(_middle(ours, targets))
        if {"p10", "p50", "p90"} <= set(ours.columns):
            bands.append(ours[["p10", "p50", "p90"]].to_numpy(dtype=np.float64))
        for name, asked in (("trivial", "baseline"), ("practice", "practice")):
            if hasattr(pack, asked):
                frame = getattr(pack, asked)(history, ahead, spec=spec)
                middle[name].append(_middle(_same_index(frame, ahead), targets))
    rows = np.concatenate([np.arange(a, b) for a, b in zip(fold.origins, fold.ends, strict=True)])
    lead = np.concatenate([np.arange(b - a) for a, b in zip(fold.origins, fold.ends, strict=True)])
    lengths = fold.ends - fold.origins
    return Told(
        pd.DatetimeIndex(table.index[rows]),
        lead + 1,
        table[targets].iloc[rows].to_numpy(dtype=np.float64),
        {m: np.concatenate(v) for m, v in middle.items() if v},
        np.concatenate(bands) if bands else None,
        np.zeros(len(rows), dtype=np.int64),
        np.repeat(np.arange(len(lengths)), lengths),
    )


def _middle(frame: pd.DataFrame, targets: list[str]) -> Floats:
    columns = ["p50"] if "p50" in frame else targets
    return frame[columns].to_numpy(dtype=np.float64)


def _same_index(frame: pd.DataFrame, ahead: pd.DataFrame) -> pd.DataFrame:
    if not frame.index.equals(ahead.index):
        raise PackError(
            "QH211",
            f"a forecast of {len(frame)} rows was given for {len(ahead)} steps ahead",
            hint="predict and baseline return a frame indexed like `ahead`",
        )
    return frame


def _facts(
    table: pd.DataFrame, times: pd.Index[Any], folds: tuple[ForwardFold, ...], rate: Pace
) -> dict[str, Any]:
    return {
        "rows": len(table),
        "step_s": rate.step.total_seconds(),
        "horizon_steps": rate.horizon,
        "origins": int(sum(len(f.origins) for f in folds)),
        "first_origin": str(times[folds[0].origins[0]]),
        "last_origin": str(times[folds[-1].origins[-1]]),
        "trainings": len(folds) + 1,
    }


def _of_answers(pack: Any, told: Told, spec: Spec) -> dict[str, pd.DataFrame]:
    """Tables that the pack makes of every answer of its own, where it does."""
    if not hasattr(pack, "answer_tables") or told.actual.shape[1] > 1:
        return {}
    found: dict[str, pd.DataFrame] = pack.answer_tables(told.answers("ours"), spec=spec)
    return found


def _with_words_of_the_pack(pack: Any, trial: Trial, spec: Spec) -> Trial:
    """The trial with the pack's own tables and its headline, where it has them."""
    if hasattr(pack, "tables"):
        trial = replace(trial, tables={**trial.tables, **pack.tables(trial, spec=spec)})
    if hasattr(pack, "headline"):
        value = float(pack.headline(trial, spec=spec))
        trial = replace(trial, headline=value if np.isfinite(value) else None)
    return trial
