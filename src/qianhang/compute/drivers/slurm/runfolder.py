"""A job's folder on the shared disk: what to run, who started it, that it lives, how it ended."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import secrets
import shlex
import time
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

from qianhang.compute.drivers import keeper
from qianhang.compute.drivers.slurm.settings import SlurmSettings
from qianhang.compute.drivers.slurm.verdict import Marks
from qianhang.compute.task import Outcome, Task, Usage, thread_env
from qianhang.core.errors import PoolUnavailable

__all__ = ["RunFolder", "install_keeper"]

_PASSED = ("PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_", "TZ", "SLURM_", "SLURMD_", "CUDA_",
           "ASCEND_", "NPU_", "ROCR_", "HIP_", "ZE_", "GPU_", "MLU_", "XPU_")  # fmt: skip
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_MOST_LOG = 8 << 20


class RunFolder:
    """The folder of the job with this token; every file in it is written whole or not at all."""

    def __init__(self, root: Path, token: str) -> None:
        self.path = root / token

    def open(self) -> None:
        """Make the folder, readable by nobody else."""
        self.path.mkdir(mode=0o700, exist_ok=True)

    @contextlib.contextmanager
    def alone(self, *, patience_s: float) -> Iterator[None]:
        """Keep out others who would submit this job.

        Raises PoolUnavailable where another one takes longer than the patience.
        """
        until = time.monotonic() + patience_s
        with (self.path / "submit.lock").open("w") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    if time.monotonic() > until:
                        message = f"another process is submitting job {self.path.name}"
                        raise PoolUnavailable("QH544", message, hint="submit it again") from None
                    time.sleep(0.01)
                except OSError as cause:
                    if cause.errno not in _NO_LOCKS:
                        raise
                    break  # a disk without locks: the guard inside the job is left
            yield

    def plan(self, job: Task, *, beat_s: float) -> None:
        """Write down what the keeper on the node has to do."""
        (self.path / "tmp").mkdir(exist_ok=True)
        env = {
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONFAULTHANDLER": "1",
            **thread_env(job.limits.threads),
            "TMPDIR": str(self.path / "tmp"),
            **job.env,
        }
        plan = {
            "argv": list(job.argv),
            "workdir": str(job.workdir),
            "env": env,
            "inherit": _PASSED,
            "limits": asdict(job.limits),
            "slots": None,
            "pool_threads": None,
            "attached": False,
            "beat_s": beat_s,
            "id_from": "SLURM_JOB_ID",
            "pass_code": True,
        }
        self._write("job.json", json.dumps(plan, ensure_ascii=False))

    def taken(self, number: str) -> None:
        """Write down the number that the cluster gave the job: a hint, its name finds it too."""
        self._write("submitted", number, lasting=False)

    def ask_to_stop(self) -> None:
        """Leave the mark on which the keeper stops the job, or does not start it."""
        (self.path / "given-up").unlink(missing_ok=True)
        (self.path / "cancel").touch()

    def call(self) -> None:
        """Write into the folder, which shows that it can be written.

        Raises OSError where it cannot: then its keeper cannot tell that it lives either.
        """
        self._write("called", "x" * 4096)

    def give_up(self) -> None:
        """Leave the same mark, and another that it was not somebody's wish."""
        self._write("given-up", "")
        (self.path / "cancel").touch()

    def marks(self) -> Marks:
        """What the folder tells now.

        Raises OSError where the disk cannot be read, FileNotFoundError never.
        """
        try:  # one look at the folder costs less than to ask for each of its files
            there = frozenset(os.listdir(self.path))  # noqa: PTH208  # the names are enough
        except FileNotFoundError:
            there = frozenset()
        if "job.json" not in there:
            # Another's attributes may be cached; a folder above that is gone is no answer at all.
            self.path.parent.stat()
            return Marks(planned=False)
        beat = self._read("beat.json") if "beat.json" in there else None
        told = json.loads(beat) if beat else {}
        return Marks(
            planned=True,
            number=(self._read("submitted") or "") if "submitted" in there else "",
            started=self._read("started") if "started" in there else None,
            cancelled="cancel" in there,
            given_up="given-up" in there,
            beats=int(told.get("beats", 0)),
            used=Usage(**told["usage"]) if told else Usage(),
            ended=self._ended() if "status.json" in there else None,
        )

    def log(self, start: int) -> bytes:
        """The log from byte `start` on, 8 MiB at most.

        Of a job that never started what the cluster said while it tried.
        """
        for name in ("log.txt", "slurm.txt"):
            if name == "slurm.txt" and (self.path / "started").exists():
                return b""
            with contextlib.suppress(FileNotFoundError), (self.path / name).open("rb") as source:
                source.seek(start)
                return source.read(_MOST_LOG)
        return b""

    def _ended(self) -> Outcome | None:
        text = self._read("status.json")
        if not text:
            return None
        said = json.loads(text)
        return Outcome(said["reason"], said["code"], said["signal"], Usage(**said["usage"]))

    def _read(self, name: str) -> str | None:
        try:
            return (self.path / name).read_text(encoding="utf8")
        except FileNotFoundError:
            return None

    def _write(self, name: str, text: str, *, lasting: bool = True) -> None:
        part = self.path / f"{name}.{os.getpid()}.part"
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf8") as out:
            out.write(text)
            if lasting:
                out.flush()
                os.fsync(out.fileno())
        part.replace(self.path / name)


def install_keeper(root: Path) -> Path:
    """The folder with the keeper's files on the shared disk, under a name of their content."""
    contents = _contents()
    place = root / ".keeper" / hashlib.sha256(b"".join(contents)).hexdigest()[:16]
    if not (place / keeper.FILES[-1].name).exists():
        place.mkdir(parents=True, exist_ok=True)
        for source, content in zip(keeper.FILES, contents, strict=True):
            # Several hands may be at it, in this process too.
            part = place / f"{source.name}.{secrets.token_hex(4)}.part"
            part.write_bytes(content)
            part.replace(place / source.name)
    return place


@cache
def _contents() -> tuple[bytes, ...]:
    return tuple(source.read_bytes() for source in keeper.FILES)


def script(settings: SlurmSettings, folder: Path, *, files: Path) -> str:
    """What the cluster runs on the first node: the keeper, in place of the shell."""
    words = keeper.words(settings.python, str(folder), files=files)
    return f"#!/bin/sh\nexec {shlex.join(words)} >/dev/null\n"
