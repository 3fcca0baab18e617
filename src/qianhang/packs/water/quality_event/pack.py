"""Events in drinking water from the plant's own sensors: which sensor, by how much, since when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.detect import DeviationDetector, EpisodeScore
from qianhang.packs.water.quality_event import material, watching


def sample(seed: int) -> Inputs:
    """Twelve synthetic days of five-minute readings with six events, for conformance only."""
    rng = np.random.default_rng(seed)
    time = pd.date_range(
        "2026-03-01", periods=12 * 288, freq="5min", tz="Asia/Shanghai", name="time"
    )
    day = np.sin(2 * np.pi * np.arange(len(time)) / 288)
    table = pd.DataFrame(
        {
            "chlorine": 0.4 + 0.02 * day + rng.normal(0, 0.005, len(time)),
            "ph": 7.8 + 0.05 * day + rng.normal(0, 0.01, len(time)),
            "conductivity": 420 + 5 * day + rng.normal(0, 1.0, len(time)),
            "turbidity": 0.05 + rng.gamma(2.0, 0.005, len(time)),
            "flow": 900 + 150 * day + rng.normal(0, 15, len(time)),
        },
        index=time,
    )
    marks = np.zeros(len(time), dtype=bool)
    for number, start in enumerate(np.linspace(700, len(time) - 100, 6).astype(int)):
        rows = slice(start, start + 12)
        marks[rows] = True
        table.iloc[rows, number % 3] += (-0.12, 0.3, 30.0)[number % 3]
    return Inputs({"table": table, "truth": material.stretches(marks, time)})


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """Readings on an even grid, marked events as truth."""
    return material.assemble(inputs, spec=spec)


def fit(train: Inputs, *, spec: Spec) -> DeviationDetector:
    """Limits of each sensor by the alarm budget; events known by then set no limit."""
    return watching.learn(train, spec=spec)


def watch(
    model: DeviationDetector, inputs: Inputs, *, spec: Spec
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Alarms, and the tables that explain them."""
    return watching.watch(model, inputs, spec=spec)


def detect(model: DeviationDetector, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """Alarms: start, end, place (sensor), size (in its unit), score (in limits), sensors."""
    return watching.watch(model, inputs, spec=spec)[0]


def baseline(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """An isolation forest over the raw readings."""
    return watching.strange_alarms(train, inputs, spec=spec)


def practice(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """Fixed limits of each sensor, five minutes outside before an alarm."""
    return watching.limit_alarms(train, inputs, spec=spec)


def score(
    alarms: pd.DataFrame, truth: pd.DataFrame, inputs: Inputs, result: EpisodeScore, *, spec: Spec
) -> Mapping[str, Any]:
    """point_f1 over readings, and the share of time under alarm, %."""
    index = pd.DatetimeIndex(inputs.table.index)
    event, alarm = material.marked(truth, index), material.marked(alarms, index)
    both, either = float((event & alarm).sum()), float(event.sum() + alarm.sum())
    return {
        "point_f1": 2 * both / either if either else float("nan"),
        "alarm_share": 100.0 * float(alarm.mean()),
    }


def headline(trial: Trial, *, spec: Spec) -> float:
    """Share of the events that were found, %."""
    return 100.0 * float(trial.scores.get("recall", float("nan")))
