"""A made-up road: surface energy balance over a slab, with rain that may freeze."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["made_up"]

Floats = NDArray[np.float64]
_STEFAN = 5.67e-8  # W/m2/K4
_SLAB = 1.9e6 * 0.08  # J/m2/K, 8 cm of asphalt
_GROUND_W_K = 3.0  # W/m2/K towards the subgrade
_STEP_S = 600.0


def made_up(seed: int, *, days: int = 40) -> pd.DataFrame:
    """Forty made-up winter days of a road weather station, ten minutes apart.

    The slab gains sun and long-wave radiation of the sky, loses its own radiation, and exchanges
    heat with air and subgrade. Synthetic: nothing here was measured.
    """
    rng = np.random.default_rng(seed)
    n = days * 144
    times = pd.date_range("2025-01-06", periods=n, freq="10min", tz="Asia/Shanghai", name="time")
    hour = (np.arange(n) % 144) / 6
    cloud = np.clip(0.5 + np.repeat(rng.normal(0, 0.4, days * 4), 36), 0, 1)
    front = _smooth(rng.normal(0, 4, days + 2), n)
    air = -1 + front + 3 * (1 - 0.6 * cloud) * np.sin((hour - 9) / 24 * 2 * np.pi)
    wind = np.clip(2.5 + _smooth(rng.normal(0, 1.2, days * 4 + 2), n), 0.2, None)
    wet = (cloud > 0.85) & (rng.random(n) < 0.5)
    rain = np.where(wet, rng.gamma(1.0, 0.8, n), 0.0)
    sun = 520 * np.clip(np.sin((hour - 7) / 10 * np.pi), 0, None) * (hour > 7) * (hour < 17)
    surface = _slab(sun * (1 - 0.75 * cloud), air, cloud, wind)
    dew = air - 2 - 4 * (1 - cloud) + rng.normal(0, 0.3, n)
    return pd.DataFrame(
        {
            "surface": surface + rng.normal(0, 0.1, n),
            "air": air + rng.normal(0, 0.1, n),
            "dewpoint": dew,
            "wind": wind,
            "precipitation": rain,
            "film": _film(rain),
        },
        index=times,
    )


def _smooth(knots: Floats, n: int) -> Floats:
    return np.interp(np.linspace(0, len(knots) - 1, n), np.arange(len(knots)), knots)


def _slab(sun: Floats, air: Floats, cloud: Floats, wind: Floats) -> Floats:
    """Surface temperature, degC."""
    found, now, below = np.empty(len(sun)), 0.0, 2.0
    for i in range(len(sun)):
        sky = (0.72 + 0.22 * cloud[i]) * _STEFAN * (air[i] + 273.15) ** 4
        own = 0.95 * _STEFAN * (now + 273.15) ** 4
        flux = 0.88 * sun[i] + 0.95 * sky - own
        flux += (5.8 + 4.1 * wind[i]) * (air[i] - now) + _GROUND_W_K * (below - now)
        now += flux * _STEP_S / _SLAB
        below += (now - below) * _STEP_S / (5 * 86400)
        found[i] = now
    return found


def _film(rain: Floats) -> Floats:
    """Water on the road, mm: rain runs off above 1 mm and dries at 0.1 mm an hour."""
    found, now = np.empty(len(rain)), 0.0
    for i, fallen in enumerate(rain):
        now = min(max(0.0, now + fallen / 6 - 0.1 / 6), 1.0)
        found[i] = now
    return found
