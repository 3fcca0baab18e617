"""Carries one ask out: `python -m qianhang.runs.carrier ASK_ID`, detached from who started it.

It takes the ask, goes the way of the run, tells what happens into the store, and ends the ask. It
depends on no server: those may stop and start while it works.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qianhang.core.errors import QianhangError, StoreError, UsageError
from qianhang.runs import asks, claims, process, tables
from qianhang.runs.asks import Ask
from qianhang.runs.record import Record
from qianhang.runs.run import carry_out
from qianhang.runs.scoring import asked
from qianhang.runs.steps import Event
from qianhang.runs.telling import Intake
from qianhang.runs.workplace import open_store
from qianhang.store import Settings, Store

__all__ = ["main"]

_BATCH_S = 0.35
_BEAT_S = 5.0
_LOOK_S = 1.0
_PATIENCE_S = 120.0
_TURN_S = 3.0


@dataclass(frozen=True, slots=True)
class Ending:
    """How an ask ended."""

    state: str
    run: str = ""
    key: str = ""
    error: Mapping[str, Any] = field(default_factory=dict)
    made: Mapping[str, Any] = field(default_factory=dict)


class Teller:
    """A listener that writes what it hears in batches, and stops us when somebody asks for that."""

    def __init__(self, store: Store, ask_id: str) -> None:
        self._store, self._ask = store, ask_id
        self._intake = Intake()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work, name="teller", daemon=True)
        self._unsaid: list[tuple[str, Event]] = []
        self.run = ""
        self.stopped_by = ""

    def __call__(self, event: Event) -> None:
        """Take one event; the first that names a run comes from ourselves, before the job's own."""
        if not self.run and (event.step, event.state) == ("place", "note"):
            self.run = str(event.facts.get("run", ""))
        self._intake(event)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def finish(self) -> None:
        """Stop nobody any more, and write what is left."""
        self._over.set()
        self._thread.join()
        self._unsaid += self._intake.drain(last=True)
        _patiently(self._write)

    def _work(self) -> None:
        beat = look = time.monotonic()
        while not self._over.wait(_BATCH_S):
            now = time.monotonic()
            self._unsaid += self._intake.drain()
            # A store that is locked, full or away for a while loses nothing: it is tried again.
            with contextlib.suppress(StoreError, sa.exc.SQLAlchemyError):
                if self._unsaid or now - beat >= _BEAT_S:
                    beat = now
                    if not self._write():
                        self._stop("lost")
                if now - look >= _LOOK_S:
                    look = now
                    self._look()

    def _write(self) -> bool:
        now = datetime.now(UTC)
        kept = claims.beat(self._store, self._ask, self._unsaid, run=self.run, now=now)
        self._unsaid = []
        return kept

    def _look(self) -> None:
        query = sa.select(tables.ask.c.stop).where(tables.ask.c.id == self._ask)
        with self._store.read() as connection:
            who = connection.execute(query).scalar()
        if who:
            self._stop(who)

    def _stop(self, who: str) -> None:
        if not self.stopped_by and not self._over.is_set():
            self.stopped_by = who
            os.kill(os.getpid(), signal.SIGINT)


def main(ask_id: str) -> int:
    """The exit code: 0 once the ask has ended, or where it is not ours to carry out."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    settings = Settings.load()
    with open_store(settings) as store:
        ask = claims.take(store, ask_id, now=datetime.now(UTC))
        if ask is None:
            return 0
        teller = Teller(store, ask.id)
        teller.start()
        ending = _carried(ask, settings, teller)
        teller.finish()
        _patiently(lambda: _close(store, ask, ending))
    _tidy(settings, ask)
    return 0


def _carried(ask: Ask, settings: Settings, teller: Teller) -> Ending:
    """How the run went, whatever happened in it."""
    try:
        if ask.work == "score":
            scored = asked.carry_out(ask, settings=settings, listen=teller)
            _heed_nobody()
            return Ending("finished", made=scored)
        made = _when_free(ask, settings, teller)
        _heed_nobody()
        return Ending("finished", made.id, made.key)
    except KeyboardInterrupt:
        _heed_nobody()
        by_hand = teller.stopped_by not in ("", "lost")
        return Ending("cancelled" if by_hand else "interrupted", teller.run)
    except QianhangError as cause:
        traceback.print_exc()
        message = cause.message.replace(f"{settings.home}{os.sep}", "")
        error = cause.told() | {"message": message}
        return Ending("failed", teller.run, error=error)
    except Exception as cause:
        traceback.print_exc()
        error = {"code": "QH519", "message": f"{type(cause).__name__}: {cause}", "hint": ""}
        return Ending("failed", teller.run, error=error)


def _heed_nobody() -> None:
    """What is done is written down: it is too late to stop."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)


def _when_free(ask: Ask, settings: Settings, teller: Teller) -> Record:
    """The finished run; where the same one is under way, its answer is waited for."""
    wanted = asks.request_of(ask, settings.home)
    told = False
    while True:
        try:
            return carry_out(wanted, settings=settings, listen=teller)[0]
        except UsageError as cause:
            if cause.code != "QH808":
                raise
            if not told:
                teller(Event("data", "note", note=cause.message))
            told = True
            time.sleep(_TURN_S)


def _close(store: Store, ask: Ask, ending: Ending) -> bool:
    table = tables.ask
    mine = (table.c.id == ask.id) & (table.c.state == "running")
    with store.write() as tx:
        return asks.close(
            tx,
            ask.id,
            mine & (table.c.process == process.me()),
            state=ending.state,
            now=datetime.now(UTC),
            run=ending.run,
            key=ending.key,
            error=ending.error,
            made=ending.made,
        )


def _patiently(work: Callable[[], bool]) -> None:
    """Do the work, again and again where the store cannot be written for a while."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            work()
            return
        except (StoreError, sa.exc.SQLAlchemyError):
            if time.monotonic() > until:
                raise
            time.sleep(_LOOK_S)


def _tidy(settings: Settings, ask: Ask) -> None:
    """Nothing is left of an ask of which there is nothing to say."""
    said = settings.home / "asks" / f"{ask.id}.txt"
    with contextlib.suppress(OSError):
        if said.stat().st_size == 0:
            said.unlink()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
