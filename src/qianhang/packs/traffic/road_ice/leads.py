"""A straight-line forecast of each lead, with the band of what it missed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.forecast import Panel, Windows

__all__ = ["Leads", "rows_of"]

Floats = NDArray[np.float64]
_BACK = (1, 2, 3, 6, 12, 18, 36)  # steps of 10 min that the surface is looked back on
_EXTRA = ("dewpoint", "wind", "film")


@dataclass(frozen=True, slots=True)
class Leads:
    """Coefficients of each lead (horizon, k), and misses at 10 and 90 % (horizon, 2)."""

    weight: list[list[float]]
    band: list[list[float]]

    @classmethod
    def fitted(cls, panel: Panel, *, lookback: int, horizon: int, ridge: float) -> Self:
        """Fitted on the first four fifths of the panel; the band comes from the last fifth.

        Raises ValueError where there are too few readings.
        """
        rows = np.arange(lookback, len(panel.times) - horizon + 1)
        if len(rows) < 200:
            raise ValueError(f"{len(panel.times)} readings: at least {200 + lookback} needed")
        windows = panel.windows(rows, lookback=lookback, horizon=horizon, known=["air"])
        X, y = rows_of(windows), panel.ahead("surface", rows, horizon=horizon)[:, 0]
        early = np.arange(len(rows)) < 0.8 * len(rows)
        weight, band = [], []
        for lead in range(horizon):
            known = np.isfinite(X[:, lead]).all(axis=1) & np.isfinite(y[:, lead])
            here = X[:, lead]
            w = _ridge(here[known & early], y[known & early, lead], ridge)
            miss = y[known & ~early, lead] - here[known & ~early] @ w
            weight.append(w.tolist())
            band.append(np.quantile(miss, [0.1, 0.9]).tolist())
        return cls(weight, band)

    def predict(self, windows: Windows) -> Floats:
        """(n, 1, horizon, 3): 10 %, 50 % and 90 % of the surface temperature, degC.

        A step whose inputs are unknown is told as the last reading.
        """
        horizon = min(windows.horizon, len(self.weight))
        X = rows_of(windows)[:, :horizon]
        middle = np.einsum("nhk,hk->nh", np.nan_to_num(X), np.array(self.weight)[:horizon])
        last = windows.of("surface")[:, 0, -1:]
        middle = np.where(np.isfinite(X).all(axis=2), middle, last)
        low, high = np.array(self.band)[:horizon].T
        told = np.stack([middle + low, middle, middle + high], axis=-1)
        longer = windows.horizon - horizon
        return np.pad(told, ((0, 0), (0, longer), (0, 0)), mode="edge")[:, None]

    def to_files(self) -> dict[str, bytes]:
        """The model as one JSON file."""
        return {"leads.json": json.dumps({"weight": self.weight, "band": self.band}).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        return cls(**json.loads(files["leads.json"]))


def rows_of(windows: Windows) -> Floats:
    """(n, horizon, k) inputs of each step ahead: past surface, air now and then, the clock."""
    n, h = len(windows.origins), windows.horizon
    surface, air = windows.of("surface")[:, 0], windows.of("air")[:, 0]
    past = np.stack([surface[:, -min(b, surface.shape[1])] for b in _BACK], axis=-1)
    extra = [windows.of(c)[:, 0, -1] for c in _EXTRA if c in windows.columns]
    fixed = np.column_stack([past, air[:, -1], *extra, np.ones(n)])
    times = windows.times()
    hour = ((times.hour + times.minute / 60).to_numpy() * 2 * np.pi / 24).reshape(n, h)
    told = windows.told("air")[:, 0]
    step = np.stack([told, np.cumsum(told, axis=1) / np.arange(1, h + 1), np.sin(hour),
                     np.cos(hour), np.sin(2 * hour), np.cos(2 * hour)], axis=-1)  # fmt: skip
    return np.concatenate([np.repeat(fixed[:, None], h, axis=1), step], axis=-1)


def _ridge(X: Floats, y: Floats, ridge: float) -> Floats:
    """Least squares, pulled towards the last reading's own coefficient of one."""
    stay = np.zeros(X.shape[1])
    stay[0] = 1.0
    gram = X.T @ X + ridge * np.eye(X.shape[1])
    return np.asarray(stay + np.linalg.solve(gram, X.T @ (y - X @ stay)), dtype=np.float64)
