"""Files that people send: kept below their organisation's folder, by names that we choose."""

from __future__ import annotations

import re
import secrets
import shutil
import unicodedata
from collections.abc import Sequence
from pathlib import Path

from fastapi import UploadFile

from qianhang.core.errors import UsageError

__all__ = ["keep"]

_PLAIN = re.compile(r"[^\w.\-]+")
_MOST_FILES = 40
_SUFFIXES = frozenset((
    ".arff", ".cfg", ".csv", ".inp", ".json", ".jsonl", ".npz", ".parquet", ".sol", ".sumocfg",
    ".toml", ".tsv", ".txt", ".vrp", ".xlsx", ".xml",
))  # fmt: skip


def keep(files: Sequence[UploadFile], *, home: Path, org: str) -> Path:
    """The place of what was sent, relative to the organisation's uploads: a file, or a folder where
    there are several.

    Raises UsageError for no file, too many, a kind that no scenario reads, or names that repeat.
    """
    sent = [f for f in files if f.filename]
    if not 0 < len(sent) <= _MOST_FILES:
        raise UsageError("QH883", f"{len(sent)} files were sent, expected 1 to {_MOST_FILES}")
    names = [_name(f.filename or "") for f in sent]
    if len(set(names)) < len(names):
        raise UsageError("QH883", f"two of the files have the same name: {', '.join(names)}")
    folder = home / "uploads" / org / secrets.token_hex(8)
    folder.mkdir(parents=True)
    try:
        for file, name in zip(sent, names, strict=True):
            with (folder / name).open("xb") as out:
                shutil.copyfileobj(file.file, out, 2**20)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return Path(folder.name, names[0]) if len(names) == 1 else Path(folder.name)


def _name(sent: str) -> str:
    """A name without any way out of its folder, its ending kept."""
    base = unicodedata.normalize("NFKC", sent).replace("\\", "/").rpartition("/")[2]
    suffix = Path(base).suffix.lower()
    if suffix not in _SUFFIXES:
        known = " ".join(sorted(_SUFFIXES))
        raise UsageError("QH883", f"{base[:80]!r} is not a kind that scenarios read: {known}")
    stem = _PLAIN.sub("_", Path(base).stem).strip("._-")[:80] or "file"
    return stem + suffix
