"""Files kept under the sha256 of their bytes, in a folder or wherever fsspec reaches."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from qianhang.core.errors import StoreError
from qianhang.store.settings import masked

__all__ = ["Files", "named_write_errors", "write_whole"]

_BLOCK = 1 << 20
_STALE_S = 86400.0
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_DENIED = (errno.EACCES, errno.EPERM, errno.EROFS)
_HEX = frozenset("0123456789abcdef")


class _Backend(Protocol):
    place: str

    def open(self, name: str) -> BinaryIO: ...
    def write(self, name: str, source: Callable[[], Iterator[bytes]]) -> None: ...
    def exists(self, name: str) -> bool: ...
    def names(self) -> Iterator[str]: ...
    def remove(self, name: str) -> None: ...


class Files:
    """Bytes by their sha256: written whole or not at all, checked whenever they are read.

    url : a plain path or file:// is a folder, other schemes go to fsspec
    """

    def __init__(self, url: str, *, read_only: bool = False) -> None:
        self._url, self._backend = url, _backend(url)
        self.read_only = read_only

    def beside(self, name: str) -> Files:
        """Other files of their own in the same place, which are no part of these."""
        return Files(f"{self._url.rstrip('/')}-{name}", read_only=self.read_only)

    def put(self, content: bytes | Path) -> str:
        """The sha256 of `content`, which is durably in the store once this returns.

        Raises StoreError where the disk is full or the store is read-only; nothing is left behind.
        """

        def blocks() -> Iterator[bytes]:
            return _blocks(content)

        sha = _sha256(blocks())
        if self.damage(sha):
            if self.read_only:
                raise StoreError("QH702", f"files {self._backend.place} are read-only")
            with named_write_errors(self._backend.place):
                self._backend.write(_name(sha), blocks)
        return sha

    def get(self, sha: str) -> bytes:
        """The bytes whose sha256 is `sha`.

        Raises StoreError where they are absent or no longer what they were.
        """
        with self._found(sha) as source:
            content = source.read()
        if hashlib.sha256(content).hexdigest() != sha:
            raise self._changed(sha)
        return content

    def copy(self, sha: str, target: Path) -> Path:
        """`target`, holding the bytes of `sha`; it appears whole or not at all.

        Raises StoreError where the bytes are absent or changed, or the target cannot be written.
        """
        with self._found(sha) as source, named_write_errors(str(target)):
            written = write_whole(target, lambda: _stream(source), sha=sha)
        if not written:
            raise self._changed(sha)
        return target

    def stream(self, sha: str) -> Iterator[bytes]:
        """The same in blocks, the last of which comes only where all of them were right.

        Raises StoreError where they are absent, and before the last block where they changed.
        """
        with self._found(sha) as source:
            seen, last = hashlib.sha256(), b""
            for block in _stream(source):
                seen.update(block)
                if last:
                    yield last
                last = block
            if seen.hexdigest() != sha:
                raise self._changed(sha)
            yield last

    def remove(self, sha: str) -> None:
        """Nothing is kept under `sha` any more; no fault where nothing was.

        Raises StoreError where the store is read-only.
        """
        if self.read_only:
            raise StoreError("QH702", f"files {self._backend.place} are read-only")
        with named_write_errors(self._backend.place), contextlib.suppress(FileNotFoundError):
            self._backend.remove(_name(sha))

    def has(self, sha: str) -> bool:
        """Whether something is kept under `sha`, without reading it."""
        with named_write_errors(self._backend.place):
            return self._backend.exists(_name(sha))

    def kept(self) -> list[str]:
        """The sha256 of everything that is here, in order."""
        with named_write_errors(self._backend.place):
            found = {name.rpartition("/")[2] for name in self._backend.names()}
        return sorted(sha for sha in found if len(sha) == 64 and _HEX.issuperset(sha))

    def damage(self, sha: str) -> str:
        """What is wrong with the bytes of `sha`: nothing (""), "absent" or "changed"."""
        if not self.has(sha):
            return "absent"
        with self._found(sha) as source:
            return "" if _sha256(_stream(source)) == sha else "changed"

    @contextlib.contextmanager
    def _found(self, sha: str) -> Iterator[BinaryIO]:
        try:
            source = self._backend.open(_name(sha))
        except FileNotFoundError:
            raise StoreError(
                "QH706", f"file {sha} is not in {self._backend.place}", hint="restore a copy"
            ) from None
        with source:
            yield source

    def _changed(self, sha: str) -> StoreError:
        message = f"file {sha} in {self._backend.place} is not what was stored"
        return StoreError("QH706", message, hint="restore a copy")


def _backend(url: str) -> _Backend:
    scheme, mark, rest = url.partition("://")
    if not mark:
        return _Folder(Path(url).expanduser())
    return _Folder(Path(rest)) if scheme == "file" else _Remote(url)


class _Folder:
    """A local folder; the name appears only after the bytes are on the disk."""

    def __init__(self, root: Path) -> None:
        self.root, self.place = root, str(root)
        self.swept = False

    def open(self, name: str) -> BinaryIO:
        return (self.root / name).open("rb")

    def exists(self, name: str) -> bool:
        return (self.root / name).is_file()

    def names(self) -> Iterator[str]:
        return (path.name for path in self.root.glob("??/*"))

    def remove(self, name: str) -> None:
        (self.root / name).unlink()

    def write(self, name: str, source: Callable[[], Iterator[bytes]]) -> None:
        target, partial = self.root / name, self.root / ".partial"
        for folder in (target.parent, partial):
            folder.mkdir(parents=True, exist_ok=True)
        if not self.swept:
            _sweep(partial)
            self.swept = True
        write_whole(target, source, beside=partial)


class _Remote:
    """An object store, where a put is whole or absent by itself."""

    def __init__(self, url: str) -> None:
        try:
            from fsspec.core import url_to_fs

            fs, root = url_to_fs(url)
        except (ImportError, ValueError) as cause:
            raise StoreError("QH708", f"files URL {masked(url)}: {cause}") from cause
        self.fs: Any = fs
        self.root: str = root.rstrip("/")
        self.place = masked(url)

    def open(self, name: str) -> BinaryIO:
        opened: BinaryIO = self.fs.open(f"{self.root}/{name}", "rb")
        return opened

    def exists(self, name: str) -> bool:
        return bool(self.fs.exists(f"{self.root}/{name}"))

    def names(self) -> Iterator[str]:
        return iter(self.fs.find(self.root) if self.fs.exists(self.root) else ())

    def remove(self, name: str) -> None:
        self.fs.rm_file(f"{self.root}/{name}")

    def write(self, name: str, source: Callable[[], Iterator[bytes]]) -> None:
        path = f"{self.root}/{name}"
        self.fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        with self.fs.transaction, self.fs.open(path, "wb") as target:
            for block in source():
                target.write(block)


def write_whole(
    target: Path,
    source: Callable[[], Iterator[bytes]],
    *,
    sha: str | None = None,
    beside: Path | None = None,
) -> bool:
    """Whether `target` now holds the bytes, which it does whole or not at all: not where they are
    not those of `sha`."""
    part = (beside or target.parent) / f".{target.name}.{secrets.token_hex(6)}.part"
    try:
        seen = hashlib.sha256()
        with part.open("xb") as out:
            for block in source():
                seen.update(block)
                out.write(block)
            out.flush()
            os.fsync(out.fileno())
        if sha is not None and seen.hexdigest() != sha:
            return False
        part.replace(target)
        _flush_folder(target.parent)
        return True
    finally:
        part.unlink(missing_ok=True)


def _sweep(folder: Path) -> None:
    """Remove what killed writers left behind, once it is a day old."""
    for path in folder.glob(".*.part"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _STALE_S:
                path.unlink()


def _flush_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextlib.contextmanager
def named_write_errors(place: str) -> Iterator[None]:
    """Turn what the disk reports into a StoreError that says what to do."""
    try:
        yield
    except OSError as cause:
        said = f"files {place}: {cause.strerror or cause}"
        if cause.errno in _FULL:
            raise StoreError("QH703", said, hint="free some space") from cause
        if cause.errno in _DENIED:
            raise StoreError("QH702", said, hint="run as the owner of the store") from cause
        raise StoreError("QH701", said) from cause


def _name(sha: str) -> str:
    if len(sha) != 64 or not _HEX.issuperset(sha):
        raise ValueError(f"{sha!r} is not a sha256 in hex")
    return f"{sha[:2]}/{sha}"


def _blocks(content: bytes | Path) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as source:
        yield from _stream(source)


def _stream(source: BinaryIO) -> Iterator[bytes]:
    while block := source.read(_BLOCK):
        yield block


def _sha256(blocks: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    for block in blocks:
        digest.update(block)
    return digest.hexdigest()
