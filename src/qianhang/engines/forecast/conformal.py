"""Prediction intervals from past errors alone: split conformal, and one that follows drift."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["adapt_level", "conformal_radius", "forward_level", "recent_quantiles"]

Floats = NDArray[np.float64]

_LEVELS = np.linspace(0.5, 0.98, 25)


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
    near = (np.arange(slots)[:, None] + np.arange(-smooth, smooth + 1)) % slots
    pool = table[:, near].transpose(0, 2, 1).reshape(-1, slots)
    weight = np.repeat(0.5 ** (np.arange(seasons)[::-1] / half_life), 2 * smooth + 1)
    order = np.argsort(pool, axis=0)  # NaN sorts last and weighs nothing
    values = np.take_along_axis(pool, order, axis=0)
    mass = np.where(np.isfinite(values), weight[order], 0.0)
    total = mass.sum(axis=0)
    share = (np.cumsum(mass, axis=0) - 0.5 * mass) / np.where(total > 0, total, np.nan)
    return _read_at(share, values, np.asarray(levels, dtype=np.float64))


def _read_at(share: Floats, values: Floats, levels: Floats) -> Floats:
    """(levels, columns): each column's values interpolated at the given shares."""
    known = np.isfinite(values)
    last = np.maximum(known.sum(axis=0) - 1, 0)
    column = np.arange(values.shape[1])
    out = np.empty((len(levels), values.shape[1]))
    for i, level in enumerate(levels):
        above = np.minimum(np.sum((share < level) & known, axis=0), last)
        below = np.maximum(above - 1, 0)
        lo, hi = values[below, column], values[above, column]
        s_lo, s_hi = share[below, column], share[above, column]
        step = np.clip((level - s_lo) / np.where(s_hi > s_lo, s_hi - s_lo, 1.0), 0.0, 1.0)
        out[i] = lo + step * (hi - lo)
    return out


def forward_level(
    errors: ArrayLike, *, target: float, half_life: float, smooth: int, block: int = 7
) -> float:
    """The nominal level whose intervals would lately have covered `target` of the errors.

    Replays the past in blocks: intervals from the seasons before a block, coverage inside it. Days
    differ from one another more than steps do, so plain quantiles cover too little.
    errors : (seasons, slots) oldest first; block : seasons between two replays
    Returns `target` itself where fewer than five blocks are known.
    """
    table = np.asarray(errors, dtype=np.float64)
    starts = range(len(table) - block, 4 * block - 1, -block)
    if len(starts) < 1:
        return target
    tails = (1 - _LEVELS) / 2
    asked = np.concatenate([tails, 1 - tails])
    covered, weights = np.zeros(len(_LEVELS)), 0.0
    for start in starts:
        quantiles = recent_quantiles(
            table[:start], levels=asked, half_life=half_life, smooth=smooth
        )
        new = table[start : start + block]
        low, high = quantiles[: len(_LEVELS), None], quantiles[len(_LEVELS) :, None]
        inside = np.where(np.isfinite(new), (new >= low) & (new <= high), np.nan)
        if np.isfinite(inside).any():
            weight = 0.5 ** ((len(table) - start) / (2 * half_life))
            covered += weight * np.nanmean(inside, axis=(1, 2))
            weights += weight
    if weights == 0:
        return target
    rising = np.maximum.accumulate(covered / weights)
    return float(np.interp(target, rising, _LEVELS))
