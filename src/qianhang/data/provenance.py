"""Sums that say which data a run used: of bytes, of several files, of a table's content."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd

__all__ = ["content_hash", "file_sha256", "fingerprint"]


def file_sha256(path: Path) -> str:
    """The sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()


def content_hash(paths: Mapping[str, Path]) -> str:
    """One sha256 over named files: of each name and each file's own sum, in order of name."""
    total = hashlib.sha256()
    for name in sorted(paths):
        total.update(f"{name}\0{file_sha256(paths[name])}\n".encode())
    return total.hexdigest()


def fingerprint(frame: pd.DataFrame) -> str:
    """The sha256 of a table's content, whatever file it came from.

    frame : (n, columns), rows in order; columns are taken in order of name, a named index as one
    Numbers count as float64, times as UTC nanoseconds (naive ones read as UTC), the rest as text;
    text that spells numbers or times throughout counts as such, -0 is 0, missing is missing.
    """
    import numpy as np

    table = frame.reset_index() if frame.index.name else frame
    total = hashlib.sha256(str(len(table)).encode())
    for name in sorted(map(str, table.columns)):
        total.update(f"\0{name}\0".encode())
        total.update(np.ascontiguousarray(_canonical(table[name])).tobytes())
    return total.hexdigest()


def _canonical(values: pd.Series[Any]) -> np.ndarray:
    """The column as bytes that do not depend on how it was stored."""
    import numpy as np
    import pandas as pd

    if isinstance(values.dtype, pd.CategoricalDtype):
        values = values.astype(object)
    if pd.api.types.is_datetime64_any_dtype(values.dtype):
        naive = values if values.dt.tz is None else values.dt.tz_convert("UTC").dt.tz_localize(None)
        return naive.to_numpy(dtype="datetime64[ns]").view(np.int64)
    if pd.api.types.is_numeric_dtype(values.dtype) or values.dtype == bool:
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan) + 0.0
        return np.where(np.isnan(numbers), np.nan, numbers)
    return _words(values)


def _words(values: pd.Series[Any]) -> np.ndarray:
    """Text as bytes, unless all of it spells numbers, times or flags, as in a text file."""
    import numpy as np

    from qianhang.data.cells import as_text
    from qianhang.data.tables import typed

    text = as_text(values)
    found = typed(text)
    if found.dtype != object:
        return _canonical(found)
    words = "".join("\1" if w is None else w + "\0" for w in text.to_pylist())
    return np.frombuffer(words.encode("utf8"), dtype=np.uint8)
