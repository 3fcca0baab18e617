"""The forecaster that is kept: a network of detectors with their names and places."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.spec import Spec
from qianhang.engines.forecast import NetworkForecaster, Panel, Windows, habit_marks
from qianhang.packs.traffic.speed_forecast.material import GROUP

__all__ = ["SpeedForecaster"]

_DAY = pd.Timedelta(days=1)
_RECENT = 12  # readings that the network sees


class SpeedForecaster:
    """Low, middle (the mean) and high speed of every detector, in the unit of the readings.

    series : (g,) names in the order that the network has learnt
    places : detector -> coordinates as the table gave them, for the map
    """

    def __init__(
        self,
        network: NetworkForecaster,
        series: Sequence[str],
        places: Mapping[str, tuple[float, float]],
    ) -> None:
        self.network = network
        self.series = tuple(series)
        self.places = dict(places)

    @classmethod
    def of(cls, history: pd.DataFrame, *, horizon: int, spec: Spec) -> Self:
        """The forecaster that has seen `history`, a long table of detectors.

        Raises ContractError where the history is shorter than a day, or a day is no whole number
        of steps.
        """
        panel, p = Panel.of(history, group=GROUP), spec.params
        if panel.step > _DAY or _DAY % panel.step or len(panel.times) * panel.step < _DAY:
            found = f"{len(panel.times)} instants, one every {panel.step}"
            raise ContractError("QH132", f"{found}: expected a day or more in whole parts of a day")
        network = NetworkForecaster(
            horizon, lookback=_RECENT, slots=_DAY // panel.step, rounds=int(p["rounds"]),
            ridge_share=float(p["ridge_share"]), most_rows=int(p["most_rows"]), seed=spec.seed,
        )  # fmt: skip
        values = panel.column(str(spec.target))
        network.fit(values, habit_marks(panel.times, step=panel.step))
        return cls(network, panel.series, _places(history))

    def predict(self, windows: Windows, *, target: str) -> NDArray[np.float64]:
        """(n, g, horizon, 3) low, middle, high, not below 0.

        Raises ContractError naming a detector that the network has not learnt.
        """
        new = [name for name in windows.series if name not in self.series]
        if new:
            raise ContractError(
                "QH107", f"column {GROUP}: found {new[0]!r}, which the model has not learnt",
                hint="train again on the detectors there are now",
            )  # fmt: skip
        at = np.asarray([self.series.index(name) for name in windows.series])
        past = np.full((len(windows.origins), len(self.series), _RECENT), np.nan)
        past[:, at] = windows.of(target)[..., -_RECENT:]
        marks = habit_marks(_with_last(windows), step=windows.step)
        told = self.network.predict(past, marks.reshape(len(windows.origins), -1))
        return np.maximum(told[:, at], 0.0)

    def usual(self) -> pd.DataFrame:
        """Usual speed on a working day: a row for each hour, a column for each detector."""
        day = self.network.habits_[: self.network.slots]
        hour = np.arange(len(day)) * 24 // len(day)
        return pd.DataFrame(day, columns=list(self.series)).groupby(hour).mean().rename_axis("hour")

    def to_files(self) -> dict[str, bytes]:
        """Names and places as JSON beside the network's files."""
        facts = json.dumps({"series": list(self.series), "places": self.places}).encode()
        return {"speed.json": facts} | self.network.to_files()

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The forecaster that `to_files` wrote."""
        facts = json.loads(files["speed.json"])
        return cls(NetworkForecaster.from_files(files), facts["series"], facts["places"])


def _with_last(windows: Windows) -> pd.DatetimeIndex:
    """(n * (horizon + 1),) for each origin the instant of the last reading and the steps ahead."""
    steps = np.arange(-1, windows.horizon) * windows.step.to_timedelta64()
    origins = windows.origins.repeat(len(steps))
    return origins + pd.TimedeltaIndex(np.tile(steps, len(windows.origins)))


def _places(history: pd.DataFrame) -> dict[str, tuple[float, float]]:
    if GROUP not in history or not {"x", "y"} <= set(history.columns):
        return {}
    first = history.dropna(subset=["x", "y"]).groupby(GROUP, observed=True)[["x", "y"]].first()
    return {str(name): (float(row["x"]), float(row["y"])) for name, row in first.iterrows()}
