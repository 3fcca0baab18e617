"""What predicted risks are held against: outcomes seen in full, or followed up and censored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.engines.classify import metrics as binary
from qianhang.engines.survive import metrics as censored

__all__ = ["Followed", "Seen", "Yardstick"]

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]


class Yardstick(Protocol):
    """Scores risks on chosen rows; risk is (n,) over all rows, rows are row numbers (m,)."""

    @property
    def headline(self) -> str:
        """Name of the measure of discrimination: c or auroc."""
        ...

    def count(self, rows: Rows) -> int:
        """Events among the rows that count by the horizon."""
        ...

    def scores(self, risk: Floats, rows: Rows) -> dict[str, float]:
        """Metric -> value on the rows."""
        ...

    def discrimination(self, risk: Floats, rows: Rows) -> float:
        """The headline measure alone."""
        ...

    def observed(self, rows: Rows) -> tuple[float, float, float]:
        """Share with the event, with 95% limits."""
        ...

    def net_benefit(self, risk: Floats, rows: Rows, threshold: float) -> float:
        """Net true positives per subject if all at `threshold` are treated."""
        ...


@dataclass(frozen=True, slots=True)
class Followed:
    """Follow-up time, event flag and the horizon, all in one unit; later follow-up is cut off."""

    time: Floats
    event: Flags
    horizon: float
    headline: str = "c"

    @classmethod
    def of(cls, time: Floats, event: Flags, horizon: float) -> Followed:
        """The yardstick of (n,) times and (n,) events, everybody censored at the horizon."""
        return cls(np.minimum(time, horizon), event & (time <= horizon), horizon)

    def count(self, rows: Rows) -> int:
        """Events among the rows by the horizon."""
        return int(self.event[rows].sum())

    def discrimination(self, risk: Floats, rows: Rows) -> float:
        """Harrell's C."""
        return censored.harrell_c(self.time[rows], self.event[rows], risk[rows])

    def scores(self, risk: Floats, rows: Rows) -> dict[str, float]:
        """c, slope, oe and brier on the rows."""
        time, event, values = self.time[rows], self.event[rows], risk[rows]
        return {
            "c": censored.harrell_c(time, event, values),
            "slope": censored.calibration_slope(time, event, values, self.horizon),
            "oe": censored.observed_expected(time, event, values, self.horizon),
            "brier": censored.brier(time, event, values, self.horizon - 1e-9),
        }

    def observed(self, rows: Rows) -> tuple[float, float, float]:
        """Kaplan and Meier's share with Greenwood's limits on the log-log scale."""
        moments, free, greenwood = censored.kaplan_meier(self.time[rows], self.event[rows])
        if not len(moments) or not 0.0 < free[-1] < 1.0:
            share = censored.event_share(self.time[rows], self.event[rows], self.horizon)
            return share, float("nan"), float("nan")
        half = 1.96 * np.sqrt(greenwood[-1]) / abs(np.log(free[-1]))
        low, high = 1.0 - free[-1] ** np.exp(-half), 1.0 - free[-1] ** np.exp(half)
        return 1.0 - float(free[-1]), float(low), float(high)

    def net_benefit(self, risk: Floats, rows: Rows, threshold: float) -> float:
        """Vickers' net benefit under censoring."""
        return censored.net_benefit(
            self.time[rows], self.event[rows], risk[rows], self.horizon, threshold
        )


@dataclass(frozen=True, slots=True)
class Seen:
    """Outcomes seen in full: a yes or no for every row."""

    event: Flags
    headline: str = "auroc"

    def count(self, rows: Rows) -> int:
        """Events among the rows."""
        return int(self.event[rows].sum())

    def discrimination(self, risk: Floats, rows: Rows) -> float:
        """Area under the ROC curve."""
        return binary.auroc(self.event[rows], risk[rows])

    def scores(self, risk: Floats, rows: Rows) -> dict[str, float]:
        """auroc, average_precision, slope, intercept, oe, brier, log_loss and ece on the rows."""
        event, values = self.event[rows], risk[rows]
        intercept, slope = binary.calibration_line(event, values)
        return {
            "auroc": binary.auroc(event, values),
            "average_precision": binary.average_precision(event, values),
            "slope": slope,
            "intercept": intercept,
            "oe": binary.observed_expected(event, values),
            "brier": binary.brier(event, values),
            "log_loss": binary.log_loss(event, values),
            "ece": binary.expected_calibration_error(event, values),
        }

    def observed(self, rows: Rows) -> tuple[float, float, float]:
        """Event share with Wilson's limits."""
        table: pd.DataFrame = binary.calibration_table(
            self.event[rows], np.zeros(len(rows)), bins=1
        )
        first = table.iloc[0]
        return float(first["observed"]), float(first["low"]), float(first["high"])

    def net_benefit(self, risk: Floats, rows: Rows, threshold: float) -> float:
        """Net benefit of Vickers and Elkin."""
        return binary.net_benefit(self.event[rows], risk[rows], threshold)
