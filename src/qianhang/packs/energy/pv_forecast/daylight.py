"""What was seen of a plant and its sky before an origin, as rows that trees learn from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.forecast import Envelope, Windows, clear_sky

__all__ = ["LEAST_CLEAR", "Sky", "rows_of", "sky_of"]

Floats = NDArray[np.float64]
LEAST_CLEAR = 0.05  # share of capacity; below, a clear-sky index says nothing
_LOWEST = 6.0  # degrees of elevation below which measured irradiance is not compared
_STUCK = 8  # equal readings in a row that a living sensor does not give
_WEATHER = ("air_temperature", "pressure", "humidity")
_LIGHT = ("irradiance", "direct", "horizontal")


@dataclass(frozen=True, slots=True)
class Sky:
    """Clear sky before (n, lookback) and after (n, horizon) each origin, output in capacities.

    before, ahead : output under a cloudless sky; light : irradiance on the horizontal, W/m2
    elevation, azimuth : of the sun ahead, degrees; low : of the sun before, degrees
    """

    before: Floats
    ahead: Floats
    light: Floats
    low: Floats
    elevation: Floats
    azimuth: Floats


def sky_of(windows: Windows, envelope: Envelope) -> Sky:
    """The clear sky around the origins of `windows`."""
    step = windows.step
    back, ahead = windows.past.shape[2], windows.horizon
    first = windows.origins.min() - back * step
    place = np.asarray((windows.origins - first) // step, dtype=np.int64)[:, None]
    times = pd.date_range(first, periods=int(place.max()) + ahead, freq=step)
    clear, sun = envelope.at(times) / envelope.capacity, envelope.sun(times)
    past, later = place + np.arange(-back, 0), place + np.arange(ahead)
    light = clear_sky(sun.elevation).horizontal
    return Sky(
        clear[past],
        clear[later],
        light[past],
        sun.elevation[past],
        sun.elevation[later],
        sun.azimuth[later],
    )


def rows_of(windows: Windows, sky: Sky, *, target: str, capacity: float) -> Floats:
    """(n, horizon, p) what the trees see of each step ahead.

    target : column of the output; capacity : what it is divided by
    """
    hour = max(round(pd.Timedelta(hours=1) / windows.step), 1)
    power = windows.of(target)[:, 0] / capacity
    index = np.where(sky.before > LEAST_CLEAR, power / np.maximum(sky.before, LEAST_CLEAR), np.nan)
    index = np.clip(index, 0.0, 1.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means of nights are unknown, and may be
        shared = [*_of_index(index, hour), power[:, -1], _mean(power, hour, 0)]
        for column in _LIGHT:
            shared += _of_light(windows, column, sky, hour)
        for column in _WEATHER:
            shared += _of_weather(windows, column, hour)
        each = _of_step(windows, sky, index, hour)
    whole = np.stack(shared, axis=-1)[:, None]
    whole = np.broadcast_to(whole, (*sky.ahead.shape, whole.shape[-1]))
    return np.concatenate([whole, np.stack(each, axis=-1)], axis=-1).astype(np.float32)


def _mean(values: Floats, rows: int, skip: int) -> Floats:
    """(n,) mean of the `rows` columns that end `skip` before the last."""
    end = values.shape[1] - skip
    part = values[:, max(end - rows, 0) : max(end, 0)]
    return np.nanmean(part, axis=1) if part.shape[1] else np.full(len(values), np.nan)


def _spread(values: Floats, rows: int) -> Floats:
    return np.asarray(np.nanstd(values[:, -rows:], axis=1), dtype=np.float64)


def _of_index(index: Floats, hour: int) -> list[Floats]:
    """What the clear-sky index has been: now, on average, its changes, the days before."""
    quarter = max(hour // 4, 1)
    now = [index[:, -k * quarter] for k in (1, 2, 3, 4, 6, 8)]
    means = [_mean(index, h * hour, 0) for h in (1, 2, 4, 24)]
    trend = means[0] - _mean(index, hour, hour)
    rough = np.abs(np.diff(index, axis=1))
    moves = [_mean(rough, h * hour, 0) for h in (1, 3, 24)]
    days = [_mean(index, 24 * hour, 24 * hour * d) for d in (1, 2)] + [_mean(index, 168 * hour, 0)]
    spreads = [_spread(index, h * hour) for h in (1, 2, 4)]
    return [*now, *means, trend, *moves, *days, *spreads, *_last(index)]


def _last(index: Floats) -> list[Floats]:
    """The last index that was known, and how many rows ago."""
    known = np.where(np.isfinite(index), np.arange(index.shape[1]), -1).max(axis=1)
    value = index[np.arange(len(index)), np.maximum(known, 0)]
    return [value, np.asarray(index.shape[1] - known, dtype=np.float64)]


def _of_light(windows: Windows, column: str, sky: Sky, hour: int) -> list[Floats]:
    """Measured light over clear-sky light: last, hour, four hours, day, last known."""
    if column not in windows.columns:
        return [np.full(len(windows.origins), np.nan)] * 6
    seen = windows.of(column)[:, 0]
    share = np.where(sky.low > _LOWEST, seen / np.maximum(sky.light, 1.0), np.nan)
    means = [_mean(share, h * hour, 0) for h in (1, 4, 24)]
    return [share[:, -1], *means, _last(share)[0], _spread(share, 2 * hour)]


def _of_weather(windows: Windows, column: str, hour: int) -> list[Floats]:
    """A reading now, and against hours, a day and a week before."""
    if column not in windows.columns:
        return [np.full(len(windows.origins), np.nan)] * 8
    seen = _alive(windows.of(column)[:, 0])
    now = _mean(seen, hour, 0)
    before = [now - _mean(seen, hour, h * hour) for h in (1, 3, 6, 23)]
    week, day = _mean(seen, 168 * hour, 0), _mean(seen, 24 * hour, 0)
    coldest = np.nanmin(seen[:, -12 * hour :], axis=1) - week
    return [now, *before, now - day, now - week, coldest]


def _alive(seen: Floats) -> Floats:
    """Readings with those left out that have not moved for long: a sensor that hangs."""
    same = np.zeros(seen.shape, dtype=bool)
    same[:, _STUCK:] = True
    for back in range(1, _STUCK + 1):
        same[:, _STUCK:] &= seen[:, _STUCK:] == seen[:, _STUCK - back : -back]
    return np.where(same, np.nan, seen)


def _of_step(windows: Windows, sky: Sky, index: Floats, hour: int) -> list[Floats]:
    """What differs from step to step: the sky ahead, and the days before at that time."""
    n, horizon = sky.ahead.shape
    lead = np.broadcast_to(np.arange(horizon, dtype=np.float64) / hour, (n, horizon))
    season = np.asarray(windows.origins.dayofyear, dtype=np.float64)[:, None]
    now = _mean(index, hour, 0)[:, None]
    day = index.shape[1] - 24 * hour + np.arange(horizon)
    around = [index[:, np.clip(day + k, 0, index.shape[1] - 1)] for k in range(-hour, hour + 1)]
    yesterday: Mapping[str, Floats] = {"at": around[hour], "near": np.nanmean(around, axis=0)}
    return [
        lead,
        sky.ahead,
        sky.elevation,
        sky.azimuth,
        np.broadcast_to(sky.before[:, -1:], (n, horizon)),
        now * sky.ahead,
        yesterday["at"],
        yesterday["near"],
        np.broadcast_to(season, (n, horizon)),
    ]
