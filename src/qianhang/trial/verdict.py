"""Whether a trial met its bars and beat its trivial baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from qianhang.core.manifest import Bar, Case
from qianhang.core.results import Trial

__all__ = ["BarResult", "Judgement", "improvement", "judge", "value_on"]


@dataclass(frozen=True, slots=True)
class BarResult:
    """One bar with the figure reached; `met` is None where the trial has no such score."""

    bar: Bar
    value: float | None
    met: bool | None


@dataclass(frozen=True, slots=True)
class Judgement:
    """All bars, and the improvement over the trivial baseline in the worst fold.

    verdict : "met", "unmet" (some bar missed or not scored) or "none" (the case has no bar)
    gain : 1 - ours / trivial (lower is better) or ours / trivial - 1, least over the folds
    """

    bars: tuple[BarResult, ...]
    verdict: str
    gain: float | None
    beats_trivial: bool


def judge(trial: Trial, case: Case) -> Judgement:
    """The judgement of `trial` by the bars of `case`."""
    results = tuple(_result(trial, bar) for bar in case.bar)
    verdict = "none"
    if results:
        verdict = "met" if all(r.met for r in results) else "unmet"
    gain = _gain(trial, case.bar)
    need = case.better_by or 0.0
    return Judgement(results, verdict, gain, gain is not None and gain > 0 and gain >= need)


def value_on(bar: Bar, *, scores: Mapping[str, float], folds: Sequence[Any]) -> float | None:
    """The figure that `bar` is about: the overall score, or the worst fold's."""
    if bar.on == "all":
        return _finite(scores.get(bar.metric))
    values = [f.ours[bar.metric] for f in folds if bar.metric in f.ours]
    if not values or not all(math.isfinite(v) for v in values):
        return None
    worst: float = max(values) if bar.at_most is not None else min(values)
    return worst


# A ranking that knows nothing scores one half, whatever chance made of it.
_KNOWING_NOTHING = {"auroc": 0.5, "c": 0.5}


def _result(trial: Trial, bar: Bar) -> BarResult:
    value = value_on(bar, scores=trial.scores, folds=trial.folds)
    if value is None:
        return BarResult(bar, None, None)
    met = (bar.at_most is None or value <= bar.at_most) and (
        bar.at_least is None or value >= bar.at_least
    )
    return BarResult(bar, value, met)


def improvement(ours: float, trivial: float, *, lower_is_better: bool) -> float:
    """How much better ours is than trivial, as a share of trivial; positive is better."""
    if trivial == 0:
        return 0.0 if ours == 0 else math.copysign(1.0, -ours if lower_is_better else ours)
    change = (ours - trivial) / abs(trivial)
    return -change if lower_is_better else change


def _gain(trial: Trial, bars: Sequence[Bar]) -> float | None:
    if not bars:
        return None
    metric, lower = bars[0].metric, bars[0].at_most is not None
    pairs = [(f.ours.get(metric), f.trivial.get(metric)) for f in trial.folds]
    if not pairs or any(a is None or b is None for a, b in pairs):
        pairs = [(trial.scores.get(metric), trial.trivial.get(metric))]
    least = _KNOWING_NOTHING.get(metric, -math.inf)
    gains = [
        improvement(a, max(b, least), lower_is_better=lower)
        for a, b in pairs
        if a is not None and b is not None and math.isfinite(a) and math.isfinite(b)
    ]
    return min(gains) if gains else None


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
