"""Raw cells become typed arrays; a cell that cannot is marked, never guessed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["NULLS", "Parsed", "as_text", "plain_cast", "to_flags", "to_numbers", "to_words"]

NULLS = (
    "",
    "NA",
    "N/A",
    "#N/A",
    "NaN",
    "nan",
    "NAN",
    "null",
    "NULL",
    "None",
    "NaT",
    "-",
    "--",
    "\\N",
)
_PROBE = 64
_TRUE = ("true", "yes", "y", "t", "1", "1.0", "\u662f")
_FALSE = ("false", "no", "n", "f", "0", "0.0", "\u5426")

Cells = Any  # a pyarrow string array (text files) or a pandas series (everything else)


class Parsed(NamedTuple):
    """values (n,) float64 with NaN where missing; bad (n,) True where the cell is another thing."""

    values: np.ndarray
    bad: np.ndarray


def as_text(cells: Cells) -> pa.Array:
    """Cells as a string array, trimmed, with every spelling of "no value" as null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(cells, pd.Series):
        try:
            cells = pa.array(cells, type=pa.string(), from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
            cells = pa.array(_spelt(cells), type=pa.string())
    trimmed = pc.utf8_trim_whitespace(cells)
    nothing = pc.is_in(trimmed, value_set=pa.array(NULLS))
    return pc.if_else(nothing, pa.scalar(None, pa.string()), trimmed)


def _spelt(cells: pd.Series[Any]) -> list[str | None]:
    """Each cell as it would be written in a text file; whole floats without a fraction."""
    missing = cells.isna().to_numpy()
    return [None if m else _spell(c) for c, m in zip(cells.tolist(), missing, strict=True)]


def _spell(cell: object) -> str:
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))
    return str(cell)


def to_numbers(cells: Cells, *, decimal_comma: bool = False) -> Parsed:
    """Cells as numbers; text, dates and infinities are bad.

    decimal_comma : whether "3,5" means three and a half
    """
    if isinstance(cells, pd.Series):
        kind = cells.dtype.kind if isinstance(cells.dtype, np.dtype) else "O"
        if kind in "iufb":
            return _finite(cells.to_numpy(dtype=np.float64), missing=None)
        if pd.api.types.is_numeric_dtype(cells.dtype):
            return _finite(cells.to_numpy(dtype=np.float64, na_value=np.nan), missing=None)
    plain = plain_cast(cells, ("double",))
    if plain is not None:
        return _finite(plain.to_numpy(zero_copy_only=False), missing=None)
    return _from_text(as_text(cells), decimal_comma)


def plain_cast(cells: Cells, kinds: Sequence[Any]) -> pa.Array | None:
    """Cells as the first Arrow type that takes every one of them as it is written, or None.

    Quick, since nothing is trimmed; a cast that fails throughout is slow, so a few cells go first.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(cells, pd.Series) or cells.null_count or pc.any(pc.equal(cells, "")).as_py():
        return None
    for kind in kinds:
        try:
            pc.cast(cells[:_PROBE], kind)
            return pc.cast(cells, kind)
        except pa.ArrowInvalid:
            continue
    return None


def _from_text(text: pa.Array, decimal_comma: bool) -> Parsed:
    import pyarrow as pa
    import pyarrow.compute as pc

    missing = np.asarray(text.is_null().to_numpy(zero_copy_only=False))
    try:
        values = pc.cast(text, pa.float64())
    except pa.ArrowInvalid:
        # the slow way round, only for blocks with an odd cell: full-width digits, decimal commas
        text = pc.utf8_normalize(text, form="NFKC")
        if decimal_comma:
            text = pc.replace_substring(text, ",", ".")
        loose = pd.to_numeric(text.to_pandas().astype(object), errors="coerce")
        return _finite(loose.to_numpy(dtype=np.float64), missing)
    return _finite(values.to_numpy(zero_copy_only=False).astype(np.float64, copy=False), missing)


def _finite(values: np.ndarray, missing: np.ndarray | None) -> Parsed:
    bad = np.isinf(values) if missing is None else ~np.isfinite(values) & ~missing
    if bad.any():
        values = np.where(bad, np.nan, values)
    return Parsed(values, bad)


def to_flags(cells: Cells) -> Parsed:
    """Cells as 1.0 and 0.0: true/false, yes/no, t/f, 1/0 in any case."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(cells, pd.Series) and cells.dtype == bool:
        return Parsed(cells.to_numpy(dtype=np.float64), np.zeros(len(cells), dtype=bool))
    text = as_text(cells)
    lower = pc.utf8_lower(text)
    true = pc.is_in(lower, value_set=pa.array(_TRUE)).to_numpy(zero_copy_only=False)
    false = pc.is_in(lower, value_set=pa.array(_FALSE)).to_numpy(zero_copy_only=False)
    missing = text.is_null().to_numpy(zero_copy_only=False)
    values = np.where(true, 1.0, np.where(false, 0.0, np.nan))
    return Parsed(values, ~(true | false | missing))


def to_words(cells: Cells) -> pa.Array:
    """Cells as a dictionary-encoded string array: repeated words are stored once."""
    return cast("pa.Array", as_text(cells).dictionary_encode())
