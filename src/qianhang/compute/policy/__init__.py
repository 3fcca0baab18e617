"""Who starts where: one pure function over what runs and what waits, and its values."""

from __future__ import annotations

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
from qianhang.compute.policy.params import Params

__all__ = [
    "Cost",
    "Decision",
    "Params",
    "Placement",
    "Preempt",
    "Refusal",
    "Refuse",
    "Reserve",
    "ScoreTerm",
    "Start",
]
