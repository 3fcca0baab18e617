"""Ports: the tide of each, and what is left of the sea level learnt from all of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.spec import Spec
from qianhang.engines.forecast import Panel, Windows
from qianhang.engines.forecast.harmonics import TidalHarmonics
from qianhang.engines.forecast.residual import ResidualRidge, lagged
from qianhang.engines.saving import under

__all__ = ["LEVELS", "PortForecaster"]

Floats = NDArray[np.float64]
LEVELS = (0.1, 0.5, 0.9)
_OWN_H = (0, 1, 2, 3, 4, 5, 6, 8, 10, 12, 13, 15, 18, 21, 24, 25, 26, 30, 36, 37, 42, 48, 49, 50,
          60, 72, 74, 75, 96, 99, 120, 149, 168)  # fmt: skip
_NEAR_H = (0, 3, 6, 12, 18, 24, 36, 48, 72)
_MEANS_H = (25, 75, 336, 720, 1440)
_NEAREST = 7  # other ports that are looked at
_LONGEST_H = 72  # beyond that the last readings say nothing: tide alone
_LEAST = 500
_PART = 512  # windows at a time


class PortForecaster:
    """Sea level of several ports: the tide of each, and the rest as far as the last readings tell.

    tides : port -> tide; rests : port -> ridge, or nothing where the tide stands alone
    spread : port -> misses of the tide alone at `LEVELS`, m; near : port -> other ports looked at
    """

    def __init__(self, step_h: float, until: pd.Timestamp) -> None:
        self.step_h, self.until = step_h, until
        self.tides: dict[str, TidalHarmonics] = {}
        self.rests: dict[str, ResidualRidge] = {}
        self.spread: dict[str, tuple[float, ...]] = {}
        self.near: dict[str, tuple[str, ...]] = {}

    @classmethod
    def learn(cls, history: pd.DataFrame, *, spec: Spec) -> Self:
        """The forecaster of a long table of ports (time, port, level, and latitude if known)."""
        panel = Panel.of(history, group="port")
        level = panel.column("level")
        model = cls(panel.step / pd.Timedelta(hours=1), panel.times[-1])
        left = np.full(level.shape, np.nan)
        for g, port in enumerate(panel.series):
            latitude = _latitude(panel, g, spec)
            try:
                model.tides[port] = TidalHarmonics(latitude).fit(panel.times, level[:, g])
            except ValueError as cause:
                raise ContractError("QH132", f"port {port or 'table'}: {cause}") from None
            left[:, g] = _unseen(panel.times, level[:, g], latitude, model.tides[port])
            known = left[np.isfinite(left[:, g]), g]
            model.spread[port] = tuple(float(q) for q in np.quantile(known, LEVELS))
        horizon = model._horizon(spec)
        if horizon * model.step_h <= _LONGEST_H:
            model._learn_rest(panel, left, horizon)
        return model

    def predict(self, windows: Windows) -> Floats:
        """(n, g, horizon, levels) sea level, m."""
        shape = (len(windows.origins), len(windows.series), windows.horizon, len(LEVELS))
        out = np.full(shape, np.nan)
        tide, left = self._tide_and_rest(windows)
        for g, port in enumerate(windows.series):
            if port not in self.tides:
                continue
            ahead = tide[:, g, -windows.horizon :]
            about = np.asarray(self.spread[port])
            about = np.broadcast_to(about - about[LEVELS.index(0.5)], out[:, g].shape)
            if port in self.rests and windows.horizon == len(self.rests[port].offset_):
                about = self.rests[port].predict(self._inputs(left, windows.series, port))
            out[:, g] = ahead[..., None] + about
        return out

    def to_files(self) -> dict[str, bytes]:
        """Facts as JSON, and the files of each tide and ridge under its port's number."""
        ports = list(self.tides)
        facts = {
            "step_h": self.step_h, "until": self.until.isoformat(), "ports": ports,
            "zone": str(self.until.tz), "spread": self.spread, "near": self.near,
            "rests": [p in self.rests for p in ports],
        }  # fmt: skip
        files = {"ports.json": json.dumps(facts).encode()}
        for i, port in enumerate(ports):
            parts: list[Any] = [
                self.tides[port],
                *([self.rests[port]] if port in self.rests else []),
            ]
            for part in parts:
                files |= {f"port{i}.{n}": b for n, b in part.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        facts = json.loads(files["ports.json"])
        model = cls(facts["step_h"], pd.Timestamp(facts["until"]).tz_convert(facts["zone"]))
        model.spread = {p: tuple(v) for p, v in facts["spread"].items()}
        model.near = {p: tuple(v) for p, v in facts["near"].items()}
        for i, port in enumerate(facts["ports"]):
            own = under(files, f"port{i}.")
            model.tides[port] = TidalHarmonics.from_files(own)
            if facts["rests"][i]:
                model.rests[port] = ResidualRidge.from_files(own)
        return model

    def _learn_rest(self, panel: Panel, left: Floats, horizon: int) -> None:
        """Fit a ridge for each port on what its tide left, its own and its neighbours'."""
        lookback = min(self._steps(max(_MEANS_H)), len(left) // 4)
        rows = np.arange(lookback, len(left) - horizon)
        if len(rows) < _LEAST:
            return
        self.near = _neighbours(left, panel.series)
        whole = Panel(panel.times, panel.step, panel.series, ("left",), left[..., None])
        inputs: dict[str, list[Floats]] = {port: [] for port in panel.series}
        for i in range(0, len(rows), _PART):  # all windows at once would be gigabytes
            past = whole.windows(rows[i : i + _PART], lookback=lookback, horizon=1).of("left")
            for port in panel.series:
                inputs[port].append(self._inputs(past, panel.series, port))
        for g, port in enumerate(panel.series):
            came = whole.ahead("left", rows, horizon=horizon)[:, g]
            use = np.isfinite(left[rows - 1, g])
            if np.isfinite(came[use]).sum(axis=0).min(initial=len(rows)) < _LEAST:
                continue
            rest = ResidualRidge(1e-3, levels=LEVELS, gap=horizon)
            self.rests[port] = rest.fit(np.concatenate(inputs[port])[use], came[use])

    def _inputs(self, left: Floats, series: Sequence[str], port: str) -> Floats:
        """(n, p) what the rest of one port is told by: left (n, g, lookback)."""
        own = self._hours(_OWN_H)
        parts = [lagged(left[:, series.index(port)], own, means=self._hours(_MEANS_H))]
        for other in self.near.get(port, ()):
            if other in series:
                parts.append(lagged(left[:, series.index(other)], self._hours(_NEAR_H)))
            else:
                parts.append(np.zeros((len(left), len(_NEAR_H))))
        return np.concatenate(parts, axis=1)

    def _tide_and_rest(self, windows: Windows) -> tuple[Floats, Floats]:
        """(n, g, lookback + horizon) tide, and (n, g, lookback) what it leaves of the readings."""
        lookback = windows.past.shape[2]
        gone = np.asarray((windows.origins - windows.origins[0]) / windows.step, dtype=np.float64)
        rows = np.round(gone).astype(np.int64)
        steps = np.arange(rows.max() + lookback + windows.horizon) - lookback
        times = pd.DatetimeIndex(windows.origins[0] + windows.step * steps)
        at = rows[:, None] + np.arange(lookback + windows.horizon)
        tide = np.full((len(rows), len(windows.series), at.shape[1]), np.nan)
        for g, port in enumerate(windows.series):
            if port in self.tides:
                tide[:, g] = self.tides[port].predict(times)[at]
        return tide, windows.of("level") - tide[..., :lookback]

    def _hours(self, hours: Sequence[int]) -> list[int]:
        """Steps for hours; steps longer than an hour make several hours one."""
        return [self._steps(h) for h in hours]

    def _steps(self, hours: float) -> int:
        return max(round(hours / self.step_h), 0 if hours == 0 else 1)

    def _horizon(self, spec: Spec) -> int:
        declared = spec.columns[spec.time].step
        ratio = pd.Timedelta(declared) / pd.Timedelta(hours=self.step_h) if declared else 1.0
        return max(round(spec.horizon * ratio), 1)


def _latitude(panel: Panel, g: int, spec: Spec) -> float:
    if "latitude" in panel.columns:
        known = panel.column("latitude")[:, g]
        if np.isfinite(known).any():
            return float(np.nanmedian(known))
    return float(spec.params["latitude"])


def _unseen(
    times: pd.DatetimeIndex, level: Floats, latitude: float, whole: TidalHarmonics
) -> Floats:
    """(t,) what a tide that has not seen them leaves of the readings: each half from the other.

    Where half is too short for a year's constituents, what the whole tide leaves.
    """
    left = level - whole.predict(times)
    half = len(times) // 2
    if (times[half] - times[0]) < pd.Timedelta(days=360):
        return left
    for mine, other in ((slice(0, half), slice(half, None)), (slice(half, None), slice(0, half))):
        try:
            tide = TidalHarmonics(latitude).fit(times[other], level[other])
        except ValueError:
            return left
        left[mine] = level[mine] - tide.predict(times[mine])
    return left


def _neighbours(left: Floats, series: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Port -> the other ports whose rest runs most like its own, a day before, either sign."""
    found = {}
    frame = pd.DataFrame(left)
    for g, port in enumerate(series):
        alike = frame.shift(12).corrwith(frame[g]).abs().drop(g)
        order = alike.dropna().sort_values(ascending=False).index[:_NEAREST]
        found[port] = tuple(series[i] for i in order)
    return found
