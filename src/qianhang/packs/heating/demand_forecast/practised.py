"""What heating companies do today, and how forecasts of heat are scored."""

from __future__ import annotations

import warnings
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.spec import Spec
from qianhang.engines.forecast import Windows

__all__ = ["granted", "skill", "weather_curve", "without", "yesterday"]

Floats = NDArray[np.float64]
_DAY = 24
_SERVICE = ("temp", "humidity", "windspeed")
_AHEAD = {"measured": ("t_amb", *_SERVICE), "service": _SERVICE, "none": ()}
_SHRINK = 40.0  # K squared: a slope from a few days of like weather says little


def granted(spec: Spec) -> tuple[str, ...]:
    """The weather columns that the case lets a forecaster know ahead.

    measured : what was measured later stands for a perfect forecast; service : what a weather
    service told; none : nothing
    """
    return _AHEAD[str(spec.params["weather"])]


def without(windows: Windows, spec: Spec) -> Windows:
    """The windows without the weather ahead that the case does not grant."""
    keep = [i for i, name in enumerate(windows.known) if name in granted(spec)]
    return replace(
        windows, known=tuple(windows.known[i] for i in keep), ahead=windows.ahead[..., keep]
    )


def yesterday(windows: Windows, *, heat: str) -> Floats:
    """(n, g, horizon) heat at the same hour of the last known day; where unknown, the mean."""
    past = windows.of(heat)
    at = past.shape[-1] - _DAY + np.arange(windows.horizon) % _DAY
    return _filled(past[..., at], past)


def weather_curve(windows: Windows, *, heat: str) -> Floats:
    """(n, g, horizon) mean heat of the hour in the last weeks, moved along with the outdoor air.

    Each hour of the day has a line of heat over outdoor temperature, drawn through the past of the
    window. Without a temperature ahead that of the same hour yesterday is taken.
    """
    past, steps = windows.of(heat), windows.horizon
    days = past.shape[-1] // _DAY
    air = windows.of("t_amb") if "t_amb" in windows.columns else np.full(past.shape, np.nan)
    told = _air_ahead(windows, air)
    out = np.empty((*past.shape[:2], steps))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # hours without readings stay NaN
        for step in range(steps):
            at = past.shape[-1] + step % _DAY - _DAY * np.arange(1, days + 1)
            y, x = past[..., at], air[..., at]
            x = np.where(np.isfinite(y), x, np.nan)
            level, centre = np.nanmean(y, axis=-1), np.nanmean(x, axis=-1)
            dx = x - centre[..., None]
            slope = np.nansum(dx * (y - level[..., None]), -1) / (np.nansum(dx**2, -1) + _SHRINK)
            shift = np.nan_to_num(slope * (told[..., step] - centre))
            out[..., step] = np.maximum(level + shift, 0.0)
    return _filled(out, past)


def skill(answers: pd.DataFrame, *, last: int) -> dict[str, float]:
    """Scores of the field from answers (columns series, time, lead, actual, p50).

    r2_1h, r2_24h : R2 at the first and the last step, mean over substations; r2 over all steps
    r2_1h_pooled, r2_24h_pooled : R2 of all substations' readings together, in kWh
    excess_season, short_season : day-ahead heat above and below the actual, over all hours
    """
    found = {}
    for name, lead in (("1h", 1), ("24h", min(last, 24))):
        part = answers[answers["lead"] == lead]
        each = [_r2(p["actual"], p["p50"]) for _, p in part.groupby("series", observed=True)]
        found[f"r2_{name}"] = float(np.mean(each)) if each else float("nan")
        found[f"r2_{name}_pooled"] = _r2(part["actual"], part["p50"])
    found["r2"] = _r2(answers["actual"], answers["p50"])
    day = answers[answers["lead"] == min(last, 24)]
    hours = len(answers[["time", "series"]].drop_duplicates())
    off = day["p50"] - day["actual"]
    found["excess_season"] = float(off.clip(lower=0).mean()) * hours
    found["short_season"] = float((-off).clip(lower=0).mean()) * hours
    return found


def _r2(actual: pd.Series, told: pd.Series) -> float:
    spread = float(((actual - actual.mean()) ** 2).sum())
    return 1 - float(((actual - told) ** 2).sum()) / spread if spread > 0 else float("nan")


def _air_ahead(windows: Windows, air: Floats) -> Floats:
    for name in ("t_amb", "temp"):
        if name in windows.known:
            return windows.told(name)
    at = air.shape[-1] - _DAY + np.arange(windows.horizon) % _DAY
    return air[..., at]


def _filled(told: Floats, past: Floats) -> Floats:
    """The forecast with gaps closed by the mean of what is known, zero where nothing is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        mean = np.nan_to_num(np.nanmean(past, axis=-1))[..., None]
    return np.where(np.isfinite(told), told, mean)
