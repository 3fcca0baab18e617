"""Delimited text (CSV) in blocks of bounded memory, cells as text."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from qianhang.core.errors import ContractError
from qianhang.data import codes
from qianhang.data.readers.blocks import Block, Note, Ragged, Table
from qianhang.data.readers.survey import UNPACKING, Survey, open_bytes, survey

if TYPE_CHECKING:
    import pyarrow.csv as arrow_csv

__all__ = ["open_delimited"]

_BLOCK = 4 << 20


def open_delimited(path: Path) -> Table:
    """A CSV file: comma, semicolon, tab or bar; UTF-8, UTF-16, GB18030; plain, gz, bz2 or xz.

    Raises ContractError where it is empty, damaged or in another encoding.
    """
    plan = survey(path)
    notes: tuple[Note, ...] = ()
    if not plan.encoding.startswith("utf-8"):
        notes = (Note(codes.ENCODING, f"{path.name} was read as {plan.encoding.upper()}"),)
    return Table(
        label=path.name,
        names=plan.header,
        blocks=lambda wanted: _blocks(path, plan, wanted),
        first_row=plan.header_lines + 1,
        top=plan.top,
        decimal_comma=plan.delimiter == ";",
        notes=notes,
    )


def _blocks(path: Path, plan: Survey, wanted: Sequence[int]) -> Iterator[Block]:
    import pyarrow as pa

    # The parser's own thread fills it, ahead of us perhaps: it is emptied one by one.
    ragged: deque[Ragged] = deque()

    def skip(row: Any) -> str:
        ragged.append(Ragged(row.number, row.actual_columns))
        return "skip"

    try:
        with open_bytes(path) as source, _reader(source, plan, skip) as batches:
            for batch in batches:
                yield _block(batch, wanted, _taken(ragged))
        pa.default_memory_pool().release_unused()
    except (pa.ArrowInvalid, *UNPACKING) as cause:
        reason = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
        if "Empty CSV" in reason:
            return
        raise ContractError(
            codes.BROKEN_FILE,
            f"{path.name}: cannot be parsed: {reason}",
            hint="is a quotation mark left open?",
        ) from None
    if ragged:
        yield Block(0, {}, _taken(ragged))


def _taken(ragged: deque[Ragged]) -> tuple[Ragged, ...]:
    return tuple(ragged.popleft() for _ in range(len(ragged)))


def _block(batch: Any, wanted: Sequence[int], ragged: tuple[Ragged, ...]) -> Block:
    """The wanted cells of a batch, without the rows in which every cell is empty."""
    import pyarrow.compute as pc

    empty = np.ones(batch.num_rows, dtype=bool)
    for column in batch.columns:
        empty &= pc.equal(column, "").to_numpy(zero_copy_only=False)
        if not empty.any():
            return Block(batch.num_rows, {w: batch.column(str(w)) for w in wanted}, ragged)
    cells = {w: batch.column(str(w)).filter(~empty) for w in wanted}
    blank = np.flatnonzero(empty)
    return Block(batch.num_rows - len(blank), cells, ragged, blank)


def _reader(source: Any, plan: Survey, skip: Any) -> arrow_csv.CSVStreamingReader:
    """Arrow's streaming parser over the body; one thread, so that row numbers are known."""
    import pyarrow as pa
    import pyarrow.csv as arrow_csv

    names = [str(i) for i in range(len(plan.header))]
    return arrow_csv.open_csv(
        source,
        read_options=arrow_csv.ReadOptions(
            column_names=names,
            skip_rows=plan.header_lines,
            block_size=_BLOCK,
            use_threads=False,
            encoding="utf-8" if plan.encoding.startswith("utf-8") else plan.encoding,
        ),
        parse_options=arrow_csv.ParseOptions(
            delimiter=plan.delimiter,
            newlines_in_values=True,
            ignore_empty_lines=False,
            invalid_row_handler=skip,
        ),
        convert_options=arrow_csv.ConvertOptions(
            column_types={n: pa.string() for n in names},
            strings_can_be_null=False,
        ),
    )
