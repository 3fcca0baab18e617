"""Files that people sent, kept under paths of their own below the home: into a backup and back."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO

from qianhang.core.errors import StoreError
from qianhang.store.files import named_write_errors, write_whole

__all__ = ["FOLDER", "Sent", "hoarded", "pack", "put_back", "uploads"]

FOLDER = "uploads"
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class Sent:
    """The bytes of a file that was sent, and their sha256."""

    size: int
    sha256: str


class _Read:
    """A file whose bytes are summed up as they are read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, most: int) -> bytes:
        """The next bytes."""
        block = self._source.read(most)
        self.digest.update(block)
        return block


def uploads(home: Path) -> Iterator[tuple[str, Path]]:
    """(path below the uploads, file) of all that was sent, in order; links are no files of ours."""
    root = home / FOLDER
    for folder, below, names in os.walk(root):
        below.sort()
        for name in sorted(names):
            path = Path(folder, name)
            if path.is_file() and not path.is_symlink():
                yield path.relative_to(root).as_posix(), path


def hoarded(home: Path) -> tuple[int, int]:
    """How many files were sent, and their bytes."""
    sizes = [path.stat().st_size for _, path in uploads(home)]
    return len(sizes), sum(sizes)


def pack(archive: tarfile.TarFile, home: Path, *, at: datetime) -> dict[str, Sent]:
    """Path -> what of it went into the archive; a file that still comes in goes as far as it is."""
    found = {}
    for name, path in uploads(home):
        with path.open("rb") as source:
            member = tarfile.TarInfo(f"{FOLDER}/{name}")
            member.size, member.mode = os.fstat(source.fileno()).st_size, 0o600
            member.mtime, read = int(at.timestamp()), _Read(source)
            archive.addfile(member, read)  # type: ignore[arg-type]  # of which only read() is used
            found[name] = Sent(member.size, read.digest.hexdigest())
    return found


@contextmanager
def put_back(
    home: Path, told: Mapping[str, Sent], member: Callable[[str], IO[bytes]]
) -> Iterator[None]:
    """Every file that was sent stands in its place; none stays where what follows fails.

    member : the archive's bytes of a name
    Raises StoreError for a path that leads elsewhere, or bytes that are not what they were.
    """
    made: list[Path] = []
    try:
        for name, one in told.items():
            made.append(_put(home / FOLDER / _plain(name), one, member(f"{FOLDER}/{name}")))
        yield
    except BaseException:
        for path in made:
            path.unlink(missing_ok=True)
        raise


def _put(target: Path, told: Sent, source: IO[bytes]) -> Path:
    with named_write_errors(str(target)):
        target.parent.mkdir(parents=True, exist_ok=True)
        if not write_whole(target, lambda: iter(lambda: source.read(_BLOCK), b""), sha=told.sha256):
            raise _spoilt(f"{FOLDER}/{target.name[:80]} is not what it was")
    return target


def _plain(name: str) -> PurePosixPath:
    """The path, where it can only lie below the uploads."""
    path = PurePosixPath(name)
    odd = path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name
    if odd or len(path.parts) < 2 or path.as_posix() != name:
        raise _spoilt(f"{name[:80]!r} is no path of a file that was sent")
    return path


def _spoilt(what: str) -> StoreError:
    return StoreError("QH710", f"the backup is not whole: {what}", hint="take another copy of it")
