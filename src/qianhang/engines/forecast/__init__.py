"""Forecasting: arrays in, arrays out; every model is kept without pickle."""

from qianhang.engines.forecast.clock import DayClock, read_clock, steps_per_day
from qianhang.engines.forecast.conformal import (
    adapt_level,
    conformal_radius,
    forward_level,
    recent_quantiles,
)
from qianhang.engines.forecast.dayahead import DayAheadForecaster
from qianhang.engines.forecast.features import DayAheadRows, day_ahead_rows
from qianhang.engines.forecast.linear import LinearForecaster, WindowRidge
from qianhang.engines.forecast.metrics import (
    coverage,
    mae,
    mape,
    mase,
    mse_scaled,
    pinball,
    rmse,
    skill_by_lead,
)
from qianhang.engines.forecast.naive import SeasonalNaive, same_step_before
from qianhang.engines.forecast.series import SeasonalSeries
from qianhang.engines.forecast.similar import similar_day
from qianhang.engines.forecast.statistical import StatisticalForecaster
from qianhang.engines.forecast.trees import BoostedTrees

__all__ = [
    "BoostedTrees",
    "DayAheadForecaster",
    "DayAheadRows",
    "DayClock",
    "LinearForecaster",
    "SeasonalNaive",
    "SeasonalSeries",
    "StatisticalForecaster",
    "WindowRidge",
    "adapt_level",
    "conformal_radius",
    "coverage",
    "day_ahead_rows",
    "forward_level",
    "mae",
    "mape",
    "mase",
    "mse_scaled",
    "pinball",
    "read_clock",
    "recent_quantiles",
    "rmse",
    "same_step_before",
    "similar_day",
    "skill_by_lead",
    "steps_per_day",
]
