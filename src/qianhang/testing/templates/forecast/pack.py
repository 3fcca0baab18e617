"""$title_en."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec

_HOURS_A_YEAR = 8766


@dataclass(frozen=True, slots=True)
class Curve:
    """A temperature curve for each hour of the day, with the spread of its errors."""

    slope: list[float]
    level: list[float]
    spread: float

    def to_files(self) -> dict[str, bytes]:
        """The model as one JSON file."""
        body = {"slope": self.slope, "level": self.level, "spread": self.spread}
        return {"curve.json": json.dumps(body).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        return cls(**json.loads(files["curve.json"]))


def fit(history: pd.DataFrame, *, spec: Spec) -> Curve:
    """One straight line a clock hour of demand over outdoor temperature, the last 60 days."""
    recent = history.iloc[-60 * 24 :]
    slope, level, errors = [0.0] * 24, [0.0] * 24, []
    for hour, rows in recent.groupby(recent.index.hour):
        slope[hour], level[hour] = np.polyfit(rows["outdoor"], rows["demand"], 1).tolist()
        errors.append(rows["demand"] - slope[hour] * rows["outdoor"] - level[hour])
    return Curve(slope, level, float(np.quantile(np.abs(np.concatenate(errors)), 0.8)))


def predict(
    model: Curve, history: pd.DataFrame, ahead: pd.DataFrame, *, spec: Spec
) -> pd.DataFrame:
    """p10, p50 and p90, one row a step ahead."""
    hour = ahead.index.hour.to_numpy()
    middle = np.array(model.slope)[hour] * ahead["outdoor"].to_numpy() + np.array(model.level)[hour]
    band = {"p10": middle - model.spread, "p50": middle, "p90": middle + model.spread}
    return pd.DataFrame(band, index=ahead.index)


def baseline(history: pd.DataFrame, ahead: pd.DataFrame, *, spec: Spec) -> pd.DataFrame:
    """The same hour of the last day."""
    last = history["demand"].to_numpy()[-spec.season :]
    return pd.DataFrame({"p50": np.resize(last, len(ahead))}, index=ahead.index)


def headline(trial: Trial, *, spec: Spec) -> float:
    """m3 a year by which forecasts are closer than the trivial ones."""
    return (trial.trivial["mae"] - trial.scores["mae"]) * _HOURS_A_YEAR


def sample(seed: int) -> Inputs:
    """90 synthetic days of hourly demand that follows the temperature."""
    rng = np.random.default_rng(seed)
    time = pd.date_range("2025-05-01", periods=90 * 24, freq="1h", tz="Asia/Shanghai", name="time")
    days = np.repeat(rng.normal(0, 3, 90), 24)
    outdoor = 22 + days + 5 * np.sin((time.hour.to_numpy() - 9) * np.pi / 12)
    demand = 800 + 20 * outdoor + 60 * np.sin((time.hour.to_numpy() - 6) * np.pi / 12)
    demand = demand + rng.normal(0, 15, len(time))
    return Inputs({"table": pd.DataFrame({"demand": demand, "outdoor": outdoor}, index=time)})
