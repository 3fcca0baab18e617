"""Classification: risks that hold, model classes that the events can carry, groups kept whole."""

from qianhang.engines.classify import metrics
from qianhang.engines.classify.boosted import BoostedTrees
from qianhang.engines.classify.bootstrap import interval, limits, resamples
from qianhang.engines.classify.calibrated import Calibrated
from qianhang.engines.classify.design import Design
from qianhang.engines.classify.few_events import Capacity, expected_shrinkage, few_events
from qianhang.engines.classify.inner import best_setting, group_folds
from qianhang.engines.classify.logistic import Logistic

__all__ = [
    "BoostedTrees",
    "Calibrated",
    "Capacity",
    "Design",
    "Logistic",
    "best_setting",
    "expected_shrinkage",
    "few_events",
    "group_folds",
    "interval",
    "limits",
    "metrics",
    "resamples",
]
