"""The keeper of one job: a small process of its own between the caller and the command.

Started by `keeper.words` with the standard library only, and of that what loads fast, so that it
begins in milliseconds, on this machine or on a node of a cluster. It books threads, starts the
command once, counts what the whole tree of processes uses, and leaves none of it alive on any
limit, when asked to stop, or when its caller dies. The folder tells how the job is: job.json (what
to do), lock (held while the keeper lives), started (by whom), beat.json (used so far), cancel,
log.txt, status.json.
"""

from __future__ import annotations

import math
import os
import resource
import select
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from typing import IO, Any, BinaryIO

    from qianhang.compute.drivers.kernel import (
        CHILD_SUBREAPER,
        NO_NEW_PRIVS,
        PDEATHSIG,
        Forgiving,
        closed,
        locked,
        prctl,
    )
    from qianhang.compute.drivers.notes import NO_RECORD, REFUSED, read, reserve, write
    from qianhang.compute.drivers.proctree import Tree
else:  # these stand beside it on the node, where nothing of ours is installed
    import _signal as signal

    from kernel import CHILD_SUBREAPER, NO_NEW_PRIVS, PDEATHSIG, Forgiving, closed, locked, prctl
    from notes import NO_RECORD, REFUSED, read, reserve, write
    from proctree import Tree

_TICK_S = 0.05
_GRACE_S = 1.0
_MIB = 1 << 20
_ROOM_MB = 32 * 1024
_ENDING = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def run(folder: str) -> int:
    """Exit code of a keeper of this folder, NO_RECORD where it cannot be written."""
    try:
        return main(folder)
    except OSError as cause:
        with Forgiving(OSError):  # where it would be told may be as full
            os.write(2, f"keeper: {cause}\n".encode())
        return NO_RECORD


def main(folder: str) -> int:
    """Exit code: 0 once the job has ended, REFUSED where it was started before.

    Where the plan asks for it the job's own code instead of 0, 128 + its signal, 1 where it was
    stopped; NO_RECORD where the folder cannot be written, so that nobody learns how it ended.
    """
    umask = os.umask(0o077)
    lock = open(f"{folder}/lock", "w")
    if not locked(lock, patience_s=0.5) or os.path.exists(f"{folder}/started"):
        return REFUSED
    plan = {**read(f"{folder}/job.json"), "umask": umask}
    reserve(f"{folder}/status.json")
    os.write(1, b"ready\n")
    os.close(1)
    prctl(CHILD_SUBREAPER, 1)
    keeper = Keeper(folder, plan)
    slots = keeper.book(plan["slots"], plan["pool_threads"])
    if slots is not None:
        if not keeper.claim():
            return REFUSED
        keeper.run()
    keeper.report()
    return keeper.exit_code() if plan.get("pass_code") else 0


class Keeper:
    """What is known of the job while it runs."""

    def __init__(self, folder: str, plan: dict[str, Any]) -> None:
        self.folder, self.plan, self.limits = folder, plan, plan["limits"]
        self.attached = bool(plan["attached"])
        self.caller = os.getppid()
        self.reason = ""
        self.tree = Tree()
        self.began = time.monotonic()
        self.kill_at = math.inf
        self.logged = 0
        self.signalled = False
        self.beats = 0
        self.next_beat = self.began if plan.get("beat_s") else math.inf
        for name in _ENDING:
            signal.signal(name, self.on_signal)

    def on_signal(self, *_: object) -> None:
        """Somebody asks this keeper to end: the job goes first."""
        self.signalled = True

    def claim(self) -> bool:
        """Whether nobody started this job before: of all who try, one makes the file."""
        try:
            mark = open(f"{self.folder}/started", "x", encoding="utf8")
        except FileExistsError:
            return False
        with mark:
            mark.write(os.environ.get(self.plan.get("id_from") or "", ""))
            mark.flush()
            os.fsync(mark.fileno())
        return True

    def book(self, folder: str | None, total: int) -> list[IO[str]] | None:
        """The slot files held for this job's threads; None where it was stopped while waiting."""
        if folder is None:  # the cluster did
            return None if self.told_to_stop() else []
        return self.book_slots(folder, total)

    def book_slots(self, folder: str, total: int) -> list[IO[str]] | None:
        """The same where this machine's threads are shared out by lock files."""
        turn = open(f"{folder}/turn", "w")
        while not locked(turn):
            if self.told_to_stop():
                return None
            time.sleep(_TICK_S)
        held: list[IO[str]] = []
        while True:
            for number in range(total):
                slot = open(f"{folder}/{number}", "w")
                if len(held) < self.limits["threads"] and locked(slot):
                    held.append(slot)
                else:
                    slot.close()
            if len(held) >= self.limits["threads"]:
                turn.close()
                return held
            if self.told_to_stop():
                return None
            time.sleep(_TICK_S)

    def run(self) -> None:
        """Start the command and stay until nothing of it is left."""
        self.began = time.monotonic()
        source, sink = os.pipe()
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        with Forgiving(PermissionError):  # only root may go before what it has to stop
            os.setpriority(os.PRIO_PROCESS, 0, nice - 10)
        self.tree.main = os.fork()
        if self.tree.main == 0:
            os.setpriority(os.PRIO_PROCESS, 0, nice)
            _become(self.plan, sink)
        os.close(sink)
        os.set_blocking(source, False)
        with self.open_log() as log:
            next_look = 0.0
            while self.tree.status is None:
                self.wait_and_copy(source, log)
                self.tree.reap()
                if self.tree.status is None and time.monotonic() >= next_look:
                    self.look()
                    next_look = time.monotonic() + _TICK_S
            self.tree.kill()
            self.copy(source, log)
        os.close(source)
        self.hear_the_end()
        if self.signalled and self.tree.status:  # the signal may have reached the job first
            self.told_to_stop()

    def hear_the_end(self) -> None:
        """Wait a moment where the job was asked to end: the same may just be asked of us."""
        until = time.monotonic() + _GRACE_S / 2
        while self.left()[1] in _ENDING and not self.reason and not self.signalled:
            if time.monotonic() > until:
                return
            time.sleep(_TICK_S / 5)

    def open_log(self) -> BinaryIO:
        """Where the job's output goes."""
        return open(f"{self.folder}/log.txt", "ab", buffering=0)

    def look(self) -> None:
        """Count what the tree uses, and stop it where that is too much."""
        self.tree.measure(limit_mb=self.limits["memory_mb"], most=self.limits["processes"])
        if time.monotonic() >= self.next_beat:
            self.beat()
        if time.monotonic() >= self.kill_at:
            self.tree.kill()
        if self.reason:
            return
        if self.told_to_stop():
            self.stop_gently()
        elif self.tree.now_mb > self.limits["memory_mb"]:
            self.stop_now("memory_limit")
        elif self.tree.now_processes > self.limits["processes"]:
            self.stop_now("process_limit")
        elif self.tree.cpu_s > self.limits["cpu_s"]:
            self.stop_now("cpu_limit")
        elif time.monotonic() - self.began > self.limits["wall_s"]:
            self.reason = "wall_limit"
            self.stop_gently()

    def beat(self) -> None:
        """Tell that the job lives, and what it has used so far."""
        self.beats += 1
        self.next_beat = time.monotonic() + self.plan["beat_s"]
        with Forgiving(OSError):  # a full disk stops no job
            write(f"{self.folder}/beat.json", {"beats": self.beats, "usage": self.usage()})

    def told_to_stop(self) -> bool:
        """Whether the caller cancelled, or is no longer there."""
        if self.reason:
            return True
        if self.signalled or os.path.exists(f"{self.folder}/cancel"):
            self.reason = "cancelled"
        elif self.attached and (os.getppid() != self.caller or closed(0)):
            self.reason = "parent_died"
        return bool(self.reason)

    def stop_gently(self) -> None:
        """Ask the job to end; `look` kills what is still there after the grace."""
        with Forgiving(ProcessLookupError):
            os.killpg(self.tree.main, signal.SIGTERM)
        self.kill_at = time.monotonic() + _GRACE_S

    def stop_now(self, reason: str) -> None:
        """Kill the tree at once."""
        self.reason = reason
        self.tree.kill()

    def wait_and_copy(self, source: int, log: BinaryIO) -> None:
        """Wait for output or the caller's end, at most one tick."""
        watched = [source, 0] if self.attached and not self.reason else [source]
        ready, _, _ = select.select(watched, [], [], _TICK_S)
        if source in ready and not self.copy(source, log, most=16):
            # The command closed its output: it has ended, or goes on in silence.
            time.sleep(_TICK_S / 10)

    def copy(self, source: int, log: BinaryIO, *, most: int = 1 << 30) -> bool:
        """Move output into the log until there is none; False once the job closed it."""
        room = self.limits["log_mb"] * _MIB
        for _ in range(most):
            try:
                block = os.read(source, 65536)
            except BlockingIOError:
                return True
            if not block:
                return False
            if self.logged < room:
                with Forgiving(OSError):  # a full disk costs the log, not the job
                    log.write(block[: room - self.logged])
                    if self.logged + len(block) >= room:
                        log.write(b"\n[log cut here: it reached its limit]\n")
            self.logged += len(block)
        return True

    def report(self) -> None:
        """Write how it ended, whole or not at all, after the temporary files are gone."""
        _clear(os.path.join(self.folder, "tmp"))
        if self.plan.get("user"):  # whoever has this user next finds the work folder closed
            with Forgiving(OSError):
                os.chown(self.plan["workdir"], os.geteuid(), os.getegid())
        code, signum = self.left()
        told = {"reason": self.reason or _reason(code, signum), "code": code, "signal": signum}
        write(f"{self.folder}/status.json", {**told, "usage": self.usage()})

    def left(self) -> tuple[int | None, int | None]:
        """The command's exit code, or the signal that killed it."""
        if self.tree.status is None:
            return None, None
        left = os.waitstatus_to_exitcode(self.tree.status)
        return (None, -left) if left < 0 else (left, None)

    def exit_code(self) -> int:
        """What a shell would say of the job."""
        code, signum = self.left()
        if code is not None:
            return code or int(bool(self.reason))
        return 128 + signum if signum else 1

    def usage(self) -> dict[str, float]:
        """What the tree used up to now."""
        return {
            "wall_s": round(time.monotonic() - self.began, 4),
            "cpu_s": round(self.tree.cpu_s, 4),
            "peak_mb": round(self.tree.peak_mb, 2),
            "processes": self.tree.peak_processes,
        }


def _clear(folder: str) -> None:
    """Take a folder away with all that is in it."""
    try:
        os.rmdir(folder)
    except FileNotFoundError:
        return
    except OSError:
        import shutil  # slow to load, and mostly there is nothing

        shutil.rmtree(folder, ignore_errors=True)


def _reason(code: int | None, signum: int | None) -> str:
    if signum == signal.SIGXCPU:
        return "cpu_limit"
    return "finished" if code == 0 else "failed"


def _become(plan: dict[str, Any], sink: int) -> None:
    """Turn this fresh child into the command; never returns."""
    try:
        os.setsid()
        prctl(PDEATHSIG, signal.SIGKILL)
        for name in (signal.SIGPIPE, signal.SIGXFSZ, *_ENDING):
            signal.signal(name, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (sink, 1), (sink, 2)):
            os.dup2(source, target)
        _limit(plan["limits"])
        if "umask" in plan:
            os.umask(plan["umask"])
        os.chdir(plan["workdir"])
        if plan.get("user"):
            _step_down(*plan["user"])
        own = tuple(plan.get("inherit") or ())
        env = {name: value for name, value in os.environ.items() if own and name.startswith(own)}
        env.pop("SLURM_JWT", None)
        os.execve(plan["argv"][0], plan["argv"], {**env, **plan["env"]})  # noqa: S606  # the point
    except BaseException as cause:
        os.write(2, f"cannot start {plan['argv'][0]}: {cause}\n".encode())
    os._exit(127)


def _step_down(uid: int, gid: int) -> None:
    """Become this user for good; the output stays writable under its name in /dev too."""
    os.fchown(1, uid, gid)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    prctl(NO_NEW_PRIVS, 1)
    prctl(PDEATHSIG, signal.SIGKILL)  # another user's process has lost it


def _limit(limits: dict[str, Any]) -> None:
    """The kernel's own limits behind the keeper's, wider where those count the tree.

    Numerical libraries reserve far more address space than they use, so that limit is loose.
    """
    cpu = math.ceil(limits["cpu_s"])
    _set(resource.RLIMIT_CPU, cpu + 1, cpu + 3)
    _set(resource.RLIMIT_FSIZE, limits["file_mb"] * _MIB, limits["file_mb"] * _MIB)
    _set(resource.RLIMIT_CORE, 0, 0)
    if sys.platform == "linux":
        room = (limits["memory_mb"] + _ROOM_MB) * _MIB
        _set(resource.RLIMIT_AS, room, room)
        with Forgiving(OSError), open("/proc/self/oom_score_adj", "w") as score:
            score.write("1000")


def _set(which: int, soft: int, hard: int) -> None:
    top = resource.getrlimit(which)[1]
    if top != resource.RLIM_INFINITY:
        soft, hard = min(soft, top), min(hard, top)
    resource.setrlimit(which, (soft, hard))
