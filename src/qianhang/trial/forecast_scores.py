"""Scores and report tables of a forecast trial."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.results import FoldScore
from qianhang.core.spec import Spec
from qianhang.engines.forecast import metrics

if TYPE_CHECKING:
    from qianhang.trial.forecast import Told

__all__ = ["pooled_scores", "score_fold", "tables_of"]

Table = dict[str, pd.DataFrame]


def score_fold(name: str, told: Told, history: NDArray[Any], spec: Spec) -> FoldScore:
    """The scores of one fold, ours beside the baselines."""
    several = told.actual.shape[1] > 1
    scores = {
        method: _several(told, middle, history) if several else _one(told, middle, history, spec)
        for method, middle in told.middle.items()
    }
    if told.band is not None:
        scores["ours"] |= _intervals(told)
    return FoldScore(name, scores["ours"], scores.get("trivial", {}), scores.get("practice", {}))


def pooled_scores(told: Sequence[Told], history: NDArray[Any], spec: Spec) -> FoldScore:
    """The scores over all folds together: every step weighs the same."""
    return score_fold("all", _joined(told), history, spec)


def tables_of(told: Sequence[Told], folds: Sequence[FoldScore]) -> Table:
    """What the report plots: forecast, skill, folds, and with intervals coverage, reliability."""
    whole = _joined(told)
    tables = {
        "forecast": _forecast(whole),
        "skill": _skill(whole),
        "folds": _folds(told, folds),
    }
    if whole.band is not None:
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
    if len(history) > season:
        scores["mase"] = metrics.mase(actual, ours, history=history[:, 0], season=season)
    return scores


def _several(told: Told, middle: NDArray[Any], history: NDArray[Any]) -> dict[str, float]:
    scale = np.nanstd(history, axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    return {
        "mse": metrics.mse_scaled(told.actual, middle, scale=scale),
        "mae": metrics.mae((told.actual / scale).ravel(), (middle / scale).ravel()),
    }


def _intervals(told: Told) -> dict[str, float]:
    if told.band is None:
        return {}
    actual, low, high = told.actual[:, 0], told.band[:, 0], told.band[:, 1]
    losses = [
        metrics.pinball(actual, low, level=0.1),
        metrics.pinball(actual, told.middle["ours"][:, 0], level=0.5),
        metrics.pinball(actual, high, level=0.9),
    ]
    return {
        "coverage": metrics.coverage(actual, low, high),
        "pinball": float(np.mean(losses)),
        "width": float(np.nanmean(high - low)),
    }


def _joined(told: Sequence[Told]) -> Told:
    first = told[0]
    if len(told) == 1:
        return first
    times = first.time.append([t.time for t in told[1:]])
    bands = [t.band for t in told if t.band is not None]
    middle: Mapping[str, NDArray[Any]] = {
        m: np.concatenate([t.middle[m] for t in told]) for m in first.middle
    }
    return type(first)(
        pd.DatetimeIndex(times),
        np.concatenate([t.lead for t in told]),
        np.concatenate([t.actual for t in told]),
        middle,
        np.concatenate(bands) if len(bands) == len(told) else None,
    )


def _forecast(told: Told) -> pd.DataFrame:
    """One row a step of the first target; of overlapping forecasts those that follow on."""
    ends = np.flatnonzero(np.append(told.lead[1:] == 1, True))
    horizon = int(told.lead[ends[0]])
    block = np.cumsum(np.append(True, told.lead[1:] == 1)) - 1
    overlap = len(ends) > 1 and told.time[ends[0]] >= told.time[ends[0] + 1]
    use = block % horizon == 0 if overlap else np.ones(len(block), dtype=bool)
    frame = pd.DataFrame({"time": told.time[use], "actual": told.actual[use, 0]})
    frame["p50"] = told.middle["ours"][use, 0]
    if told.band is not None:
        frame["p10"], frame["p90"] = told.band[use, 0], told.band[use, 1]
    for method in ("trivial", "practice"):
        if method in told.middle:
            frame[method] = told.middle[method][use, 0]
    return frame


def _skill(told: Told) -> pd.DataFrame:
    """Mean absolute error by lead for each method; several targets each in their own spread."""
    scale = np.nanstd(told.actual, axis=0) if told.actual.shape[1] > 1 else np.ones(1)
    scale = np.where(scale > 0, scale, 1.0)
    columns: dict[str, NDArray[Any]] = {"lead": np.unique(told.lead)}
    for method, middle in told.middle.items():
        error = np.nanmean(np.abs(middle - told.actual) / scale, axis=1)
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
        row: dict[str, object] = {"fold": fold.name, "origins": int((part.lead == 1).sum())}
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
    """Share of readings at or below each forecast quantile, beside the share promised."""
    if told.band is None:
        return pd.DataFrame()
    actual = told.actual[:, 0]
    quantiles = {0.1: told.band[:, 0], 0.5: told.middle["ours"][:, 0], 0.9: told.band[:, 1]}
    known = np.isfinite(actual)
    observed = [float(np.mean(actual[known] <= q[known])) for q in quantiles.values()]
    return pd.DataFrame({"predicted": list(quantiles), "observed": observed, "n": int(known.sum())})
