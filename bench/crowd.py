"""A home that is full: 100,000 runs, 500 packs, 50 plans, a network in use, who may see it all."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

import network
from catalogue import install
from qianhang import plan
from qianhang.access import accounts, sessions
from qianhang.access.person import ROLES, Grant
from qianhang.plan import ledger, review
from qianhang.plan.reading.read import read_text
from qianhang.runs import open_store, process, tables, telling
from qianhang.runs.steps import Event
from qianhang.store import Settings, Store

__all__ = ["fill", "told_each_second"]

ASK = "20260101-000000-0000000000"
_BEGAN = datetime(2026, 1, 1, tzinfo=UTC)


def now() -> datetime:
    """The time, in UTC."""
    return datetime.now(UTC)


def fill(folder: Path, *, runs: int = 100_000, plans: int = 50) -> str:
    """The token of a session in a new home in `folder`, below which the packs lie too."""
    install(folder)
    with open_store(Settings(home=folder / "home")) as store:
        with store.write() as tx:
            for first in range(0, runs, 5000):
                rows = [_run(number) for number in range(first, min(first + 5000, runs))]
                tx.execute(sa.insert(tables.run), rows)
        for number in range(plans):
            _plan(store, number)
        network.fill(store)
        with store.write() as tx:
            made = accounts.create(
                tx, "bench", name="bench", org="root", by="bench", at=now(),
                identity=("bench", "bench"), grants=[Grant("root", role) for role in ROLES],
            )  # fmt: skip
            return sessions.open(tx, made.id, now=now())[1]


def _run(number: int) -> dict[str, object]:
    began, scenario = _BEGAN + timedelta(minutes=number), number % 500
    ended = began + timedelta(seconds=number % 900)
    return {
        "id": f"{began:%Y%m%d-%H%M%S}-{number:06x}", "key": f"{number:064x}", "case": "small",
        "scenario": f"industry{scenario % 25:02d}.scenario{scenario:03d}",
        "state": "finished" if number % 20 else "failed",
        "verdict": ("met", "unmet", "")[number % 3], "process": "elsewhere 1 x",
        "started": began.isoformat(timespec="milliseconds"),
        "ended": ended.isoformat(timespec="milliseconds"),
        "request": "{}", "result": "{}", "org": "root", "own": bool(number % 2),
    }  # fmt: skip


def _ask() -> dict[str, object]:
    """A run that this process is about to carry out, as every process of this host can see."""
    at = now().isoformat(timespec="milliseconds")
    empty = dict.fromkeys(("data", "run", "key", "ended", "stop"), "")
    return empty | {
        "id": ASK, "org": "root", "account": "bench", "scenario": "industry00.scenario000",
        "case": "small", "seed": 0, "pool": "local", "params": "{}", "again": False,
        "state": "running", "asked": at, "claimed": at, "started": at, "heartbeat": at,
        "host": process.here(), "process": process.me(), "attempts": 1, "error": "{}",
    }  # fmt: skip


def _plan(store: Store, number: int) -> None:
    text = Path(plan.__file__).with_name("sample.txt").read_text(encoding="utf8")
    text = text.replace("云泽", f"云泽{number}")
    document = read_text(text, file=f"plan{number}.txt")
    kept = ledger.keep(store, document, raw=text.encode(), by="bench", at=now())
    review.confirm_all(store, kept.plan, by="bench", at=now())


@contextmanager
def told_each_second(folder: Path) -> Iterator[None]:
    """While this lasts, the ask tells of its progress once a second."""
    over = threading.Event()
    with open_store(Settings(home=folder / "home")) as store, store.write() as tx:
        for table, column in ((tables.ask_event, "ask"), (tables.ask, "id")):
            tx.execute(sa.delete(table).where(table.c[column] == ASK))
        tx.execute(sa.insert(tables.ask), _ask())

    def work() -> None:
        with open_store(Settings(home=folder / "home")) as store:
            done = 0
            while not over.wait(1.0):
                done += 1
                at = now().isoformat(timespec="milliseconds")
                event = Event("train", "progress", done=done, total=10**6, note="bench")
                with store.write() as tx:
                    telling.tell(tx, ASK, [(at, event)])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
