"""Cox partial likelihood with Efron's treatment of ties: value, slope, curvature, baseline.

Source: Efron (1977), J. Am. Stat. Assoc. 72:557; Therneau and Grambsch (2000), section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["RiskSets", "breslow", "partial_likelihood"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class RiskSets:
    """Subjects sorted by time, and one row for each event, ties numbered.

    order : (n,) subjects, longest followed last
    first : (d,) position in `order` of the first subject at risk at the event's time
    dead : (d,) position in `order` of the subject that had the event
    tied : (d,) index of the event's own tie group; share : (d,) Efron's l/m within the tie group
    times : (g,) distinct event times; time : (n,) sorted follow-up
    """

    order: Ints
    first: Ints
    dead: Ints
    tied: Ints
    share: Floats
    times: Floats
    time: Floats

    @classmethod
    def of(cls, time: Floats, event: NDArray[np.bool_]) -> RiskSets:
        """The risk sets of (n,) times and (n,) event flags."""
        order = np.argsort(time, kind="stable").astype(np.int64)
        sorted_time, flags = time[order], event[order]
        dead = np.flatnonzero(flags).astype(np.int64)
        times, tied, counts = np.unique(sorted_time[dead], return_inverse=True, return_counts=True)
        starts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.int64)
        share = (np.arange(len(dead)) - starts[tied]) / counts[tied]
        first = np.searchsorted(sorted_time, sorted_time[dead], side="left").astype(np.int64)
        return cls(order, first, dead, tied.astype(np.int64), share, times, sorted_time)


def partial_likelihood(
    features: Floats, beta: Floats, sets: RiskSets
) -> tuple[float, Floats, Floats]:
    """Log partial likelihood, its gradient (p,) and negative Hessian (p, p) at `beta`.

    features : (n, p), in the caller's order; beta : (p,)
    """
    x = features[sets.order]
    score = x @ beta
    weight = np.exp(score - score.max())
    at_risk, tied = _sums(weight[:, None], sets)
    whole = at_risk[:, 0] - sets.share * tied[:, 0]
    risk_x, tied_x = _sums(weight[:, None] * x, sets)
    mean = (risk_x - sets.share[:, None] * tied_x) / whole[:, None]
    value = float(score[sets.dead].sum() - (np.log(whole) + score.max()).sum())
    gradient = x[sets.dead].sum(axis=0) - mean.sum(axis=0)
    spread = (x * (weight * _exposure(whole, sets))[:, None]).T @ x - mean.T @ mean
    return value, gradient, spread


def _sums(values: Floats, sets: RiskSets) -> tuple[Floats, Floats]:
    """Per event: the sum over its risk set and the sum over its tie group, (d, k) each."""
    from_end = np.cumsum(values[::-1], axis=0)[::-1]
    groups = np.zeros((len(sets.times), values.shape[1]))
    np.add.at(groups, sets.tied, values[sets.dead])
    return from_end[sets.first], groups[sets.tied]


def _exposure(whole: Floats, sets: RiskSets) -> Floats:
    """(n,) sum over events of one over the risk mass, with Efron's share taken off the tied."""
    step = np.zeros(len(sets.time))
    np.add.at(step, sets.first, 1.0 / whole)
    # A subject is at risk in every event whose risk set starts at or before its own position.
    total = np.cumsum(step)
    back = np.zeros(len(sets.times))
    np.add.at(back, sets.tied, sets.share / whole)
    total[sets.dead] -= back[sets.tied]
    return total


def breslow(score: Floats, sets: RiskSets) -> tuple[Floats, Floats, Floats]:
    """Event times (g,), cumulative baseline hazard (g,) and its variance (g,), ties by Efron.

    score : (n,) linear predictor, in the caller's order
    """
    weight = np.exp(score[sets.order])[:, None]
    at_risk, tied = _sums(weight, sets)
    whole = at_risk[:, 0] - sets.share * tied[:, 0]
    jumps, squares = np.zeros(len(sets.times)), np.zeros(len(sets.times))
    np.add.at(jumps, sets.tied, 1.0 / whole)
    np.add.at(squares, sets.tied, 1.0 / whole**2)
    return sets.times, np.cumsum(jumps), np.cumsum(squares)
