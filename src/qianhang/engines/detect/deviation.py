"""Sensors against their own recent usual, each with a limit set by a budget of false alarms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.detect.alarm_logic import AlarmLogic, alarm_limit
from qianhang.engines.saving import pack_arrays, unpack_arrays

__all__ = ["DeviationDetector", "recent_usual"]

Array = NDArray[np.float64]


def recent_usual(values: Array, window: int) -> Array:
    """Median of the `window` readings before each one, (n, s), NaN until a tenth of them is there.

    values : (n, s), NaN where a sensor is silent; its last reading stands for it
    """
    frame = pd.DataFrame(np.asarray(values, dtype=float)).ffill()
    least = max(window // 10, 2)
    usual: Array = frame.rolling(window, min_periods=least).median().shift(1).to_numpy()
    return usual


@dataclass(frozen=True, slots=True)
class DeviationDetector:
    """Alarm when any sensor leaves its recent usual by more than its limit.

    limits : (s,) in the unit of each sensor ; window : readings that make up the usual
    """

    names: tuple[str, ...]
    limits: tuple[float, ...]
    window: int
    logic: AlarmLogic

    @classmethod
    def fit(
        cls,
        values: Array,
        *,
        names: Sequence[str],
        window: int,
        most: float,
        logic: AlarmLogic,
        apart: NDArray[np.bool_] | None = None,
    ) -> Self:
        """Limits at which the sensors together raise at most about `most` alarms on `values`.

        values : (n, s) ; apart : (n,) readings of known events, which set no limit
        Each sensor has the same share of the budget; one that spikes often gets a wide limit.
        """
        away = np.abs(np.asarray(values, dtype=float) - recent_usual(values, window))
        share = max(int(most / max(len(names), 1)), 0)
        limits = [
            alarm_limit(away[:, k], most=share, persist=logic.persist, hold=logic.hold, apart=apart)
            for k in range(len(names))
        ]
        return cls(tuple(names), tuple(limits), window, logic)

    def ratios(self, values: Array) -> Array:
        """Deviation of each reading from its usual as a multiple of the limit, signed, (n, s)."""
        readings = np.asarray(values, dtype=float)
        away: Array = (readings - recent_usual(readings, self.window)) / np.array(self.limits)
        return away

    def score(self, values: Array) -> Array:
        """Largest multiple over the sensors, (n,), 0 where nothing is known."""
        size = np.nan_to_num(np.abs(self.ratios(values)), nan=0.0)
        worst: Array = size.max(axis=1, initial=0.0)
        return worst

    def to_files(self) -> dict[str, bytes]:
        """The detector as arrays and notes."""
        notes = {"names": list(self.names), "window": self.window, "logic": asdict(self.logic)}
        return pack_arrays({"limits": np.array(self.limits)}, notes)

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The detector that `to_files` wrote."""
        arrays, notes = unpack_arrays(files)
        logic = AlarmLogic(**notes["logic"])
        return cls(tuple(notes["names"]), tuple(arrays["limits"].tolist()), notes["window"], logic)
