"""Inner cross-validation that keeps a group's rows together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["best_setting", "group_folds"]

Ints = NDArray[np.int64]
Setting = TypeVar("Setting")


def group_folds(
    groups: ArrayLike, folds: int, *, seed: int, events: ArrayLike | None = None
) -> Ints:
    """Fold number of each row, (n,): whole groups, near-equal events and rows in every fold.

    groups : (n,) labels that must not be split; events : (n,) flags to balance, or None
    Raises ValueError where there are fewer groups than folds.
    """
    labels, index = np.unique(np.asarray(groups), return_inverse=True)
    if folds < 2 or len(labels) < folds:
        raise ValueError(f"{len(labels)} groups cannot make {folds} folds")
    rng = np.random.default_rng(seed)
    rows = np.bincount(index, minlength=len(labels)).astype(float)
    flags = np.zeros(len(index)) if events is None else np.asarray(events, dtype=float)
    cases = np.bincount(index, weights=flags, minlength=len(labels))
    order = rng.permutation(len(labels))
    order = order[np.lexsort((-rows[order], -cases[order]))]
    # Deal the groups out like cards, there and back, heaviest first: loads stay level.
    turn = np.concatenate([np.arange(folds), np.arange(folds)[::-1]])
    number = np.empty(len(labels), dtype=np.int64)
    number[order] = rng.permutation(folds)[turn[np.arange(len(labels)) % len(turn)]]
    return number[index]


def best_setting(
    settings: Sequence[Setting],
    folds: Ints,
    loss: Callable[[Setting, NDArray[np.bool_], NDArray[np.bool_]], float],
) -> Setting:
    """The setting with the lowest loss summed over the folds; the first of equals.

    loss : loss(setting, train, test) for (n,) row masks
    """
    numbers = np.unique(folds)
    totals = [sum(loss(s, folds != k, folds == k) for k in numbers) for s in settings]
    return settings[int(np.argmin(totals))]
