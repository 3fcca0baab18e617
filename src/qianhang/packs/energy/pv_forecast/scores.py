"""What a grid operator asks of a forecast of a plant: by day, by lead, by kind of day."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.spec import Spec
from qianhang.engines.forecast import sun_position
from qianhang.packs.energy.pv_forecast.plant import place_of

__all__ = ["by_day_kind", "by_lead", "checked_by_day", "score_by_day"]

Flags = NDArray[np.bool_]
_CLEAR, _OVERCAST = 0.8, 0.45  # a day's energy over that of the best day within two weeks
_METHODS = {"ours": "p50", "practice": "practice", "trivial": "trivial"}
_HOURS = (1, 2, 3, 4)


def score_by_day(answers: pd.DataFrame, *, spec: Spec) -> dict[str, float]:
    """RMSE at each whole hour ahead and mean deviation, % of capacity, and coverage, %, by day.

    answers : rows with time, lead, actual, p50, and p10, p90 where there is a band
    """
    capacity = _capacity(answers["actual"], spec)
    first = answers[answers["origin"] == answers["origin"].iloc[0]]
    step = first["time"].diff().median() / pd.Timedelta(hours=1)
    day = answers[_sunlit(answers, spec)]
    miss = 100 * (day["p50"] - day["actual"]) / capacity
    found = {"mae_share": float(miss.abs().mean())}
    for hours in _HOURS:
        there = np.isclose(day["lead"] * step, hours)
        found[f"rmse_{hours}h"] = float(np.sqrt((miss[there] ** 2).mean()))
    if "p10" in day:
        inside = day["actual"].between(day["p10"], day["p90"])
        found["coverage"] = float(100 * inside.mean())
    return found


def by_lead(scores: Mapping[str, Mapping[str, float]]) -> pd.DataFrame:
    """One row an hour ahead: RMSE by day of each method, % of capacity."""
    table = pd.DataFrame({"lead_h": list(_HOURS)})
    for method, found in scores.items():
        table[method] = [found.get(f"rmse_{h}h", np.nan) for h in _HOURS]
    return table


def by_day_kind(forecast: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """One row a kind of day: how many, and the RMSE by day of each method, % of capacity.

    forecast : rows with time, actual, p50, trivial, practice; each step once
    """
    capacity = _capacity(forecast["actual"], spec)
    rows = forecast[_sunlit(forecast, spec)]
    date = pd.DatetimeIndex(rows["time"]).normalize()
    energy = rows.groupby(date)["actual"].mean()
    best = energy.rolling(29, center=True, min_periods=1).max()
    share = energy / best.where(best > 0)
    kind = np.select([share >= _CLEAR, share < _OVERCAST], ["clear", "overcast"], "mixed")
    of = pd.Series(kind, index=energy.index).loc[date].to_numpy()
    lines = []
    for name in ("clear", "mixed", "overcast"):
        here = rows[of == name]
        line: dict[str, object] = {"day_kind": name, "days": int((kind == name).sum())}
        for method, column in _METHODS.items():
            miss = 100 * (here[column] - here["actual"]) / capacity
            line[method] = float(np.sqrt((miss**2).mean()))
        lines.append(line)
    return pd.DataFrame(lines)


def checked_by_day(forecast: pd.DataFrame, *, spec: Spec) -> dict[str, pd.DataFrame]:
    """Tables coverage (by hour of day) and reliability, of sunlit steps alone.

    The middle is the mean of what may come, not its median: it is left out of the check.
    """
    rows = forecast[_sunlit(forecast, spec)]
    hour = pd.DatetimeIndex(rows["time"]).hour
    inside = 100.0 * rows["actual"].between(rows["p10"], rows["p90"])
    coverage = inside.groupby(hour).agg(["mean", "size"]).reset_index()
    below = [float((rows["actual"] <= rows[c]).mean()) for c in ("p10", "p90")]
    reliability = {"predicted": [0.1, 0.9], "observed": below, "n": len(rows)}
    return {
        "coverage": coverage.set_axis(["hour", "coverage", "n"], axis=1),
        "reliability": pd.DataFrame(reliability),
    }


def _sunlit(answers: pd.DataFrame, spec: Spec) -> Flags:
    """(n,) whether the sun is above the horizon of the plant."""
    once = answers.drop_duplicates("time").sort_values("time")
    times = pd.DatetimeIndex(once["time"])
    try:
        latitude, longitude = place_of(times, once["actual"].to_numpy(dtype=np.float64), spec)
    except ValueError:  # polar night, or a plant that stands still
        return np.ones(len(answers), dtype=bool)
    instants = pd.DatetimeIndex(answers["time"])
    sun = sun_position(instants, latitude=latitude, longitude=longitude)
    return np.asarray(sun.elevation > 0)


def _capacity(actual: pd.Series[float], spec: Spec) -> float:
    return float(spec.params["capacity"]) or max(float(actual.max()), 1e-6)
