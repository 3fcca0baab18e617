"""Prediction intervals from past errors alone: split conformal, and one that follows drift."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["adapt_level", "conformal_radius", "recent_quantiles"]

Floats = NDArray[np.float64]


def conformal_radius(scores: ArrayLike, *, level: float) -> float:
    """The radius that holds a new error with probability >= `level` if errors are exchangeable.

    scores : (n,) absolute errors on data the model has not seen
    Returns infinity where n is too small for the level.
    Source: Lei et al. (2018), JASA 113:1094, theorem 2.2.
    """
    known = np.sort(np.asarray(scores, dtype=np.float64))
    rank = int(np.ceil((len(known) + 1) * level))
    return float(known[rank - 1]) if rank <= len(known) else float("inf")


def adapt_level(covered: ArrayLike, *, target: float, rate: float, start: float) -> float:
    """The nominal level to ask for next, so that coverage comes back to `target` after drift.

    covered : (n,) whether each past interval held, oldest first; rate : step of one correction
    Source: Gibbs and Candes (2021), NeurIPS 34, adaptive conformal inference.
    """
    level = start
    for held in np.asarray(covered, dtype=np.float64):
        level = min(max(level + rate * (target - held), 0.02), 0.98)
    return float(level)


def recent_quantiles(
    errors: ArrayLike, *, levels: ArrayLike, half_life: float, smooth: int
) -> Floats:
    """(levels, slots) quantiles of past errors for each slot of the season, recent ones first.

    errors : (seasons, slots) oldest first, NaN where unknown
    half_life : seasons after which an error counts half
    smooth : neighbouring slots on each side that lend their errors, around the clock
    """
    table = np.asarray(errors, dtype=np.float64)
    seasons, slots = table.shape
    age = np.arange(seasons)[::-1]
    weight = np.repeat(0.5 ** (age / half_life), 2 * smooth + 1)
    near = (np.arange(slots)[:, None] + np.arange(-smooth, smooth + 1)) % slots
    asked = np.asarray(levels, dtype=np.float64)
    pool = table[:, near].transpose(1, 0, 2).reshape(slots, -1)
    return np.stack([_weighted_quantiles(row, weight, asked) for row in pool], axis=1)


def _weighted_quantiles(values: Floats, weights: Floats, levels: Floats) -> Floats:
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(levels), np.nan)
    order = np.argsort(values[known], kind="stable")
    sorted_values, mass = values[known][order], weights[known][order]
    middle = (np.cumsum(mass) - 0.5 * mass) / mass.sum()
    return np.interp(levels, middle, sorted_values)
