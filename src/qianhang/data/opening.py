"""The inputs of a scenario: from its data set or the user's own files, through the contract."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from qianhang.core.errors import ContractError
from qianhang.core.inputs import Inputs
from qianhang.core.manifest import Case, Column, Manifest
from qianhang.core.schema import nearest
from qianhang.data import codes
from qianhang.data.contract import Mode, check_table
from qianhang.data.datasets import PublicCopy, Reader
from qianhang.data.findings import REJECT_COLUMNS
from qianhang.data.provenance import file_sha256
from qianhang.data.readers import TABLES, Note, check_path, open_table, reader_of
from qianhang.data.registry import dataset
from qianhang.data.sources import fetch
from qianhang.data.tables import public_table, read_public, read_table
from qianhang.data.transfer import Progress

__all__ = ["FileRecord", "Opened", "open_inputs"]

_FORMATS: dict[str, frozenset[Reader]] = {
    "table": TABLES, "epanet": frozenset({"epanet"}), "json": frozenset({"json", "jsonl"}),
    "text": frozenset({"text", "csv", "jsonl", "path"}),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file that a run read: the input it filled, and its bytes."""

    name: str
    path: Path
    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class Opened:
    """Inputs ready for a pack, the files they came from, what was refused and what was done.

    rejects : columns input, row, time, field, found, expected, code
    rows : input -> file row of each row of its frame, (n,); in partition mode only
    """

    inputs: Inputs
    files: tuple[FileRecord, ...]
    rejects: pd.DataFrame
    notes: tuple[Note, ...]
    rows: Mapping[str, np.ndarray]


@dataclass(frozen=True, slots=True)
class _Source:
    path: Path
    reader: Reader
    public: PublicCopy | None = None


def open_inputs(
    manifest: Manifest,
    case: Case,
    *,
    data: Path | None = None,
    mode: Mode = "strict",
    optional: Collection[str] = (),
    progress: Progress | None = None,
) -> Opened:
    """Every input of the case, checked: from its registered data set, or the user's file or folder.

    case : filled in by `Manifest.find_case`; data : None for the registered data set
    optional : columns that may be absent or empty, such as the target when predicting
    Raises ContractError, or DatasetError where the data set cannot be had.
    """
    if data is None:
        found = fetch(dataset(case.dataset), progress=progress) if case.dataset else {}
        sources = {n: _Source(f.path, f.reader, f.public) for n, f in found.items()}
    else:
        sources = _own(manifest, case, data)
    work = _Work(mode, optional)
    for name, source in sources.items():
        columns = case.columns if name == "table" else _columns(manifest, name)
        work.take(name, source, columns)
    if data is not None:
        _complete(manifest, case, work.values)
    return work.opened()


def _columns(manifest: Manifest, name: str) -> Mapping[str, Column]:
    return manifest.inputs[name].columns if name in manifest.inputs else {}


@dataclass(slots=True)
class _Work:
    mode: Mode
    optional: Collection[str]
    values: dict[str, Any] = field(default_factory=dict)
    files: list[FileRecord] = field(default_factory=list)
    rejects: list[pd.DataFrame] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    rows: dict[str, np.ndarray] = field(default_factory=dict)

    def take(self, name: str, source: _Source, columns: Mapping[str, Column]) -> None:
        """Reads one input; a table with a contract is held to it."""
        path, reader, copy = source.path, source.reader, source.public
        if path.is_dir():
            self.values[name] = path
            inside = [p for p in sorted(path.iterdir()) if p.is_file()]
            self.files += [_record(f"{name}/{p.name}", p) for p in inside]
            return
        if reader not in TABLES:
            self.values[name] = check_path(path, reader)
        elif not columns:
            self.values[name] = read_public(path, copy) if copy else read_table(path, reader)
        else:
            table = public_table(path, copy) if copy else open_table(path, reader)
            checked = check_table(table, columns, mode=self.mode, optional=self.optional)
            self.values[name] = checked.frame
            self.rejects.append(checked.rejects.assign(input=name))
            self.notes += checked.notes
            self.rows[name] = checked.rows
        self.files.append(_record(name, path))

    def opened(self) -> Opened:
        """Everything taken, as a value."""
        some = [r for r in self.rejects if len(r)]
        names = ["input", *REJECT_COLUMNS]
        refused = pd.concat(some, ignore_index=True)[names] if some else pd.DataFrame(columns=names)
        return Opened(Inputs(self.values), tuple(self.files), refused, tuple(self.notes), self.rows)


def _record(name: str, path: Path) -> FileRecord:
    return FileRecord(name, path, file_sha256(path), path.stat().st_size)


def _own(manifest: Manifest, case: Case, data: Path) -> dict[str, _Source]:
    """The user's files by input name: one file, or a folder of them."""
    if data.is_dir():
        return _folder(manifest, case, data)
    special = _special(manifest, data)
    if special:
        return {special: _Source(data, "path")}
    reader = reader_of(data)
    for name, wanted in _wanted(manifest, case).items():
        if reader in wanted:
            return {name: _Source(data, reader)}
    kinds: dict[str, list[str]] = {n: sorted(f) for n, f in _wanted(manifest, case).items()}
    kinds |= {n: list(i.suffixes) for n, i in manifest.inputs.items() if i.suffixes}
    allowed = ", ".join(f"{n}: {'/'.join(k)}" for n, k in kinds.items())
    raise ContractError(
        codes.UNKNOWN_FORMAT, f"{data.name}: found a {reader} file, expected {allowed}"
    )


def _special(manifest: Manifest, path: Path) -> str:
    """The input whose own file format this name has, "" for none."""
    return next((n for n, i in manifest.inputs.items() if i.takes(path.name)), "")


def _wanted(manifest: Manifest, case: Case) -> dict[str, frozenset[Reader]]:
    """Input name -> readers that can fill it, the main table first."""
    wanted = {"table": TABLES} if case.columns else {}
    known = {n: _FORMATS[i.format] for n, i in manifest.inputs.items() if i.format in _FORMATS}
    return {**wanted, **known}


def _folder(manifest: Manifest, case: Case, folder: Path) -> dict[str, _Source]:
    """Files matched to inputs: by stem first, then by being the only file of the right sort."""
    sources: dict[str, _Source] = {}
    files = {}
    special = {n: i.suffixes for n, i in manifest.inputs.items() if i.suffixes}
    for path in sorted(p for p in folder.iterdir() if p.is_file()):
        if name := _special(manifest, path):
            sources.setdefault(name, _Source(path, "path"))
        elif reader := _sort(path):
            files[path] = reader
    wanted = _wanted(manifest, case)
    for name, readers in wanted.items():
        named = [p for p in files if p.name.split(".")[0] == name and files[p] in readers]
        if len(named) == 1:
            sources[name] = _Source(named[0], files.pop(named[0]))
    for name, declared in manifest.inputs.items():
        if declared.format == "folder":
            return {**sources, name: _Source(folder, "path")}
    for name, readers in wanted.items():
        left = [p for p, r in files.items() if r in readers]
        if name not in sources and len(left) == 1:
            sources[name] = _Source(left[0], files.pop(left[0]))
    if not sources:
        raise ContractError(
            codes.MISSING_INPUT,
            f"{folder}: no file fits an input; inputs: {', '.join({**wanted, **special})}",
            hint="name each file after its input, such as table.csv",
        )
    return sources


def _sort(path: Path) -> Reader | None:
    try:
        return reader_of(path)
    except ContractError:
        return None


def _complete(manifest: Manifest, case: Case, values: Mapping[str, Any]) -> None:
    """Refuses when an input that the pack requires is not there.

    A folder of documents stands alone: nobody need have asked anything of it yet. So does a file
    in a form of its own that need not be there: the pack makes the main table of it.
    """
    alone = {n for n, i in manifest.inputs.items() if i.format == "folder"}
    alone |= {n for n, i in manifest.inputs.items() if i.format == "file" and not i.required}
    required = ["table"] if case.columns and not alone & set(values) else []
    required += [n for n, i in manifest.inputs.items() if i.required]
    for name in required:
        if name not in values:
            guess = nearest(name, values)
            raise ContractError(
                codes.MISSING_INPUT,
                f"input {name} is missing; found: {', '.join(values) or 'none'}",
                hint=f"is it {guess}?" if guess else "give a folder with a file for each input",
            )
