"""Forecasting: arrays in, arrays out; every model is kept without pickle."""

from qianhang.engines.forecast.chance import chance_above
from qianhang.engines.forecast.clearsky import (
    Envelope,
    Sun,
    air_mass,
    clear_sky,
    locate,
    sun_position,
)
from qianhang.engines.forecast.clock import DayClock, read_clock, steps_per_day
from qianhang.engines.forecast.conformal import (
    adapt_level,
    conformal_radius,
    forward_level,
    recent_quantiles,
)
from qianhang.engines.forecast.dayahead import DayAheadForecaster
from qianhang.engines.forecast.features import DayAheadRows, day_ahead_rows
from qianhang.engines.forecast.habits import habit_marks, habits, likest
from qianhang.engines.forecast.harmonics import TidalHarmonics
from qianhang.engines.forecast.hydrology import Forcing, RainfallRunoff
from qianhang.engines.forecast.leads import LeadTrees
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
from qianhang.engines.forecast.neighbours import NeighbourRidge, filled
from qianhang.engines.forecast.network import NetworkForecaster
from qianhang.engines.forecast.panel import Panel, Windows
from qianhang.engines.forecast.quantiles import QuantileTrees, quantiles_at, recalibrate
from qianhang.engines.forecast.residual import ResidualRidge, lagged
from qianhang.engines.forecast.series import SeasonalSeries
from qianhang.engines.forecast.similar import similar_day
from qianhang.engines.forecast.statistical import StatisticalForecaster
from qianhang.engines.forecast.trees import BoostedTrees

__all__ = [
    "BoostedTrees",
    "DayAheadForecaster",
    "DayAheadRows",
    "DayClock",
    "Envelope",
    "Forcing",
    "LeadTrees",
    "LinearForecaster",
    "NeighbourRidge",
    "NetworkForecaster",
    "Panel",
    "QuantileTrees",
    "RainfallRunoff",
    "ResidualRidge",
    "SeasonalNaive",
    "SeasonalSeries",
    "StatisticalForecaster",
    "Sun",
    "TidalHarmonics",
    "WindowRidge",
    "Windows",
    "adapt_level",
    "air_mass",
    "chance_above",
    "clear_sky",
    "conformal_radius",
    "coverage",
    "day_ahead_rows",
    "filled",
    "forward_level",
    "habit_marks",
    "habits",
    "lagged",
    "likest",
    "locate",
    "mae",
    "mape",
    "mase",
    "mse_scaled",
    "pinball",
    "quantiles_at",
    "read_clock",
    "recalibrate",
    "recent_quantiles",
    "rmse",
    "same_step_before",
    "similar_day",
    "skill_by_lead",
    "steps_per_day",
    "sun_position",
]
