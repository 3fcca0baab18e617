"""Warning of methane above the limit within minutes, beside the statutory cut-off."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.engines.detect import EpisodeScore
from qianhang.packs.mining.gas_warning import record, warning

_SHIFT_S = 8 * 3600.0
_LABEL_MIN = 3.0  # the published label: largest reading of the next three minutes


def sample(seed: int) -> Inputs:
    """Two synthetic days of half-minute readings with slow crossings, for conformance only."""
    rng = np.random.default_rng(seed)
    count = 2 * 2880
    time = pd.date_range("2026-03-01", periods=count, freq="30s", tz="Asia/Shanghai", name="time")
    gas = 0.6 + 0.15 * np.sin(2 * np.pi * np.arange(count) / 960) + rng.normal(0, 0.02, count)
    for peak in np.linspace(300, count - 200, 10).astype(int):
        gas += 1.0 * np.exp(-0.5 * ((np.arange(count) - peak) / 18.0) ** 2)
    upstream = np.roll(gas, -4) * 0.4 + rng.normal(0, 0.01, count)
    air = 2.3 + rng.normal(0, 0.05, count)
    table = {"methane": gas, "methane_2": upstream, "air_velocity": air}
    frame = pd.DataFrame(table, index=time)
    return Inputs({"table": frame, "truth": record.crossings(frame, limit=1.5, ahead_min=10.0)})


def read(inputs: Inputs, *, spec: Spec) -> Inputs:
    """One record on an even clock, crossings of the limit as truth."""
    return record.assemble(inputs, spec=spec)


def fit(train: Inputs, *, spec: Spec) -> warning.Warner:
    """Weight of the trend and level of the alarm, within the budget of false alarms."""
    return warning.learn(train, spec=spec)


def watch(
    model: warning.Warner, inputs: Inputs, *, spec: Spec
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """Alarms, and the tables that explain them."""
    return warning.watch(model, inputs, spec=spec)


def detect(model: warning.Warner, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """Alarms: start, end, place, size (methane when raised, %), score, sensors."""
    return warning.watch(model, inputs, spec=spec)[0]


def baseline(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """The limit itself: an alarm when it is reached, which warns of nothing."""
    return warning.fixed_alarms(inputs, float(spec.params["limit_pct"]), spec=spec)


def practice(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """A fixed pre-alarm below the limit."""
    return warning.fixed_alarms(inputs, float(spec.params["pre_pct"]), spec=spec)


def score(
    alarms: pd.DataFrame, truth: pd.DataFrame, inputs: Inputs, result: EpisodeScore, *, spec: Spec
) -> Mapping[str, float]:
    """warned, lead_min, false_per_shift, alarm_share (%), and recall and precision by reading."""
    table = inputs.table
    times = pd.DatetimeIndex(table.index)
    step = record.step_of(times)
    on = np.zeros(len(times), dtype=bool)
    for start, end in zip(alarms["start"], alarms["end"], strict=True):
        on |= (times >= start) & (times <= end)
    limit = float(spec.params["limit_pct"])
    soon = record.label(table["methane"].to_numpy(float), record.rows_of(_LABEL_MIN, step), limit)
    ahead = 60.0 * float(spec.params["ahead_min"]) - result.delay
    early = ahead[np.isfinite(ahead) & (ahead > 0)]
    shifts = (times[-1] - times[0]).total_seconds() / _SHIFT_S
    return {
        "warned": len(early) / len(truth) if len(truth) else float("nan"),
        "lead_min": float(np.median(early)) / 60 if len(early) else 0.0,
        "false_per_shift": float((result.event_of == -1).sum()) / shifts,
        "alarm_share": 100.0 * float(on.mean()),
        "recall_rows": float((on & soon).sum() / soon.sum()) if soon.any() else float("nan"),
        "precision_rows": float((on & soon).sum() / on.sum()) if on.any() else float("nan"),
    }


def headline(trial: Trial, *, spec: Spec) -> float:
    """Minutes of warning before a crossing, median over those warned of; 0 where none was."""
    return float(trial.scores.get("lead_min", float("nan")))
