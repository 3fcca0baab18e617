"""A table of subjects to risks with interval and drivers: terms, ridge Cox, tuned inside."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from qianhang.engines.classify.design import Design
from qianhang.engines.classify.inner import best_setting, group_folds
from qianhang.engines.survive.cox import CoxRidge
from qianhang.engines.survive.partial import RiskSets, partial_likelihood
from qianhang.engines.survive.times import unsigned

__all__ = ["RiskTable"]

Floats = NDArray[np.float64]


class RiskTable:
    """Risk by a horizon for each row of a table.

    terms : see `Design`; horizon : in the unit of the signed times
    penalties : tried by inner cross-validation over whole groups; one value is taken as it is
    """

    PENALTIES: ClassVar[tuple[float, ...]] = (1.0, 3.0, 10.0, 30.0, 100.0)

    def __init__(
        self,
        terms: Sequence[str],
        horizon: float,
        *,
        penalties: Sequence[float] = PENALTIES,
        folds: int = 5,
        seed: int = 0,
    ) -> None:
        self.design = Design(terms)
        self.horizon = float(horizon)
        self.penalties = tuple(float(p) for p in penalties)
        self.folds = folds
        self.seed = seed
        self.cox = CoxRidge()

    def fit(self, table: pd.DataFrame, target: ArrayLike, *, groups: ArrayLike) -> Self:
        """This model, fitted on a table (n rows), signed times (n,) and group labels (n,).

        Raises ValueError where no event was seen.
        """
        signed = np.asarray(target, dtype=np.float64)
        matrix = self.design.fit(table).matrix(table)
        folds = min(self.folds, len(np.unique(np.asarray(groups))), int((signed > 0).sum()))
        # Too little to choose by: the middle of the list.
        penalty = self.penalties[len(self.penalties) // 2]
        if len(self.penalties) > 1 and folds > 1:
            penalty = self._tune(
                matrix, signed, group_folds(groups, folds, seed=self.seed, events=signed > 0)
            )
        self.cox = CoxRidge(penalty).fit(matrix, signed)
        return self

    def _tune(self, matrix: Floats, signed: Floats, folds: NDArray[np.int64]) -> float:
        def loss(penalty: float, train: NDArray[np.bool_], test: NDArray[np.bool_]) -> float:
            cox = CoxRidge(penalty).fit(matrix[train], signed[train])
            score = cox.predict(matrix[test])
            sets = RiskSets.of(*unsigned(signed[test]))
            value, _, _ = partial_likelihood(score[:, None], np.ones(1), sets)
            return -value

        return float(best_setting(self.penalties, folds, loss))

    def risk(self, table: pd.DataFrame) -> Floats:
        """(n,) probability of the event by the horizon."""
        return self.cox.risk(self.design.matrix(table), self.horizon)

    def predict(self, table: pd.DataFrame, *, drivers: int = 3) -> pd.DataFrame:
        """risk, score, low, high (95%) and drivers of each row, indexed like `table`.

        drivers : how many columns to name, strongest first, as `sbp +0.42; age -0.20`: log hazard
            ratio against the average subject of training
        """
        matrix = self.design.matrix(table)
        low, high = self.cox.risk_interval(matrix, self.horizon)
        return pd.DataFrame(
            {
                "risk": self.cox.risk(matrix, self.horizon),
                "score": self.cox.predict(matrix),
                "low": low,
                "high": high,
                "drivers": self._drivers(matrix, drivers),
            },
            index=table.index,
        )

    def contributions(self, table: pd.DataFrame) -> pd.DataFrame:
        """Log hazard ratio that each column adds to each row; rows sum to the score."""
        return self._by_column(self.design.matrix(table)).set_axis(table.index, axis=0)

    def _by_column(self, matrix: Floats) -> pd.DataFrame:
        owners = self.design.owners
        names = list(dict.fromkeys(owners))
        parts = self.cox.contributions(matrix)
        grouped = {
            name: parts[:, [i for i, o in enumerate(owners) if o == name]].sum(axis=1)
            for name in names
        }
        return pd.DataFrame(grouped)

    def _drivers(self, matrix: Floats, count: int) -> list[str]:
        parts = self._by_column(matrix)
        names, values = parts.columns.to_numpy(), parts.to_numpy()
        order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :count]
        return [
            "; ".join(f"{names[j]} {row[j]:+.2f}" for j in chosen)
            for row, chosen in zip(values, order, strict=True)
        ]

    def coefficients(self) -> pd.DataFrame:
        """One row a term: coefficient, hazard ratio for one standard deviation, 95% limits."""
        scaled = self.cox.coef_ * self.cox.scale_
        error = np.sqrt(np.diag(self.cox.covariance_))
        return pd.DataFrame(
            {
                "term": self.design.terms,
                "coefficient": self.cox.coef_,
                "hazard_ratio": np.exp(scaled),
                "low": np.exp(scaled - 1.96 * error),
                "high": np.exp(scaled + 1.96 * error),
            }
        )

    def to_files(self) -> dict[str, bytes]:
        """Settings, design and Cox model as JSON files."""
        settings: dict[str, Any] = {
            "horizon": self.horizon,
            "penalties": self.penalties,
            "folds": self.folds,
            "seed": self.seed,
        }
        own = {"risk.json": json.dumps(settings).encode()}
        return own | self.design.to_files() | self.cox.to_files()

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        settings = json.loads(files["risk.json"])
        design = Design.from_files(files)
        model = cls(design.terms, settings.pop("horizon"), **settings)
        model.design, model.cox = design, CoxRidge.from_files(files)
        return model
