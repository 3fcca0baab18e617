"""Readers: tables become blocks of raw cells, other files are checked and stay paths."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from qianhang.core.errors import ContractError
from qianhang.data import codes
from qianhang.data.datasets import Reader
from qianhang.data.readers.blocks import Block, Note, RowMap, Table
from qianhang.data.readers.columnar import open_frame, open_parquet
from qianhang.data.readers.delimited import open_delimited
from qianhang.data.readers.files import TABLES, reader_of, regular
from qianhang.data.readers.paths import check_arrays, check_json, check_network
from qianhang.data.readers.rdatasets import open_rdataset
from qianhang.data.readers.records import open_arff, open_records
from qianhang.data.readers.spreadsheet import open_spreadsheet

__all__ = [
    "TABLES",
    "Block",
    "Note",
    "RowMap",
    "Table",
    "check_path",
    "open_frame",
    "open_table",
    "reader_of",
]

_TABLES: dict[str, Callable[[Path], Table]] = {
    "arff": open_arff,
    "csv": open_delimited,
    "jsonl": open_records,
    "parquet": open_parquet,
    "rdatasets": open_rdataset,
    "xlsx": open_spreadsheet,
}
_CHECKS: dict[str, Callable[[Path], Path]] = {
    "epanet": check_network,
    "json": check_json,
    "npz": check_arrays,
    "path": regular,
    "text": regular,
}


def open_table(path: Path, reader: Reader | None = None) -> Table:
    """The table in a file, opened; by its extension where no reader is given.

    Raises ContractError where the file is a folder, missing, empty, damaged, or no table.
    """
    if path.is_dir():
        regular(path)
    name = reader or reader_of(path)
    if name not in _TABLES:
        check_path(path, name)
        raise ContractError(
            codes.UNKNOWN_FORMAT,
            f"{path.name}: found a {name} file, expected a table",
            hint=f"tables are read from {', '.join(sorted(TABLES))}",
        )
    return _TABLES[name](path)


def check_path(path: Path, reader: Reader) -> Path:
    """The path itself when the file holds what its reader expects.

    Raises ContractError where it does not.
    """
    return _CHECKS[reader](path)
