"""The forecaster that is kept: trees at a few leads, pooled over stations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import gcd
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.spec import Spec
from qianhang.engines.forecast import LeadTrees, Panel, Windows, likest
from qianhang.packs.ecology.air_quality.signs import NEAR, Signs, last_known

__all__ = ["AirForecaster"]

_CHUNK = 400  # origins whose windows are laid out at a time
_CHECKED = 1 / 3  # share of the history, its end, that checks the band
_LEADS = (1, 3, 6, 12, 24)
_LEAST = 96  # hours, below which nothing can be learnt and checked


class AirForecaster:
    """Low, middle (the median) and high of every station at every hour ahead, never below 0.

    places : station -> coordinates as the table gave them, for the map
    """

    def __init__(
        self, signs: Signs, trees: LeadTrees, places: Mapping[str, tuple[float, float]]
    ) -> None:
        self.signs = signs
        self.trees = trees
        self.places = dict(places)

    @classmethod
    def of(cls, history: pd.DataFrame, *, group: str, spec: Spec) -> Self:
        """The forecaster that has seen `history`, a long table of stations.

        Raises ContractError where the history is shorter than four days.
        """
        panel, target = Panel.of(history, group=group), str(spec.target)
        lookback, horizon = int(spec.params["lookback"]), spec.horizon
        leads = (*(k for k in _LEADS if k < horizon), horizon)
        if len(panel.times) < max(_LEAST, 2 * horizon):
            raise ContractError(
                "QH132", f"{len(panel.times)} hours of history: too few to learn from"
            )
        origins = _origins(panel, target, horizon, most=int(spec.params["most_rows"]))
        columns = tuple(c for c in panel.columns if np.isfinite(panel.column(c)).any())
        near = likest(panel.column(target), count=NEAR)
        signs = Signs(target, columns, near)
        rounds = int(spec.params["rounds"])
        trees = LeadTrees(leads, rounds=rounds, band_rounds=-(-rounds // 2), seed=spec.seed)
        rows, changes = [], []
        for i in range(0, len(origins), _CHUNK):
            windows = panel.windows(origins[i : i + _CHUNK], lookback=lookback, horizon=horizon)
            rows.append(signs.rows(windows))
            later = panel.ahead(target, origins[i : i + _CHUNK], horizon=horizon)
            change = later - last_known(windows.of(target))[..., None]
            changes.append(change[..., np.asarray(leads) - 1].reshape(-1, len(leads)))
        held = origins >= origins[0] + (1 - _CHECKED) * (origins[-1] - origins[0])
        trees.fit(
            np.concatenate(rows), np.concatenate(changes),
            checked=np.repeat(held, len(panel.series)),
        )  # fmt: skip
        return cls(signs, trees, _places(history, group))

    def predict(self, windows: Windows) -> NDArray[np.float64]:
        """(n, g, horizon, 3) low, middle, high in the unit of the readings.

        Raises ContractError where the stations are not as many as were learnt from.
        """
        n, g = len(windows.origins), len(windows.series)
        if g != len(self.signs.near):
            found = f"{g} stations, the model has learnt from {len(self.signs.near)}"
            raise ContractError("QH132", f"{found}; train again on the stations there are now")
        change = self.trees.predict(self.signs.rows(windows)).reshape(n, g, -1, 3)
        last = last_known(windows.of(self.signs.target))
        return np.maximum(change + last[..., None, None], 0.0)

    def to_files(self) -> dict[str, bytes]:
        """Columns, neighbours and places as JSON, trees as LightGBM text."""
        facts = {
            "target": self.signs.target,
            "columns": list(self.signs.columns),
            "near": self.signs.near.tolist(),
            "places": self.places,
        }
        return {"air.json": json.dumps(facts).encode()} | self.trees.to_files()

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        facts = json.loads(files["air.json"])
        near = np.asarray(facts["near"], dtype=np.int64).reshape(len(facts["near"]), -1)
        signs = Signs(facts["target"], tuple(facts["columns"]), near)
        return cls(signs, LeadTrees.from_files(files), facts["places"])


def _origins(panel: Panel, target: str, horizon: int, *, most: int) -> NDArray[np.int64]:
    """Rows that are learnt from: spaced so that all hours of the day come, `most` rows in all."""
    known = np.flatnonzero(np.isfinite(panel.column(target)).any(axis=1))
    if not len(known):
        raise ContractError("QH132", f"column {target}: no reading to learn from")
    rows = np.arange(int(known[0]) + 1, len(panel.times) - horizon + 1)
    stride = max(1, -(-len(rows) * len(panel.series) // most))
    while gcd(stride, 24) > 1:
        stride += 1
    return rows[::stride]


def _places(history: pd.DataFrame, group: str) -> dict[str, tuple[float, float]]:
    if group not in history or not {"lon", "lat"} <= set(history.columns):
        return {}
    first = (
        history.dropna(subset=["lon", "lat"]).groupby(group, observed=True)[["lon", "lat"]].first()
    )
    return {str(name): (float(row["lon"]), float(row["lat"])) for name, row in first.iterrows()}
