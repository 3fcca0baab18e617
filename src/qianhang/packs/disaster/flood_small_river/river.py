"""One river: stores filled from the rain, and what they miss learnt from the last readings."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core import units
from qianhang.core.errors import ContractError
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Panel, Windows
from qianhang.engines.forecast.hydrology import Forcing, RainfallRunoff, sun_evaporation
from qianhang.engines.forecast.residual import ResidualRidge, lagged

__all__ = ["LEVELS", "RiverForecaster"]

Floats = NDArray[np.float64]
LEVELS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_LAGS = (0, 1, 2, 5, 11)
_SUMS = (3, 6, 12, 24, 72)
_PART = 512  # windows at a time
_MOST = 6000  # origins learnt from
_DAILY_H = 12.0


@dataclass(frozen=True, slots=True)
class Site:
    """What is known of a river beside its readings.

    rain_mm, flow_mm : mm a step that one unit of the columns is; 0 for an unknown catchment area
    rain_ahead : whether rain of the coming steps is used
    usual_rain : mean, in the unit of its column; usual_flow : mean, as the stores reckon it
    """

    latitude: float
    longitude: float
    rain_mm: float
    flow_mm: float
    rain_ahead: bool
    usual_rain: float
    usual_flow: float


class RiverForecaster:
    """Flow of the coming steps as quantiles at `LEVELS`."""

    def __init__(self, site: Site, stores: RainfallRunoff, rest: ResidualRidge) -> None:
        self.site, self.stores, self.rest = site, stores, rest

    @classmethod
    def learn(cls, history: pd.DataFrame, *, spec: Spec) -> Self:
        """The forecaster of a table with rain, flow, and evaporation and temperature if known."""
        panel = Panel.of(history)
        for name in ("rain", "flow"):
            if name not in panel.columns or not np.isfinite(panel.column(name)).any():
                raise ContractError("QH132", f"column {name}: no reading to learn from")
        site = _site(panel, spec)
        hours = panel.step / pd.Timedelta(hours=1)
        stores = RainfallRunoff(
            hours, generations=int(spec.params["generations"]), free_scale=site.flow_mm == 0,
            seed=spec.seed,
        )  # fmt: skip
        flow = panel.column("flow")[:, 0] * (site.flow_mm or 1.0)
        forcing = _forcing(panel.times, {c: panel.column(c).T for c in panel.columns}, site)
        plain = Forcing(forcing.rain[0], forcing.evaporation[0], _first(forcing.warmth))
        try:
            stores.fit(plain, flow, warm=min(len(flow) // 5, int(spec.params["lookback"]) // 2))
        except ValueError as cause:
            raise ContractError("QH132", f"column flow: {cause}") from None
        model = cls(site, stores, ResidualRidge(0.1, levels=LEVELS))
        model._learn_rest(panel, spec)
        return model

    def predict(self, windows: Windows) -> Floats:
        """(n, 1, horizon, levels) flow in the unit of its column."""
        out = []
        for i in range(0, len(windows.origins), _PART):
            part = _part(windows, slice(i, i + _PART))
            told = self._simulated(part)
            size = self._size(told, windows.horizon)
            rest = self.rest.predict(self._inputs(part, told), size=size)
            flow = np.maximum(told[:, -windows.horizon :, None] + rest, 0.0)
            out.append(flow[:, None] / (self.site.flow_mm or 1.0))
        return np.concatenate(out)

    def to_files(self) -> dict[str, bytes]:
        """The files of both parts, and the site as JSON."""
        site = {n: getattr(self.site, n) for n in Site.__dataclass_fields__}
        files = {**self.stores.to_files(), **self.rest.to_files()}
        return {"site.json": json.dumps(site).encode(), **files}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        site = Site(**json.loads(files["site.json"]))
        return cls(site, RainfallRunoff.from_files(files), ResidualRidge.from_files(files))

    def _learn_rest(self, panel: Panel, spec: Spec) -> None:
        lookback = min(int(spec.params["lookback"]), len(panel.times))
        horizon = _rows(spec, panel.step)
        first = min(len(panel.times) // 5, lookback)
        rows = np.arange(first, len(panel.times) - horizon)
        rows = rows[:: max(1, -(-len(rows) // _MOST))]
        known = [c for c in ("rain", "evaporation", "temperature") if c in panel.columns]
        inputs, sizes, rests = [], [], []
        for i in range(0, len(rows), _PART):
            part = rows[i : i + _PART]
            windows = panel.windows(part, lookback=lookback, horizon=horizon, known=known)
            told = self._simulated(windows)
            came = panel.ahead("flow", part, horizon=horizon)[:, 0] * (self.site.flow_mm or 1.0)
            inputs.append(self._inputs(windows, told))
            sizes.append(self._size(told, horizon))
            rests.append(came - told[:, -horizon:])
        whole = (np.concatenate(x) for x in (inputs, rests, sizes))
        table, rest, size = whole
        try:
            self.rest.fit(table, rest, size=size)
        except ValueError as cause:
            raise ContractError("QH132", f"column flow: {cause}") from None

    def _simulated(self, windows: Windows) -> Floats:
        """(n, lookback + horizon) flow by the stores alone, mm a step or the column's unit."""
        n, horizon = len(windows.origins), windows.horizon
        columns: dict[str, Floats] = {}
        for name in windows.columns:
            known = name in windows.known and (name != "rain" or self.site.rain_ahead)
            later = windows.told(name)[:, 0] if known else np.full((n, horizon), np.nan)
            if name == "rain":
                later = np.nan_to_num(later)  # what nobody foretells is taken as dry
            columns[name] = np.concatenate([windows.of(name)[:, 0], later], axis=1)
        steps = np.arange(-windows.past.shape[2], horizon)
        # One clock for all windows, cut at each origin: the sun is reckoned once.
        gone = np.asarray((windows.origins - windows.origins[0]) / windows.step, dtype=np.float64)
        rows = np.round(gone).astype(np.int64)
        times = windows.origins[0] + windows.step * np.arange(steps[0], rows.max() + horizon)
        sun = _sun(pd.DatetimeIndex(times), windows.step, self.site)
        usual = sun[rows[:, None] + (steps - steps[0])]
        return self.stores.predict(_filled(columns, usual, self.site))

    def _inputs(self, windows: Windows, told: Floats) -> Floats:
        """(n, horizon, p) what the departure at each step ahead is read from."""
        h, lookback = windows.horizon, windows.past.shape[2]
        flow = windows.of("flow")[:, 0] * (self.site.flow_mm or 1.0)
        missed = lagged(flow - told[:, :lookback], _LAGS)
        rain = np.nan_to_num(windows.of("rain")[:, 0]) * self.site.rain_mm
        later = np.zeros((len(rain), h))
        if self.site.rain_ahead and "rain" in windows.known:
            later = np.nan_to_num(windows.told("rain")[:, 0]) * self.site.rain_mm
        fallen = np.cumsum(np.concatenate([rain[:, -max(_SUMS) :], later], axis=1), axis=1)
        base, ahead = told[:, lookback - 1], told[:, -h:]
        grown = ahead / (base + 0.2 * self.site.usual_flow + 1e-9)[:, None]
        end = fallen.shape[1]
        parts = [ahead, np.sqrt(ahead), ahead - told[:, -h - 1 : -1]]
        parts += [np.broadcast_to(x[:, None], ahead.shape) for x in (*missed.T, base)]
        parts += [missed[:, :1] * grown, *(_over(fallen, end - h, k, h) for k in _SUMS)]
        return np.asarray(np.stack(parts, axis=-1))

    def _size(self, told: Floats, horizon: int) -> Floats:
        """(n, horizon) what misses are measured in: they grow with the flow."""
        return np.asarray(told[:, -horizon:] + 0.2 * self.site.usual_flow)


def _over(fallen: Floats, start: int, back: int, horizon: int) -> Floats:
    """(n, horizon) rain over the last `back` steps before each step ahead."""
    at = np.arange(start, start + horizon)
    return np.asarray(fallen[:, at] - fallen[:, np.maximum(at - back, 0)])


def _site(panel: Panel, spec: Spec) -> Site:
    hours = panel.step / pd.Timedelta(hours=1)
    area = float(spec.params["area_km2"])
    fallen = spec.columns["rain"].unit or "mm/h"
    if (fallen == "mm/d") != (hours >= _DAILY_H):
        raise ContractError(
            "QH132",
            f"column rain: rows are {hours:g} h apart, the contract's unit is {fallen}",
            hint="--case own for hourly rows in mm/h, --case own-daily for daily rows in mm/d",
        )
    rain = units.convert(1.0, from_=fallen, to="mm/h") * hours
    unit = spec.columns["flow"].unit or "mm/h"
    if unit.startswith("mm"):
        flow = units.convert(1.0, from_=unit, to="mm/h") * hours
    else:
        flow = units.convert(1.0, from_=unit, to="m3/s") * 3.6 * hours / area if area > 0 else 0.0
    return Site(
        float(spec.params["latitude"]),
        float(spec.params["longitude"]),
        rain,
        flow,
        bool(spec.params["rain_ahead"]),
        float(np.nan_to_num(np.nanmean(panel.column("rain")))),
        float(np.nan_to_num(np.nanmean(panel.column("flow")))) * (flow or 1.0),
    )


def _forcing(times: pd.DatetimeIndex, columns: Mapping[str, Floats], site: Site) -> Forcing:
    step = times[1] - times[0]
    return _filled(columns, _sun(times, step, site)[None], site)


def _filled(columns: Mapping[str, Floats], usual: Floats, site: Site) -> Forcing:
    """Rain, evaporation and warmth without gaps; unknown rain of the past is the usual rain."""
    rain = np.where(np.isfinite(columns["rain"]), columns["rain"], site.usual_rain)
    given = columns.get("evaporation")
    leaving = usual
    if given is not None and np.isfinite(given).any():
        leaving = np.where(np.isfinite(given), given * site.rain_mm, usual * 0.3)
    warmth = columns.get("temperature")
    if warmth is not None:
        level = np.nanmean(warmth) if np.isfinite(warmth).any() else 10.0
        warmth = np.where(np.isfinite(warmth), warmth, level)
    return Forcing(rain * site.rain_mm, leaving, warmth)


def _sun(times: pd.DatetimeIndex, step: pd.Timedelta, site: Site) -> Floats:
    """(t,) mm a step"""
    sun = sun_evaporation(times, latitude=site.latitude, longitude=site.longitude)
    return sun * (step / pd.Timedelta(hours=1))


def _rows(spec: Spec, step: pd.Timedelta) -> int:
    declared = spec.columns[spec.time].step
    return max(round(spec.horizon * (pd.Timedelta(declared) / step if declared else 1.0)), 1)


def _part(windows: Windows, use: slice) -> Windows:
    return Windows(
        windows.origins[use], windows.step, windows.series, windows.columns, windows.known,
        windows.past[use], windows.ahead[use],
    )  # fmt: skip


def _first(values: Any) -> Any:
    return None if values is None else values[0]
