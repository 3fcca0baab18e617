"""As whom a task of somebody else runs on this machine: never as the service, where that is root.

A user of its own for each job sees no other job's files and none of the service's: it may pass
through the pool's folder, has the job's work folder to itself, and gains no rights by programs that
carry some.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pwd
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from qianhang.core.errors import PoolUnavailable, UsageError

__all__ = ["DYNAMIC", "SERVICE", "Tenant", "admit", "chosen", "tenant"]

DYNAMIC, SERVICE = "dynamic", "service"
# Users whom nobody else has: above all that people are given, else those that systemd makes up.
_WIDE, _NARROW = (1_000_000_000, 1 << 28), (61_184, 4_336)
_EVERYBODY = (1 << 32) - 1


@dataclass(frozen=True, slots=True)
class Tenant:
    """A user and group of this machine, by number."""

    uid: int
    gid: int


def chosen(user: str) -> str:
    """The user's name, number, DYNAMIC or SERVICE: what is asked for, else what fits the service.

    Raises UsageError for nobody known, for root, or where only root could become another.
    """
    root = os.geteuid() == 0
    if user in ("", SERVICE):
        return user if user else DYNAMIC if root else SERVICE
    if not root:
        _refuse(f"user {user!r}: the service is not root and cannot become another", SERVICE)
    if user != DYNAMIC and _known(user).uid == 0:
        _refuse(f"user {user!r} is root, who can read everything", f"{DYNAMIC}, or {SERVICE}")
    return user


def tenant(user: str, job: str) -> Tenant | None:
    """Who runs a job; None for the service itself.

    user : as `chosen` gives it
    """
    if user == SERVICE:
        return None
    if user != DYNAMIC:
        return _known(user)
    first, count = _WIDE if _all_mapped() else _NARROW
    number = int.from_bytes(hashlib.sha256(job.encode()).digest()[:8], "big")
    return Tenant(first + number % count, first + number % count)


def admit(who: Tenant, *, work: Path, private: Sequence[Path], hidden: Path | None) -> None:
    """Let a user into a job's work folder and these others of its own, and into nothing else.

    hidden : a folder that is closed to everybody else from now on
    Raises PoolUnavailable where the work folder lies in it, or where nobody may pass to it.
    """
    if hidden is not None and hidden.exists():
        if work.is_relative_to(hidden):
            _shut(f"the folder {work} lies in that of the store, which is closed to jobs")
        _close(hidden)
    for place in work.parents:
        if not place.stat().st_mode & stat.S_IXOTH:
            _shut(f"nobody but its owner may pass through the folder {place}")
    for place in (work, *private):
        os.chown(place, who.uid, who.gid)
        place.chmod(0o700)


def _close(folder: Path) -> None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    if mode & stat.S_IRWXO:
        folder.chmod(mode & ~stat.S_IRWXO)


def _known(user: str) -> Tenant:
    with contextlib.suppress(KeyError):
        entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
        return Tenant(entry.pw_uid, entry.pw_gid)
    _refuse(f"user {user!r} does not exist on this machine", f"{DYNAMIC}, or an existing user")


def _all_mapped() -> bool:
    """Whether there are users beyond those that a container is usually given."""
    with contextlib.suppress(OSError, ValueError):
        inside, _, count = map(int, Path("/proc/self/uid_map").read_text("ascii").split()[:3])
        return inside == 0 and count >= _EVERYBODY
    return False


def _shut(message: str) -> NoReturn:
    raise PoolUnavailable(
        "QH502", f"{message}; what is submitted does not run as the service's own user here",
        hint="give the pool a folder that others may pass, such as /srv/qianhang, or user ="
        f' "{SERVICE}" where everybody who may submit is trusted',
    )  # fmt: skip


def _refuse(message: str, expected: str) -> NoReturn:
    raise UsageError("QH547", f"local pool: {message}", hint=f"expected: {expected}")
