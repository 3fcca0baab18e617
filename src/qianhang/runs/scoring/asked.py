"""Tables scored for people of the console and the API: in the queue, by a carrier, kept for a time.

The table is an upload of the organisation; answers and rejects lie in a folder of the ask below the
home, which the pools' machines have to see where the ask names a pool.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from qianhang.core.errors import PackError, UsageError
from qianhang.core.pack import find
from qianhang.runs import asks, placement, serving, shelf
from qianhang.runs.asks import Ask
from qianhang.runs.request import Request
from qianhang.runs.scoring import score as scoring
from qianhang.runs.scoring.merge import rejects_of
from qianhang.runs.steps import Event, Listener
from qianhang.store import Settings, Store

__all__ = ["DAYS", "FOLDER", "STEP", "Wanted", "carry_out", "file", "forget", "put"]

STEP = "score"
FOLDER = "scores"
DAYS = 30
_ANSWERS = "answers.parquet"
_MOST = 64


@dataclass(frozen=True, slots=True)
class Wanted:
    """A table to be scored for an organisation.

    upload : the table, among the organisation's uploads
    version : of the model, None for the newest accepted; members : jobs at once
    """

    scenario: str
    org: str
    upload: Path
    pool: str = "local"
    version: int | None = None
    members: int = 1


def put(
    store: Store, wanted: Wanted, *, by: str, now: datetime, settings: Settings, token: str = ""
) -> Ask:
    """The scoring in the queue, checked as it will be when it is carried out.

    token : the same token of the same account gives the same ask, and never a second one
    Raises PackError, UsageError, ModelError, PoolUnavailable or ContractError: what stands against
    it, or a full queue.
    """
    if wanted.scenario not in {one.id for one in shelf.entries()}:
        raise PackError("QH206", f"scenario {wanted.scenario[:80]!r} does not exist")
    if not 1 <= wanted.members <= _MOST:
        raise UsageError("QH802", f"jobs: found {wanted.members}, expected 1 to {_MOST}")
    table = asks.upload(settings.home, wanted.org, wanted.upload)
    placement.check(store, wanted.pool)
    pack = find(wanted.scenario)
    told = _told(wanted, table, settings.home / FOLDER / _ANSWERS)
    (settings.home / FOLDER).mkdir(exist_ok=True)
    _, spec = serving.chosen(store, scoring.fit(told), wanted.version, wanted.org)
    scoring.blocks(told, spec)
    below = table.relative_to((settings.home / "uploads" / wanted.org).resolve())
    request = Request(pack.id, "", below, pool=wanted.pool, org=wanted.org)
    return asks.queue(
        store, request, by=by, now=now, token=token, work=STEP, version=wanted.version or 0,
        members=wanted.members,
    )  # fmt: skip


def carry_out(ask: Ask, *, settings: Settings, listen: Listener) -> Mapping[str, Any]:
    """What came of the scoring; its answers lie in the ask's folder, nothing where it fails.

    Raises whatever `score` raises.
    """
    folder = settings.home / FOLDER / ask.id
    table = asks.upload(settings.home, ask.org, ask.data)
    wanted = Wanted(
        ask.scenario, ask.org, Path(ask.data), ask.pool, ask.version or None, ask.members
    )
    folder.mkdir(parents=True, exist_ok=True)
    listen(Event(STEP, "start"))

    def tell(way: scoring.Way) -> None:
        listen(Event(STEP, "progress", way.done, way.total or 0))

    try:
        done = scoring.score(_told(wanted, table, folder / _ANSWERS), settings=settings, tell=tell)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    listen(Event(STEP, "end"))
    sums = done.sums
    return {
        "model": done.model, "rows": sums.rows, "answers": sums.answers, "rejects": sums.rejects,
        "blank": sums.blank, "blocks": sums.blocks, "pools": list(done.pools),
        "cpu_s": round(done.cpu_s, 3), "peak_mb": round(done.peak_mb, 1),
    }  # fmt: skip


def file(home: Path, ask: Ask, what: str) -> Path:
    """Where the answers (Parquet) or the rejects (CSV) of a scoring lie.

    Raises UsageError where there are none, or none any more.
    """
    answers = home / FOLDER / ask.id / _ANSWERS
    path = answers if what == "answers" else rejects_of(answers)
    if ask.work != STEP or not path.is_file():
        raise UsageError(
            "QH854", f"scoring {ask.id} has no {what}", hint=f"they are kept for {DAYS} days"
        )
    return path


def forget(home: Path, *, before: float) -> int:
    """How many folders of scorings are gone now: none of their files was written since.

    before : seconds since 1970
    """
    gone = 0
    for folder in (home / FOLDER).glob("*/"):
        written = [path.stat().st_mtime for path in (folder, *folder.rglob("*"))]
        if max(written, default=time.time()) < before:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def _told(wanted: Wanted, table: Path, out: Path) -> scoring.Ask:
    return scoring.Ask(
        wanted.scenario, table, out, wanted.pool, wanted.version, members=wanted.members,
        org=wanted.org,
    )  # fmt: skip
