"""A task wrapped up for somebody else's pool, with its keeper and its guard, and what comes back.

The pool's nodes need a Python 3.11 and one folder that all of them see. Nothing is installed: the
keeper travels as text in the job's environment, about 12 kB.
"""

from __future__ import annotations

import base64
import json
import math
import zlib
from collections.abc import Mapping
from dataclasses import asdict, astuple, dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args

from qianhang.compute.task import Outcome, Reason, Task, Usage, thread_env

__all__ = ["CODES", "SECOND", "Parcel", "ending", "outcome", "pack", "shown"]

_PARTS = ("kernel", "notes", "proctree", "warden", "guest")
_BEGIN, _END = "\x1eqianhang begins\n", "\n\x1eqianhang ended "
SECOND, _UNGUARDED = 77, 78
CODES: Mapping[str, int] = MappingProxyType(
    {
        "finished": 0,
        "failed": 70,
        "memory_limit": 71,
        "cpu_limit": 72,
        "wall_limit": 73,
        "process_limit": 74,
        "cancelled": 75,
        "lost": 76,
        "second": SECOND,
        "unguarded": _UNGUARDED,
    }
)
_START = (
    "import base64,json,os,sys,types,zlib\n"
    "for n,s in json.loads(zlib.decompress(base64.b64decode(os.environ.pop('QH_KEEPER')))):\n"
    " m=sys.modules[n]=types.ModuleType(n);m.__file__='/nonexistent/'+n\n"
    " exec(compile(s,n,'exec'),m.__dict__)\n"
    "sys.exit(sys.modules['guest'].main())"
)


@dataclass(frozen=True, slots=True)
class Parcel:
    """What a pool has to run: a command, and the variables that it needs."""

    argv: tuple[str, ...]
    env: Mapping[str, str]


def pack(task: Task, *, run_dir: str, python: str, shown_mb: int = 4, told: str = "") -> Parcel:
    """The task with its keeper.

    run_dir : a folder that exists on every node of the pool and is the same one there
    python : the interpreter of the nodes, 3.11 or later
    shown_mb : MiB of output that go through the pool's own log; the run folder keeps the rest
    told : a file that is to hold how the task ended, besides the end of its output
    """
    plan = {
        "argv": list(task.argv),
        "workdir": str(task.workdir),
        "env": {
            "PYTHONUNBUFFERED": "1",
            "PYTHONUTF8": "1",
            "PYTHONFAULTHANDLER": "1",
            **thread_env(task.limits.threads),
            **task.env,
        },
        "limits": asdict(task.limits),
        "folder": f"{run_dir.rstrip('/')}/{task.token}",
        "shown_mb": shown_mb,
        "told": told,
        "begin": _BEGIN,
        "end": _END,
        "codes": dict(CODES),
    }
    env = {"QH_KEEPER": _keeper(), "QH_TASK": _tight(plan)}
    return Parcel((python, "-I", "-S", "-c", _START), env)


def shown(text: bytes) -> bytes:
    """What the task printed, of all that the pool's log holds."""
    _, begun, rest = text.partition(_BEGIN.encode())
    if not begun:
        return b""
    head, ended, _ = rest.rpartition(_END.encode())
    return head if ended else rest


def ending(text: bytes) -> str:
    """How the task ended in its keeper's words, from the pool's log; empty where it is missing."""
    _, found, said = text.rpartition(_END.encode())
    return said.decode("utf-8", "replace").strip() if found else ""


def outcome(code: int | None, *, said: str, wall_s: float = 0.0) -> Outcome:
    """How the task ended, by its keeper's exit code and words.

    The words count only where the code says the same: the task itself could print some, yet not
    choose the code. Without them the code tells the reason, and `wall_s` what was used. Any other
    code means that the keeper was killed.
    """
    told = _told(said)
    reasons = {number: reason for reason, number in CODES.items()}
    reason = reasons.get(-1 if code is None else code, "lost")
    used = Usage(wall_s=wall_s)
    if told is not None and reason in ("second", told.reason):
        return told
    if reason not in get_args(Reason):
        return Outcome("lost", usage=used)
    return Outcome(reason, 0 if reason == "finished" else None, usage=used)  # type: ignore[arg-type]


def _told(said: str) -> Outcome | None:
    try:
        found = json.loads(said)
        if found["reason"] not in get_args(Reason):
            return None
        used = Usage(**found.get("usage", {}))
        if not all(
            isinstance(value, int | float) and math.isfinite(value) for value in astuple(used)
        ):
            return None
        return Outcome(found["reason"], found.get("code"), found.get("signal"), used)
    except (AttributeError, KeyError, TypeError, ValueError, ArithmeticError, RecursionError):
        return None


@cache
def _keeper() -> str:
    here = Path(__file__).parent
    return _tight([[name, (here / f"{name}.py").read_text(encoding="utf8")] for name in _PARTS])


def _tight(content: Any) -> str:
    return base64.b64encode(zlib.compress(json.dumps(content).encode(), 9)).decode()
