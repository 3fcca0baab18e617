"""Weather of heating seasons at 15 minutes: outdoor temperature, and sun where it is estimated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError

__all__ = ["STEPS", "Winter", "made_up", "seasons", "winter"]

Floats = NDArray[np.float64]
STEPS = 4  # steps of 15 minutes in an hour
_LEAST_DAYS = 21
_GAP = pd.Timedelta(days=20)


@dataclass(frozen=True, slots=True)
class Winter:
    """A season: times (h,) of its hours; air (h * 4 + 1,) degC, sun (h * 4 + 1,) W/m2."""

    times: pd.DatetimeIndex
    air: Floats
    sun: Floats

    @property
    def hours(self) -> int:
        """Whole hours of the season."""
        return len(self.times)


def seasons(table: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Year of the autumn -> the hourly rows of that season, by gaps in the readings.

    Raises ContractError where no season of three weeks is there.
    """
    rows = table[~table.index.duplicated()].dropna(subset=["t_amb"]).sort_index()
    times = pd.DatetimeIndex(rows.index)
    part = (times.to_series().diff() > _GAP).cumsum().to_numpy()
    found = {}
    for number in np.unique(part):
        some = rows[part == number]
        span = some.index[-1] - some.index[0]
        if span >= pd.Timedelta(days=_LEAST_DAYS):
            first = pd.Timestamp(some.index[0])
            found[str(first.year if first.month >= 7 else first.year - 1)] = some
    if not found:
        raise ContractError(
            "QH132",
            f"weather: {len(rows):,} hours, expected a season of at least {_LEAST_DAYS} days",
        )
    return found


def winter(rows: pd.DataFrame, *, latitude: float, days: int) -> Winter:
    """The season's first `days` days (0: all) at 15 minutes, gaps bridged by straight lines.

    Sun is column solar W/m2, or estimated from the daily range of temperature.
    Source of the estimate: Hargreaves and Samani (1982), coefficient 0.16.
    """
    start = pd.Timestamp(rows.index[0]).ceil("h")
    last = pd.Timestamp(rows.index[-1]).floor("h")
    times = pd.date_range(start, last, freq="1h")
    times = times[: days * 24 + 1] if days else times
    fine = pd.date_range(times[0], times[-1], freq="15min")
    at = _seconds(pd.DatetimeIndex(rows.index))
    air = np.interp(_seconds(fine), at, rows["t_amb"].to_numpy(dtype=np.float64))
    if "solar" in rows and rows["solar"].notna().any():
        known = rows["solar"].notna().to_numpy()
        sun = np.interp(_seconds(fine), at[known], rows["solar"].to_numpy(np.float64)[known])
    else:
        sun = _estimated_sun(fine, air, latitude)
    return Winter(times[:-1], air, np.maximum(sun, 0.0))


def made_up(seed: int, *, days: int) -> pd.DataFrame:
    """Two short cold seasons of made-up weather, for the conformance suite only."""
    rng = np.random.default_rng(seed)
    parts = []
    for year in (2021, 2022):
        times = pd.date_range(f"{year}-12-01", periods=days * 24 + 1, freq="1h", tz="Asia/Shanghai")
        slow = np.interp(np.arange(len(times)), np.arange(0, len(times) + 24, 24),
                         rng.normal(-6, 4, len(range(0, len(times) + 24, 24))))  # fmt: skip
        daily = 4 * np.sin((times.hour.to_numpy() - 9) / 24 * 2 * np.pi)
        parts.append(pd.DataFrame({"t_amb": slow + daily}, index=times.rename("time")))
    return pd.concat(parts)


def _estimated_sun(times: pd.DatetimeIndex, air: Floats, latitude: float) -> Floats:
    """(n,) W/m2 on the horizontal."""
    phi, day = np.radians(latitude), times.dayofyear.to_numpy(np.float64)
    tilt = 0.409 * np.sin(2 * np.pi * day / 365 - 1.39)
    hour = times.hour.to_numpy() + times.minute.to_numpy() / 60
    angle = np.pi * (hour - 12) / 12
    height = np.sin(phi) * np.sin(tilt) + np.cos(phi) * np.cos(tilt) * np.cos(angle)
    beyond = 1367 * (1 + 0.033 * np.cos(2 * np.pi * day / 365)) * np.maximum(height, 0)
    date = times.tz_localize(None).normalize() if times.tz is not None else times.normalize()
    daily = pd.Series(air).groupby(np.asarray(date))
    swing = (daily.transform("max") - daily.transform("min")).to_numpy()
    return np.asarray(0.16 * np.sqrt(swing) * beyond, dtype=np.float64)


def _seconds(times: pd.DatetimeIndex) -> Floats:
    return np.asarray(times.as_unit("s").asi8, dtype=np.float64)
