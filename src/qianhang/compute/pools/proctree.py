"""What a process and everything it started use together, and the end of all of it.

The keeper is made the reaper of orphans, so a child that cuts itself loose stays in its tree.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import sys
import time
from pathlib import Path

__all__ = ["Tree"]

_MIB = 1 << 20
_PATIENCE_S = 10.0
_PROC = Path("/proc")


class Tree:
    """Everything below this process: counts that only grow, and a way to kill it.

    main : the process whose end is the end of the job, the leader of its own group
    """

    def __init__(self) -> None:
        self.now_mb = self.peak_mb = 0.0
        self.now_processes = self.peak_processes = 0
        self.cpu_s = 0.0
        self.main = 0
        self._ended_s = 0.0
        self._linux = sys.platform == "linux" and (_PROC / "self/stat").exists()
        if self._linux:
            self._page = os.sysconf("SC_PAGE_SIZE")
            self._clock = os.sysconf("SC_CLK_TCK")

    def reap(self) -> int | None:
        """Collect what has ended; the wait status of the main process once it has."""
        found = None
        while True:
            try:
                pid, status, usage = os.wait4(-1, os.WNOHANG)
            except ChildProcessError:
                return found
            if pid == 0:
                return found
            self._ended_s += usage.ru_utime + usage.ru_stime
            self.cpu_s = max(self.cpu_s, self._ended_s)
            self.peak_mb = max(self.peak_mb, _rss_mb(usage))
            self.peak_processes = max(self.peak_processes, 1)
            if pid == self.main:
                found = status

    def measure(self, *, limit_mb: float) -> None:
        """Take the counts now; shared pages are divided up only where that decides."""
        if not self._linux:
            return
        pids = self.pids()
        cpu, own, shared = 0.0, 0.0, 0.0
        for pid in pids:
            cpu += self._cpu(pid)
            alone, common = self._resident(pid)
            own += alone
            shared = max(shared, common)
        total = own + shared
        if total > limit_mb and len(pids) > 1:
            total = sum(map(_proportional_mb, pids))
        self.now_mb, self.now_processes = total, len(pids)
        self.cpu_s = max(self.cpu_s, self._ended_s + cpu)
        self.peak_mb = max(self.peak_mb, total)
        self.peak_processes = max(self.peak_processes, len(pids))

    def pids(self) -> list[int]:
        """Every process below this one."""
        found: list[int] = []
        waiting = _children(os.getpid())
        while waiting:
            pid = waiting.pop()
            found.append(pid)
            waiting += _children(pid)
        return found

    def kill(self) -> None:
        """Kill until none is left, group by group so that none can fork away."""
        if not self._linux:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.main, signal.SIGKILL)
            return
        until = time.monotonic() + _PATIENCE_S
        own = os.getpgrp()
        while time.monotonic() < until:
            pids = [p for p in self.pids() if not _zombie(p)]
            if not pids:
                return
            for pid in pids:
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    group = os.getpgid(pid)
                    if group != own:
                        os.killpg(group, signal.SIGKILL)
                    os.kill(pid, signal.SIGKILL)
            time.sleep(0.005)

    def _cpu(self, pid: int) -> float:
        """Seconds of the process and of its own children that have ended."""
        fields = _stat(pid)
        return sum(map(int, fields[11:15])) / self._clock if fields else 0.0

    def _resident(self, pid: int) -> tuple[float, float]:
        try:
            fields = (_PROC / str(pid) / "statm").read_text().split()
        except OSError:
            return 0.0, 0.0
        resident, shared = int(fields[1]), int(fields[2])
        return (resident - shared) * self._page / _MIB, shared * self._page / _MIB


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the command's name, which may hold anything."""
    try:
        return (_PROC / str(pid) / "stat").read_text(errors="replace").rpartition(")")[2].split()
    except OSError:
        return []


def _zombie(pid: int) -> bool:
    fields = _stat(pid)
    return not fields or fields[0] in "ZX"


def _children(pid: int) -> list[int]:
    place = _PROC / str(pid)
    found: list[int] = []
    try:
        for task in (place / "task").iterdir():
            found += map(int, (task / "children").read_text().split())
    except FileNotFoundError:
        # Gone meanwhile, or a kernel that does not list children.
        return _scan(pid) if (place / "task").exists() else found
    except OSError:
        pass
    return found


def _scan(pid: int) -> list[int]:
    """The same from every process's parent."""
    numbers = [int(place.name) for place in _PROC.iterdir() if place.name.isdigit()]
    return [n for n in numbers if (fields := _stat(n)) and int(fields[1]) == pid]


def _proportional_mb(pid: int) -> float:
    try:
        for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


def _rss_mb(usage: resource.struct_rusage) -> float:
    unit = 1 if sys.platform == "darwin" else 1024
    return usage.ru_maxrss * unit / _MIB
