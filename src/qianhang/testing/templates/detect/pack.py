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
from qianhang.engines.detect import cusum

_COLUMNS = ["start", "place", "size", "score"]


@dataclass(frozen=True, slots=True)
class Usual:
    """The usual flow of each hour of the day, and its spread."""

    level: list[float]
    spread: list[float]

    def to_files(self) -> dict[str, bytes]:
        """The model as one JSON file."""
        return {"usual.json": json.dumps({"level": self.level, "spread": self.spread}).encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes]) -> Self:
        """The model that `to_files` wrote."""
        return cls(**json.loads(files["usual.json"]))


def fit(train: Inputs, *, spec: Spec) -> Usual:
    """What is usual, from readings without events."""
    by_hour = train.table["flow"].groupby(train.table.index.hour)
    return Usual(by_hour.median().tolist(), by_hour.std().tolist())


def detect(model: Usual, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """One row an alarm: start, place, size (m3/h above usual), score."""
    hour = inputs.table.index.hour.to_numpy()
    excess = inputs.table["flow"].to_numpy() - np.array(model.level)[hour]
    chart = cusum(
        excess / np.array(model.spread)[hour],
        slack=float(spec.params["slack"]),
        limit=float(spec.params["limit"]),
    )
    return _alarms(inputs, np.flatnonzero(chart.alarm), excess, chart.statistic)


def _alarms(inputs: Inputs, rows: np.ndarray, size: np.ndarray, score: np.ndarray) -> pd.DataFrame:
    times = inputs.table.index[rows]
    values = {"start": times, "place": "inlet", "size": size[rows], "score": score[rows]}
    return pd.DataFrame(values, columns=_COLUMNS).reset_index(drop=True)


def baseline(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """An alarm whenever the flow passes the highest value of the training readings."""
    flow, limit = inputs.table["flow"].to_numpy(), float(train.table["flow"].max())
    above = flow > limit
    first = np.flatnonzero(above & ~np.r_[False, above[:-1]])
    return _alarms(inputs, first, flow - limit, flow)


def headline(trial: Trial, *, spec: Spec) -> float:
    """Hours of warning: the share of events found times the hours that they last on average."""
    return 48.0 * trial.scores["recall"]


def sample(seed: int) -> Inputs:
    """120 synthetic days with a two-day rise of flow every twelve days after the first forty."""
    rng = np.random.default_rng(seed)
    time = pd.date_range("2025-03-01", periods=120 * 24, freq="1h", tz="Asia/Shanghai", name="time")
    flow = 400 + 150 * np.sin((time.hour.to_numpy() - 8) * np.pi / 12)
    flow = flow + rng.normal(0, 20, len(time))
    begins = np.arange(50 * 24, len(time) - 72, 12 * 24) + rng.integers(0, 24)
    for start in begins:
        flow[start : start + 48] += 45
    truth = pd.DataFrame({"start": time[begins], "end": time[begins + 48]})
    return Inputs({"table": pd.DataFrame({"flow": flow}, index=time), "truth": truth})
