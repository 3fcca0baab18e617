"""The simplest forecasts that could work."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

__all__ = ["SeasonalNaive", "same_step_before"]

Floats = NDArray[np.float64]


class SeasonalNaive(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """The last season, again and again.

    season : steps
    """

    def __init__(self, season: int = 1) -> None:
        self.season = season

    def fit(self, series: ArrayLike) -> Self:
        """This forecaster, holding the last season of series (n,) or (n, channels).

        Raises ValueError where the series is shorter than a season.
        """
        table = np.asarray(series, dtype=np.float64)
        if self.season < 1 or len(table) < self.season:
            raise ValueError(
                f"season {self.season} needs a series at least as long, not {len(table)}"
            )
        self.last_ = table[-self.season :].copy()
        return self

    def predict(self, steps: int) -> Floats:
        """(steps,) or (steps, channels): what follows the series."""
        check_is_fitted(self, "last_")
        return np.asarray(self.last_[np.arange(steps) % self.season], dtype=np.float64)

    def to_files(self) -> dict[str, bytes]:
        """The season as JSON."""
        check_is_fitted(self, "last_")
        return {"naive.json": json.dumps({"last": self.last_.tolist()}).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        last = np.asarray(json.loads(files["naive.json"])["last"], dtype=np.float64)
        model = cls(season=len(last))
        model.last_ = last
        return model


def same_step_before(history: ArrayLike, *, back: int, steps: int) -> Floats:
    """(steps, ...) values `back` steps earlier, or a multiple where that would pass the origin.

    history : (n, ...) oldest first
    Raises ValueError where the history does not reach back so far.
    """
    table = np.asarray(history, dtype=np.float64)
    ahead = np.arange(steps)
    place = len(table) + ahead - back * (ahead // back + 1)
    if back < 1 or place.min(initial=0) < 0:
        raise ValueError(f"{len(table)} steps of history do not reach {back} steps back")
    return np.asarray(table[place], dtype=np.float64)
