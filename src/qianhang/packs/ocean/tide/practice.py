"""What a port office uses: yesterday's tide an hour later, and a table of 37 constituents."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.forecast import Windows
from qianhang.engines.forecast.constituents import STANDARD
from qianhang.engines.forecast.harmonics import TidalHarmonics

__all__ = ["a_tidal_day_before", "tide_table"]

Floats = NDArray[np.float64]
_TIDAL_DAY_H = 24.0 + 50.0 / 60.0


def a_tidal_day_before(windows: Windows) -> Floats:
    """(n, g, horizon) level a tidal day (24 h 50 min) earlier, repeated as often as needed."""
    level = windows.of("level")
    lookback, hours = level.shape[-1], windows.step / pd.Timedelta(hours=1)
    day = _TIDAL_DAY_H / hours
    ahead = np.arange(windows.horizon)
    times = np.floor(ahead / day) + 1
    back = np.round(ahead - times * day).astype(np.int64)
    back = np.where(back >= 0, -1, back)
    usual = _mean(level)[..., None]
    found = level[..., np.maximum(lookback + back, 0)]
    return np.where(np.isfinite(found), found, usual)


def tide_table(windows: Windows, *, latitude: float) -> Floats:
    """(n, g, horizon) the 37 constituents that tables are printed from, no weather.

    Fitted on the lookback, once for the origins of each calendar month, as it was known at the
    first of them; the mean level where the lookback is too short or too full of gaps.
    """
    months = np.asarray(windows.origins.tz_convert("UTC").tz_localize(None).to_period("M").asi8)
    out = np.empty((len(months), len(windows.series), windows.horizon))
    for month in np.unique(months):
        use = np.flatnonzero(months == month)
        first = windows.origins[use].min()
        row = use[int(np.argmin(windows.origins[use]))]
        times = _times(first, windows.step, -windows.past.shape[2], 0)
        for g in range(len(windows.series)):
            place = _latitude(windows, row, g, latitude)
            level = windows.of("level")[row, g]
            out[use, g] = _table(times, level, place, (windows.origins[use], windows))
    return out


def _table(
    times: pd.DatetimeIndex, level: Floats, latitude: float, asked: tuple[pd.DatetimeIndex, Windows]
) -> Floats:
    origins, windows = asked
    try:
        tide = TidalHarmonics(latitude, only=STANDARD).fit(times, level)
    except ValueError:
        return np.full((len(origins), windows.horizon), float(_mean(level)))
    steps = np.arange(windows.horizon) * windows.step.to_timedelta64()
    whole = origins.repeat(windows.horizon) + pd.TimedeltaIndex(np.tile(steps, len(origins)))
    return tide.predict(whole).reshape(len(origins), -1)


def _times(origin: pd.Timestamp, step: pd.Timedelta, first: int, last: int) -> pd.DatetimeIndex:
    return pd.DatetimeIndex(origin + step * np.arange(first, last))


def _latitude(windows: Windows, row: int, g: int, usual: float) -> float:
    if "latitude" not in windows.columns:
        return usual
    known = windows.of("latitude")[row, g]
    return float(np.nanmedian(known)) if np.isfinite(known).any() else usual


def _mean(level: Floats) -> Floats:
    """Mean of what is known along the last axis, 0 where nothing is."""
    known = np.isfinite(level)
    total = np.where(known, level, 0.0).sum(axis=-1)
    return np.asarray(total / np.maximum(known.sum(axis=-1), 1), dtype=np.float64)
