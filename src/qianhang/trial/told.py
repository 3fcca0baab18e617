"""What a forecaster said beside what came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["LEVELS", "METHODS", "Told", "joined"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
METHODS = ("ours", "trivial", "practice")
LEVELS = (0.1, 0.5, 0.9)


@dataclass(frozen=True, slots=True)
class Told:
    """What was forecast in one fold beside what came, one row a step ahead of one series.

    time : (r,) instants; lead : (r,) steps from the origin, 1 the first
    actual : (r, targets)
    middle : method -> (r, targets)
    quantiles : (r, q) ours at `levels`, which hold 0.1, 0.5 and 0.9, or None
    others : baseline -> (r, q) its own quantiles, where it gives them
    place : (r,) number of the series in `series`; origin : (r,) number of the origin
    """

    time: pd.DatetimeIndex
    lead: Ints
    actual: Floats
    middle: Mapping[str, Floats]
    quantiles: Floats | None
    place: Ints
    origin: Ints
    levels: tuple[float, ...] = LEVELS
    series: tuple[str, ...] = ("",)
    others: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def band(self) -> Floats | None:
        """(r, 2) ours at 0.1 and 0.9, or None."""
        if self.quantiles is None:
            return None
        return self.quantiles[:, [self.levels.index(0.1), self.levels.index(0.9)]]

    def where(self, use: NDArray[np.bool_]) -> Told:
        """The rows that `use` (r,) picks."""
        return replace(
            self,
            time=self.time[use],
            lead=self.lead[use],
            actual=self.actual[use],
            middle={m: v[use] for m, v in self.middle.items()},
            quantiles=None if self.quantiles is None else self.quantiles[use],
            place=self.place[use],
            origin=self.origin[use],
            others={m: v[use] for m, v in self.others.items()},
        )

    def quantiles_of(self, method: str) -> Floats | None:
        """(r, q) quantiles of ours or of a baseline that gives them, else None."""
        return self.quantiles if method == "ours" else self.others.get(method)

    def answers(self, method: str) -> pd.DataFrame:
        """One row a step whose reading came: time, origin, lead, series, actual, p50, quantiles.

        method : ours, trivial or practice; quantile columns (p10, p90, ...) where it gives them
        """
        frame = pd.DataFrame(
            {
                "time": self.time,
                "origin": self.origin,
                "lead": self.lead,
                "series": np.asarray(self.series, dtype=object)[self.place],
                "actual": self.actual[:, 0],
                "p50": self.middle[method][:, 0],
            }
        )
        quantiles = self.quantiles_of(method)
        if quantiles is not None:
            named = [f"p{100 * level:g}" for level in self.levels]
            at = {n: quantiles[:, i] for i, n in enumerate(named) if n != "p50"}
            frame = pd.concat([frame, pd.DataFrame(at)], axis=1)
        return frame[np.isfinite(self.actual[:, 0])].reset_index(drop=True)


def joined(told: Sequence[Told]) -> Told:
    """All folds as one; quantiles are kept where every fold has them."""
    first = told[0]
    if len(told) == 1:
        return first
    quantiles = [t.quantiles for t in told if t.quantiles is not None]
    starts = np.cumsum([0, *(int(t.origin.max(initial=-1)) + 1 for t in told[:-1])])
    return replace(
        first,
        time=pd.DatetimeIndex(first.time.append([t.time for t in told[1:]])),
        lead=np.concatenate([t.lead for t in told]),
        actual=np.concatenate([t.actual for t in told]),
        middle={m: np.concatenate([t.middle[m] for t in told]) for m in first.middle},
        quantiles=np.concatenate(quantiles) if len(quantiles) == len(told) else None,
        place=np.concatenate([t.place for t in told]),
        origin=np.concatenate([t.origin + s for t, s in zip(told, starts, strict=True)]),
        others={m: np.concatenate([t.others[m] for t in told]) for m in first.others},
    )
