"""Whole tables without a contract: types are taken from the cells."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from qianhang.data.cells import as_text, to_flags, to_numbers
from qianhang.data.datasets import PublicCopy, Reader
from qianhang.data.readers import Table, open_table
from qianhang.data.stamps import NOT_A_TIME, to_stamps

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

__all__ = ["public_table", "read_public", "read_table", "typed"]


def read_table(path: Path, reader: Reader | None = None) -> pd.DataFrame:
    """The table in a file, (n, columns), each column of the narrowest type that fits all its cells:
    number, time (UTC where it carries a zone), boolean, else text.

    Raises ContractError where the file is missing, empty, damaged, or no table.
    """
    return _read(open_table(path, reader))


def read_public(path: Path, copy: PublicCopy) -> pd.DataFrame:
    """The table in a public copy, with the columns and names of the prepared file."""
    return _read(public_table(path, copy))[list(_kept(path, copy))]


def public_table(path: Path, copy: PublicCopy) -> Table:
    """A public copy, opened under the names of the prepared file."""
    return open_table(path, copy.reader).renamed(copy.rename)


def _kept(path: Path, copy: PublicCopy) -> Sequence[str]:
    return copy.keep or public_table(path, copy).names


def _read(table: Table) -> pd.DataFrame:
    wanted = range(len(table.names))
    blocks = list(table.blocks(wanted))
    columns = {
        table.names[w]: _column([b.cells[w] for b in blocks if b.count], table.decimal_comma)
        for w in wanted
    }
    return pd.DataFrame(columns)


def _column(parts: list[Any], decimal_comma: bool) -> pd.Series[Any]:
    import pyarrow as pa

    if not parts:
        return pd.Series(dtype=object)
    if isinstance(parts[0], pd.Series):
        whole = pd.concat(parts, ignore_index=True)
        return whole if _decided(whole) else typed(as_text(whole), decimal_comma)
    return typed(as_text(pa.concat_arrays(parts)), decimal_comma)


def _decided(values: pd.Series[Any]) -> bool:
    """Whether the source itself gave the cells a type: text and lists stay what they are."""
    if values.dtype != object:
        return True
    return bool(values.map(lambda c: isinstance(c, str | list | dict)).any())


def typed(text: pa.Array, decimal_comma: bool = False) -> pd.Series[Any]:
    """The column as numbers, times or flags where every cell is one, else as text."""
    numbers = to_numbers(text, decimal_comma=decimal_comma)
    if not numbers.bad.any():
        return pd.Series(numbers.values)
    flags = to_flags(text)
    if not flags.bad.any():
        whole = not np.isnan(flags.values).any()
        return pd.Series(flags.values.astype(bool) if whole else flags.values)
    stamps = _times(text)
    return stamps if stamps is not None else pd.Series(text.to_pandas(), dtype=object)


def _times(text: pa.Array) -> pd.Series[Any] | None:
    """The cells as times, or None where one of them is none, or only some carry a zone."""
    if to_stamps(text[:20]).bad.any():
        return None
    stamps = to_stamps(text)
    held = stamps.ns != NOT_A_TIME
    zoned = stamps.aware[held]
    if stamps.bad.any() or (zoned.any() and not zoned.all()):
        return None
    times = pd.Series(stamps.ns.view("datetime64[ns]"))
    return times.dt.tz_localize("UTC") if zoned.any() else times
