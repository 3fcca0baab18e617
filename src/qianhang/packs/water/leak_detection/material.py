"""Inputs as they come, made into units: a network, its readings, and where known the leaks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs

__all__ = ["assemble", "split_units"]

_LTOWN_GAUGES = (
    "n1 n4 n31 n54 n105 n114 n163 n188 n215 n229 n288 n296 n332 n342 n410 n415 n429 n458 n469 n495 "
    "n506 n516 n519 n549 n613 n636 n644 n679 n722 n726 n740 n752 n769"
)
_LTOWN_FLOWS = ("PUMP_1", "p227", "p235")


def assemble(inputs: Inputs, *, params: Any, seed: int) -> Inputs:
    """Inputs with `table` (time-indexed readings); twins get their leaks as truth.

    Raises ContractError where readings are missing or have no usable time column.
    """
    if "readings" in inputs:
        return inputs.replace(table=_timed(inputs["readings"]))
    twins = sorted(n for n in inputs if n.startswith("twin_"))
    if twins:
        tables = [_npz(inputs[n]).assign(unit=n) for n in twins]
        truth, flow = _official(inputs["leaks"], inputs["places"])
        return inputs.replace(table=pd.concat(tables), truth=truth, truth_flow=flow)
    if "network" in inputs and int(params["twin_days"]):
        from qianhang.packs.water.leak_detection.twin import simulate

        twin = simulate(
            inputs["network"],
            seed=seed,
            days=int(params["twin_days"]),
            leaks=int(params["twin_leaks"]),
            sensors=int(params["twin_sensors"]),
        )
        return inputs.replace(table=twin.table, truth=twin.truth, truth_flow=twin.flow)
    raise ContractError("QH123", "input readings is missing", hint="add readings.csv to the folder")


def split_units(inputs: Inputs) -> dict[str, Inputs]:
    """The inputs of each unit by name; one unit where the table names none."""
    if "unit" not in inputs.table:
        return {"all": inputs}
    groups = inputs.table.groupby("unit", sort=True)
    return {str(name): inputs.replace(table=part.drop(columns="unit")) for name, part in groups}


def _timed(frame: pd.DataFrame) -> pd.DataFrame:
    column = next((c for c in frame.columns if str(c).lower() in ("time", "timestamp")), None)
    if column is None:
        raise ContractError(
            "QH103", "readings: column time is missing", hint="one row for each moment of reading"
        )
    times = pd.to_datetime(frame[column], errors="coerce")
    if times.isna().any():
        row = int(np.flatnonzero(times.isna())[0])
        raise ContractError("QH108", f"readings: column {column}, row {row + 2}: not a time")
    values = frame.drop(columns=column)
    for name in values:
        numbers = pd.to_numeric(values[name], errors="coerce")
        if (numbers.isna() & values[name].notna()).any():
            row = int(np.flatnonzero(numbers.isna() & values[name].notna())[0])
            found = values[name].iloc[row]
            raise ContractError("QH105", f"readings: column {name}, row {row + 2}: found {found!r}")
        values = values.assign(**{str(name): numbers})
    index = pd.DatetimeIndex(times)
    index = index.tz_localize("Asia/Shanghai") if index.tz is None else index
    return values.set_axis(index, axis=0).rename_axis("time")


def _npz(path: Path) -> pd.DataFrame:
    """Half-hourly readings of one L-TOWN twin."""
    with np.load(path, allow_pickle=False) as held:
        nodes = [str(n) for n in held["S"]] if "S" in held else _LTOWN_GAUGES.split()
        values = np.hstack([held["P"], held["F"], held["T"][:, None]]).astype(float)
    index = pd.date_range("2019-01-01", periods=len(values), freq="30min", tz="Asia/Nicosia")
    return pd.DataFrame(values, index=index, columns=[*nodes, *_LTOWN_FLOWS, "T1"]).rename_axis(
        "time"
    )


def _official(leaks: pd.DataFrame, places: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row a leak, and the outflow of each, m3/h, every five minutes."""
    index = pd.date_range("2019-01-01", periods=len(leaks), freq="5min", tz="Asia/Nicosia")
    flow = leaks[[str(p) for p in places["pipe"]]].astype(float).set_axis(index, axis=0)
    truth = pd.DataFrame(
        {
            "start": index[places["start"].to_numpy(int)],
            "end": index[places["end"].to_numpy(int)],
            "place": places["pipe"].astype(str),
            "node": places["node"].astype(str),
            "size": places["qmax"].astype(float),
        }
    )
    return truth, flow
