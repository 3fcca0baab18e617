"""Who starts where: one pure function over what runs and what waits, and its values."""

from __future__ import annotations

from qianhang.compute.policy.decide import decide, settle
from qianhang.compute.policy.decision import (
    Cost,
    Decision,
    Placement,
    Preempt,
    Refusal,
    Refuse,
    Reserve,
    ScoreTerm,
    Start,
)
from qianhang.compute.policy.desk import Desk
from qianhang.compute.policy.option import Prices
from qianhang.compute.policy.params import Params
from qianhang.compute.policy.predict import Predictor
from qianhang.compute.policy.queue import Queue
from qianhang.compute.policy.view import View

__all__ = [
    "Cost",
    "Decision",
    "Desk",
    "Params",
    "Placement",
    "Predictor",
    "Preempt",
    "Prices",
    "Queue",
    "Refusal",
    "Refuse",
    "Reserve",
    "ScoreTerm",
    "Start",
    "View",
    "decide",
    "settle",
]
