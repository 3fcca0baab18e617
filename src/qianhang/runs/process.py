"""Who is carrying out a run, so that a run whose process died is recognised."""

from __future__ import annotations

import os
import socket
from pathlib import Path

__all__ = ["alive", "here", "me", "named"]


def me() -> str:
    """`host pid start`, which no later process on this host can have as well."""
    return named(os.getpid())


def named(pid: int) -> str:
    """`host pid start` of a process on this host; never alive where there is none."""
    return f"{here()} {pid} {_started(pid)}"


def here() -> str:
    """The name of this host."""
    return socket.gethostname()


def alive(process: str) -> bool:
    """Whether the process still runs; one on another host counts as alive."""
    host, pid, start = process.rsplit(" ", 2)
    return host != here() or _started(int(pid)) == start != ""


def _started(pid: int) -> str:
    """Boot id and start time in clock ticks, "" where there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
    fields = stat.rpartition(")")[2].split()
    return "" if fields[0] == "Z" else f"{boot}:{fields[19]}"
