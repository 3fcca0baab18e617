"""A door in the tests: a clock that they move, engines that they break, a process that dies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qianhang.compute import Outcome, Probe, Status, Task, Usage
from qianhang.compute.door import jobs
from qianhang.compute.door.supervisor import Supervisor
from qianhang.compute.job import Job, Want
from qianhang.compute.network import Network, Operator, Pool, Stock
from qianhang.core.errors import PoolUnavailable
from qianhang.core.manifest import Words
from qianhang.store import Store, Transaction

if TYPE_CHECKING:
    import pytest

__all__ = [
    "SCRIPT",
    "Clock",
    "Engine",
    "Killed",
    "dying",
    "network",
    "put",
    "unavailable",
    "until_over",
]

SCRIPT = 'echo "$QIANHANG_TOKEN" >> runs.txt; echo out of $QIANHANG_POOL'


class Killed(BaseException):
    """The process died here."""


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.at = datetime(2026, 5, 1, tzinfo=UTC)

    def __call__(self, seconds: float = 0.0) -> datetime:
        """The moment, so many seconds after the last one."""
        self.at += timedelta(seconds=seconds)
        return self.at


class Engine:
    """An engine in memory: takes each token once, and ends it when a test says so.

    fault : raised by every question, or an answer that is no answer
    refusal : raised by submit alone
    at_call : told of each question before and after it is carried out
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.tasks: dict[str, Task] = {}
        self.ends: dict[str, Outcome] = {}
        self.runs: list[str] = []
        self.asked: list[str] = []
        self.fault: object = None
        self.refusal: Exception | None = None
        self.clock_s: float | None = None
        self.at_call: Callable[[str], object] = str

    def _say(self, what: str, answer: Callable[[], Any]) -> Any:
        self.asked.append(what)
        self.at_call(what)
        if isinstance(self.fault, Exception):
            raise self.fault
        found = answer()
        self.at_call(what)
        return found if self.fault is None else self.fault

    def probe(self) -> Any:
        """Four threads, all free."""
        return self._say("probe", lambda: Probe(True, 4, 4, 1024, clock_s=self.clock_s))

    def submit(self, task: Task) -> Any:
        """The token."""
        return self._say("submit", lambda: self._take(task))

    def _take(self, task: Task) -> str:
        if self.refusal is not None:
            raise self.refusal
        if task.token not in self.tasks:
            self.tasks[task.token] = task
            self.runs.append(task.token)
        return task.token

    def find(self, token: str) -> Any:
        """The token, where it was taken."""
        return self._say("find", lambda: token if token in self.tasks else None)

    def poll(self, ref: str) -> Any:
        """Running until the test ends it."""
        return self._say("poll", lambda: self._status(ref))

    def _status(self, ref: str) -> Status:
        if ref not in self.tasks:
            return Status("absent")
        if ref in self.ends:
            return Status("known", "ended", self.ends[ref])
        return Status("known", "running")

    def cancel(self, ref: str) -> None:
        """Ended at once."""
        self._say("cancel", lambda: self.ends.setdefault(ref, Outcome("cancelled", signal=15)))

    def log(self, _: str, *, start: int = 0) -> bytes:
        """One line."""
        return b"out\n"[start:]

    def usage(self, _: str) -> Usage | None:
        """Nothing."""
        return None

    def end(self, token: str, outcome: Outcome | None = None) -> None:
        """The task ends: well, where the test does not say how."""
        self.ends[token] = outcome or Outcome("finished", 0, usage=Usage(wall_s=2.0))


def network(folder: Path, *names: str, chips: int = 4) -> Network:
    """One operator's local pools, each of one machine."""
    pools = tuple(Pool(name, "op", (Stock("cpu-core", 1, chips, 10),)) for name in names)
    settings = {name: {"folder": str(folder / name), "threads": chips} for name in names}
    return Network(pools, (Operator("op", Words("甲", "A")),), engines=settings)


def put(store: Store, now: Clock, *, script: str = SCRIPT, **more: Any) -> str:
    """The id of a job of one chip that was admitted."""
    given = {"org": "city", "want": Want(1), "estimate_s": 60.0, **more}
    job = Job(id=jobs.new_id(), submitted=0.0, **given)
    with store.write() as tx:
        return jobs.admit(tx, jobs.Asked(job, jobs.Work(script)), at=now())[0]


def until_over(door: Supervisor, now: Clock, *, looks: int = 2000, every_s: float = 0.2) -> None:
    """Look until nothing is open; a look that must wait for a real process waits for it."""
    for _ in range(looks):
        door.tick(now(every_s))
        if not jobs.listed(door.store, states=jobs.OPEN, limit=1):
            return
    raise RuntimeError(f"still open: {jobs.listed(door.store, states=jobs.OPEN)}")


@contextmanager
def dying(monkeypatch: pytest.MonkeyPatch, at: int) -> Iterator[None]:
    """Let the store's process die at its commit number `at`: just before it, or just behind."""
    count, write = 0, Store.write

    @contextmanager
    def deadly(self: Store) -> Iterator[Transaction]:
        nonlocal count
        count += 1
        mine = count
        with write(self) as tx:
            yield tx
            if mine == at and at % 2:
                raise Killed
        if mine == at:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", deadly)
        yield


def unavailable(code: str) -> PoolUnavailable:
    """What an engine raises."""
    return PoolUnavailable(code, "the engine says no")
