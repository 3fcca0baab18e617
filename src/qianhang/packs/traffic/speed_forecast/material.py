"""Detector tables as they come: long, or wide with a column for each detector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.spec import Spec

__all__ = ["GROUP", "in_long_form"]

GROUP = "sensor"
_TIMES = ("time", "timestamp", "datetime", "date", "时间", "时刻")


def in_long_form(inputs: Inputs, *, spec: Spec) -> Inputs:
    """The inputs with a long main table: a row for each instant and detector, with its place.

    Raises ContractError where neither a long nor a wide table was given, or a wide one cannot be
    read.
    """
    if "table" in inputs:
        table = inputs.table
    elif "wide" in inputs:
        table = _melted(Path(inputs["wide"]), spec)
    else:
        raise ContractError(
            "QH123", "no readings: expected a table, or a wide file (.wide.csv, .wide.parquet)"
        )
    if "places" in inputs and "x" not in table:
        places = inputs["places"].drop_duplicates(GROUP).set_index(GROUP)
        names = table[GROUP].astype(str)
        table = table.assign(**{c: names.map(places[c]).to_numpy(float) for c in ("x", "y")})
    return inputs.replace(table=table)


def _melted(path: Path, spec: Spec) -> pd.DataFrame:
    """Long rows of a wide file, indexed by time: sensor and the target."""
    wide = _opened(path)
    times = _times(wide, path, spec)
    wide = wide.drop(columns=[c for c in wide.columns if str(c) in _TIMES])
    numbers = wide.apply(pd.to_numeric, errors="coerce")
    lost = numbers.isna() & wide.notna()
    if lost.to_numpy().any():
        row, column = np.argwhere(lost.to_numpy())[0]
        found = wide.iloc[row, column]
        raise ContractError(
            "QH105",
            f"{path.name}: column {wide.columns[column]}, row {row + 2}: found {found!r}, "
            "expected a speed",
        )
    count = len(numbers.columns)
    return pd.DataFrame(
        {
            GROUP: np.tile(np.asarray(numbers.columns.astype(str), dtype=object), len(numbers)),
            str(spec.target): numbers.to_numpy(float).ravel(),
        },
        index=times.repeat(count),
    )


def _opened(path: Path) -> pd.DataFrame:
    try:
        wide = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (OSError, ValueError) as cause:
        raise ContractError(
            "QH118", f"{path.name}: cannot be read as a wide table: {cause}"
        ) from None
    if wide.shape[0] < 2 or wide.shape[1] < 1:
        raise ContractError("QH114", f"{path.name}: {wide.shape[0]} rows, expected two or more")
    return wide


def _times(wide: pd.DataFrame, path: Path, spec: Spec) -> pd.DatetimeIndex:
    """(n,) instants: the index, a column of times, or from parameter `start` on."""
    zone = spec.columns[spec.time].zone or "UTC"
    step = pd.Timedelta(spec.columns[spec.time].step or "5min")
    column = next((c for c in wide.columns if str(c) in _TIMES), None)
    if isinstance(wide.index, pd.DatetimeIndex):
        times = wide.index
    elif column is not None:
        times = pd.DatetimeIndex(pd.to_datetime(wide[column], errors="coerce", format="mixed"))
    elif spec.params["start"]:
        times = pd.date_range(str(spec.params["start"]), periods=len(wide), freq=step)
    else:
        raise ContractError(
            "QH103",
            f"{path.name}: found no column of times, expected one of {', '.join(_TIMES)}",
            hint="or name the first instant: --param start=2012-03-01",
        )
    if times.hasnans:
        row = int(np.flatnonzero(times.isna())[0])
        raise ContractError("QH108", f"{path.name}: row {row + 2}: found no time that can be read")
    return (times if times.tz is not None else times.tz_localize(zone, ambiguous="NaT",
            nonexistent="shift_forward")).rename("time")  # fmt: skip
