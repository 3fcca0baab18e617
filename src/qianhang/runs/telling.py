"""What happens to an ask, as rows that any process can follow while another one writes them."""

from __future__ import annotations

import json
import math
import threading
from collections import deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qianhang.runs import tables
from qianhang.runs.steps import Event
from qianhang.store import Store, Transaction

__all__ = ["ASK", "Intake", "Told", "events", "forget", "heads", "tell"]

# The step under which the ask itself tells that it is running and how it ended.
ASK = "ask"
_LINES = 1500
_LAST_LINES = 100
_EVENTS = 3000
_PROGRESS = 1000
_PROGRESS_S = 10.0
_NOTE = 500
_FACTS = 4000
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that was told of an ask.

    step, state : a step of the run with start, progress, end or note; `log` with log (a line that
        the job printed) or cut (`done` lines were left out); `ask` with the new state of the ask
    """

    seq: int
    at: str
    step: str
    state: str
    done: int = 0
    total: int = 0
    note: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


def events(store: Store, ask: str, after: int = 0, *, limit: int = 500) -> list[Told]:
    """What was told of the ask after number `after`, in order; ask again where `limit` came."""
    table = tables.ask_event
    columns = [c for c in table.c if c.name != "ask"]
    where = (table.c.ask == ask) & (table.c.seq > after)
    query = sa.select(*columns).where(where).order_by(table.c.seq).limit(limit)
    with store.read() as connection:
        return [_told(row) for row in connection.execute(query)]


def heads(store: Store, asks: Collection[str]) -> dict[str, int]:
    """Ask -> number of the last thing told of it: one query tells who of many has news."""
    table = tables.ask_event
    query = sa.select(table.c.ask, sa.func.max(table.c.seq)).where(table.c.ask.in_(sorted(asks)))
    with store.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query.group_by(table.c.ask))}


def forget(store: Store, *, before: datetime) -> int:
    """How many log lines were deleted, of asks that ended before then; runs keep their log."""
    ended, table = tables.ask.c.ended, tables.ask_event
    old = (ended != "") & (ended < before.astimezone(UTC).isoformat(timespec="milliseconds"))
    asks = sa.select(tables.ask.c.id).where(old)
    where = (table.c.step == "log") & table.c.ask.in_(asks)
    with store.write() as tx:
        return tx.execute(sa.delete(table).where(where)).rowcount


def _told(row: Any) -> Told:
    values = dict(row._mapping)
    return Told(**values | {"facts": json.loads(values["facts"])})


def tell(tx: Transaction, ask: str, told: Sequence[tuple[str, Event]]) -> None:
    """Add events (time and event each) after those that are there, in the caller's transaction."""
    if not told:
        return
    table = tables.ask_event
    last = tx.execute(sa.select(sa.func.max(table.c.seq)).where(table.c.ask == ask)).scalar() or 0
    rows = [
        {
            "ask": ask,
            "seq": seq,
            "at": at,
            "step": event.step,
            "state": event.state,
            "done": event.done,
            "total": event.total,
            "note": event.note,
            "facts": json.dumps(event.facts, ensure_ascii=False, default=str),
        }
        for seq, (at, event) in enumerate(told, last + 1)
    ]
    tx.execute(sa.insert(table), rows)


class Intake:
    """Takes a run's events as they come and gives them out in batches, bounded in every way.

    A job writes its log and may write events, gigabytes of either; what is left out is counted and
    told. Of progress within a batch only the newest is kept, and after many, one in ten seconds.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fresh: list[tuple[str, Event]] = []
        self._last: deque[tuple[str, Event]] = deque(maxlen=_LAST_LINES)
        self._lines = self._events = self._progress = self._left_out = 0
        self._progress_at = datetime.min.replace(tzinfo=UTC)

    def __call__(self, event: Event) -> None:
        """Take one event; it is a listener."""
        now = datetime.now(UTC)
        told = (now.isoformat(timespec="milliseconds"), _shaped(event))
        with self._lock:
            if event.state == "log":
                self._take_line(told)
            elif event.state == "progress":
                self._take_progress(told, now)
            elif self._events < _EVENTS:
                self._events += 1
                self._fresh.append(told)

    def drain(self, *, last: bool = False) -> list[tuple[str, Event]]:
        """What came since the last time; at the end also the last lines of a log that was cut."""
        with self._lock:
            fresh, self._fresh = self._fresh, []
            if last and self._last:
                fresh += [self._cut(), *self._last]
                self._last.clear()
            return fresh

    def _take_line(self, told: tuple[str, Event]) -> None:
        if self._lines < _LINES:
            self._lines += 1
            self._fresh.append(told)
            return
        self._left_out += len(self._last) == _LAST_LINES
        self._last.append(told)

    def _cut(self) -> tuple[str, Event]:
        return self._last[0][0], Event("log", "cut", done=min(self._left_out, _MOST))

    def _take_progress(self, told: tuple[str, Event], now: datetime) -> None:
        newest = self._fresh[-1][1] if self._fresh else None
        if newest and (newest.step, newest.state) == (told[1].step, "progress"):
            self._fresh[-1] = told
            return
        late = (now - self._progress_at).total_seconds() >= _PROGRESS_S
        if self._progress < _PROGRESS or late:
            self._progress += 1
            self._progress_at = now
            self._fresh.append(told)


def _shaped(event: Event) -> Event:
    """The event with fields of the size and kind that a row takes: a job may write anything."""
    facts = event.facts if isinstance(event.facts, dict) else {}
    if len(json.dumps(facts, ensure_ascii=True, default=str)) > _FACTS:
        facts = {"cut": True}
    return Event(
        _text(event.step, 40),
        _text(event.state, 20),
        done=_whole(event.done),
        total=_whole(event.total),
        note=_text(event.note, _NOTE),
        facts=_clean(facts),
    )


def _clean(value: Any) -> Any:
    if isinstance(value, dict):
        return {_text(k, _NOTE): _clean(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None  # neither database nor browser takes it as JSON
    return value if isinstance(value, int | float | bool | None) else _text(value, _FACTS)


def _text(value: object, most: int) -> str:
    """No NUL, which PostgreSQL refuses, no half of a surrogate pair, and not too long."""
    text = str(value)[:most].replace("\0", "\ufffd")
    return text.encode("utf8", "replace").decode("utf8")


def _whole(value: object) -> int:
    if not isinstance(value, int | float) or math.isnan(value):
        return 0
    return int(min(max(value, 0), _MOST))
