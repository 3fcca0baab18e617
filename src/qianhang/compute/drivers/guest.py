"""The keeper of one task inside somebody else's pool: the same limits, and one start only.

Carried there as text (parcel.py), with the standard library only. The run folder, which every node
of the pool sees, holds for each token: started (its creation is the right to run), lock (held
while the first start lives), log.txt, status.json. A second start runs nothing: it waits for the
first one to end, tells what that printed and how it ended, and leaves with a code of its own.
"""

from __future__ import annotations

import base64
import codecs
import contextlib
import ctypes
import fcntl
import json
import os
import signal
import sys
import time
import zlib
from pathlib import Path
from typing import IO, Any, BinaryIO

from warden import Keeper  # type: ignore[import-not-found]  # comes in the same parcel

_PR_SET_CHILD_SUBREAPER = 36
_PAUSE_S = 0.2


def main() -> int:
    """Exit code: the plan's own for how the task ended, for a second start, for no guard."""
    plan = json.loads(zlib.decompress(base64.b64decode(os.environ.pop("QH_TASK"))))
    told = Told(plan)
    folder = Path(plan["folder"])
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        lock = (folder / "lock").open("a")
        first = _locked(lock) and _claimed(folder)
    except OSError as cause:
        told.show(f"the run folder {folder} cannot be used: {cause.strerror}\n".encode())
        return told.end({"reason": "unguarded"})
    if not first:
        return _second(folder, lock, told)
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    keeper = Guest(folder, plan, told)
    keeper.run()
    keeper.report()
    return told.end(json.loads((folder / "status.json").read_text(encoding="utf8")))


class Told:
    """What goes to the pool: output between two marks, and how it ended after the second."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self.plan = plan
        self.room = int(plan["shown_mb"]) << 20
        # Pools hand logs on as JSON, and some fail on bytes that are no text.
        self.text = codecs.getincrementaldecoder("utf-8")("replace")
        self.out = open(1, "wb", buffering=0, closefd=False)  # noqa: SIM115  # a handle
        self._write(plan["begin"].encode())

    def show(self, block: bytes) -> None:
        """Pass output on, as much of it as there is room for."""
        if self.room > 0:
            block = self.text.decode(block).encode()
            self._write(block)
            self.room -= len(block)
            if self.room <= 0:
                self._write(b"\n[shown no further: the whole log lies in the run folder]\n")

    def end(self, ended: dict[str, Any]) -> int:
        """Tell how it ended; the exit code that goes with it."""
        said = json.dumps(ended)
        self._write(self.text.decode(b"", True).encode())
        self._write(f"{self.plan['end']}{said}\n".encode())
        if self.plan["told"]:
            with contextlib.suppress(OSError):
                Path(self.plan["told"]).write_text(said, encoding="utf8")
        codes: dict[str, int] = self.plan["codes"]
        return codes["second" if ended.get("second") else ended["reason"]]

    def _write(self, block: bytes) -> None:
        rest = memoryview(block)
        try:
            while rest:
                rest = rest[self.out.write(rest) or 0 :]
        except OSError:
            self.room = 0


class Guest(Keeper):  # type: ignore[misc]  # see the import
    """A keeper whose output goes to the pool too."""

    def __init__(self, folder: Path, plan: dict[str, Any], told: Told) -> None:
        mine = {**os.environ, **plan["env"]}
        super().__init__(folder, {**plan, "env": mine, "attached": False})
        self.told = told

    def open_log(self) -> BinaryIO:
        """The run folder's log and the pool's."""
        return Both(super().open_log(), self.told)  # type: ignore[return-value]  # as far as used


class Both:
    """Writes to a file and to the pool."""

    def __init__(self, kept: BinaryIO, told: Told) -> None:
        self.kept, self.told = kept, told

    def write(self, block: bytes) -> None:
        """The same bytes to each; a full disk does not end the task."""
        with contextlib.suppress(OSError):
            self.kept.write(block)
        self.told.show(block)

    def __enter__(self) -> Both:
        return self

    def __exit__(self, *_: object) -> None:
        self.kept.close()


def _claimed(folder: Path) -> bool:
    """Whether this start is the first of all; known to every node before anything runs."""
    try:
        handle = os.open(folder / "started", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return False
    os.fsync(handle)
    os.close(handle)
    place = os.open(folder, os.O_RDONLY)
    with contextlib.suppress(OSError):  # some network file systems have no such thing
        os.fsync(place)
    os.close(place)
    return True


def _second(folder: Path, lock: IO[str], told: Told) -> int:
    # The first process of a container gets no signal that it does not handle.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(told.plan["codes"]["second"]))
    while not _locked(lock):
        time.sleep(_PAUSE_S)
    ended: dict[str, Any] = {"reason": "lost"}
    with contextlib.suppress(OSError), (folder / "log.txt").open("rb") as log:
        while block := log.read(65536):
            told.show(block)
    with contextlib.suppress(OSError, ValueError):
        ended = json.loads((folder / "status.json").read_text(encoding="utf8"))
    return told.end({**ended, "second": True})


def _locked(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
