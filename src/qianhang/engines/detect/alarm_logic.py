"""From a score to alarms: persistence before one is raised, hysteresis and hold before it ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from qianhang.engines.detect.episodes import build_episodes

__all__ = ["AlarmLogic", "alarm_limit"]

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class AlarmLogic:
    """When an alarm begins and ends; a position depends on nothing later than itself.

    on : score at which an alarm is raised ; release : share of `on` below which it may end
    persist : positions in a row that have to reach `on` ; hold : positions in a row below the
    release that an alarm outlasts, so that alarms nearer than that are one
    """

    on: float = 1.0
    release: float = 1.0
    persist: int = 1
    hold: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.release <= 1:
            raise ValueError(f"release is {self.release}, expected 0 to 1")
        if self.persist < 1 or self.hold < 0:
            raise ValueError("persist is at least 1 and hold at least 0")

    def states(self, score: Array) -> NDArray[np.bool_]:
        """Whether an alarm stands at each position, (n,); a missing score is no evidence."""
        running = np.zeros(len(score), dtype=bool)
        for first, last in self.episodes(score):
            running[first : last + self.hold + 1] = True
        return running

    def episodes(self, score: Array) -> NDArray[np.int64]:
        """First position of each alarm and the last at which anything kept it up, (k, 2).

        The hold after the last evidence joins alarms; it does not lengthen them.
        """
        values = np.asarray(score, dtype=float)
        raised = np.flatnonzero(_persisting(values >= self.on, self.persist))
        groups = build_episodes(values >= self.on * self.release, gap=self.hold)
        if not len(raised) or not len(groups):
            return np.empty((0, 2), dtype=np.int64)
        first = raised[np.minimum(np.searchsorted(raised, groups[:, 0]), len(raised) - 1)]
        inside = (first >= groups[:, 0]) & (first <= groups[:, 1])
        kept: NDArray[np.int64] = np.column_stack([first, groups[:, 1]])[inside].astype(np.int64)
        return kept


def alarm_limit(
    size: Array,
    *,
    most: int,
    persist: int = 1,
    hold: int = 0,
    apart: NDArray[np.bool_] | None = None,
) -> float:
    """Smallest limit at which a signal raises at most `most` alarms, in the unit of the signal.

    size : (n,) how far from usual, NaN unknown ; apart : (n,) positions that do not count,
    because something is known to have happened there
    """
    values = np.nan_to_num(np.asarray(size, dtype=float), nan=0.0)
    if apart is not None:
        values = np.where(apart, 0.0, values)
    ladder = np.unique(values[values > 0])
    if not len(ladder):
        return float(np.finfo(float).tiny)
    low, high = 0, len(ladder)  # above the last rung nothing is raised
    while low < high:
        middle = (low + high) // 2
        flags = _persisting(values > ladder[middle], persist)
        if len(build_episodes(flags, gap=max(hold, 0))) <= most:
            high = middle
        else:
            low = middle + 1
    # counts are not quite monotone where alarms merge, and a limit lies above its rung
    return float(np.nextafter(ladder[min(low, len(ladder) - 1)], np.inf))


def _persisting(flags: NDArray[np.bool_], persist: int) -> NDArray[np.bool_]:
    """Flags that have stood for `persist` positions in a row, (n,)."""
    if persist <= 1:
        return np.asarray(flags, dtype=bool)
    total = np.concatenate([[0], np.cumsum(flags)])
    result = np.zeros(len(flags), dtype=bool)
    result[persist - 1 :] = total[persist:] - total[:-persist] == persist
    return result
