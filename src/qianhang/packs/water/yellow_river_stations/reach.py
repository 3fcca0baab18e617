"""Stations along a river: what passes one reaches the next; and a made-up river to try it on."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Panel, Windows
from qianhang.engines.forecast.residual import ResidualRidge, lagged
from qianhang.engines.saving import under

__all__ = ["LEVELS", "StationForecaster", "muskingum", "simulated"]

Floats = NDArray[np.float64]
LEVELS = (0.1, 0.5, 0.9)
_LAGS = (0, 1, 2, 3, 6, 12, 18, 24, 36, 48)
_STATIONS = 6


class StationForecaster:
    """Change of flow at each station from the last readings of all of them.

    rests : station -> ridge; order : stations in the order of the table
    """

    def __init__(self, order: tuple[str, ...]) -> None:
        self.order = order
        self.rests: dict[str, ResidualRidge] = {}

    @classmethod
    def learn(cls, history: pd.DataFrame, *, spec: Spec) -> Self:
        """The forecaster of a long table of stations."""
        panel = Panel.of(history, group="station")
        model = cls(panel.series)
        lookback = int(spec.params["lookback"])
        rows = np.arange(lookback, len(panel.times) - spec.horizon)
        if len(rows) < 200:
            raise ContractError("QH132", f"{len(panel.times)} instants: too few to learn from")
        known = [c for c in ("release",) if c in panel.columns]
        windows = panel.windows(rows, lookback=lookback, horizon=spec.horizon, known=known)
        came = panel.ahead("flow", rows, horizon=spec.horizon)
        inputs = _inputs(windows)
        for g, station in enumerate(panel.series):
            last = windows.of("flow")[:, g, -1]
            change = came[:, g] - last[:, None]
            if np.isfinite(change).sum(axis=0).min() >= 200:
                rest = ResidualRidge(1e-3, levels=LEVELS, gap=spec.horizon)
                size = _size(last, spec.horizon)
                model.rests[station] = rest.fit(inputs, change, size=size)
        return model

    def predict(self, windows: Windows) -> Floats:
        """(n, g, horizon, levels) flow, m3/s."""
        shape = (len(windows.origins), len(windows.series), windows.horizon, len(LEVELS))
        out = np.full(shape, np.nan)
        inputs = _inputs(windows)
        for g, station in enumerate(windows.series):
            last = np.nan_to_num(windows.of("flow")[:, g, -1])
            if station in self.rests and windows.series == self.order:
                size = _size(last, windows.horizon)
                change = self.rests[station].predict(inputs, size=size)
                out[:, g] = np.maximum(last[:, None, None] + change, 0.0)
            else:
                out[:, g] = last[:, None, None]
        return out

    def to_files(self) -> dict[str, bytes]:
        """The order as JSON, and the files of each ridge under its station's number."""
        facts = {"order": list(self.order), "learnt": [s in self.rests for s in self.order]}
        files = {"stations.json": json.dumps(facts).encode()}
        for i, station in enumerate(self.order):
            if station in self.rests:
                files |= {f"s{i}.{n}": b for n, b in self.rests[station].to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        facts = json.loads(files["stations.json"])
        model = cls(tuple(facts["order"]))
        for i, station in enumerate(model.order):
            if facts["learnt"][i]:
                model.rests[station] = ResidualRidge.from_files(under(files, f"s{i}."))
        return model


def muskingum(inflow: Floats, *, hold_h: float, weight: float) -> Floats:
    """(t,) flow at the end of a reach, m3/s, from flow (t,) at its head, hourly.

    hold_h : storage time of the reach; weight : of the inflow in the storage, 0 to 0.5
    Source: McCarthy (1938), as in Chow, Maidment, Mays (1988), section 8.4.
    """
    bottom = 2 * hold_h * (1 - weight) + 1
    first, second = (1 - 2 * hold_h * weight) / bottom, (1 + 2 * hold_h * weight) / bottom
    third = (2 * hold_h * (1 - weight) - 1) / bottom
    out = np.empty(len(inflow))
    out[0] = inflow[0]
    for i in range(1, len(inflow)):
        out[i] = first * inflow[i] + second * inflow[i - 1] + third * out[i - 1]
    return out


def simulated(seed: int, *, days: int) -> pd.DataFrame:
    """A made-up river, hourly: snowmelt and storms above, a reservoir, six stations below it.

    Columns station, level (m), flow (m3/s), sediment (kg/m3), release (m3/s); index time.
    """
    rng = np.random.default_rng(seed)
    times = pd.date_range("2024-03-01", periods=days * 24, freq="1h", tz="Asia/Shanghai")
    hour = np.arange(len(times))
    release = 600 + 250 * np.repeat(rng.integers(0, 4, days), 24).astype(float)
    melt = 300 * np.exp(-0.5 * ((hour / 24 - days / 3) / (days / 10)) ** 2)
    melt = melt * (1 + 0.3 * np.sin(2 * np.pi * (hour - 15) / 24))
    flow, parts = release + melt, []
    for k in range(_STATIONS):
        flow = np.maximum(muskingum(flow, hold_h=8.0 + 2 * k, weight=0.2), 50.0)
        flow = flow + _runoff(rng, len(times)) + 20.0
        read = flow * np.exp(rng.normal(0, 0.01, len(times)))
        mud = 2.0 * (flow / 1000) ** 1.3 * (1 + 0.3 * k) * np.exp(rng.normal(0, 0.1, len(times)))
        part = pd.DataFrame({"station": f"station {k + 1}"}, index=times.rename("time"))
        stage = 400 - 50 * k + (flow / 120) ** 0.6
        part = part.assign(level=stage.round(2), flow=read.round(1), sediment=mud.round(3))
        parts.append(part.assign(release=release))
    return pd.concat(parts).sort_index(kind="stable")


def _runoff(rng: np.random.Generator, steps: int) -> Floats:
    """(t,) m3/s from storms between two stations: showers through a linear reservoir."""
    from scipy.signal import lfilter

    storm = np.repeat(rng.random(steps // 24 + 1) < 0.08, 24)[:steps]
    rain = np.where(storm, rng.gamma(0.8, 3.0, steps), 0.0)
    return np.asarray(lfilter([0.0, 0.04 * 60], [1.0, -0.96], rain), dtype=np.float64)


def _inputs(windows: Windows) -> Floats:
    """(n, p) last flows, levels and sediments of all stations, and the release told ahead."""
    parts = [lagged(windows.of("flow")[:, g], _LAGS) for g in range(len(windows.series))]
    for column in ("level", "sediment"):
        if column in windows.columns:
            readings = windows.of(column)
            parts += [lagged(readings[:, g], (0, 6)) for g in range(len(windows.series))]
    if "release" in windows.known:
        parts.append(np.nan_to_num(windows.told("release").mean(axis=1)))
    return np.concatenate(parts, axis=1)


def _size(last: Floats, horizon: int) -> Floats:
    """(n, horizon) m3/s, what misses are measured in."""
    known = np.nan_to_num(last)
    return np.asarray(np.repeat(0.1 * known[:, None] + 10.0, horizon, axis=1))
