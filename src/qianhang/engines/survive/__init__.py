"""Survival: risk by a horizon from censored follow-up, with interval, drivers and honest scores."""

from qianhang.engines.survive import metrics
from qianhang.engines.survive.boosted import BoostedCox
from qianhang.engines.survive.cox import CoxRidge
from qianhang.engines.survive.partial import RiskSets, breslow, partial_likelihood
from qianhang.engines.survive.risk import RiskTable
from qianhang.engines.survive.times import administrative, signed, unsigned

__all__ = [
    "BoostedCox",
    "CoxRidge",
    "RiskSets",
    "RiskTable",
    "administrative",
    "breslow",
    "metrics",
    "partial_likelihood",
    "signed",
    "unsigned",
]
