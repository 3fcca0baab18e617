"""The registry of public data sets: one TOML file each, read without any heavy library."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from qianhang.core import schema
from qianhang.core.errors import DatasetError
from qianhang.data import codes
from qianhang.data.datasets import DataSet

__all__ = ["SETS", "all_datasets", "dataset", "names", "read_dataset"]

SETS = Path(__file__).parent / "sets"


def names(folders: Iterable[Path] = ()) -> tuple[str, ...]:
    """Names of all registered data sets, sorted.

    folders : further folders of TOML files, such as an outside pack's
    """
    return tuple(sorted(_files(folders)))


def dataset(name: str, folders: Iterable[Path] = ()) -> DataSet:
    """The registered data set of that name.

    Raises DatasetError with the nearest name where there is none.
    """
    found = _files(folders)
    if name not in found:
        guess = schema.nearest(name, found)
        hint = f"did you mean {guess}?" if guess else "see: qianhang dataset list"
        raise DatasetError(codes.NO_DATASET, f"data set {name!r} is not registered", hint=hint)
    return read_dataset(found[name])


def all_datasets(folders: Iterable[Path] = ()) -> tuple[DataSet, ...]:
    """Every registered data set, sorted by name."""
    return tuple(read_dataset(path) for _, path in sorted(_files(folders).items()))


def read_dataset(path: Path) -> DataSet:
    """The data set that a TOML file describes.

    Raises DatasetError naming file, key, what was found, what is allowed, the nearest name.
    """
    table = schema.read_toml(path, error=DatasetError, code=codes.BAD_TOML)
    found = schema.read(DataSet, table, where=str(path), error=DatasetError, code=codes.SCHEMA)
    if found.name != path.stem.replace("_", "-"):
        raise DatasetError(
            codes.SCHEMA,
            f"{path} name: found {found.name!r}, expected {path.stem.replace('_', '-')!r}",
            hint="a data set is named after its file",
        )
    return found


def _files(folders: Iterable[Path]) -> dict[str, Path]:
    """Name -> file; the built-in sets cannot be shadowed."""
    found: dict[str, Path] = {}
    for folder in (SETS, *folders):
        for path in sorted(folder.glob("*.toml")):
            found.setdefault(path.stem.replace("_", "-"), path)
    return found
