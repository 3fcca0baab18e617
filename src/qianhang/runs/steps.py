"""The steps of a run, told by the job through its log and shown by whoever follows it."""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qianhang.core.errors import ContractError, DatasetError, QianhangError, UsageError

__all__ = ["NAMES", "Event", "Listener", "Parser", "plain", "silent", "step", "tell", "told"]

# In the order in which a run goes through them.
NAMES = ("data", "place", "contract", "split", "trial", "pack_up", "gate", "keep")

# What a job may tell: the steps within it. The others are ours, and nobody else's word counts.
_JOB = NAMES[NAMES.index("contract") : NAMES.index("gate")]
_STATES = ("start", "progress", "end", "note")

_MARK = "\x1eqh "
_NAMED_ERROR = 3


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened: a step started, went on, or ended."""

    step: str
    state: str  # start, progress, end, note; log: a line that the job printed
    done: int = 0
    total: int = 0
    note: str = ""
    facts: dict[str, Any] = field(default_factory=dict)


Listener = Callable[[Event], None]


def silent(_: Event) -> None:
    """A listener that shows nothing."""


@contextmanager
def step(name: str, listen: Listener) -> Iterator[dict[str, Any]]:
    """Tell that step `name` starts, and, when the block is left well, that it ended.

    The block may put facts for the end event into the dict that it is given.
    """
    facts: dict[str, Any] = {}
    listen(Event(name, "start"))
    yield facts
    listen(Event(name, "end", facts=facts))


def tell(event: Event) -> None:
    """Write an event to standard output, where the follower of this job's log finds it."""
    body = {"step": event.step, "state": event.state, "done": event.done, "total": event.total}
    body |= {"note": event.note, "facts": event.facts}
    sys.stdout.write(f"{_MARK}{json.dumps(body, ensure_ascii=False, default=str)}\n")
    sys.stdout.flush()


class Parser:
    """Turns pieces of a job's log into events for a listener; other lines come with state `log`."""

    def __init__(self, listen: Listener) -> None:
        self._listen, self._rest = listen, ""

    def __call__(self, text: str) -> None:
        """Take one piece of the log, which may end in the middle of a line."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.startswith(_MARK):
                self._hear(line[len(_MARK) :])
            elif line:
                self._listen(Event("log", "log", note=line))

    def _hear(self, text: str) -> None:
        try:
            event = Event(**json.loads(text))
        except (ValueError, TypeError, RecursionError):
            # A greedy job may write anything, half a record too; its log keeps the line.
            return
        if event.step in _JOB and event.state in _STATES:
            self._listen(event)


def plain(log: str) -> str:
    """A job's log without the lines that are events."""
    return "\n".join(line for line in log.split("\n") if not line.startswith(_MARK))


def told(work: Callable[[], None], folder: Path) -> int:
    """The exit code of a job's main; a named error is left in `folder` for the caller to raise."""
    try:
        work()
    except QianhangError as cause:
        body = cause.told() | {"kind": type(cause).__name__}
        (folder / "error.json").write_text(json.dumps(body, ensure_ascii=False), encoding="utf8")
        if isinstance(cause, ContractError | DatasetError | UsageError):
            print(cause, file=sys.stderr)  # who mends the data needs no way through our code
        else:
            traceback.print_exc()
        return _NAMED_ERROR
    return 0
