"""Files of one substation each, put together as one table by the hour."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Column
from qianhang.core.spec import Spec

__all__ = ["one_table"]

_HOUR = pd.Timedelta(hours=1)
_SUFFIXES = (".csv", ".parquet", ".gz")


def one_table(inputs: Inputs, *, spec: Spec) -> Inputs:
    """The inputs with one table of all substations, a row an hour and substation.

    Every further table is a substation of that name; so is every file of a folder. Readings more
    often than hourly are put together: heat is summed, all else is as last read in the hour.
    Raises ContractError where there is no reading at all, or a file has no time or no heat.
    """
    frames = {n: v for n, v in inputs.items() if isinstance(v, pd.DataFrame) and n != "table"}
    if "substations" in inputs and isinstance(inputs["substations"], Path):
        frames |= _opened(inputs["substations"])
    if "table" in inputs:
        return inputs.replace(table=_by_group(inputs.table, spec))
    if not frames:
        raise ContractError(
            "QH123",
            "no table of a substation was found",
            hint="give one CSV with a column substation, or a folder with a file for each",
        )
    parts = [_hourly(_named(f, n, spec), spec).assign(substation=n) for n, f in frames.items()]
    return Inputs({"table": pd.concat(parts)})


def _opened(folder: Path) -> dict[str, pd.DataFrame]:
    paths = [p for p in sorted(folder.iterdir()) if p.suffix.lower() in _SUFFIXES]
    return {p.name.split(".")[0]: _read(p) for p in paths}


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as cause:
        raise ContractError("QH120", f"{path.name}: not a readable table ({cause})") from None


def _by_group(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    if "substation" not in table:
        return _hourly(table, spec)
    parts = [_hourly(part, spec) for _, part in table.groupby("substation", observed=True)]
    return pd.concat(parts)


def _named(frame: pd.DataFrame, name: str, spec: Spec) -> pd.DataFrame:
    """The columns of the contract under their own names, indexed by time."""
    known: Mapping[str, Column] = spec.columns
    lower = {str(c).strip().lower(): c for c in frame.columns}
    found = {}
    for own, column in known.items():
        asked = [own, *column.aliases]
        hit = next((lower[a.lower()] for a in asked if a.lower() in lower), None)
        if hit is not None:
            found[own] = frame[hit].to_numpy()
    for needed in (spec.time, str(spec.target)):
        if needed not in found:
            raise ContractError(
                "QH103",
                f"{name}: found columns {', '.join(map(str, frame.columns))}, expected {needed}",
                hint="see the columns in the pack's README",
            )
    times = pd.to_datetime(pd.Series(found.pop(spec.time)))
    index = pd.DatetimeIndex(times, name=spec.time)
    return pd.DataFrame(found, index=index).dropna(how="all", axis=1)


def _hourly(table: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """The table with one row an hour: what came in the hour that ends there."""
    index = pd.DatetimeIndex(table.index)
    if len(index) < 3 or index.to_series().diff().median() >= _HOUR:
        return table
    target = str(spec.target)
    grouped = table.resample("1h", closed="right", label="right")
    full = grouped[target].count() * _step(index) >= 0.99 * _HOUR  # an hour cut short is unknown
    hourly = grouped.last()
    hourly[target] = grouped[target].sum().where(full)
    return hourly.dropna(how="all", subset=[target])


def _step(index: pd.DatetimeIndex) -> pd.Timedelta:
    return pd.Timedelta(index.to_series().diff().median())
