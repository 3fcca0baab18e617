"""A live door's journal replayed by the same policy, decision by decision, and where it parts."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO

from qianhang.compute.job import Job
from qianhang.compute.network import Network
from qianhang.compute.policy.decision import TERMS
from qianhang.compute.policy.desk import Desk, Step, plain
from qianhang.compute.policy.option import Prices
from qianhang.compute.policy.params import Params
from qianhang.core import schema
from qianhang.core.errors import UsageError

__all__ = ["Likeness", "Parting", "again", "read", "write"]

_HEAD = ["journal", 1]
_BEFORE = 12
_FIELDS = ("job", "pool", "rack", "part", "run_s", "waiting_fen_s")

Why = Literal[
    "job_unknown",
    "refusal",
    "waits_already",
    "runs_not",
    "waits_not",
    "pool_unknown",
    "pool_down",
    "no_room",
    "other_job",
    "other_pool",
    "other_figures",
    "live_nothing",
    "replay_nothing",
]


class Parting(NamedTuple):
    """The first place where the replay went another way than the door.

    step : its number in the journal, from 1; at : moment, seconds since 1970 UTC
    live, found : what the door decided and what the replay did, as plain values; None: nothing
    fields : of a start, which of its values differ
    before : what the policy was told since its last decision that was the same, newest last
    """

    step: int
    at: float
    why: Why
    live: list[Any] | None
    found: list[Any] | None
    fields: tuple[str, ...]
    before: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Likeness:
    """How a replay compares with the door.

    periods : beginnings, each from what ran then; parted : periods in which the ways parted, of
        which the rest is not compared
    steps, looks : of the journal, and of these the times when something was to be decided
    decisions, same : of the door, refusals among them, and those made again just so
    """

    periods: int
    parted: int
    steps: int
    looks: int
    decisions: int
    same: int
    first: Parting | None
    cpu_s: float

    @property
    def alike(self) -> bool:
        """Whether every decision was made again, and none beside."""
        return self.first is None


class _Parted(Exception):
    """The replay went another way."""

    def __init__(
        self, why: Why, live: list[Any] | None = None, found: list[Any] | None = None,
        fields: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        super().__init__(why)
        self.why, self.live, self.found, self.fields = why, live, found, fields


@dataclass(slots=True)
class _Replay:
    """What is known so far; desk is None where the ways have parted, until the next beginning."""

    desk: Desk | None = None
    jobs: dict[str, Job] = field(default_factory=dict)
    periods: int = 0
    looks: int = 0
    decisions: int = 0
    same: int = 0

    def take(self, step: Step) -> None:
        """One step of the journal, taken again."""
        name, *given = step
        if name == "job":
            job = schema.read(Job, given[0], where="job", error=UsageError, code="QH533")
            self.jobs[job.id] = job
        elif name == "begin":
            self.desk = _desk(*given)
            self.periods += 1
        elif name not in _STEPS:
            raise ValueError(f"no step is called {name!r}")
        else:
            self._count(name, given)
            if self.desk is not None:
                _STEPS[name](self, self.desk, *given)

    def job(self, name: str) -> Job:
        """The job of this id."""
        if name not in self.jobs:
            raise _Parted("job_unknown")
        return self.jobs[name]

    def _count(self, name: str, given: Sequence[Any]) -> None:
        if name == "decide":
            self.looks += 1
            self.decisions += len(given[2])
        elif name == "admit" and given[3] is not None:
            self.decisions += 1


def _desk(now: float, network: Any, prices: Any, params: Any) -> Desk:
    known = {name: float(value) if value == "inf" else value for name, value in params.items()}
    tables = {
        name: {tuple(row[:-1]): row[-1] for row in rows} for name, rows in prices.items()
    }  # fmt: skip
    return Desk(
        schema.read(Network, _given(network), where="network", error=UsageError, code="QH533"),
        schema.read(Params, known, where="params", error=UsageError, code="QH533"),
        prices=Prices(**tables), now=now,
    )  # fmt: skip


def _given(value: Any) -> Any:
    """Without what stands for nothing, lists for tuples."""
    if isinstance(value, dict):
        return {name: _given(one) for name, one in value.items() if one is not None}
    return [_given(one) for one in value] if isinstance(value, (list, tuple)) else value


def _turn(_: _Replay, desk: Desk, pool: str, up: bool) -> None:
    if pool not in desk.view.lent:
        raise _Parted("pool_unknown")
    desk.turn(pool, up=up)


def _admit(replay: _Replay, desk: Desk, name: str, *given: Any) -> None:
    estimate, pools, told = given
    job = replay.job(name)
    if name in desk.queue.entries:
        raise _Parted("waits_already")
    left = None if pools is None else tuple(pools)
    refusal = desk.admit(job, estimate=estimate, pools=left)
    found = [[one.pool, one.reason] for one in refusal.refusals] if refusal else None
    if found != _given(told):
        raise _Parted("refusal", told, found)
    replay.same += refusal is not None


def _resume(replay: _Replay, desk: Desk, name: str, pool: str, rack: int, *given: float) -> None:
    estimate, since, leaving = given
    if (pool, rack) not in desk.view.rack:
        raise _Parted("pool_unknown")
    desk.resume(replay.job(name), pool, rack, estimate=estimate, since=since, leaving=leaving)


def _end(_: _Replay, desk: Desk, name: str, now: float) -> None:
    if not desk.end(name, now):
        raise _Parted("runs_not")


def _cancel(_: _Replay, desk: Desk, name: str) -> None:
    if not desk.cancel(name):
        raise _Parted("waits_not")


def _decide(replay: _Replay, desk: Desk, now: float, most: int, told: Sequence[list[Any]]) -> None:
    # Each decision is held against the door's before the next changes what stands behind it.
    found = [_given(plain(one)) for one in desk.decide(now, most=most)]
    for at in range(max(len(told), len(found))):
        live = _given(told[at]) if at < len(told) else None
        mine = found[at] if at < len(found) else None
        if live != mine:
            raise _Parted(_why(desk, live, found[at:]), live, mine, _differing(live, mine))
        replay.same += 1


def _why(desk: Desk, live: list[Any] | None, found: Sequence[list[Any]]) -> Why:
    """In what the two part, seen from the replay; found : its decisions from there on."""
    if live is None:
        return "live_nothing"
    if found and live[:2] == found[0][:2]:
        return "other_pool" if live[2:4] != found[0][2:4] else "other_figures"
    if live[0] != "start" or any(live[:2] == one[:2] for one in found):
        return "other_job" if found else "replay_nothing"
    entry, rack = desk.queue.entries.get(live[1]), desk.view.rack.get((live[2], live[3]))
    if entry is None or rack is None:
        return "waits_not" if entry is None else "pool_unknown"
    if not rack.up:
        return "pool_down"
    if found:
        return "other_job"
    return "no_room" if entry.klass.total > rack.free else "replay_nothing"


def _differing(live: list[Any] | None, mine: list[Any] | None) -> tuple[str, ...]:
    if live is None or mine is None or live[0] != "start" or mine[0] != "start":
        return ()
    names = (*_FIELDS, *TERMS)
    pairs = zip(names, (*live[1:7], *live[7]), (*mine[1:7], *mine[7]), strict=False)
    return tuple(name for name, a, b in pairs if a != b)


_STEPS: dict[str, Callable[..., None]] = {
    "turn": _turn, "admit": _admit, "resume": _resume, "end": _end, "cancel": _cancel,
    "decide": _decide,
}  # fmt: skip


def again(steps: Iterable[Step]) -> Likeness:
    """The journal's steps taken once more, the decisions of each period held against the door's.

    Where the ways part, the rest of the period is not compared: all that follows would differ.
    Raises UsageError QH533 where a step is none that a door takes.
    """
    replay, first, parted, number = _Replay(), None, 0, 0
    before: list[Step] = []
    began = time.process_time()
    for number, step in enumerate(steps, start=1):
        before = [*before[-_BEFORE + 1 :], step] if step[0] != "job" else before
        try:
            replay.take(step)
        except _Parted as cause:
            parted, replay.desk = parted + 1, None
            first = first or _parting(number, step, cause, before)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError) as cause:
            raise _unread(number, cause) from None
        if step[0] == "decide":
            before = []
    return Likeness(
        replay.periods, parted, number, replay.looks, replay.decisions, replay.same, first,
        time.process_time() - began,
    )  # fmt: skip


def _parting(number: int, step: Step, cause: _Parted, before: Sequence[Step]) -> Parting:
    moments = [one[_MOMENT[one[0]]] for one in (*before, step) if one[0] in _MOMENT]
    at = float(moments[-1]) if moments else 0.0
    told = tuple(_short(one) for one in before)
    return Parting(number, at, cause.why, cause.live, cause.found, cause.fields, told)


_MOMENT = {"begin": 1, "end": 2, "decide": 1}


def _short(step: Step) -> Step:
    """A step without what would fill pages."""
    return (*step[:2], "...") if step[0] in {"begin", "decide"} else step


def _unread(number: int, cause: Exception) -> UsageError:
    return UsageError(
        "QH533", f"step {number} of the journal cannot be read: {type(cause).__name__}: {cause}",
        hint="a journal comes from qianhang compute replay --out",
    )  # fmt: skip


def write(path: Path, steps: Iterable[Step]) -> Iterator[Step]:
    """The same steps, each written to the file as it passes: one JSON list a line."""
    with path.open("w", encoding="utf8") as out:
        out.write(json.dumps(_HEAD) + "\n")
        for step in steps:
            out.write(json.dumps(step, ensure_ascii=False) + "\n")
            yield step


def read(path: Path) -> Iterator[Step]:
    """The steps of a file.

    Raises UsageError QH533 where it is no journal.
    """
    with path.open(encoding="utf8") as source:
        lines = _lines(source)
        if next(lines, None) != _HEAD:
            raise UsageError(
                "QH533", f"{path.name}: is no journal of a door, expected {_HEAD} first"
            )
        for number, found in enumerate(lines, start=1):
            if not isinstance(found, list) or not found:
                raise _unread(number, TypeError(f"{str(found)[:40]!r} is no list"))
            yield tuple(found)


def _lines(source: TextIO) -> Iterator[Any]:
    number = 0
    try:
        for line in source:
            yield json.loads(line)
            number += 1
    except ValueError as cause:  # no JSON, or no UTF-8
        raise _unread(number, cause) from None
