"""A photovoltaic plant: its clear-sky envelope, trees of its output, a band, a usual practice."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError, UsageError
from qianhang.core.spec import Spec
from qianhang.engines.forecast import (
    BoostedTrees,
    Envelope,
    Panel,
    QuantileTrees,
    Windows,
    locate,
)
from qianhang.engines.saving import under
from qianhang.packs.energy.pv_forecast.daylight import LEAST_CLEAR, rows_of, sky_of

__all__ = ["LEVELS", "Plant", "clear_index_persistence", "place_of"]

Floats = NDArray[np.float64]
LEVELS = (0.1, 0.5, 0.9)
_CHUNK = 1024  # origins whose past lies in memory at a time
_FEW = 200  # daylight rows; from fewer nothing is learnt


@dataclass(frozen=True, slots=True)
class Plant:
    """What is known of a plant after learning.

    envelope : its output under a cloudless sky; night : what the meter reads by night, MW
    direct, relative : trees of output, and of output over the envelope, in capacities
    band : trees of low and high output over the envelope
    target : column of the output; shown : columns that the trees have seen
    """

    envelope: Envelope
    night: float
    direct: tuple[BoostedTrees, ...]
    relative: tuple[BoostedTrees, ...]
    band: QuantileTrees
    target: str

    @classmethod
    def learn(cls, history: pd.DataFrame, *, spec: Spec) -> Self:
        """The plant learnt from its readings.

        Raises ContractError where there is no daylight in them to learn from.
        """
        panel, target = Panel.of(history), str(spec.target)
        power = panel.column(target)[:, 0]
        capacity = _capacity(power, spec)
        try:
            latitude, longitude = place_of(panel.times, power, spec)
            envelope = Envelope(latitude, longitude, capacity=capacity).fit(panel.times, power)
        except ValueError as cause:
            raise ContractError(
                "QH132", f"column {target}: {cause}", hint="give some weeks with days and nights"
            ) from None
        dark = power[envelope.sun(panel.times).elevation < -5]
        night = float(np.nanmedian(dark)) if np.isfinite(dark).any() else 0.0
        X, y, clear = _lessons(panel, envelope, spec)
        if len(y) < _FEW:
            raise ContractError("QH132", f"{len(y)} steps by day to learn from: too few")
        direct, relative = _middle_trees(X, y, clear, spec)
        return cls(envelope, night, direct, relative, _band_trees(X, y, clear, spec), target)

    def predict(self, windows: Windows) -> Floats:
        """(n, 1, horizon, 3) low, middle (the mean) and high output, MW."""
        capacity = self.envelope.capacity
        out = []
        for start in range(0, len(windows.origins), _CHUNK):
            part = _part(windows, start)
            sky = sky_of(part, self.envelope)
            rows = rows_of(part, sky, target=self.target, capacity=capacity)
            flat, scale = rows.reshape(-1, rows.shape[-1]), _scale(sky.ahead).ravel()
            direct = sum(t.predict(flat) for t in self.direct)
            relative = sum(t.predict(flat) for t in self.relative) * scale
            middle = (direct + relative) / (len(self.direct) + len(self.relative))
            band = self.band.predict_quantiles(flat) * scale[:, None]
            told = np.column_stack([band[:, 0], middle, band[:, -1]])
            told[:, 0] = np.minimum(told[:, 0], middle)
            told[:, 2] = np.maximum(told[:, 2], middle)
            told = np.clip(told, 0.0, 1.0) * capacity
            told[sky.elevation.ravel() <= 0] = self.night
            out.append(told.reshape(*sky.ahead.shape, 3))
        return np.concatenate(out)[:, None]

    def to_files(self) -> dict[str, bytes]:
        """Facts and envelope as JSON, trees as LightGBM text."""
        facts = {"night": self.night, "target": self.target}
        facts |= {"direct": len(self.direct), "relative": len(self.relative)}
        files = {"plant.json": json.dumps(facts).encode(), **self.envelope.to_files()}
        groups: Mapping[str, tuple[BoostedTrees | QuantileTrees, ...]] = {
            "direct": self.direct,
            "relative": self.relative,
            "band": (self.band,),
        }
        for group, members in groups.items():
            for i, one in enumerate(members):
                files |= {f"{group}{i}.{n}": data for n, data in one.to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The plant that `to_files` wrote."""
        facts = json.loads(files["plant.json"])

        def trees(group: str) -> tuple[BoostedTrees, ...]:
            count = range(facts[group])
            return tuple(BoostedTrees.from_files(under(files, f"{group}{i}.")) for i in count)

        band = QuantileTrees.from_files(under(files, "band0."))
        envelope = Envelope.from_files(files)
        return cls(
            envelope, facts["night"], trees("direct"), trees("relative"), band, facts["target"]
        )


def place_of(times: pd.DatetimeIndex, power: Floats, spec: Spec) -> tuple[float, float]:
    """Latitude and longitude, degrees: the parameter `site`, else read from the hours of light.

    Raises UsageError where the parameter is not two numbers on the globe.
    """
    text = str(spec.params["site"])
    if not text:
        return locate(times, power)
    try:
        latitude, longitude = (float(part) for part in text.split(","))
    except ValueError:
        latitude = longitude = np.nan
    if not (abs(latitude) <= 66 and abs(longitude) <= 180):
        raise UsageError(
            "QH802", f"parameter site: found {text!r}, expected latitude,longitude as 37.4,95.6"
        )
    return latitude, longitude


def clear_index_persistence(windows: Windows, *, target: str) -> Floats:
    """(n, 1, horizon) the last hour's share of the best recent days, kept up over the next hours.

    The best of a time of day is the mean of its two highest readings in the lookback.
    """
    hour = max(round(pd.Timedelta(hours=1) / windows.step), 1)
    day, power = 24 * hour, np.nan_to_num(windows.of(target)[:, 0])
    days = power.shape[1] // day
    if days < 2:
        return np.repeat(power[:, -1:], windows.horizon, axis=1)[:, None]
    stack = np.sort(power[:, -days * day :].reshape(len(power), days, day), axis=1)
    best = stack[:, -2:].mean(axis=1)  # slot 0 is the time of day of the first step ahead
    best = np.maximum.reduce([np.roll(best, k, axis=1) for k in (-1, 0, 1)])
    light = best > 0.05 * best.max(axis=1, keepdims=True)
    now = _ratio(power[:, -hour:], best[:, -hour:], light[:, -hour:])
    past = _ratio(power[:, -day:], best, light)
    share = np.where(np.isfinite(now), now, past)
    steps = np.arange(windows.horizon) % day
    told = np.nan_to_num(share, nan=1.0)[:, None] * best[:, steps]
    return np.asarray(told[:, None], dtype=np.float64)


def _ratio(power: Floats, best: Floats, light: NDArray[np.bool_]) -> Floats:
    """(n,) output over the best, where it is light; NaN where it is dark."""
    above = (best * light).sum(axis=1)
    share = (power * light).sum(axis=1) / np.where(above > 0, above, np.nan)
    return np.asarray(np.clip(share, 0.0, 1.1), dtype=np.float64)


def _capacity(power: Floats, spec: Spec) -> float:
    given = float(spec.params["capacity"])
    most = float(np.nanmax(power)) if np.isfinite(power).any() else 0.0
    return given or max(most, 1e-6)


def _lessons(panel: Panel, envelope: Envelope, spec: Spec) -> tuple[Floats, Floats, Floats]:
    """Rows by day, oldest first: inputs (m, p), output and clear-sky output (m,), in capacities."""
    step = pd.Timedelta(spec.columns[spec.time].step)
    horizon = max(round(spec.horizon * (step / panel.step)), 1)
    lookback, target = int(spec.params["lookback"]), str(spec.target)
    rows = np.arange(min(lookback, len(panel.times) // 2), len(panel.times) - horizon + 1)
    stride = -(-len(rows) * horizon // (2 * int(spec.params["most_rows"])))
    rows = rows[:: max(stride, 1)]
    found = []
    for start in range(0, len(rows), _CHUNK):
        part = rows[start : start + _CHUNK]
        windows = panel.windows(part, lookback=lookback, horizon=horizon)
        sky = sky_of(windows, envelope)
        inputs = rows_of(windows, sky, target=target, capacity=envelope.capacity)
        output = panel.ahead(target, part, horizon=horizon)[:, 0] / envelope.capacity
        use = (sky.elevation > 0) & np.isfinite(output)
        found.append((inputs[use], output[use], sky.ahead[use]))
    if not found:
        return np.empty((0, 1)), np.empty(0), np.empty(0)
    inputs, output, clear = (np.concatenate(c) for c in zip(*found, strict=True))
    return inputs, output, clear


def _scale(clear: Floats) -> Floats:
    return np.maximum(clear, LEAST_CLEAR)


def _middle_trees(
    X: Floats, y: Floats, clear: Floats, spec: Spec
) -> tuple[tuple[BoostedTrees, ...], tuple[BoostedTrees, ...]]:
    """Trees of the mean output, and of the mean output over the envelope."""
    scale = _scale(clear)
    direct, relative = [], []
    for member in range(int(spec.params["members"])):
        seed = spec.seed + member
        direct.append(_trees(spec, seed).fit(X, y))
        relative.append(_trees(spec, seed).fit(X, y / scale, scale**2))
    return tuple(direct), tuple(relative)


def _trees(spec: Spec, seed: int) -> BoostedTrees:
    trees = BoostedTrees(int(spec.params["rounds"]), seed=seed)
    trees.set_params(rate=0.05, leaves=47, least_rows=200, columns=0.25, rows=0.5)
    return trees


def _band_trees(X: Floats, y: Floats, clear: Floats, spec: Spec) -> QuantileTrees:
    band = QuantileTrees(LEVELS, low=0.0, blocks=int(spec.params["check_blocks"]))
    band.set_params(rounds=int(spec.params["rounds"]) // 3, leaves=8, least_rows=400)
    band.set_params(rate=0.1, columns=0.25, seed=spec.seed)
    return band.fit(X, y / _scale(clear))


def _part(windows: Windows, start: int) -> Windows:
    """The windows of a chunk of origins."""
    cut = slice(start, start + _CHUNK)
    return replace(
        windows,
        origins=windows.origins[cut],
        past=windows.past[cut],
        ahead=windows.ahead[cut],
    )
