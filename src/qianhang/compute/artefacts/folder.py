"""A job's folder read by somebody who does not trust it: no link is followed, nothing is endless.

Whoever runs a job may put links, pipes and any number of files into its folder, and change them
while they are read. Every folder and file is therefore opened below the one above it, without
following links, and looked at once it is open.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from qianhang.compute.artefacts.outputs import fits, may_hold

__all__ = ["Copied", "TooMuch", "Walk", "copied", "opened"]

_MOST_ENTRIES, _DEEPEST, _LONGEST = 100_000, 32, 400
_BLOCK = 1 << 20
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class TooMuch(Exception):
    """There is more than is kept: what was found, what is allowed."""

    def __init__(self, found: str, expected: str) -> None:
        super().__init__(f"{found}, allowed: {expected}")
        self.found, self.expected = found, expected


@dataclass(frozen=True, slots=True)
class Copied:
    """A file as it was read, and its copy; size in bytes."""

    path: str
    size: int
    sha: str
    place: Path


@dataclass(slots=True)
class Walk:
    """What a walk passed over: path -> why (link, not a file, linked, name, unreadable)."""

    skipped: dict[str, str]
    found: list[str]


@contextmanager
def opened(root: Path, *names: str) -> Iterator[int]:
    """A handle on the folder root/names, none of the names a link.

    Raises OSError where there is none, NotADirectoryError where one of them is something else.
    """
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for name in names:
            below = os.open(name, _DIRECTORY, dir_fd=handle)
            os.close(handle)
            handle = below
        yield handle
    finally:
        os.close(handle)


def copied(
    handle: int, patterns: Sequence[str], to: Path, *, file_bytes: int, job_bytes: int, files: int
) -> tuple[list[Copied], Walk]:
    """Copies of the files that the patterns mean, in the order of their paths.

    file_bytes, job_bytes, files : most of one, of all, and how many
    Raises TooMuch where there is more, OSError where the disk fails.
    """
    made: list[Copied] = []
    walk, left = Walk({}, []), job_bytes
    for path, folder in _meant(handle, patterns, walk):
        if len(made) == files:
            raise TooMuch(f"more than {files:,} files", f"{files:,}")
        source = _opened_file(path, folder, walk)
        if source is None:
            continue
        with os.fdopen(source, "rb") as content:
            size = os.fstat(content.fileno()).st_size
            if size > file_bytes:
                raise TooMuch(f"{path}: {size:,} bytes", f"{file_bytes:,} a file")
            place = to / str(len(made))
            one = _copy(content.fileno(), path, place, most=min(file_bytes, left))
        left -= one.size
        walk.found.append(path)
        made.append(one)
    return made, walk


def _meant(handle: int, patterns: Sequence[str], walk: Walk) -> Iterator[tuple[str, int]]:
    """(path, handle of its folder) of each file that a pattern means."""
    entries = 0
    for top, folders, names, folder in os.fwalk(".", dir_fd=handle, follow_symlinks=False):
        base = "" if top == "." else f"{top.removeprefix('./')}/"
        entries += len(folders) + len(names)
        if entries > _MOST_ENTRIES:
            raise TooMuch(f"more than {_MOST_ENTRIES:,} entries", f"{_MOST_ENTRIES:,}")
        folders[:] = _entered(base, folders, patterns, folder=folder, walk=walk)
        for name in sorted(names):
            if any(fits(f"{base}{name}", one) for one in patterns):
                yield f"{base}{name}", folder


def _entered(
    base: str, folders: Sequence[str], patterns: Sequence[str], *, folder: int, walk: Walk
) -> list[str]:
    """The folders in which something that is meant may lie; links are told of, and not entered."""
    entered = []
    for name in sorted(folders):
        path = f"{base}{name}"
        if not any(may_hold(path, one) for one in patterns):
            continue
        if stat.S_ISLNK(os.lstat(name, dir_fd=folder).st_mode):
            walk.skipped[_shown(path)] = "link"
        else:
            entered.append(name)
    if entered and base.count("/") >= _DEEPEST:
        raise TooMuch(f"folders {_DEEPEST + 1} deep", f"{_DEEPEST}")
    return entered


def _opened_file(path: str, folder: int, walk: Walk) -> int | None:
    """A handle on a plain file; None where it is passed over."""
    why = _unfit_name(path)
    name = path.rpartition("/")[2]
    if not why:
        try:
            handle = os.open(name, _FILE, dir_fd=folder)
        except OSError:
            why = _why_unopened(name, folder)
        else:
            why = _unfit(os.fstat(handle))
            if not why:
                return handle
            os.close(handle)
    walk.skipped[_shown(path)] = why
    return None


def _unfit_name(path: str) -> str:
    try:
        path.encode("utf8")
    except UnicodeEncodeError:
        return "name"
    bad = len(path) > _LONGEST or any(not c.isprintable() or c == "\\" for c in path)
    return "name" if bad else ""


def _unfit(found: os.stat_result) -> str:
    if not stat.S_ISREG(found.st_mode):
        return "not a file"
    return "linked" if found.st_nlink != 1 else ""


def _why_unopened(name: str, folder: int) -> str:
    try:
        mode = os.lstat(name, dir_fd=folder).st_mode
    except OSError:
        return "unreadable"
    if stat.S_ISLNK(mode):
        return "link"
    return "unreadable" if stat.S_ISREG(mode) else "not a file"


def _copy(source: int, path: str, place: Path, *, most: int) -> Copied:
    """The bytes as they are now, however they grow meanwhile: never more than the most."""
    seen, size = hashlib.sha256(), 0
    with place.open("xb") as out:
        while block := os.read(source, _BLOCK):
            size += len(block)
            if size > most:
                raise TooMuch(f"{path}: more than {most:,} bytes are left for it", f"{most:,}")
            seen.update(block)
            out.write(block)
    return Copied(path, size, seen.hexdigest(), place)


def _shown(path: str) -> str:
    return ascii(path)[1:-1][:_LONGEST] if _unfit_name(path) else path
