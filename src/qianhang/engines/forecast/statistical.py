"""AutoETS, AutoARIMA, AutoTheta and MSTL through statsforecast, which comes with an extra."""

from __future__ import annotations

from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from qianhang.core.errors import MissingExtra

__all__ = ["StatisticalForecaster"]


class StatisticalForecaster(BaseEstimator):  # type: ignore[misc]  # scikit-learn ships no types
    """A textbook model chosen by its information criterion, with its own intervals.

    method : ets, arima, theta, or mstl (several seasons, trend by ETS)
    seasons : season lengths in steps; all but mstl use the first
    coverage : share of readings that [low, high] is to hold
    """

    def __init__(
        self,
        method: Literal["ets", "arima", "theta", "mstl"] = "ets",
        *,
        seasons: tuple[int, ...] = (1,),
        coverage: float = 0.8,
    ) -> None:
        self.method = method
        self.seasons = seasons
        self.coverage = coverage

    def fit(self, series: ArrayLike) -> Self:
        """This forecaster, fitted on series (n,), oldest first.

        Raises MissingExtra where statsforecast is not installed.
        """
        values = np.asarray(series, dtype=np.float64)
        if values.ndim != 1 or not np.isfinite(values).all():
            raise ValueError("series must be (n,) without NaN or infinity")
        self.model_ = self._make().fit(values)
        return self

    def predict(self, steps: int) -> NDArray[np.float64]:
        """(steps, 3) low, middle, high of what follows the series."""
        check_is_fitted(self, "model_")
        level = round(100 * self.coverage)
        told = self.model_.predict(h=steps, level=[level])
        columns = [told[f"lo-{level}"], told["mean"], told[f"hi-{level}"]]
        return np.column_stack([np.asarray(c, dtype=np.float64) for c in columns])

    def _make(self) -> Any:
        try:
            from statsforecast import models
        except ImportError:
            raise MissingExtra(
                "QH810",
                f"method {self.method!r} needs statsforecast, which is not installed",
                hint="pip install 'qianhang[forecast]'",
            ) from None
        season = int(self.seasons[0])
        if self.method == "mstl":
            trend = models.AutoETS(season_length=1, model="ZZN")
            return models.MSTL(season_length=list(self.seasons), trend_forecaster=trend)
        kinds = {"ets": models.AutoETS, "arima": models.AutoARIMA, "theta": models.AutoTheta}
        if self.method not in kinds:
            raise ValueError(f"method {self.method!r}: allowed are ets, arima, theta, mstl")
        return kinds[self.method](season_length=season)
