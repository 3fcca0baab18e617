"""Utility tunnel: statutory limits, and slow climbs before them, section by section."""

from __future__ import annotations

import numpy as np
import pandas as pd

from qianhang.core.inputs import Inputs
from qianhang.core.results import Trial
from qianhang.core.spec import Spec
from qianhang.packs.city.utility_tunnel.tunnel import made_up
from qianhang.packs.city.utility_tunnel.watch import SENSORS, Usual, alarms_of, limits, usual


def fit(train: Inputs, *, spec: Spec) -> Usual:
    """What is usual in each section at each hour of the day."""
    return usual(train.table, slack=float(spec.params["slack"]))


def detect(model: Usual, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """One row an alarm: start, place (section), sensor, rule, size (the reading), score."""
    return alarms_of(inputs.table, model, limits(spec), spec=spec)


def watch(
    model: Usual, inputs: Inputs, *, spec: Spec
) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
    """The alarms, and the readings of the section that was alarmed first, ten minutes a row."""
    alarms = detect(model, inputs, spec=spec)
    table = inputs.table
    section = alarms["place"].iloc[0] if len(alarms) else table["section"].iloc[0]
    readings = table.loc[table["section"] == section, list(SENSORS)].resample("10min").mean()
    return alarms, {"readings": readings.reset_index()}


def baseline(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """An alarm whenever a reading passes the worst of the training weeks."""
    worst = fit(train, spec=spec).worst
    return alarms_of(inputs.table, None, worst, spec=spec)


def practice(train: Inputs, inputs: Inputs, *, spec: Spec) -> pd.DataFrame:
    """The statutory limits alone."""
    return alarms_of(inputs.table, None, limits(spec), spec=spec)


def match(
    alarms: pd.DataFrame, truth: pd.DataFrame, inputs: Inputs, *, spec: Spec
) -> dict[str, np.ndarray]:
    """An alarm counts for events of its own section."""
    same = alarms["place"].to_numpy()[:, None] == truth["place"].to_numpy()[None, :]
    return {"distance": np.where(same, 0.0, np.inf)}


def headline(trial: Trial, *, spec: Spec) -> float:
    """Repair hours that early alarms save a week, against the statutory limits."""
    more = trial.scores.get("hits", 0.0) - trial.practice.get("hits", 0.0)
    return float(spec.params["hours_saved_each"]) * more


def sample(seed: int) -> Inputs:
    """Twelve made-up days of two sections with four kinds of slow accident."""
    table, events = made_up(seed)
    return Inputs({"table": table, "truth": events})
