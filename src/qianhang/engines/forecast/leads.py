"""Direct forecasts at a few leads by boosted trees, with a band that was checked on later rows."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qianhang.engines.forecast.trees import BoostedTrees
from qianhang.engines.saving import under

__all__ = ["LeadTrees"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
_TAIL = 0.1
_SHARES = (0.05, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0)
_SIDES = ("low", "middle", "high")


class LeadTrees(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """Low (10 %), middle and high (90 %) change at each step ahead, from one row of inputs.

    Trees are grown for each of `leads`; steps between two leads lie on the line between them, and
    before the first on the line from no change. The checked rows, which come later, say how many
    trees the middle needs before it learns from all rows; the band learns from the others alone,
    and its edges are then moved until they hold what they promise.
    leads : steps ahead with trees of their own, rising; the last is the horizon
    objective : of the middle: regression_l1 for the median, regression for the mean
    rounds, leaves : of the middle, at most; band_rounds, band_leaves : of the edges
    Source of the check: Romano, Patterson, Candes (2019), conformalized quantile regression.
    """

    def __init__(
        self,
        leads: Sequence[int] = (1, 6, 24),
        *,
        objective: str = "regression_l1",
        rounds: int = 200,
        leaves: int = 31,
        band_rounds: int = 100,
        band_leaves: int = 15,
        rate: float = 0.06,
        least_rows: int = 60,
        seed: int = 0,
    ) -> None:
        self.leads = leads
        self.objective = objective
        self.rounds = rounds
        self.leaves = leaves
        self.band_rounds = band_rounds
        self.band_leaves = band_leaves
        self.rate = rate
        self.least_rows = least_rows
        self.seed = seed

    def fit(self, inputs: ArrayLike, changes: ArrayLike, *, checked: ArrayLike) -> Self:
        """These trees, fitted on rows of inputs (n, p), NaN where unknown.

        changes : (n, leads) what came at each lead less what is known now, NaN where unknown
        checked : (n,) rows, later than the others, that only check the band
        Raises ValueError where a lead has too few known changes on either side of the check.
        """
        rows = np.asarray(inputs, dtype=np.float32)
        came, held = np.asarray(changes, dtype=np.float64), np.asarray(checked, dtype=bool)
        if came.shape != (len(rows), len(self.leads)) or held.shape != (len(rows),):
            raise ValueError(f"changes {came.shape} do not fit {len(rows)} rows and the leads")
        self.trees_: list[dict[str, BoostedTrees]] = []
        self.moves_ = np.zeros((len(self.leads), 2))
        for i in range(len(self.leads)):
            known = np.isfinite(came[:, i])
            early, late = known & ~held, known & held
            if min(early.sum(), late.sum()) < 2:
                raise ValueError(f"{known.sum()} known changes {self.leads[i]} steps on: too few")
            middle = self._make("middle")
            middle.rounds = self._needed(rows, came[:, i], early, late)
            grown = {"middle": middle.fit(rows[known], came[known, i])}
            for side in ("low", "high"):
                grown[side] = self._make(side).fit(rows[early], came[early, i])
            self.trees_.append(grown)
            edges = [grown[s].predict(rows[late]) for s in ("low", "high")]
            self.moves_[i] = _moves(edges[0], edges[1], came[late, i])
        return self

    def predict(self, inputs: ArrayLike) -> Floats:
        """(n, horizon, 3) low, middle and high change for rows of inputs (n, p)."""
        check_is_fitted(self, "trees_")
        rows = np.asarray(inputs, dtype=np.float32)
        out = np.zeros((len(rows), len(self.leads) + 1, 3))
        for i, grown in enumerate(self.trees_):
            low, middle, high = (grown[s].predict(rows) for s in _SIDES)
            width = np.maximum(high - low, 1e-9)
            out[:, i + 1, 0] = np.minimum(low - self.moves_[i, 0] * width, middle)
            out[:, i + 1, 1] = middle
            out[:, i + 1, 2] = np.maximum(high + self.moves_[i, 1] * width, middle)
        return _between(out, (0, *self.leads))

    def to_files(self) -> dict[str, bytes]:
        """Settings and moves as JSON, trees as LightGBM text."""
        check_is_fitted(self, "trees_")
        facts = {"params": self.get_params() | {"leads": list(self.leads)}}
        facts["moves"] = self.moves_.tolist()
        files = {"leads.json": json.dumps(facts).encode()}
        for i, grown in enumerate(self.trees_):
            for side in _SIDES:
                files |= {f"{side}{i}.{n}": b for n, b in grown[side].to_files().items()}
        return files

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The trees that `to_files` wrote."""
        facts = json.loads(files["leads.json"])
        model = cls(**facts["params"])
        model.moves_ = np.asarray(facts["moves"], dtype=np.float64)
        model.trees_ = [
            {side: BoostedTrees.from_files(under(files, f"{side}{i}.")) for side in _SIDES}
            for i in range(len(model.leads))
        ]
        return model

    def _needed(self, rows: NDArray[np.float32], came: Floats, early: Flags, late: Flags) -> int:
        """Trees with which the middle, learnt from early rows, errs least on late ones."""
        booster = self._make("middle").fit(rows[early], came[early]).booster_
        counts = sorted({max(round(self.rounds * share), 1) for share in _SHARES})
        power = 1 if self.objective == "regression_l1" else 2
        errors = [
            np.mean(np.abs(booster.predict(rows[late], num_iteration=n) - came[late]) ** power)
            for n in counts
        ]
        return counts[int(np.argmin(errors))]

    def _make(self, side: str) -> BoostedTrees:
        middle = side == "middle"
        trees = BoostedTrees(self.rounds if middle else self.band_rounds, rate=self.rate)
        trees.set_params(
            leaves=self.leaves if middle else self.band_leaves,
            least_rows=self.least_rows,
            objective=self.objective if middle else "quantile",
            level={"low": _TAIL, "middle": 0.5, "high": 1 - _TAIL}[side],
            seed=self.seed,
        )
        return trees


def _moves(low: Floats, high: Floats, came: Floats) -> tuple[float, float]:
    """How far each edge has to go out, as a share of the band, to hold 90 % of what came."""
    width = np.maximum(high - low, 1e-9)
    rank = min(np.ceil((len(came) + 1) * (1 - _TAIL)) / len(came), 1.0)
    down, up = ((low - came) / width, (came - high) / width)
    return float(np.quantile(down, rank)), float(np.quantile(up, rank))


def _between(known: Floats, leads: Sequence[int]) -> Floats:
    """(n, leads[-1], 3) at every step from 1, on lines between `known` (n, leads, 3)."""
    steps = np.arange(1, leads[-1] + 1)
    after = np.searchsorted(leads, steps)
    start, end = np.asarray(leads)[after - 1], np.asarray(leads)[after]
    share = ((steps - start) / (end - start))[None, :, None]
    return np.asarray(known[:, after - 1] * (1 - share) + known[:, after] * share)
