"""How good a forecast is: point errors, scaled errors, quantiles, coverage, skill by lead."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "coverage",
    "mae",
    "mape",
    "mase",
    "mse_scaled",
    "pinball",
    "rmse",
    "skill_by_lead",
]

Floats = NDArray[np.float64]


def mae(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Mean absolute error in the unit of `actual`, over steps where both are known."""
    a, f = _pair(actual, forecast)
    return float(np.mean(np.abs(f - a))) if len(a) else float("nan")


def rmse(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Root mean squared error in the unit of `actual`, over steps where both are known."""
    a, f = _pair(actual, forecast)
    return float(np.sqrt(np.mean((f - a) ** 2))) if len(a) else float("nan")


def mape(actual: ArrayLike, forecast: ArrayLike) -> float:
    """Mean absolute percentage error, %, over steps where both are known and actual is not zero."""
    a, f = _pair(actual, forecast)
    some = a != 0
    if not some.any():
        return float("nan")
    return float(100 * np.mean(np.abs((f[some] - a[some]) / a[some])))


def mase(actual: ArrayLike, forecast: ArrayLike, *, history: ArrayLike, season: int) -> float:
    """Mean absolute error as a share of the seasonal naive error inside `history`.

    history : (n,) known values before the first origin; season : steps
    Source: Hyndman and Koehler (2006), Int. J. Forecasting 22:679.
    """
    past = np.asarray(history, dtype=np.float64)
    if len(past) <= season:
        raise ValueError(f"history has {len(past)} steps, more than a season of {season} is needed")
    scale = np.nanmean(np.abs(past[season:] - past[:-season]))
    return float(mae(actual, forecast) / scale) if scale > 0 else float("nan")


def mse_scaled(actual: ArrayLike, forecast: ArrayLike, *, scale: ArrayLike) -> float:
    """Mean squared error after each channel is divided by its scale; all channels weigh the same.

    actual, forecast : (..., channels); scale : (channels,) standard deviation in training
    """
    error = (np.asarray(forecast, dtype=np.float64) - np.asarray(actual)) / np.asarray(scale)
    return float(np.nanmean(error**2))


def pinball(actual: ArrayLike, quantile: ArrayLike, *, level: float) -> float:
    """Mean pinball loss of a quantile forecast at `level` (0..1), in the unit of `actual`."""
    a, q = _pair(actual, quantile)
    return float(np.mean(np.maximum(level * (a - q), (level - 1) * (a - q))))


def coverage(actual: ArrayLike, low: ArrayLike, high: ArrayLike) -> float:
    """Share of steps inside [low, high], %."""
    a, lo, hi = (np.asarray(x, dtype=np.float64) for x in (actual, low, high))
    known = np.isfinite(a)
    return float(100 * np.mean((a[known] >= lo[known]) & (a[known] <= hi[known])))


def skill_by_lead(
    actual: ArrayLike, forecast: ArrayLike, reference: ArrayLike, *, lead: ArrayLike
) -> NDArray[np.float64]:
    """(leads, 4): lead in steps, our MAE, the reference's MAE, 1 - ours / reference.

    lead : (n,) whole steps from the origin to each row
    """
    steps = np.asarray(lead)
    a, f, r = (np.asarray(x, dtype=np.float64) for x in (actual, forecast, reference))
    rows = []
    for step in np.unique(steps):
        here = steps == step
        ours, theirs = mae(a[here], f[here]), mae(a[here], r[here])
        rows.append((float(step), ours, theirs, 1 - ours / theirs if theirs > 0 else np.nan))
    return np.asarray(rows, dtype=np.float64).reshape(-1, 4)


def _pair(actual: ArrayLike, forecast: ArrayLike) -> tuple[Floats, Floats]:
    a, f = np.asarray(actual, dtype=np.float64), np.asarray(forecast, dtype=np.float64)
    if a.shape != f.shape:
        raise ValueError(f"actual has shape {a.shape}, forecast {f.shape}")
    known = np.isfinite(a) & np.isfinite(f)
    return a[known], f[known]
