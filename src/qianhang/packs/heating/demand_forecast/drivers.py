"""What is known of each substation at each origin, as the columns that trees learn from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.forecast import Windows

__all__ = ["DAY", "Known", "WeatherCurve", "known_of", "rows_at"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 24
_BINS = 18  # of 2 K from -10 degC on
_SECONDARY = ("t_sup_prim", "t_ret_prim", "t_sup_sec", "t_ret_sec")
_SERVICE = ("temp", "humidity", "windspeed")


@dataclass(frozen=True, slots=True)
class WeatherCurve:
    """The heat that substations take at each hour and outdoor temperature, shares of their level.

    table : (24, bins) mean heat over level; bins of 2 K, the coldest below -8 degC
    """

    table: Floats

    @classmethod
    def of(cls, heat: Floats, warm: Floats, hour: Ints) -> WeatherCurve:
        """The curve of readings heat, warm (m,) degC and their hours (m,)."""
        sure = np.isfinite(heat) & np.isfinite(warm)
        cell = hour[sure] * _BINS + _bin(warm[sure])
        total = np.bincount(cell, heat[sure], DAY * _BINS).reshape(DAY, _BINS)
        count = np.bincount(cell, np.ones(len(cell)), DAY * _BINS).reshape(DAY, _BINS)
        hourly = total.sum(axis=1) / np.maximum(count.sum(axis=1), 1)
        return cls((_smooth(total) + 2 * hourly[:, None]) / (_smooth(count) + 2))

    def at(self, warm: Floats, hour: Ints) -> Floats:
        """Heat over level at outdoor temperatures (...,) and hours that fit them."""
        found = self.table[np.broadcast_to(hour, warm.shape), _bin(warm)]
        return np.where(np.isfinite(warm), found, np.nan)


@dataclass(frozen=True, slots=True)
class Known:
    """Readings before m = origins x series origins, and the weather ahead of them.

    heat : (m, back) over level; warm : (m, back + ahead) degC; curve : like warm
    hour : (m,) hour of the day at the first step ahead; day, week : (m,) day of the year, weekday
    others : (m, back) mean heat of all series; around : (m, 6) their mean state, two hours
    state, service : name -> (m, ...)
    """

    heat: Floats
    warm: Floats
    curve: Floats
    hour: Ints
    day: Ints
    week: Ints
    others: Floats
    around: Floats
    state: Mapping[str, Floats]
    service: Mapping[str, Floats]

    @property
    def back(self) -> int:
        """Hours that are looked back."""
        return int(self.heat.shape[1])

    def lag(self, lead: int, hours: int) -> Floats:
        """(m,) heat `hours` before the step `lead` ahead, NaN where that is not known yet."""
        at = self.back + lead - 1 - hours
        known = 0 <= at < self.back
        return self.heat[:, at] if known else np.full(len(self.heat), np.nan)


def known_of(windows: Windows, *, heat: str, level: Floats, curve: WeatherCurve) -> Known:
    """The readings of `windows`, series of one origin next to each other.

    level : (g,) mean heat of each series while it is on
    Where only a weather service tells the air ahead, its bias of the last day is taken off.
    """
    n, g = len(windows.origins), len(windows.series)
    past = _flat(windows.of(heat) / level[None, :, None])
    clock = windows.origins
    warm = _air(windows)
    back = past.shape[1]
    hour = np.repeat(clock.hour.to_numpy(np.int64), g)
    steps = np.arange(-back, warm.shape[1] - back)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # all series silent: stays NaN
        other = np.nanmean(past.reshape(n, g, back), axis=1)
        state = np.stack([_past(windows, c)[..., -2:] for c in _SECONDARY[:3]], axis=-1)
        around = np.nanmean(state, axis=1).reshape(n, -1)
    return Known(
        past,
        warm,
        curve.at(warm, (hour[:, None] + steps) % DAY),
        hour,
        np.repeat(((clock.dayofyear.to_numpy(np.int64) + 120) % 366), g),
        np.repeat(clock.dayofweek.to_numpy(np.int64), g),
        np.repeat(other, g, axis=0),
        np.repeat(around, g, axis=0),
        {c: _flat(_past(windows, c)) for c in _SECONDARY},
        {c: _with_ahead(windows, c) for c in _SERVICE},
    )


def rows_at(known: Known, lead: int) -> Floats:
    """(m, p) columns for the step `lead` ahead, 1 the first; NaN where nothing is known."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # means over unknown hours stay NaN
        columns = [
            *_calendar(known, lead),
            *_weather(known, lead),
            *_recent(known),
            *_same_hour(known, lead),
            *_state(known, lead),
        ]
    return np.column_stack(columns).astype(np.float32).astype(np.float64)


def _calendar(known: Known, lead: int) -> Sequence[Floats]:
    hour = (known.hour + lead - 1) % DAY
    later = (known.hour + lead - 1) // DAY
    fixed = np.full(len(hour), float(lead))
    return [fixed, hour.astype(float), (known.week + later) % 7.0, known.day + later * 1.0]


def _weather(known: Known, lead: int) -> Sequence[Floats]:
    at, warm = known.back + lead - 1, known.warm
    past_day = warm[:, at - DAY + 1 : at + 1]
    after = warm[:, at + 1] if at + 1 < warm.shape[1] else np.full(len(warm), np.nan)
    yesterday = warm[:, at - DAY]
    service = [known.service[c][:, at] for c in _SERVICE]
    bias = warm[:, known.back - 1] - known.service["temp"][:, known.back - 1]
    return [
        warm[:, at],
        warm[:, at - 1],
        after,
        yesterday,
        warm[:, at] - yesterday,
        np.nanmean(past_day, axis=1),
        np.nanmin(past_day, axis=1),
        np.nanmax(past_day, axis=1),
        np.nanmean(past_day[:, -6:], axis=1),
        np.nanmean(past_day, axis=1) - np.nanmean(warm[:, at - 2 * DAY + 1 : at - DAY + 1], axis=1),
        known.curve[:, at],
        bias,
        *service,
    ]


def _recent(known: Known) -> Sequence[Floats]:
    heat, back = known.heat, known.back
    miss = heat - known.curve[:, :back]
    week, day = slice(back - 7 * DAY, back), slice(back - DAY, back)
    off = heat[:, day][:, ::-1] <= 0.02
    running = np.where(heat > 0, heat, np.nan)[:, -2 * DAY :]
    return [
        *(heat[:, -k] for k in (1, 2, 3, 4, 6, 12)),
        miss[:, -1],
        miss[:, -2],
        known.warm[:, back - 1] - known.warm[:, back - 4],
        np.nanmean(miss[:, day], axis=1),
        np.nanmean(miss[:, week], axis=1),
        np.nanmean(heat[:, day] > 0, axis=1),
        np.argmax(~off, axis=1).astype(float),
        np.argmax(off, axis=1).astype(float),
        np.nanmedian(running, axis=1),
        np.nansum(heat[:, -2 * DAY :], axis=1),
        *_today(known),
        *known.others[:, -2:].T,
        *known.around.T,
    ]


def _today(known: Known) -> Sequence[Floats]:
    """Heat since midnight, and heat of the night hours (23 to 5) of the last day."""
    heat = np.nan_to_num(known.heat[:, -DAY:])[:, ::-1]
    hour = (known.hour[:, None] - 1 - np.arange(DAY)) % DAY
    since = np.arange(DAY) <= ((known.hour - 1) % DAY)[:, None]
    night = (hour < 5) | (hour == 23)
    return [(heat * since).sum(axis=1), (heat * night).sum(axis=1)]


def _same_hour(known: Known, lead: int) -> Sequence[Floats]:
    days = range(1, 8)
    heat = np.stack([known.lag(lead, DAY * d) for d in days])
    at = known.back + lead - 1
    curve = np.stack([known.curve[:, at - DAY * d] for d in days])
    silent = np.where(np.isfinite(heat), heat == 0, np.nan)
    departs = np.stack(
        [known.lag(lead, DAY * d) - known.lag(lead, DAY * d + DAY) for d in days[:3]]
    )
    return [
        *heat[[0, 1, 2, 6]],
        np.nanmean(heat, axis=0),
        np.nanmean(silent, axis=0),
        np.nanstd(heat, axis=0),
        np.nanmean(heat - curve, axis=0),
        heat[0] - curve[0],
        known.lag(lead, DAY - 1),
        known.lag(lead, DAY + 1),
        np.nanmean(np.abs(departs), axis=0),
        np.nanmean(np.abs(known.heat[:, -DAY:] - known.heat[:, -2 * DAY : -DAY]), axis=1),
        _alike(known, lead),
        *(_of_all(known, lead, DAY * d) for d in (1, 2, 7)),
    ]


def _of_all(known: Known, lead: int, hours: int) -> Floats:
    """(m,) mean heat of all series `hours` before the step, NaN where that is not known yet."""
    at = known.back + lead - 1 - hours
    return known.others[:, at] if 0 <= at < known.back else np.full(len(known.heat), np.nan)


def _alike(known: Known, lead: int) -> Floats:
    """Heat at the same hour of the last days, near ones in temperature counting most."""
    at, days = known.back + lead - 1, range(1, known.back // DAY)
    heat = np.stack([known.lag(lead, DAY * d) for d in days])
    apart = np.stack([known.warm[:, at - DAY * d] - known.warm[:, at] for d in days])
    fresh = 0.9 ** np.arange(len(days))[:, None]
    weight = np.where(np.isfinite(apart), np.exp(-((apart / 2) ** 2)), 0.3) * fresh + 1e-6
    weight = np.where(np.isfinite(heat), weight, 0.0)
    total = weight.sum(axis=0)
    mean: Floats = (weight * np.nan_to_num(heat)).sum(axis=0) / np.where(total > 0, total, np.nan)
    return mean


def _state(known: Known, lead: int) -> Sequence[Floats]:
    """Water temperatures now, their change, and what they were a day before the step."""
    at = known.back + lead - 1 - DAY
    found = []
    for name in _SECONDARY:
        reading = known.state[name]
        found += [reading[:, -1], reading[:, -1] - reading[:, -2]]
        found.append(reading[:, at] if at < known.back else np.full(len(reading), np.nan))
    return found


def _flat(values: Floats) -> Floats:
    return values.reshape(-1, values.shape[-1])


def _past(windows: Windows, column: str) -> Floats:
    if column in windows.columns:
        return windows.of(column)
    return np.full(windows.past.shape[:3], np.nan)


def _with_ahead(windows: Windows, column: str) -> Floats:
    """(m, back + ahead) past readings, and what is known ahead of them."""
    told = np.full((*windows.past.shape[:2], windows.horizon), np.nan)
    if column in windows.known:
        told = windows.told(column)
    return np.concatenate([_flat(_past(windows, column)), _flat(told)], axis=1)


def _air(windows: Windows) -> Floats:
    """(m, back + ahead) outdoor temperature, degC."""
    warm, back = _with_ahead(windows, "t_amb"), windows.past.shape[2]
    if "t_amb" in windows.known:
        return warm
    told = _with_ahead(windows, "temp")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        bias = np.nanmean((warm - told)[:, back - DAY : back], axis=1, keepdims=True)
    return np.where(np.arange(warm.shape[1]) < back, warm, told + np.nan_to_num(bias))


def _bin(warm: Floats) -> Ints:
    return np.clip(np.floor((np.nan_to_num(warm) + 10) / 2), 0, _BINS - 1).astype(np.int64)


def _smooth(cells: NDArray[Any]) -> Floats:
    """Each bin with half the weight of its neighbours."""
    wide = np.pad(cells.astype(np.float64), ((0, 0), (1, 1)))
    return 0.25 * wide[:, :-2] + 0.5 * cells + 0.25 * wide[:, 2:]
