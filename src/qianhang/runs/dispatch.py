"""Starts a detached carrier for each ask whose turn it is; any number of processes may do so."""

from __future__ import annotations

import logging
import math
import os
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import qianhang
from qianhang.runs import claims, process, telling
from qianhang.runs.asks import Ask
from qianhang.runs.scoring import asked
from qianhang.runs.workplace import open_store
from qianhang.store import Settings, Store

__all__ = ["Dispatcher", "environment"]

_SWEEP_S = 2.0
_FORGET_S = 3600.0
_LINES_KEPT = timedelta(days=30)
_LOG = logging.getLogger(__name__)
# Started by this process and not yet seen to end, by whichever dispatcher: they outlive it.
_CARRIERS: set[subprocess.Popen[bytes]] = set()


class Dispatcher:
    """Looks into the queue again and again; the carriers that it starts live on without it.

    slots : how many asks this host carries out at a time, all dispatchers on it together
    every_s : s between looks
    """

    def __init__(self, settings: Settings, *, slots: int = 2, every_s: float = 0.5) -> None:
        self.settings, self.slots, self.every_s = settings, slots, every_s
        self._store: Store | None = None
        self._over, self._wake = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None
        self._swept = self._forgot = -math.inf

    def start(self) -> None:
        """Look in a thread of its own, until `stop`."""
        self._over.clear()
        self._thread = threading.Thread(target=self._work, name="dispatcher", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more; what runs goes on running."""
        self._over.set()
        self._wake.set()
        if self._thread:
            self._thread.join()
            self._thread = None
        if self._store:
            self._store.close()
            self._store = None

    def poke(self) -> None:
        """Look at once: somebody put an ask."""
        self._wake.set()

    def tick(self) -> list[str]:
        """One look: dead carriers swept, and the ids of the asks that were started."""
        for carrier in list(_CARRIERS):
            if carrier.poll() is not None:
                _CARRIERS.discard(carrier)
        store = self._store = self._store or open_store(self.settings)
        if time.monotonic() - self._swept >= _SWEEP_S:
            claims.sweep(store, now=datetime.now(UTC))
            self._swept = time.monotonic()
        if time.monotonic() - self._forgot >= _FORGET_S:
            telling.forget(store, before=datetime.now(UTC) - _LINES_KEPT)
            asked.forget(self.settings.home, before=time.time() - 86400.0 * asked.DAYS)
            self._forgot = time.monotonic()
        started = []
        while ask := claims.claim(store, slots=self.slots, now=datetime.now(UTC)):
            self._start_carrier(store, ask)
            started.append(ask.id)
        return started

    def _work(self) -> None:
        while not self._over.is_set():
            try:
                self.tick()
            except Exception:  # a store that is away for a while must not end the only thread
                _LOG.exception("the queue of asks could not be looked at")
            self._wake.wait(self.every_s)
            self._wake.clear()

    def _start_carrier(self, store: Store, ask: Ask) -> None:
        try:
            carrier = _spawn(self.settings, ask.id)
        except OSError:
            claims.release(store, ask.id)
            raise
        _CARRIERS.add(carrier)
        claims.hand_over(store, ask.id, to=process.named(carrier.pid))


def _spawn(settings: Settings, ask_id: str) -> subprocess.Popen[bytes]:
    """A carrier in a session of its own, its output in a file, none of our sockets open in it."""
    folder = settings.home / "asks"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{ask_id}.txt").open("ab") as said:
        return subprocess.Popen(  # noqa: S603  # our own module, by our own interpreter
            [sys.executable, "-X", "utf8", "-m", "qianhang.runs.carrier", ask_id],
            cwd=settings.home,
            env=environment(settings),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
        )


def environment(settings: Settings) -> dict[str, str]:
    """Our variables, with the settings in force, wherever they came from."""
    source = str(Path(qianhang.__file__).parents[1])
    inherited = os.environ.get("PYTHONPATH", "")
    return os.environ | {
        "PYTHONPATH": os.pathsep.join(p for p in (source, inherited) if p),
        "QIANHANG_HOME": str(settings.home),
        "QIANHANG_DATABASE_URL": settings.database_url,
        "QIANHANG_FILES_URL": settings.files_url,
        "QIANHANG_DATA": os.pathsep.join(str(p) for p in settings.data),
    }
