"""What a process and everything it started use together, and the end of all of it.

The keeper is made the reaper of orphans, so a child that cuts itself loose stays in its tree.
"""

from __future__ import annotations

import math
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import resource
    import signal

    from qianhang.compute.drivers.kernel import Forgiving
else:  # stands beside it on the node
    import _signal as signal

    from kernel import Forgiving

_MIB = 1 << 20
_PATIENCE_S = 10.0
_PROC = "/proc"


class Tree:
    """Everything below this process: counts that only grow, and a way to kill it.

    main : the process whose end is the end of the job, the leader of its own group
    status : its wait status, None before its end
    """

    def __init__(self) -> None:
        self.now_mb = self.peak_mb = 0.0
        self.now_processes = self.peak_processes = 0
        self.cpu_s = 0.0
        self.main = 0
        self.status: int | None = None
        self._ended_s = 0.0
        self._linux = sys.platform == "linux" and os.path.exists(f"{_PROC}/self/stat")
        if self._linux:
            self._page = os.sysconf("SC_PAGE_SIZE")
            self._clock = os.sysconf("SC_CLK_TCK")

    def reap(self) -> None:
        """Collect what has ended."""
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._ended_s += usage.ru_utime + usage.ru_stime
            self.cpu_s = max(self.cpu_s, self._ended_s)
            self.peak_mb = max(self.peak_mb, _rss_mb(usage))
            self.peak_processes = max(self.peak_processes, 1)
            if pid == self.main:
                self.status = status

    def measure(self, *, limit_mb: float, most: int) -> None:
        """Take the counts now; shared pages are divided up only where that decides.

        Of more than `most` processes the number is all that is taken: they are many more soon.
        """
        if not self._linux:
            return
        pids = self.pids(most)
        self.now_processes = len(pids)
        self.peak_processes = max(self.peak_processes, len(pids))
        if len(pids) > most:
            return
        cpu, own, shared = 0.0, 0.0, 0.0
        for pid in pids:
            cpu += self._cpu(pid)
            alone, common = self._resident(pid)
            own += alone
            shared = max(shared, common)
        total = own + shared
        if total > limit_mb and len(pids) > 1:
            total = sum(map(_proportional_mb, pids))
        self.now_mb = total
        self.cpu_s = max(self.cpu_s, self._ended_s + cpu)
        self.peak_mb = max(self.peak_mb, total)

    def pids(self, most: float = math.inf) -> list[int]:
        """Every process below this one; where there are more than `most`, some of them."""
        found: list[int] = []
        waiting = _children(os.getpid())
        while waiting and len(found) <= most:
            pid = waiting.pop()
            found.append(pid)
            waiting += _children(pid)
        return found

    def kill(self) -> None:
        """Kill until none is left."""
        if self.status is None or not self._linux:  # once collected, the number may be another's
            with Forgiving(ProcessLookupError, PermissionError):
                os.killpg(self.main, signal.SIGKILL)
        if not self._linux:
            return
        until = time.monotonic() + _PATIENCE_S
        with _AheadOfAll():
            while self._kill_once() and time.monotonic() < until:
                time.sleep(0.001)

    def _kill_once(self) -> bool:
        """Kill what there is now; whether there was any.

        Each is killed before its children are looked up, so that it starts no more of them; those
        of one that is gone by then are this process's own.
        """
        self.reap()
        waiting = _children(os.getpid())
        found = bool(waiting)
        while waiting:
            pid = waiting.pop()
            with Forgiving(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            waiting += _children(pid)
        return found

    def _cpu(self, pid: int) -> float:
        """Seconds of the process and of its own children that have ended."""
        fields = _stat(pid)
        return sum(map(int, fields[11:15])) / self._clock if fields else 0.0

    def _resident(self, pid: int) -> tuple[float, float]:
        try:
            fields = _text(f"{pid}/statm").split()
        except OSError:
            return 0.0, 0.0
        resident, shared = int(fields[1]), int(fields[2])
        return (resident - shared) * self._page / _MIB, shared * self._page / _MIB


class _AheadOfAll:
    """Runs before every process of ordinary priority, where that is allowed.

    Else those that multiply would take nearly all of the time that it needs to kill them.
    """

    def __enter__(self) -> None:
        self.before = os.sched_getscheduler(0)
        with Forgiving(PermissionError):
            os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))

    def __exit__(self, *_: object) -> None:
        with Forgiving(PermissionError):
            os.sched_setscheduler(0, self.before, os.sched_param(0))


def _text(name: str) -> str:
    """What a file of /proc holds."""
    with open(f"{_PROC}/{name}", errors="replace") as source:
        return source.read()


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name, which may hold anything."""
    try:
        return _text(f"{pid}/stat").rpartition(")")[2].split()
    except OSError:
        return []


def _children(pid: int) -> list[int]:
    tasks = f"{_PROC}/{pid}/task"
    found: list[int] = []
    try:
        for task in os.listdir(tasks):
            found += map(int, _text(f"{pid}/task/{task}/children").split())
    except FileNotFoundError:
        # Gone meanwhile, or a kernel that does not list children.
        return _scan(pid) if os.path.exists(tasks) else found
    except OSError:
        pass
    return found


def _scan(pid: int) -> list[int]:
    """The same from every process's parent."""
    numbers = [int(name) for name in os.listdir(_PROC) if name.isdigit()]
    return [n for n in numbers if (fields := _stat(n)) and int(fields[1]) == pid]


def _proportional_mb(pid: int) -> float:
    try:
        for line in _text(f"{pid}/smaps_rollup").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _rss_mb(usage: resource.struct_rusage) -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / _MIB
