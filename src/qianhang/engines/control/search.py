"""Search for the settings of a controller on a simulator: few evaluations, same answer twice."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Found", "Knob", "search"]

Array = NDArray[np.float64]
Objective = Callable[[Mapping[str, float]], float]
Method = Literal["coordinate", "random", "nelder"]


@dataclass(frozen=True, slots=True)
class Knob:
    """One setting: its range, where the search begins, and its first step."""

    name: str
    low: float
    high: float
    start: float
    step: float

    def __post_init__(self) -> None:
        if not self.low <= self.start <= self.high or self.step <= 0:
            raise ValueError(f"{self.name}: start must lie in the range, step above zero")


@dataclass(frozen=True, slots=True)
class Found:
    """The best settings, their value, and every evaluation in order (settings and `value`)."""

    settings: Mapping[str, float]
    value: float
    history: pd.DataFrame


class _Spent(Exception):
    """The budget is used up."""


class _Counter:
    """The objective with a memory and a budget; the same point costs nothing the second time."""

    def __init__(self, objective: Objective, knobs: Sequence[Knob], budget: int) -> None:
        self.objective, self.knobs, self.budget = objective, knobs, budget
        self.low = np.array([k.low for k in knobs])
        self.high = np.array([k.high for k in knobs])
        self.known: dict[tuple[float, ...], float] = {}

    def __call__(self, point: Array) -> float:
        key = tuple(np.round(np.clip(point, self.low, self.high), 9).tolist())
        if key not in self.known:
            if len(self.known) >= self.budget:
                raise _Spent
            names = (k.name for k in self.knobs)
            self.known[key] = float(self.objective(dict(zip(names, key, strict=True))))
        return self.known[key]


def search(
    objective: Objective,
    knobs: Sequence[Knob],
    *,
    budget: int,
    seed: int,
    method: Method = "coordinate",
) -> Found:
    """The settings with the least objective among at most `budget` evaluations.

    coordinate : one setting at a time, steps halved when none helps; random : uniform draws after
    the start; nelder : Nelder and Mead's simplex from the start
    """
    if budget < 1 or not knobs:
        raise ValueError("a search needs a knob and a budget of at least 1")
    count = _Counter(objective, knobs, budget)
    start = np.array([k.start for k in knobs])
    ways = {"coordinate": _coordinate, "random": _random, "nelder": _nelder}
    with suppress(_Spent):
        ways[method](count, start, seed)
    return _found(count)


def _coordinate(count: _Counter, start: Array, seed: int) -> None:
    rng = np.random.default_rng(seed)
    steps = np.array([k.step for k in count.knobs])
    best, value = start, count(start)
    while (steps / np.maximum(count.high - count.low, 1e-12) > 1e-3).any():
        better = False
        for i in rng.permutation(len(steps)):
            for sign in (-1.0, 1.0):
                trial = best.copy()
                trial[i] = np.clip(trial[i] + sign * steps[i], count.low[i], count.high[i])
                if count(trial) < value:
                    best, value, better = trial, count(trial), True
                    break
        if not better:
            steps = steps / 2


def _random(count: _Counter, start: Array, seed: int) -> None:
    rng = np.random.default_rng(seed)
    count(start)
    while True:
        count(rng.uniform(count.low, count.high))


def _nelder(count: _Counter, start: Array, seed: int) -> None:  # noqa: ARG001 - nothing random
    from scipy.optimize import minimize

    n = len(start)
    steps = np.array([k.step for k in count.knobs])
    corners = np.vstack(
        [start, start + np.diag(np.where(start + steps > count.high, -1, 1) * steps)]
    )
    bounds = np.column_stack([count.low, count.high])
    options = {"initial_simplex": corners, "maxfev": 10 * count.budget + n}
    minimize(count, start, method="Nelder-Mead", bounds=bounds, options=options)


def _found(count: _Counter) -> Found:
    import pandas as pd

    names = [k.name for k in count.knobs]
    history = pd.DataFrame([*count.known], columns=names)
    history["value"] = list(count.known.values())
    best = min(count.known, key=lambda key: count.known[key])
    return Found(dict(zip(names, best, strict=True)), count.known[best], history)
