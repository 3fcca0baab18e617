"""What the gate said of runs: by stage, and why it refused."""

from __future__ import annotations

import json
import threading
from collections import Counter, OrderedDict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from qianhang.runs import listing, tables
from qianhang.store import Store

__all__ = ["STAGES", "Judged", "Why", "judged", "stages", "whys"]

STAGES = ("accepted", "research_only", "rejected")
_MOST_KEPT = 5000


@dataclass(frozen=True, slots=True)
class Judged:
    """A finished run and the gate's verdict; reasons : code, and the stage that it blocks."""

    run: str
    scenario: str
    started: str
    stage: str
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Why:
    """One reason with the runs that it held back, newest first; blocks "" is a remark only."""

    code: str
    blocks: str
    runs: tuple[Judged, ...]


class _Kept:
    """Verdicts of finished runs, which never change, so that each is read once a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: OrderedDict[str, tuple[str, tuple[tuple[str, str], ...]]] = OrderedDict()

    def known(self, ids: Sequence[str]) -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
        with self._lock:
            return {i: self._found[i] for i in ids if i in self._found}

    def keep(self, found: Mapping[str, tuple[str, tuple[tuple[str, str], ...]]]) -> None:
        with self._lock:
            self._found.update(found)
            while len(self._found) > _MOST_KEPT:
                self._found.popitem(last=False)


_KEPT = _Kept()


def judged(store: Store, orgs: Collection[str] | None, *, limit: int = 500) -> list[Judged]:
    """The newest finished runs that the reader may see, each with its verdict."""
    lines = listing.lines(store, orgs=orgs, state="finished", limit=limit)
    known = _KEPT.known([line.id for line in lines])
    fresh = [line.id for line in lines if line.id not in known]
    if fresh:
        read = _read(store, fresh)
        _KEPT.keep(read)
        known |= read
    return [
        Judged(line.id, line.scenario, line.started, *known[line.id])
        for line in lines
        if line.id in known
    ]


def stages(found: Sequence[Judged]) -> dict[str, int]:
    """Stage -> how many runs, every stage named."""
    counted = Counter(one.stage for one in found)
    return {stage: counted[stage] for stage in STAGES}


def whys(found: Sequence[Judged]) -> list[Why]:
    """Every reason that was given, the most frequent refusals first, remarks last."""
    by: dict[tuple[str, str], list[Judged]] = {}
    for one in found:
        for reason in one.reasons:
            by.setdefault(reason, []).append(one)
    every = [Why(code, blocks, tuple(runs)) for (code, blocks), runs in by.items()]
    return sorted(every, key=lambda w: (not w.blocks, -len(w.runs), w.code))


def _read(store: Store, ids: Sequence[str]) -> dict[str, tuple[str, tuple[tuple[str, str], ...]]]:
    run = tables.run
    query = sa.select(run.c.id, run.c.result).where(run.c.id.in_(ids))
    with store.read() as connection:
        return {row.id: _verdict(json.loads(row.result)) for row in connection.execute(query)}


def _verdict(result: Mapping[str, Any]) -> tuple[str, tuple[tuple[str, str], ...]]:
    gate = result.get("gate") or {}
    reasons = tuple((str(r["code"]), str(r["blocks"])) for r in gate.get("reasons") or ())
    return str(gate.get("stage", "")), reasons
