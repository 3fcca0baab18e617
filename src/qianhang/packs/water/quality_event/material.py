"""Readings on an even grid, and the events that someone has marked in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.engines.detect import build_episodes

__all__ = ["assemble", "marked", "sensors", "step_of", "stretches"]

_LARGEST_GAP = 20.0  # a record with more gaps than readings, twenty times over, is no record


def assemble(inputs: Inputs, *, spec: Spec) -> Inputs:
    """The readings evenly spaced, NaN where none is, and as truth the events where they are marked.

    Raises ContractError where no sensor has readings, or hardly any two follow each other.
    """
    table = inputs.table
    event = next((n for n, c in spec.columns.items() if c.role == "event"), "")
    readings = table.drop(columns=[c for c in (event,) if c in table.columns]).astype(float)
    readings = readings.dropna(axis=1, how="all")
    if not sensors(readings, spec):
        raise ContractError(
            "QH103",
            "table: no water-quality sensor has a reading",
            hint="name at least one column such as chlorine, ph, redox, conductivity, turbidity",
        )
    even = _even(readings)
    truth = _truth(table, event)
    replaced = inputs.replace(table=even)
    return replaced if truth is None else replaced.replace(truth=truth)


def sensors(table: pd.DataFrame, spec: Spec) -> list[str]:
    """Columns that are watched; flow and temperature say how the plant runs, not what is in it."""
    told = set(str(spec.params["context"]).split())
    return [c for c in table.columns if c not in told]


def step_of(index: pd.Index) -> pd.Timedelta:
    """Usual time between two readings."""
    times = pd.DatetimeIndex(index).as_unit("ns")
    return pd.Timedelta(float(np.median(np.diff(times.asi8))), unit="ns")


def marked(events: pd.DataFrame, index: pd.Index) -> NDArray[np.bool_]:
    """Whether each time lies inside an event, (n,)."""
    inside = np.zeros(len(index), dtype=bool)
    for start, end in zip(events["start"], events["end"], strict=True):
        inside |= np.asarray((index >= start) & (index <= end))
    return inside


def _even(readings: pd.DataFrame) -> pd.DataFrame:
    step = step_of(readings.index)
    first, last = readings.index[0], readings.index[-1]
    count = (last - first) / step + 1 if step > pd.Timedelta(0) else np.inf
    if not np.isfinite(count) or count > _LARGEST_GAP * len(readings):
        raise ContractError(
            "QH110",
            f"table: readings lie {step} apart as a rule, and leave gaps {_LARGEST_GAP:g} times as "
            "long as the record",
            hint="give one continuous record",
        )
    even = pd.date_range(first, last, freq=step, name="time")
    if len(even) == len(readings) and (even == readings.index).all():
        return readings
    return readings.reindex(even, method="nearest", tolerance=step / 2)


def _truth(table: pd.DataFrame, event: str) -> pd.DataFrame | None:
    """One row for each stretch of marked readings, None where nothing is marked at all."""
    if not event or event not in table.columns:
        return None
    marks = table[event].fillna(0).to_numpy(dtype=float) > 0
    return stretches(marks, pd.DatetimeIndex(table.index))


def stretches(marks: NDArray[np.bool_], times: pd.DatetimeIndex) -> pd.DataFrame:
    """One row for each run of marks (n,), with start and end."""
    runs = build_episodes(marks, gap=0)
    return pd.DataFrame({"start": times[runs[:, 0]], "end": times[runs[:, 1]]})
