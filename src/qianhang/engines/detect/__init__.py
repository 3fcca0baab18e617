"""Detection: residuals, whitening, control charts, strange points, additive sources, episodes."""

from __future__ import annotations

from qianhang.engines.detect.alarm_logic import AlarmLogic, alarm_limit
from qianhang.engines.detect.bias import BiasFilter
from qianhang.engines.detect.control_charts import Chart, cusum, ewma
from qianhang.engines.detect.deviation import DeviationDetector, recent_usual
from qianhang.engines.detect.episodes import EpisodeScore, build_episodes, score_episodes
from qianhang.engines.detect.isolation import IsolationDetector
from qianhang.engines.detect.localise import (
    Match,
    cover,
    fit_sizes,
    match,
    posterior,
    within_reach,
)
from qianhang.engines.detect.model import SourceModel
from qianhang.engines.detect.residual import ResidualModel
from qianhang.engines.detect.source import Declared, Places, Plant, Settings, Source, Trace
from qianhang.engines.detect.sources import SourceTracker
from qianhang.engines.detect.whiten import Whitener

__all__ = [
    "AlarmLogic",
    "BiasFilter",
    "Chart",
    "Declared",
    "DeviationDetector",
    "EpisodeScore",
    "IsolationDetector",
    "Match",
    "Places",
    "Plant",
    "ResidualModel",
    "Settings",
    "Source",
    "SourceModel",
    "SourceTracker",
    "Trace",
    "Whitener",
    "alarm_limit",
    "build_episodes",
    "cover",
    "cusum",
    "ewma",
    "fit_sizes",
    "match",
    "posterior",
    "recent_usual",
    "score_episodes",
    "within_reach",
]
