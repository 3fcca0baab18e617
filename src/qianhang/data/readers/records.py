"""Line-wise JSON and ARFF: text formats whose rows name or order their own fields."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from qianhang.core.errors import ContractError
from qianhang.data import codes
from qianhang.data.readers.blocks import Block, Table
from qianhang.data.readers.files import regular
from qianhang.data.readers.survey import UNPACKING, open_bytes

__all__ = ["open_arff", "open_records"]

_ROWS = 20_000


def open_records(path: Path) -> Table:
    """A JSON Lines file, plain or packed; the header is the first record's keys and any later ones
    among the first 100 records.

    Raises ContractError naming the line that is not a JSON object.
    """
    regular(path)
    names: dict[str, None] = {}
    for number, record in enumerate(_records(path)):
        names.update(dict.fromkeys(record))
        if number == 99:
            break
    if not names:
        raise ContractError(codes.EMPTY_FILE, f"{path.name}: the file is empty")
    header = tuple(names)
    return Table(path.name, header, lambda wanted: _blocks(path, header, wanted), first_row=1)


def _records(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with open_bytes(path) as source:
            for number, line in enumerate(source, start=1):
                if line.strip():
                    yield _record(path, number, line)
    except UNPACKING as cause:
        raise ContractError(
            codes.BROKEN_FILE, f"{path.name}: cannot be unpacked: {cause}"
        ) from None


def _record(path: Path, number: int, line: bytes) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except ValueError as cause:
        raise ContractError(codes.BROKEN_FILE, f"{path.name} line {number:,}: {cause}") from None
    if not isinstance(found, dict):
        raise ContractError(
            codes.BROKEN_FILE,
            f"{path.name} line {number:,}: found {type(found).__name__}, expected an object",
        )
    return found


def _blocks(path: Path, header: tuple[str, ...], wanted: Sequence[int]) -> Iterator[Block]:
    rows: list[dict[str, Any]] = []
    for record in _records(path):
        rows.append(record)
        if len(rows) == _ROWS:
            yield _block(rows, header, wanted)
            rows = []
    if rows:
        yield _block(rows, header, wanted)


def _block(rows: list[dict[str, Any]], header: tuple[str, ...], wanted: Sequence[int]) -> Block:
    import pandas as pd

    cells = {w: pd.Series([r.get(header[w]) for r in rows], dtype=object) for w in wanted}
    return Block(len(rows), cells)


def _whole(path: Path) -> io.StringIO:
    """The text of a file, unpacked by its extension."""
    with open_bytes(path) as handle:
        return io.StringIO(handle.read().decode("utf-8-sig"))


def open_arff(path: Path) -> Table:
    """An ARFF file (Weka); nominal values come as text, "?" as missing.

    Raises ContractError where it cannot be parsed.
    """
    import pandas as pd
    from scipy.io import arff

    try:
        values, meta = arff.loadarff(_whole(regular(path)))
    except (arff.ArffError, *UNPACKING, ValueError, StopIteration, NotImplementedError) as cause:
        raise ContractError(
            codes.BROKEN_FILE, f"{path.name}: cannot be read as ARFF: {cause}"
        ) from None
    frame = pd.DataFrame(values)
    for name in frame.select_dtypes(object).columns:
        frame[name] = frame[name].map(lambda v: None if v == b"?" else v.decode("utf8"))
    names = tuple(meta.names())

    def blocks(wanted: Sequence[int]) -> Iterator[Block]:
        yield Block(len(frame), {w: frame[names[w]] for w in wanted})

    return Table(path.name, names, blocks, first_row=1)
