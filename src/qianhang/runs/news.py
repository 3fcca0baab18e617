"""What changed since a moment, as far as the reader may see it, from the store's log."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from qianhang.runs import kept
from qianhang.store import Store
from qianhang.store.schema import log

__all__ = ["KINDS", "Change", "Reader", "changes"]

KINDS = ("runs", "tiers", "models", "confirmed", "bulletins", "evidence")
_LOGGED = {
    "run.finished": "runs", "pack.examined": "tiers", "pack.tier": "tiers",
    "model.registered": "models", "plan.review": "confirmed", "plan.bulletin": "bulletins",
    "evidence": "evidence",
}  # fmt: skip
_MOST = 3000
# Records that tell of an earlier moment, as of usage that was metered late, lie among newer ones.
_STRAY = 100


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose news it is: covers : organisations; plans : references of the plans they may see."""

    covers: Collection[str]
    plans: Collection[str]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that changed.

    subject : what it is filed under; run : the run behind it, "" where none; count : of items
    word : tier reached or stage given, "" where there is none
    """

    kind: str
    at: str
    subject: str
    scenario: str = ""
    run: str = ""
    word: str = ""
    count: int = 1


def changes(store: Store, reader: Reader, *, since: datetime) -> dict[str, list[Change]]:
    """Kind -> what changed at or after `since`, newest first; every kind named.

    Of more than 3,000 records the newest are looked at.
    """
    rows = _rows(store, since)
    found = [one for row in rows for one in _told(row)]
    seen = kept.seen_runs(store, (c.run for c in found if c.run), reader.covers)
    shown = [c for c in found if _visible(c, seen, reader.plans)]
    return {kind: [c for c in shown if c.kind == kind] for kind in KINDS}


def _rows(store: Store, since: datetime) -> list[Any]:
    begun = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    # The newest first: the walk ends where older records follow one another, whatever the length.
    query = sa.select(log.c.at, log.c.kind, log.c.subject, log.c.payload)
    query = query.order_by(log.c.seq.desc()).execution_options(yield_per=200)
    found: list[Any] = []
    older = 0
    with store.read() as connection, connection.execute(query) as rows:
        for row in rows:
            older = older + 1 if row.at < begun else 0
            if older > _STRAY or len(found) >= _MOST:
                break
            if not older and row.kind in _LOGGED:
                found.append(row)
    return found


def _told(row: Any) -> Iterable[Change]:
    payload = json.loads(row.payload)
    kind, facts = _LOGGED[row.kind], payload.get("facts") or {}
    if kind == "runs":
        word = str(facts.get("stage", ""))
        yield Change(kind, row.at, row.subject, payload["scenario"], row.subject, word)
    elif kind == "tiers":
        reached = payload.get("to") or payload.get("tier")
        if reached:
            yield Change(kind, row.at, row.subject, row.subject, word=str(reached))
    elif kind == "models":
        yield Change(
            kind, row.at, row.subject, kept.scenario_of(payload["name"]), payload["run"],
            payload["stage"],
        )  # fmt: skip
    elif kind == "evidence":
        run = payload.get("run") or str(payload.get("by", "")).removeprefix("run ")
        made = run if _is_run(run) else ""
        yield Change(kind, row.at, row.subject, payload.get("scenario", ""), made, payload["grade"])
    elif kind == "confirmed":
        yield from _reviewed(row, payload)
    else:
        yield Change(kind, row.at, row.subject, word=str(payload.get("period", "")))


def _reviewed(row: Any, payload: Any) -> Iterable[Change]:
    """What was confirmed, as read or as mended, one item or many at once."""
    action, codes = str(payload.get("action", "")), payload.get("codes") or ()
    if action in ("confirmed", "edited", "added") and codes:
        yield Change("confirmed", row.at, row.subject, word=action, count=len(codes))


def _is_run(text: str) -> bool:
    return len(text) == 22 and text[:8].isdigit() and text[8] == "-"


def _visible(one: Change, runs: Collection[str], plans: Collection[str]) -> bool:
    if one.run:
        return one.run in runs
    if one.kind in ("confirmed", "bulletins"):
        return one.subject.partition(".")[0] in plans
    if one.kind == "evidence":
        # What no run of theirs shows is seen by those who see the plan that it is filed under.
        return one.subject.partition(".")[0] in plans
    return True
