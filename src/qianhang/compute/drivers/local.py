"""The pool of this machine: one keeper process for each job, its state in a folder."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from qianhang.compute.driver import Probe, Status
from qianhang.compute.drivers import keeper as keeper_of
from qianhang.compute.drivers.notes import NO_RECORD, REFUSED
from qianhang.compute.drivers.tenant import SERVICE, Tenant, admit, tenant
from qianhang.compute.task import Outcome, Task, Usage, thread_env
from qianhang.core.errors import PoolUnavailable

__all__ = ["LocalDriver"]

_PASSED = frozenset(
    {
        "DYLD_LIBRARY_PATH",
        "HOME",
        "LANG",
        "LANGUAGE",
        "LD_LIBRARY_PATH",
        "LOGNAME",
        "PATH",
        "QIANHANG_DATA",
        "SSL_CERT_FILE",
        "TZ",
        "USER",
        "VIRTUAL_ENV",
        "XDG_CACHE_HOME",
        "XDG_CONFIG_HOME",
    }
)
_PASSED_PREFIX = ("LC_", "PYTHON", "COVERAGE_")

# The ends of the pipes by which a keeper sees that this process is alive; kept for its whole life.
_LIFELINES: dict[tuple[Path, str], tuple[subprocess.Popen[bytes], int]] = {}


class LocalDriver:
    """Jobs on this machine, each in a process group with limits, none outliving its caller.

    folder : where jobs leave their state; any process that is given it sees the same jobs
    threads : how many threads the jobs of this folder may run together
    attached : whether a job ends when the process that submitted it does
    user : as whom what somebody submitted runs, as `tenant.chosen` gives it
    hidden : a folder that it must not see
    """

    name = "local"

    def __init__(
        self, folder: Path, *, threads: int | None = None, attached: bool = True,
        user: str = SERVICE, hidden: Path | None = None,
    ) -> None:  # fmt: skip
        self.user, self.hidden = user, hidden.absolute() if hidden else None
        self.folder = folder.absolute()
        self.threads = threads or os.cpu_count() or 1
        self.attached = attached

    def probe(self) -> Probe:
        """The threads of this machine, and how many are not booked."""
        slots = self.folder / "slots"
        held = sum(_held(slots / str(n)) for n in range(self.threads))
        return Probe(True, self.threads, self.threads - held, _memory_mb(), str(self.folder))

    def submit(self, job: Task) -> str:
        """The job's reference, once its keeper has taken it over.

        Raises PoolUnavailable where it asks for more threads than there are, or cannot be started.
        """
        if job.chips or job.limits.nodes > 1:
            wanted = [*job.chips, *([f"{job.limits.nodes} nodes"] if job.limits.nodes > 1 else ())]
            message = f"the job asks for {', '.join(wanted)}, the pool is one machine without chips"
            raise PoolUnavailable("QH502", message, hint="ask another pool")
        if job.limits.threads > self.threads:
            message = f"the job asks for {job.limits.threads} threads, the pool has {self.threads}"
            raise PoolUnavailable("QH502", message, hint="ask for fewer threads")
        place = self.folder / job.token
        try:
            (place / "tmp").mkdir(parents=True, exist_ok=True)
            (self.folder / "slots").mkdir(exist_ok=True)
            if not (place / "started").exists():
                _write_plan(place, self._plan(job, place))
                self._start(job.token)
        except OSError as cause:
            raise PoolUnavailable("QH502", f"folder {place}: {cause.strerror}") from cause
        return job.token

    def _let_in(self, job: Task, place: Path) -> Tenant | None:
        """Who runs the job, with folders of its own; None for the service itself."""
        who = None if job.own else tenant(self.user, job.workdir.name)
        if who is not None:
            place.chmod(0o711)
            admit(who, work=job.workdir, private=(place / "tmp",), hidden=self.hidden)
        return who

    def _plan(self, job: Task, place: Path) -> dict[str, Any]:
        who = self._let_in(job, place)
        home = {} if who is None else {"HOME": str(job.workdir), "USER": "job", "LOGNAME": "job"}
        env = {
            **_passed(os.environ),
            **home,
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONFAULTHANDLER": "1",
            **thread_env(job.limits.threads),
            "TMPDIR": str(place / "tmp"),
            **job.env,
        }
        return {
            "argv": list(job.argv),
            "workdir": str(job.workdir),
            "env": env,
            "limits": asdict(job.limits),
            "slots": str(self.folder / "slots"),
            "pool_threads": self.threads,
            "attached": self.attached,
            "user": None if who is None else [who.uid, who.gid],
        }

    def _start(self, ref: str) -> None:
        """Start a keeper; where another one has the job already, that one keeps it."""
        place = self.folder / ref
        seen, lifeline = os.pipe()
        try:
            with (place / "keeper.txt").open("ab") as errors:
                keeper = subprocess.Popen(  # noqa: S603  # our own script, by its path
                    keeper_of.words(sys.executable, str(place)),
                    stdin=seen,
                    stdout=subprocess.PIPE,
                    stderr=errors,
                    start_new_session=True,
                )
        except BaseException:
            os.close(lifeline)
            raise
        finally:
            os.close(seen)
        taken = False
        if keeper.stdout is not None:
            with keeper.stdout as said:
                taken = bool(said.readline())
        if taken:
            _LIFELINES[(self.folder, ref)] = (keeper, lifeline)
            return
        os.close(lifeline)
        code = keeper.wait()
        if code != REFUSED:
            last = (place / "keeper.txt").read_text(errors="replace").strip().splitlines()
            why = "".join(last[-1:])
            if code == NO_RECORD:  # a full disk, which is asked again
                raise OSError(errno.EIO, why or "the keeper cannot write there")
            raise PoolUnavailable("QH502", f"the job's keeper failed: {why}")

    def find(self, token: str) -> str | None:
        """The reference of the job with this token, or None."""
        return token if (self.folder / token / "job.json").exists() else None

    def poll(self, ref: str) -> Status:
        """How the job is, from its folder: any process may ask."""
        place = self.folder / ref
        try:
            if not (place / "job.json").exists():
                return Status("absent")
            alive = _held(place / "lock")
            # Asked after the lock: a keeper writes how the job ended before it lets go.
            if (place / "status.json").exists():
                self._release(ref)
                return Status("known", "ended", _outcome(place / "status.json"))
            started = (place / "started").exists()
        except OSError:
            return Status("unknown")
        if alive:
            return Status("known", "running" if started else "waiting")
        return Status("known", "ended", Outcome("lost")) if started else Status("absent")

    def cancel(self, ref: str) -> None:
        """Ask the job's keeper to stop it and everything it started."""
        place = self.folder / ref
        if place.is_dir():
            (place / "cancel").touch()

    def log(self, ref: str, *, start: int = 0) -> bytes:
        """What the job printed so far (both streams), from byte `start` on."""
        try:
            with (self.folder / ref / "log.txt").open("rb") as source:
                source.seek(start)
                return source.read()
        except FileNotFoundError:
            return b""

    def usage(self, ref: str) -> Usage | None:
        """What the job used, once it has ended."""
        outcome = self.poll(ref).outcome
        return outcome.usage if outcome else None

    def _release(self, ref: str) -> None:
        kept = _LIFELINES.pop((self.folder, ref), None)
        if kept is not None:
            os.close(kept[1])
            kept[0].wait()


def _passed(environ: Mapping[str, str]) -> dict[str, str]:
    """What a job may see of our environment: nothing that could hold a secret of the store."""
    return {
        name: value
        for name, value in environ.items()
        if name in _PASSED or name.startswith(_PASSED_PREFIX)
    }


def _write_plan(place: Path, plan: Mapping[str, Any]) -> None:
    part = place / f"job.{os.getpid()}.part"
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf8") as out:
        json.dump(plan, out, ensure_ascii=False)
    part.replace(place / "job.json")


def _outcome(path: Path) -> Outcome:
    said = json.loads(path.read_text(encoding="utf8"))
    return Outcome(said["reason"], said["code"], said["signal"], Usage(**said["usage"]))


def _held(path: Path) -> bool:
    """Whether some process holds the lock of this file."""
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def _memory_mb() -> int:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // (1 << 20)
