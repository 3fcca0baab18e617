"""What an air-quality office asks of a forecast: error and heavy-pollution warnings by lead."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.forecast import chance_above
from qianhang.packs.ecology.air_quality.aqi import level_of

__all__ = ["LEADS_H", "by_lead", "score"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
LEADS_H = (1, 6, 24)
_HOUR = pd.Timedelta(hours=1)
_YEAR_H = 8766
_LEAST_DAY = 18  # readings of 24 that make a daily mean


def score(answers: pd.DataFrame, *, limit: float, chances: Mapping[int, float]) -> dict[str, float]:
    """Error, skill and warnings at 1, 6 and 24 h, and how often tomorrow's class was right.

    answers : columns time, origin, lead, series, actual, p50, and p10, p90 where there is a band
    limit : above which an hour is heavily polluted, ug/m3
    chances : lead -> chance of heavy pollution from which a warning is given, where there is a band
    Persistence is the last reading before the origin, so skill and lift need no second forecast.
    """
    last = _last_before(answers)
    found: dict[str, float] = {}
    for lead in LEADS_H:
        part = answers["lead"].to_numpy() == lead
        if part.any():
            found |= _at(answers[part], last[part], lead, limit=limit, chance=chances[lead])
    return found | _classes(answers)


def by_lead(scores: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """MAE and F1 at each lead beside the baselines, and where ours is no better.

    scores : ours, trivial, practice -> metric -> value
    """
    ours, trivial, practice = (scores[m] for m in ("ours", "trivial", "practice"))
    rows = []
    for lead in (k for k in LEADS_H if f"mae_{k}h" in ours):
        row: dict[str, object] = {"lead_h": lead}
        for name, one in (("mae", f"mae_{lead}h"), ("f1", f"f1_{lead}h")):
            row |= {f"{name}_ours": ours[one], f"{name}_trivial": trivial.get(one)}
            row[f"{name}_practice"] = practice.get(one)
        row["f1_median"] = ours.get(f"f1_median_{lead}h")
        row["mae_better"] = ours[f"skill_{lead}h"] > 0
        row["f1_better"] = ours[f"f1_lift_{lead}h"] > 0
        row["f1_median_better"] = ours.get(f"f1_median_{lead}h", 0) > trivial[f"f1_{lead}h"]
        rows.append(row)
    return pd.DataFrame(rows)


def _at(
    part: pd.DataFrame, last: Floats, lead: int, *, limit: float, chance: float
) -> dict[str, float]:
    """The scores of one lead; `last` (n,) is NaN where no reading came before the origin."""
    actual, middle = part["actual"].to_numpy(float), part["p50"].to_numpy(float)
    heavy, held = actual > limit, np.isfinite(last)
    warned = middle > limit
    found = {f"mae_{lead}h": float(np.mean(np.abs(middle - actual)))}
    if {"p10", "p90"} <= set(part.columns):
        quantiles = part[["p10", "p50", "p90"]].to_numpy(float)
        found[f"f1_median_{lead}h"] = _f1(heavy, warned)
        warned = chance_above(quantiles, (0.1, 0.5, 0.9), limit=limit) >= chance
    kept = np.mean(np.abs(last - actual)[held]) if held.any() else np.nan
    ours = np.mean(np.abs(middle - actual)[held]) if held.any() else np.nan
    found[f"skill_{lead}h"] = float(1 - ours / kept) if kept > 0 else float("nan")
    found[f"f1_{lead}h"] = _f1(heavy, warned)
    persisting = _f1(heavy[held], last[held] > limit)
    found[f"f1_lift_{lead}h"] = _f1(heavy[held], warned[held]) - persisting
    hours = _YEAR_H / len(part)
    found[f"warned_{lead}h"] = float((heavy & warned).sum() * hours)
    found[f"false_{lead}h"] = float((~heavy & warned).sum() * hours)
    return found


def _classes(answers: pd.DataFrame) -> dict[str, float]:
    """Share of stations and origins, %, whose class of the next 24 h was right."""
    if answers["lead"].max() < LEADS_H[-1]:
        return {}
    days = answers[answers["lead"] <= LEADS_H[-1]].groupby(["origin", "series"], observed=True)
    mean = days[["actual", "p50"]].mean()[days.size() >= _LEAST_DAY]
    if not len(mean):
        return {}
    right = level_of(mean["actual"].to_numpy(float)) == level_of(mean["p50"].to_numpy(float))
    return {"class_right": float(100 * right.mean())}


def _last_before(answers: pd.DataFrame) -> Floats:
    """(n,) the last reading of the station before the origin, at most a day old, else NaN."""
    once = answers.drop_duplicates(["time", "series"])
    table = once.pivot(index="time", columns="series", values="actual")
    whole = pd.date_range(table.index.min(), table.index.max(), freq=_HOUR)
    table = table.reindex(whole).ffill(limit=LEADS_H[-1])
    asked = pd.DatetimeIndex(answers["time"]) - answers["lead"].to_numpy() * _HOUR
    row = table.index.get_indexer(asked)
    column = table.columns.get_indexer(pd.Index(answers["series"]))
    found = table.to_numpy(float)[row, column]
    return np.where(row >= 0, found, np.nan)


def _f1(truth: Flags, told: Flags) -> float:
    both = truth.sum() + told.sum()
    return float(2 * (truth & told).sum() / both) if both else float("nan")
