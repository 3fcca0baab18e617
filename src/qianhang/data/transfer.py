"""One file from one address, resumed where it broke off, checked, and put in place whole."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import FileIO
from pathlib import Path
from typing import BinaryIO

from qianhang.core.errors import DatasetError
from qianhang.data import codes
from qianhang.data.provenance import file_sha256

__all__ = ["Patience", "Progress", "download"]

Progress = Callable[[str, int, int], None]  # file name, bytes here, bytes in all (0 = unknown)
_CHUNK = 1 << 14


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait: for a connection, for the next bytes, and how often to try again."""

    connect_s: float = 10.0
    read_s: float = 30.0
    tries: int = 4
    pause_s: float = 0.5


def download(
    url: str,
    target: Path,
    *,
    known: str = "",
    size: int = 0,
    progress: Progress | None = None,
    patience: Patience = Patience(),
) -> Path:
    """`target`, holding the bytes at `url`; a file half fetched before is gone on with.

    known : sha256 that the bytes must have; size : bytes, for the room needed and the bar
    Raises DatasetError where the address cannot be reached or has nothing, the sum is wrong, or
    the disk is full; `target` is then left as it was.
    """
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        fetch = _Fetch(_claim(part), part, size, progress, patience)
        try:
            if known and target.is_file() and file_sha256(target) == known:
                part.unlink()  # another process fetched it while we waited
                return target
            return _retrieve(url, target, known, fetch)
        finally:
            fetch.handle.close()
    except OSError as cause:
        with suppress(OSError):  # the folder may be one in which nothing may be removed either
            part.unlink(missing_ok=True)
        raise _no_room(target, size, cause) from None


def _retrieve(url: str, target: Path, known: str, fetch: _Fetch) -> Path:
    """The file by way of pooch, which checks the sum and moves it into place."""
    import pooch
    import requests

    pooch.get_logger().setLevel("WARNING")
    sums = f"sha256:{known}" if known else None
    place = {"fname": target.name, "path": target.parent}
    try:
        pooch.retrieve(url, known_hash=sums, downloader=fetch, **place)
    except requests.exceptions.RequestException as cause:
        reason = _reason(cause)
        raise DatasetError(codes.DOWNLOAD, f"{url}: {reason}", hint="try again later") from None
    except ValueError:
        fetch.part.unlink(missing_ok=True)
        if fetch.resumed:  # the older part may be of another edition
            fetch.renew()
            return _retrieve(url, target, known, fetch)
        raise DatasetError(
            codes.CHECKSUM,
            f"{url}: the bytes have another sha256 than registered ({known[:12]}...)",
            hint="the source may have changed; nothing was kept",
        ) from None
    return target


@dataclass(slots=True)
class _Fetch:
    """A downloader for pooch: writes to the part file, from where it ends."""

    handle: BinaryIO
    part: Path
    size: int
    progress: Progress | None
    patience: Patience
    resumed: bool = False

    def __call__(self, url: str, output_file: str, _: object) -> None:
        """Leaves the bytes at `url` in `output_file`, as pooch asks of a downloader."""
        import requests

        for attempt in range(self.patience.tries):
            try:
                self._stream(url)
                break
            except requests.exceptions.HTTPError as cause:
                status = cause.response.status_code if cause.response is not None else 0
                if status < 500 or attempt + 1 == self.patience.tries:
                    self._forget()
                    raise
            except requests.exceptions.RequestException:
                if attempt + 1 == self.patience.tries:
                    self._forget()
                    raise
            time.sleep(self.patience.pause_s * 2**attempt)
        self.part.replace(output_file)

    def renew(self) -> None:
        """Starts a new part; the last one has gone with pooch's temporary file."""
        self.handle.close()
        self.handle = _claim(self.part)
        self.resumed = False

    def _forget(self) -> None:
        """Removes a part that holds nothing; one that does is kept for the next time."""
        if not self.handle.tell():
            self.part.unlink(missing_ok=True)

    def _stream(self, url: str) -> None:
        import requests

        have = self.handle.seek(0, os.SEEK_END)
        headers = {"Accept-Encoding": "identity"}  # a range counts the bytes as they are stored
        if have:
            headers["Range"] = f"bytes={have}-"
        wait = (self.patience.connect_s, self.patience.read_s)
        with requests.get(url, headers=headers, stream=True, timeout=wait) as answer:
            if have and answer.status_code != requests.codes.partial_content:
                have = self.handle.seek(0)
                self.handle.truncate()
                if answer.status_code == requests.codes.requested_range_not_satisfiable:
                    raise requests.exceptions.ConnectionError("the server has another file now")
            answer.raise_for_status()
            self.resumed |= have > 0
            total = have + int(answer.headers.get("Content-Length", 0)) or self.size
            self._need(total - have)
            for piece in answer.iter_content(_CHUNK):
                self.handle.write(piece)
                have += len(piece)
                if self.size and have > self.size:
                    raise ValueError("more bytes than registered")
                if self.progress:
                    self.progress(self.part.name.removesuffix(".part"), have, total)

    def _need(self, more: int) -> None:
        """Raises OSError at once where the disk has not got the room."""
        room = os.statvfs(self.part.parent) if hasattr(os, "statvfs") else None
        if room and more > room.f_bavail * room.f_frsize:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _claim(part: Path) -> BinaryIO:
    """The part file, open at its end and ours alone until it is closed."""
    while True:
        handle = part.open("ab", buffering=0)
        _lock(handle)
        try:
            if os.path.samestat(os.fstat(handle.fileno()), part.stat()):
                return handle
        except FileNotFoundError:
            pass  # whoever held it has moved it into place
        handle.close()


def _lock(handle: BinaryIO | FileIO) -> None:
    """Waits until no other process holds the file; where there is no flock, does nothing."""
    try:
        import fcntl
    except ImportError:
        return
    fcntl.flock(handle, fcntl.LOCK_EX)


def _reason(cause: Exception) -> str:
    """What went wrong with a transfer, in one line."""
    import requests

    if isinstance(cause, requests.exceptions.HTTPError) and cause.response is not None:
        return f"the server answers {cause.response.status_code} {cause.response.reason}"
    if isinstance(cause, requests.exceptions.Timeout):
        return "no answer in time"
    if isinstance(cause, requests.exceptions.TooManyRedirects):
        return "too many redirects"
    if isinstance(cause, requests.exceptions.ChunkedEncodingError):
        return "the transfer breaks off"
    return "cannot be reached"


def _no_room(target: Path, size: int, cause: OSError) -> DatasetError:
    need = f"; {size:,} bytes needed" if size else ""
    return DatasetError(
        codes.NO_ROOM,
        f"{target.parent}: cannot write {target.name}: {cause.strerror or cause}{need}",
        hint="free some room, or set QIANHANG_HOME to a folder elsewhere",
    )
