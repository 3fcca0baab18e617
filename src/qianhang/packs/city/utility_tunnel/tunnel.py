"""A made-up tunnel: mixing air, seeping water, fans and pumps, and slow accidents."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["made_up"]

Floats = NDArray[np.float64]
_VOLUME_M3 = 200 * 2.4 * 2.8  # a section of 200 m
_FRESH = {"idle": 0.5, "fan": 4.0}  # changes of air an hour
_KINDS = ("gas", "oxygen", "heat", "water")


def made_up(seed: int, *, days: int = 12) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Readings of two sections a minute apart, and the accidents of the second half.

    Gases follow dC/dt = source / volume - changes of air * (C - outside); water seeps into a sump
    that a pump empties. Synthetic: nothing here was measured.
    """
    rng = np.random.default_rng(seed)
    minutes = days * 1440
    times = pd.date_range("2025-03-03", periods=minutes, freq="1min", tz="Asia/Shanghai")
    tables, events = [], []
    for number, section in enumerate(("A-01", "A-02")):
        begins = {
            kind: int(minutes * (0.55 + 0.1 * i) + 700 * number + rng.integers(0, 300))
            for i, kind in enumerate(_KINDS)
        }
        readings = _section(rng, times, begins)
        tables.append(readings.assign(section=section))
        for begin in begins.values():
            events.append((times[begin], times[begin + 600], section))
    table = pd.concat(tables).sort_index(kind="stable").rename_axis("time")
    return table, pd.DataFrame(events, columns=["start", "end", "place"])


def _section(
    rng: np.random.Generator, times: pd.DatetimeIndex, begins: dict[str, int]
) -> pd.DataFrame:
    n = len(times)
    hour = times.hour.to_numpy() + times.minute.to_numpy() / 60
    fan = (hour >= 9) & (hour < 9.5) | (hour >= 15) & (hour < 15.5)
    fresh = np.where(fan, _FRESH["fan"], _FRESH["idle"]) / 60
    leak, lost = _ramp(n, begins["gas"]) * 0.12, _ramp(n, begins["oxygen"]) * 0.02
    heat, seep = _ramp(n, begins["heat"]) * 0.10, _ramp(n, begins["water"]) * 0.004
    outside = 14 + 5 * np.sin((hour - 9) / 24 * 2 * np.pi)
    ch4 = _mixed(0.02 + leak, fresh, np.zeros(n), 1.0)
    o2 = _mixed(-0.002 - lost, fresh, np.full(n, 20.9), 20.6)
    warm = _mixed(0.02 + heat, fresh / 4, outside, 19.0)
    h2s = _mixed(np.full(n, 0.001), fresh, np.zeros(n), 0.1)
    level, pump = _sump(0.00012 + seep, n)
    return pd.DataFrame(
        {
            "ch4": np.clip(ch4 + rng.normal(0, 0.3, n), 0, 100),
            "h2s": np.clip(h2s + rng.normal(0, 0.05, n), 0, None),
            "o2": np.clip(o2 + rng.normal(0, 0.03, n), 0, 30),
            "temperature": warm + rng.normal(0, 0.1, n),
            "humidity": np.clip(75 + rng.normal(0, 3, n), 0, 100),
            "level": np.clip(level + rng.normal(0, 0.003, n), 0, None),
            "fan": fan,
            "pump": pump,
        },
        index=times,
    )


def _ramp(n: int, begin: int) -> Floats:
    """A source that grows for two hours and stays until it is mended after ten."""
    minute = np.arange(n) - begin
    return np.where(minute < 600, np.clip(minute / 120, 0, 1), 0.0)


def _mixed(source: Floats, fresh: Floats, outside: Floats, start: float) -> Floats:
    """A quantity in well mixed air: source a minute, and share of the air renewed a minute."""
    found, now = np.empty(len(source)), start
    for i in range(len(source)):
        now += source[i] - fresh[i] * (now - outside[i])
        found[i] = now
    return found


def _sump(inflow: Floats, n: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Water level, m, and whether the pump runs: on at 0.15 m, off at 0.05 m."""
    level, on, now, running = np.empty(n), np.empty(n, dtype=bool), 0.08, False
    for i in range(n):
        running = now > 0.15 or (running and now > 0.05)
        now = max(0.0, now + inflow[i] - 0.0015 * running)
        level[i], on[i] = now, running
    return level, on
