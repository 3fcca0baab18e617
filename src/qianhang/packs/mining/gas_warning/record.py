"""Readings of a working on an even clock, and as truth the crossings of the limit in them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec
from qianhang.engines.detect import build_episodes

__all__ = ["assemble", "crossings", "crossings_of", "label", "rows_of", "step_of"]

_NOMINAL = pd.Timestamp("2000-01-01", tz="UTC")
_LATER = pd.Timestamp("2000-01-10", tz="UTC")  # where a second record begins, if none has a clock
_CALM_MIN = 10.0  # minutes below the limit after which a crossing is a new one


def assemble(inputs: Inputs, *, spec: Spec) -> Inputs:
    """One record on an even clock, with its crossings as truth.

    A record without a time column gets a nominal clock of `step_s`; a second one, input `later`,
    follows it after a gap. Raises ContractError where the readings do not vary or are too few.
    """
    table = _clocked(inputs.table, spec, _NOMINAL)
    if "later" in inputs:
        table = pd.concat([table, _clocked(inputs["later"], spec, _LATER)])
    table = table.apply(pd.to_numeric, errors="coerce").astype(float).rename_axis("time")
    table = table.dropna(axis=1, how="all")
    if len(table) < 200 or table["methane"].nunique() < 3:
        raise ContractError(
            "QH106",
            f"table: {len(table)} readings, {table['methane'].nunique()} different values of "
            "methane, expected at least 200 readings that vary",
        )
    return inputs.replace(table=table, truth=crossings_of(table, spec))


def crossings_of(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """The crossings of the limit of the parameters, see `crossings`."""
    limit, ahead = float(spec.params["limit_pct"]), float(spec.params["ahead_min"])
    return crossings(table, limit=limit, ahead_min=ahead)


def crossings(table: pd.DataFrame, *, limit: float, ahead_min: float) -> pd.DataFrame:
    """One row a crossing: start (first moment at which a warning counts), end, crossing, peak %."""
    step = step_of(table.index)
    high = table["methane"].to_numpy() >= limit - 1e-9
    runs = build_episodes(high, gap=rows_of(_CALM_MIN, step))
    times = pd.DatetimeIndex(table.index)
    ahead = pd.Timedelta(minutes=ahead_min)
    return pd.DataFrame(
        {
            "start": times[runs[:, 0]] - ahead,
            "end": times[runs[:, 1]],
            "crossing": times[runs[:, 0]],
            "peak": [float(table["methane"].iloc[a : b + 1].max()) for a, b in runs],
        }
    )


def label(methane: NDArray[np.float64], rows: int, limit: float) -> NDArray[np.bool_]:
    """Whether the largest of the next `rows` readings reaches the limit, (n,)."""
    high = np.asarray(methane, dtype=float) >= limit - 1e-9
    total = np.concatenate([[0], np.cumsum(high), np.full(rows, np.sum(high))])
    at = np.arange(len(high)) + 1
    soon: NDArray[np.bool_] = total[at + rows] > total[at]
    return soon


def step_of(index: Any) -> pd.Timedelta:
    """Usual time between two readings."""
    times = pd.DatetimeIndex(index).as_unit("ns")
    return pd.Timedelta(np.median(np.diff(times.asi8)), unit="ns")


def rows_of(minutes: float, step: pd.Timedelta) -> int:
    """How many readings so many minutes are, at least one."""
    return max(round(pd.Timedelta(minutes=minutes) / step), 1)


def _clocked(table: pd.DataFrame, spec: Spec, since: pd.Timestamp) -> pd.DataFrame:
    if isinstance(table.index, pd.DatetimeIndex):
        return table
    if "time" in table.columns and table["time"].notna().all():
        return table.set_index(pd.DatetimeIndex(table["time"])).drop(columns="time")
    step = pd.Timedelta(seconds=float(spec.params["step_s"]))
    return table.set_axis(pd.date_range(since, periods=len(table), freq=step), axis=0)
