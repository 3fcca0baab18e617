"""Wind farms that each have their own trees, checked together, and the practitioner's curve."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.spec import Spec
from qianhang.engines.forecast import Panel, QuantileTrees, Windows, recalibrate
from qianhang.engines.saving import under
from qianhang.packs.energy.wind_forecast.weather import (
    LAGS,
    rows_of,
    speed_ahead,
    speed_before,
    spread_farms,
)

__all__ = ["LEVELS", "WindFarms", "capacity_of", "climatology", "power_curve"]

Floats = NDArray[np.float64]
LEVELS = tuple(round(k / 100, 2) for k in range(1, 100))
_KNOTS = (0.02, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.98)
_CHECKED = (0.02, 0.1, 0.5, 0.9, 0.98)  # the outer knots too: lines end alike
_BINS = 20
_LEAST_ROWS = 20


@dataclass(frozen=True, slots=True)
class WindFarms:
    """Trees of each farm, in shares of its capacity.

    capacity : farm -> MW; shown : numbers of the farms whose forecasts all others see
    """

    trees: Mapping[str, QuantileTrees]
    capacity: Mapping[str, float]
    shown: NDArray[np.int64]

    @classmethod
    def learn(cls, history: pd.DataFrame, *, spec: Spec) -> Self:
        """Farms learnt from a long table of power and of the weather forecast for it."""
        panel = _panel(history, spec)
        horizon, known = _horizon(panel, spec), _known(panel, spec)
        rows = np.arange(len(panel.times) % horizon, len(panel.times), horizon)
        windows = panel.windows(rows, lookback=LAGS, horizon=horizon, known=known)
        speed = speed_ahead(windows)
        shown = spread_farms(speed.transpose(0, 2, 1).reshape(-1, speed.shape[1]))
        inputs = rows_of(windows, shown=shown)
        power = panel.ahead(str(spec.target), rows, horizon=horizon)
        capacity = capacity_of(panel, spec)
        share = power / np.asarray([capacity[s] for s in panel.series])[None, :, None]
        moved = _moved_levels(inputs, share, spec)
        trees = {
            name: _grow(inputs[:, i], share[:, i], _KNOTS, levels=moved, spec=spec)
            for i, name in enumerate(panel.series)
        }
        return cls(trees, capacity, shown)

    def predict(self, windows: Windows) -> Floats:
        """(n, g, horizon, levels) power, MW; NaN for a farm that was not learnt."""
        inputs = rows_of(windows, shown=self.shown)
        out = np.full((*inputs.shape[:3], len(LEVELS)), np.nan)
        for i, name in enumerate(windows.series):
            if name in self.trees:
                flat = inputs[:, i].reshape(-1, inputs.shape[-1])
                told = self.trees[name].predict_quantiles(flat) * self.capacity[name]
                out[:, i] = told.reshape(*inputs.shape[:1], inputs.shape[2], -1)
        return out

    def to_files(self) -> dict[str, bytes]:
        """Capacities and shown farms as JSON, trees as LightGBM text."""
        facts = {"capacity": dict(self.capacity), "shown": self.shown.tolist()}
        files = {"farms.json": json.dumps(facts).encode()}
        for i, name in enumerate(self.capacity):
            files |= {f"farm{i}.{n}": data for n, data in self.trees[name].to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The farms that `to_files` wrote."""
        facts = json.loads(files["farms.json"])
        trees = {
            name: QuantileTrees.from_files(under(files, f"farm{i}."))
            for i, name in enumerate(facts["capacity"])
        }
        return cls(trees, facts["capacity"], np.asarray(facts["shown"], dtype=np.int64))


def capacity_of(panel: Panel, spec: Spec) -> dict[str, float]:
    """Farm -> MW: the parameter where it is set, else the most that the farm has given."""
    given = float(spec.params["capacity"])
    most = np.nanmax(np.nan_to_num(panel.column(str(spec.target))), axis=0)
    return {name: given or max(float(m), 1e-6) for name, m in zip(panel.series, most, strict=True)}


def climatology(windows: Windows, *, target: str) -> Floats:
    """(n, g, horizon, levels) quantiles of the power in the lookback, whatever the weather."""
    told = _quantiles(windows.of(target))
    return np.repeat(told[:, :, None], windows.horizon, axis=2)


def power_curve(windows: Windows, *, target: str) -> Floats:
    """(n, g, horizon, levels) quantiles of past power in the bin of the speed forecast."""
    power, speeds, ahead = windows.of(target), speed_before(windows), speed_ahead(windows)
    out = climatology(windows, target=target)
    for i, j in np.ndindex(power.shape[:2]):
        known = np.isfinite(power[i, j]) & np.isfinite(speeds[i, j])
        if known.sum() < _BINS * _LEAST_ROWS:
            continue
        edges = np.quantile(speeds[i, j][known], np.linspace(0, 1, _BINS + 1)[1:-1])
        bins = np.searchsorted(edges, speeds[i, j][known])
        table = np.stack([_quantiles(power[i, j][known][bins == b]) for b in range(_BINS)])
        out[i, j] = table[np.searchsorted(edges, ahead[i, j])]
    return out


def _quantiles(values: Floats) -> Floats:
    """(..., levels) quantiles over the last axis, NaN where nothing is known."""
    if values.shape[-1] == 0:
        return np.full((*values.shape[:-1], len(LEVELS)), np.nan)
    ranked = np.sort(values, axis=-1)  # NaN goes last
    known = np.isfinite(ranked).sum(axis=-1)[..., None]
    at = np.maximum(known - 1, 0) * np.asarray(LEVELS)
    below = np.floor(at).astype(np.int64)
    above = np.minimum(below + 1, np.maximum(known - 1, 0))
    low = np.take_along_axis(ranked, below, axis=-1)
    high = np.take_along_axis(ranked, above, axis=-1)
    return np.asarray(low + (at - below) * (high - low))


def _panel(history: pd.DataFrame, spec: Spec) -> Panel:
    group = next((n for n, c in spec.columns.items() if c.role == "group" and n in history), "")
    return Panel.of(history, group=group)


def _horizon(panel: Panel, spec: Spec) -> int:
    """Rows ahead: a day stays a day where rows are closer than the contract's."""
    declared = spec.columns[spec.time].step
    return max(round(spec.horizon * (pd.Timedelta(declared) / panel.step)), 1)


def _known(panel: Panel, spec: Spec) -> tuple[str, ...]:
    return tuple(n for n, c in spec.columns.items() if c.known_ahead and n in panel.columns)


def _moved_levels(inputs: Floats, share: Floats, spec: Spec) -> tuple[float, ...]:
    """The levels to ask for so that later rows of all farms together are covered as promised."""
    start = round(len(inputs) * (1 - float(spec.params["check_share"])))
    told, came = [], []
    for i in range(inputs.shape[1]):
        later = share[start:, i].ravel()
        use = np.isfinite(later)
        trees = _grow(inputs[:start, i], share[:start, i], _CHECKED, levels=_CHECKED, spec=spec)
        flat = inputs[start:, i].reshape(-1, inputs.shape[-1])[use]
        told.append(trees.predict_quantiles(flat))
        came.append(later[use])
    actual = np.concatenate(came)
    if len(actual) < _BINS * _LEAST_ROWS:
        return LEVELS
    values = np.concatenate(told)
    moved = recalibrate(actual, values, knots=_CHECKED, levels=_CHECKED, limits=(0.0, 1.0))
    # Between the checked levels the move is drawn in a line: lines through more knots bend less.
    spread = np.interp(LEVELS, (0.0, *_CHECKED, 1.0), (0.0, *moved, 1.0))
    return tuple(float(level) for level in spread)


def _grow(
    inputs: Floats,
    share: Floats,
    knots: tuple[float, ...],
    *,
    levels: tuple[float, ...],
    spec: Spec,
) -> QuantileTrees:
    X, y = inputs.reshape(-1, inputs.shape[-1]), share.ravel()
    known = np.isfinite(y)
    trees = QuantileTrees(levels, knots=knots, check_share=0.0, low=0.0, high=1.0, seed=spec.seed)
    trees.set_params(rounds=int(spec.params["rounds"]), leaves=int(spec.params["leaves"]))
    return trees.fit(X[known], y[known])
