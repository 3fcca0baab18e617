"""What the trees see at an origin: the station's last hours, its neighbours, gases, weather."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.forecast import Windows, filled

__all__ = ["NEAR", "Signs", "last_known"]

Floats = NDArray[np.float64]
NEAR = 4
_GASES = ("pm10", "so2", "no2", "co", "o3")
_STATE = ("temp", "pres", "dewp")
_LAGS = (1, 2, 3, 4, 5, 6, 8, 11, 17, 23)
_COMPASS = 16  # directions of the contract, clockwise from north; what follows them is no direction


def last_known(past: Floats) -> Floats:
    """(n, g) the last reading of each series, past (n, g, lookback).

    Where a series has none, the mean of the others; 0 where no series has one.
    """
    known = np.isfinite(past)
    count = known.sum(axis=(1, 2))
    mean = np.where(known, past, 0.0).sum(axis=(1, 2)) / np.maximum(count, 1)
    own = filled(past, np.full(past.shape[1], np.nan))[..., -1]
    return np.where(np.isfinite(own), own, mean[:, None])


@dataclass(frozen=True, slots=True)
class Signs:
    """Lays out rows of inputs (n * g, p) from windows, always the same columns in the same order.

    target : the pollutant; columns : those that were there in training
    near : (g, k) numbers of the stations whose readings run most alike
    """

    target: str
    columns: tuple[str, ...]
    near: NDArray[np.int64]

    def rows(self, windows: Windows) -> NDArray[np.float32]:
        """(n * g, p) one row for each origin and station, NaN where unknown."""
        past = windows.of(self.target)
        last = last_known(past)
        parts = [*self._own(past, last), *self._others(past, last)]
        for name in (c for c in _GASES if c in self.columns):
            gas = _of(windows, name)
            parts += [gas[..., -1], _rise(gas, 1), _rise(gas, 3), _everywhere(gas[..., -1])]
        for name in (c for c in _STATE if c in self.columns):
            state = _of(windows, name)
            parts += [state[..., -1], _rise(state, 3), _rise(state, 12), _rise(state, 23)]
        if "rain" in self.columns:
            parts.append(np.nansum(_of(windows, "rain")[..., -6:], axis=-1))
        for wind in self._winds(windows):
            parts += [wind[..., -1], _everywhere(wind[..., -1]), _rise(wind, 3)]
        hour = np.asarray(windows.origins.hour, dtype=np.float64)[:, None]
        parts.append(np.broadcast_to(hour, last.shape))
        return np.stack(parts, axis=-1).reshape(last.size, -1).astype(np.float32)

    def _own(self, past: Floats, last: Floats) -> list[Floats]:
        day = past[..., -24:]
        whole = np.where(np.isfinite(day), day, last[..., None])
        spread = [whole.mean(axis=-1), whole.std(axis=-1), whole.min(axis=-1), whole.max(axis=-1)]
        return [last, *(last - past[..., -1 - k] for k in _LAGS), *spread]

    def _others(self, past: Floats, last: Floats) -> list[Floats]:
        now, rise, rise3 = past[..., -1], _rise(past, 1), _rise(past, 3)
        high = np.where(np.isfinite(now), now, -np.inf).max(axis=1, keepdims=True)
        low = np.where(np.isfinite(now), now, np.inf).min(axis=1, keepdims=True)
        found = [_everywhere(v) for v in (now, rise, rise3)]
        found[0] = found[0] - last
        found += [np.where(np.isfinite(v), v, np.nan) - last for v in (high, low)]
        for k in range(self.near.shape[1]):
            found += [now[:, self.near[:, k]] - last, rise[:, self.near[:, k]]]
        return found

    def _winds(self, windows: Windows) -> Sequence[Floats]:
        """Wind speed, and its part towards east and north where a direction is known."""
        if "wspm" not in self.columns:
            return ()
        speed = _of(windows, "wspm")
        if "wd_deg" in self.columns:
            angle = np.deg2rad(_of(windows, "wd_deg"))
        elif "wd" in self.columns:
            place = _of(windows, "wd")
            angle = np.where(place < _COMPASS, place * 2 * np.pi / _COMPASS, np.nan)
        else:
            return (speed,)
        return speed, -np.sin(angle) * speed, -np.cos(angle) * speed


def _of(windows: Windows, name: str) -> Floats:
    """(n, g, lookback) of a column, NaN where the table no longer has it."""
    if name in windows.columns:
        return windows.of(name)
    return np.full(windows.past.shape[:3], np.nan)


def _rise(past: Floats, steps: int) -> Floats:
    return past[..., -1] - past[..., -1 - steps]


def _everywhere(now: Floats) -> Floats:
    """(n, g) the mean over stations, the same for each; NaN where none reads."""
    known = np.isfinite(now)
    count = known.sum(axis=1, keepdims=True)
    total = np.where(known, now, 0.0).sum(axis=1, keepdims=True)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return np.broadcast_to(mean, now.shape)
