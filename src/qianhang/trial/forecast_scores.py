"""Scores and report tables of a forecast trial."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.results import FoldScore
from qianhang.core.spec import Spec
from qianhang.engines.forecast import metrics
from qianhang.engines.forecast.series import known_mean
from qianhang.trial.told import Told, joined

__all__ = ["score_fold", "tables_of"]

Table = dict[str, pd.DataFrame]
_SHOWN = 3  # series of a panel whose course is kept for the report


def score_fold(pack: Any, name: str, told: Told, *, history: NDArray[Any], spec: Spec) -> FoldScore:
    """The scores of one fold, ours beside the baselines; a pack's `score` adds its field's own."""
    several = told.actual.shape[1] > 1
    scores = {
        method: _several(told, middle, history) if several else _one(told, middle, history, spec)
        for method, middle in told.middle.items()
    }
    for method in scores:
        scores[method] |= _intervals(told, method)
    if hasattr(pack, "score") and not several:
        for method in scores:
            scores[method] |= pack.score(told.answers(method), spec=spec)
    return FoldScore(name, scores["ours"], scores.get("trivial", {}), scores.get("practice", {}))


def tables_of(told: Sequence[Told], folds: Sequence[FoldScore], *, every: int) -> Table:
    """What the report plots: forecast, skill, folds, series, and with intervals their checks.

    every : rows between origins
    """
    whole = joined(told)
    tables = {
        "forecast": _forecast(whole, every),
        "skill": _skill(whole),
        "folds": _folds(told, folds),
    }
    if len(whole.series) > 1:
        tables["series"] = _by_series(whole)
    if whole.quantiles is not None:
        tables["coverage"] = _coverage_by_hour(whole)
        tables["reliability"] = _reliability(whole)
    return tables


def _one(told: Told, middle: NDArray[Any], history: NDArray[Any], spec: Spec) -> dict[str, float]:
    actual, ours = told.actual[:, 0], middle[:, 0]
    season = max(spec.season, 1)
    scores = {
        "mape": metrics.mape(actual, ours),
        "mae": metrics.mae(actual, ours),
        "rmse": metrics.rmse(actual, ours),
    }
    if len(history) > season and len(told.series) == 1:
        scores["mase"] = metrics.mase(actual, ours, history=history[:, 0], season=season)
    return scores


def _several(told: Told, middle: NDArray[Any], history: NDArray[Any]) -> dict[str, float]:
    scale = np.nanstd(history, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return {
        "mse": metrics.mse_scaled(told.actual, middle, scale=scale),
        "mae": metrics.mae((told.actual / scale).ravel(), (middle / scale).ravel()),
    }


def _intervals(told: Told, method: str) -> dict[str, float]:
    quantiles = told.quantiles_of(method)
    if quantiles is None:
        return {}
    actual = told.actual[:, 0]
    low, high = (quantiles[:, told.levels.index(level)] for level in (0.1, 0.9))
    losses = [
        metrics.pinball(actual, quantiles[:, i], level=level) for i, level in enumerate(told.levels)
    ]
    return {
        "coverage": metrics.coverage(actual, low, high),
        "pinball": float(np.mean(losses)),
        "width": float(np.nanmean(high - low)),
    }


def _forecast(told: Told, every: int) -> pd.DataFrame:
    """One row a step of the first target; of overlapping forecasts those that follow on.

    Of several series the first few, named in column unit.
    """
    horizon = int(told.lead.max())
    stride = max(1, -(-horizon // max(every, 1)))
    use = told.origin % stride == 0
    shown = told.where(use & (told.place < _SHOWN))
    frame = pd.DataFrame({"time": shown.time, "actual": shown.actual[:, 0]})
    frame["p50"] = shown.middle["ours"][:, 0]
    if shown.band is not None:
        frame["p10"], frame["p90"] = shown.band[:, 0], shown.band[:, 1]
    for method in ("trivial", "practice"):
        if method in shown.middle:
            frame[method] = shown.middle[method][:, 0]
    if len(told.series) > 1:
        frame["unit"] = [told.series[i] for i in shown.place]
        frame = frame.sort_values(["unit", "time"], kind="stable", ignore_index=True)
    return frame


def _by_series(told: Told) -> pd.DataFrame:
    """Mean absolute error of each series by each method, and how many of its readings came."""
    known = np.isfinite(told.actual[:, 0])
    frame = pd.DataFrame({"series": np.asarray(told.series)[told.place]})
    for method, middle in told.middle.items():
        frame[method] = np.abs(middle[:, 0] - told.actual[:, 0])
    found = frame[known].groupby("series", as_index=False).mean()
    found["n"] = frame[known].groupby("series").size().to_numpy()
    if "trivial" in found:
        found["skill"] = 1 - found["ours"] / found["trivial"].where(found["trivial"] > 0)
    return found


def _skill(told: Told) -> pd.DataFrame:
    """Mean absolute error by lead for each method; several targets each in their own spread."""
    scale = np.nanstd(told.actual, axis=0) if told.actual.shape[1] > 1 else np.ones(1)
    scale = np.where(scale > 0, scale, 1.0)
    columns: dict[str, NDArray[Any]] = {"lead": np.unique(told.lead)}
    for method, middle in told.middle.items():
        error = known_mean(np.abs(middle - told.actual) / scale, axis=1)
        columns[method] = _mean_by(told.lead, error)
    frame = pd.DataFrame(columns)
    if "trivial" in frame:
        frame["skill"] = 1 - frame["ours"] / frame["trivial"].where(frame["trivial"] > 0)
    return frame


def _mean_by(key: NDArray[Any], values: NDArray[Any]) -> NDArray[Any]:
    return pd.Series(values).groupby(key).mean().to_numpy(dtype=np.float64)


def _folds(told: Sequence[Told], folds: Sequence[FoldScore]) -> pd.DataFrame:
    rows = []
    for part, fold in zip(told, folds, strict=True):
        row: dict[str, object] = {"fold": fold.name, "origins": int(part.origin.max()) + 1}
        metric = "mape" if "mape" in fold.ours else "mse"
        row |= {metric: fold.ours[metric], "trivial": fold.trivial.get(metric)}
        row |= {"practice": fold.practice.get(metric), "coverage": fold.ours.get("coverage")}
        rows.append({k: v for k, v in row.items() if v is not None})
    return pd.DataFrame(rows)


def _coverage_by_hour(told: Told) -> pd.DataFrame:
    if told.band is None:
        return pd.DataFrame()
    actual = told.actual[:, 0]
    inside = (actual >= told.band[:, 0]) & (actual <= told.band[:, 1])
    known = np.isfinite(actual)
    hour = np.asarray(told.time.hour)[known]
    return pd.DataFrame(
        {
            "hour": np.unique(hour),
            "coverage": 100 * _mean_by(hour, inside[known].astype(np.float64)),
            "n": pd.Series(hour).groupby(hour).size().to_numpy(),
        }
    )


def _reliability(told: Told) -> pd.DataFrame:
    """Share of readings at or below each forecast quantile, beside the share promised.

    Readings that equal their quantile (a pump that stands still, told as zero) lie below it or
    above it, whichever is nearer to the promise: any share between keeps the promise.
    """
    if told.quantiles is None:
        return pd.DataFrame()
    actual = told.actual[:, 0]
    known = np.isfinite(actual)
    below = (actual[known, None] < told.quantiles[known]).mean(axis=0)
    up_to = (actual[known, None] <= told.quantiles[known]).mean(axis=0)
    observed = np.clip(told.levels, below, up_to)
    return pd.DataFrame({"predicted": told.levels, "observed": observed, "n": int(known.sum())})
