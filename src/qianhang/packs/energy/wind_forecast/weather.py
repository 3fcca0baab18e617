"""What a weather forecast says of each farm, as rows that trees learn from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.engines.forecast import Windows

__all__ = [
    "LAGS",
    "Weather",
    "rows_of",
    "speed_ahead",
    "speed_before",
    "spread_farms",
    "weather_of",
]

Floats = NDArray[np.float64]
LAGS = 3  # hours of the forecast looked at on either side
_MOST_FARMS = 12  # farms whose forecasts all others see


@dataclass(frozen=True, slots=True)
class Weather:
    """Wind forecast, (n, g, LAGS + horizon), m/s: the last rows before the origin, then ahead.

    east, north : at hub height; low_east, low_north : at 10 m, NaN where not given
    """

    east: Floats
    north: Floats
    low_east: Floats
    low_north: Floats

    @property
    def speed(self) -> Floats:
        """(n, g, LAGS + horizon) speed at hub height, m/s."""
        return np.hypot(self.east, self.north)


def weather_of(windows: Windows) -> Weather:
    """The wind forecast in `windows`, from components or from speed and direction.

    Raises ContractError where there is neither.
    """
    if {"u100", "v100"} <= set(windows.known):
        east, north = _course(windows, "u100"), _course(windows, "v100")
    elif "speed" in windows.known:
        east, north = _from_direction(windows)
    else:
        raise ContractError(
            "QH101",
            "columns u100 and v100, or speed: none found, a wind forecast is expected",
            hint="give the components at hub height, or speed and direction",
        )
    nothing = np.full(east.shape, np.nan)
    both = {"u10", "v10"} <= set(windows.known)
    low = [_course(windows, c) if both else nothing for c in ("u10", "v10")]
    return Weather(east, north, *low)


def speed_ahead(windows: Windows) -> Floats:
    """(n, g, horizon) forecast speed at hub height, m/s."""
    return weather_of(windows).speed[..., LAGS:]


def speed_before(windows: Windows) -> Floats:
    """(n, g, lookback) speed at hub height that was forecast for the past, m/s."""
    if {"u100", "v100"} <= set(windows.columns):
        return np.hypot(windows.of("u100"), windows.of("v100"))
    return windows.of("speed")


def rows_of(windows: Windows, *, shown: NDArray[np.int64]) -> Floats:
    """(n, g, horizon, p) what the trees see of each hour.

    shown : (f,) numbers of the farms whose speed every farm sees
    """
    w = weather_of(windows)
    speed, horizon = w.speed, windows.horizon
    low = np.hypot(w.low_east, w.low_north)
    near = [_moved(speed, k, horizon) for k in range(-LAGS, LAGS + 1)]
    angle = np.arctan2(w.north, w.east)
    turn = np.angle(np.exp(1j * (angle - np.arctan2(w.low_north, w.low_east))))
    shear = np.log((speed + 0.3) / (low + 0.3))
    own = [w.east, w.north, w.low_east, w.low_north, low, angle, turn, shear]
    hour = np.asarray(windows.times().hour, dtype=np.float64).reshape(-1, 1, horizon)
    here = speed[..., LAGS:]
    farms = [here[:, [i]] for i in shown]
    shared = [hour, here.mean(axis=1, keepdims=True), here.std(axis=1, keepdims=True), *farms]
    known = np.isfinite(near).sum(axis=0)
    mean = np.nansum(near, axis=0) / np.where(known, known, np.nan)
    columns = [*near, mean, near[LAGS + 1] - near[LAGS - 1]]
    columns += [c[..., LAGS:] for c in own]
    columns += [np.broadcast_to(c, here.shape) for c in shared]
    return np.stack(columns, axis=-1)


def spread_farms(speed: Floats) -> NDArray[np.int64]:
    """(f,) farms that together say most about the wind field, all where they are few.

    speed : (rows, g) forecast speed
    """
    from scipy.linalg import qr

    if speed.shape[1] <= _MOST_FARMS:
        return np.arange(speed.shape[1], dtype=np.int64)
    known = speed[np.isfinite(speed).all(axis=1)]
    known = (known - known.mean(axis=0)) / np.maximum(known.std(axis=0), 1e-9)
    order = qr(known, mode="r", pivoting=True)[1][:_MOST_FARMS]
    return np.sort(order).astype(np.int64)


def _course(windows: Windows, column: str) -> Floats:
    """(n, g, LAGS + horizon) the column before and after the origin, NaN where unknown."""
    before = windows.of(column)[..., -LAGS:]
    short = LAGS - before.shape[-1]
    before = np.pad(before, ((0, 0), (0, 0), (short, 0)), constant_values=np.nan)
    return np.concatenate([before, windows.told(column)], axis=-1)


def _from_direction(windows: Windows) -> tuple[Floats, Floats]:
    """Components from speed and the direction that the wind comes from, degrees from north."""
    speed = _course(windows, "speed")
    if "direction" not in windows.known:
        return speed, np.zeros_like(speed)
    from_ = np.radians(_course(windows, "direction"))
    return -speed * np.sin(from_), -speed * np.cos(from_)


def _moved(speed: Floats, hours: int, horizon: int) -> Floats:
    """(n, g, horizon) the speed so many hours later, NaN behind the end of the forecast."""
    later = np.pad(speed, ((0, 0), (0, 0), (0, LAGS)), constant_values=np.nan)
    return later[..., LAGS + hours : LAGS + hours + horizon]
