"""Which files of its folder a job's results are: names and patterns, as its task gives them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

__all__ = ["Outputs", "fits", "may_hold", "wrong"]

When = Literal["success", "always"]
_MOST, _LONGEST, _MOST_STARS = 50, 200, 2
_BAD = re.compile(r"[\x00-\x1f\x7f\\]")


@dataclass(frozen=True, slots=True)
class Outputs:
    """What is kept of a job's folder.

    files : paths below it, with *, ? and [..] within a name and ** for any folders between; the
        name of a folder stands for all that is in it
    when : after success alone, or however the job ended
    """

    files: tuple[str, ...]
    when: When = "success"


def wrong(files: Sequence[str]) -> str:
    """What is wrong with the patterns, "" where nothing is."""
    if not 1 <= len(files) <= _MOST:
        return f"1 to {_MOST} names or patterns"
    for one in files:
        parts = one.rstrip("/").split("/")
        if not one.strip() or len(one) > _LONGEST or _BAD.search(one):
            return f"plain names of at most {_LONGEST} characters"
        if one.startswith("/") or any(part in ("", ".", "..") for part in parts):
            return "a path below the job's folder, without .. and not beginning with /"
        if parts.count("**") > _MOST_STARS:
            return f"** at most {_MOST_STARS} times in a pattern"
    return ""


def fits(path: str, pattern: str) -> bool:
    """Whether the file at this path is meant by the pattern."""
    return _fits(path.split("/"), pattern.rstrip("/").split("/"))


def may_hold(folder: str, pattern: str) -> bool:
    """Whether a file that the pattern means may lie in the folder, or below it."""
    wanted = pattern.rstrip("/").split("/")
    for part, one in zip(folder.split("/"), wanted, strict=False):
        if one == "**":
            return True
        if not fnmatchcase(part, one):
            return False
    return True


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:  # a folder stands for all that is in it
        return True
    if pattern[0] == "**":
        return any(_fits(parts[at:], pattern[1:]) for at in range(len(parts)))
    if not parts or not fnmatchcase(parts[0], pattern[0]):
        return False
    return _fits(parts[1:], pattern[1:])
