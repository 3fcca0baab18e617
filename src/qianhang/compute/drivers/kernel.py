"""What the keeper of a job asks of the system, with nothing that takes long to load.

A keeper starts for each job, and most of what that costs is what it loads: pathlib, json, typing,
contextlib, signal and ctypes together take five times as long as Python's own start.
"""

from __future__ import annotations

import errno
import fcntl
import os
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import IO

PDEATHSIG, CHILD_SUBREAPER, NO_NEW_PRIVS = 1, 36, 38
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)


class Forgiving:
    """A block in which these errors end the block and no more."""

    def __init__(self, *errors: type[BaseException]) -> None:
        self.errors = errors

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> bool:
        return kind is not None and issubclass(kind, self.errors)


def prctl(option: int, value: int) -> None:
    """Set one of this process's own options; nothing where the system has none."""
    if sys.platform != "linux":
        return
    try:
        import _ctypes

        all_loaded = _ctypes.dlopen(None, 2)  # type: ignore[arg-type]  # as ctypes.CDLL(None) does
        there = _ctypes.dlsym(all_loaded, "prctl")
        _ctypes.call_function(there, (option, value, 0, 0, 0))
    except (AttributeError, ImportError, OSError):  # another Python's inside
        import ctypes

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)


def locked(file: IO[str], *, patience_s: float = 0.0) -> bool:
    """Whether the file's lock is ours now; a reader that looks for a moment is waited for."""
    until = time.monotonic() + patience_s
    while True:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if time.monotonic() >= until:
                return False
            time.sleep(0.01)
        except OSError as cause:
            if cause.errno not in _NO_LOCKS:
                raise
            return True  # some shared disks have no locks; the file `started` guards there


def closed(handle: int) -> bool:
    """Whether the other end of this pipe is gone."""
    ready, _, _ = select.select([handle], [], [], 0)
    return bool(ready) and os.read(handle, 1) == b""
