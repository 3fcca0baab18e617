"""Parquet files and pandas frames in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from qianhang.core.errors import ContractError
from qianhang.data import codes
from qianhang.data.readers.blocks import Block, Table
from qianhang.data.readers.files import regular

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["open_frame", "open_parquet"]

_ROWS = 1 << 18
_READ_B = 1 << 20  # of a column at a time: a row group's column may be larger than memory


def open_parquet(path: Path) -> Table:
    """A Parquet file, row group by row group.

    Raises ContractError where it is not Parquet, or damaged.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        about = parquet.read_metadata(regular(path))
        names = tuple(about.schema.to_arrow_schema().names)
    except (pa.ArrowInvalid, OSError) as cause:
        raise _broken(path, cause) from None
    return Table(
        path.name,
        names,
        lambda wanted: _blocks(path, names, wanted),
        first_row=1,
        groups=tuple(about.row_group(n).num_rows for n in range(about.num_row_groups)),
        group=lambda wanted, number: _blocks(path, names, wanted, [number]),
    )


def _blocks(
    path: Path, names: Sequence[str], wanted: Sequence[int], groups: list[int] | None = None
) -> Iterator[Block]:
    import pyarrow as pa
    from pyarrow import parquet

    try:
        with parquet.ParquetFile(path, buffer_size=_READ_B, pre_buffer=False) as source:
            held = [names[w] for w in wanted]
            batches = source.iter_batches(_ROWS, columns=held, row_groups=groups)
            for batch in batches:
                columns = {w: batch.column(names[w]).to_pandas() for w in wanted}
                yield Block(batch.num_rows, columns)
    except (pa.ArrowInvalid, OSError) as cause:
        raise _broken(path, cause) from None


def _broken(path: Path, cause: Exception) -> ContractError:
    reason = str(cause).splitlines()[0]
    return ContractError(codes.BROKEN_FILE, f"{path.name}: cannot be read as Parquet: {reason}")


def open_frame(frame: pd.DataFrame, label: str) -> Table:
    """A pandas frame; a named index counts as a column, and rows are numbered from 1."""
    import pandas as pd

    named = frame.index.name is not None and not isinstance(frame.index, pd.MultiIndex)
    names = ([str(frame.index.name)] if named else []) + [str(c) for c in frame.columns]

    def blocks(wanted: Sequence[int]) -> Iterator[Block]:
        cells = {
            w: frame.index.to_series() if named and w == 0 else frame.iloc[:, w - named]
            for w in wanted
        }
        yield Block(len(frame), cells)

    return Table(label, tuple(names), blocks, first_row=1)
