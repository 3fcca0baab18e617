"""Daily weather and the growing seasons in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs

__all__ = ["compare", "complete", "daily", "dated", "made_up", "ranging", "station"]

_STATION = ("day", "month", "year", "tmin", "tmax", "rain", "et0")


def station(path: Path) -> pd.DataFrame:
    """The daily table in a station file of AquaCrop: (days, 4), index date without zone.

    Columns tmin, tmax degC, rain, et0 mm.
    """
    raw = pd.read_csv(path, sep=r"\s+", names=_STATION, skiprows=1)
    days = pd.DatetimeIndex(pd.to_datetime(raw[["year", "month", "day"]]), name="date")
    return raw[list(_STATION[3:])].set_axis(days)


def daily(inputs: Inputs) -> pd.DataFrame:
    """The main table with plain days as its index."""
    table = inputs.table
    return table.set_axis(pd.DatetimeIndex(table.index).tz_localize(None).normalize())


def complete(weather: pd.DataFrame, *, sowing: str, days: int) -> tuple[str, ...]:
    """Years whose season, from sowing (MM/DD) on, the weather covers whole."""
    index = pd.DatetimeIndex(weather.index)
    length = pd.Timedelta(days=days - 1)
    sown = [(y, pd.Timestamp(f"{y}/{sowing}")) for y in sorted({*index.year})]
    return tuple(str(y) for y, day in sown if index[0] <= day and day + length <= index[-1])


def compare(
    totals: Sequence[Mapping[str, float]], full: Sequence[Mapping[str, float]], *, cap_mm: float
) -> dict[str, float]:
    """Means of some seasons, and their shares of full irrigation in the same seasons.

    saved m3/ha and season; cap_excess mm, of the season that used most
    """
    mean = {k: float(np.mean([t[k] for t in totals])) for k in totals[0]}
    whole = {k: float(np.mean([t[k] for t in full])) for k in full[0]}
    return {
        "water_share": mean["irrigation"] / max(whole["irrigation"], 1e-9),
        "yield_kept": mean["yield"] / max(whole["yield"], 1e-9),
        "potential_kept": mean["yield"] / max(mean["potential"], 1e-9),
        "cap_excess": max(0.0, max(t["irrigation"] for t in totals) - cap_mm),
        "saved": 10 * (whole["irrigation"] - mean["irrigation"]),
        **mean,
    }


def dated(steps: pd.DataFrame, *, sowing: str) -> pd.DataFrame:
    """Steps (columns unit, day, action mm, ...) with date and irrigation_mm in front."""
    sown = pd.to_datetime(steps["unit"] + "/" + sowing, format="%Y/%m/%d")
    date = sown + pd.to_timedelta(steps["day"], unit="D")
    front = {"date": date.dt.strftime("%Y-%m-%d"), "irrigation_mm": steps["action"]}
    rest = steps.drop(columns=["action", "unit"])
    return pd.concat([pd.DataFrame(front), rest], axis=1)


def ranging(weather: pd.DataFrame, years: Sequence[str], *, count: int) -> list[str]:
    """At most `count` of the years, spread evenly from the driest to the wettest."""
    index = pd.DatetimeIndex(weather.index)
    balance = (weather["rain"] - weather["et0"]).groupby(index.year).sum()
    ordered = sorted(years, key=lambda u: float(balance[int(u)]))
    picks = np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int)
    return [ordered[i] for i in picks]


def made_up(seed: int, *, zone: str) -> pd.DataFrame:
    """Two years of smooth weather with random showers, for the conformance suite only."""
    rng = np.random.default_rng(seed)
    days = pd.date_range("2001-01-01", "2002-12-31", name="date", tz=zone)
    warm = 10 - 14 * np.cos(2 * np.pi * (days.dayofyear.to_numpy() - 15) / 365)
    swing = rng.normal(0, 2, len(days))
    showers = rng.gamma(0.8, 9, len(days)) * (rng.random(len(days)) < 0.2)
    et0 = np.clip(2.5 + 0.14 * warm, 0.3, None)
    columns = {"tmin": warm - 6 + swing, "tmax": warm + 6 + swing, "rain": showers, "et0": et0}
    return pd.DataFrame(columns, index=days)
