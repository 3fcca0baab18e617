"""Whether the store's log is whole: checked when somebody asks, and the finding kept in the log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from qianhang.store import Check, Store
from qianhang.store.schema import log, log_head

__all__ = ["State", "keep", "state", "verify"]

_KIND = "log.verified"


@dataclass(frozen=True, slots=True)
class State:
    """The log's last record, and the last time that somebody checked the whole of it.

    ok : what was found then, None where nobody has; broken : the first broken record in words
    """

    records: int
    head: str
    at: str = ""
    by: str = ""
    checked: int = 0
    files: int = 0
    ok: bool | None = None
    broken: str = ""


def state(store: Store) -> State:
    """What is known of the log without checking it."""
    last = sa.select(log.c.seq).where(log.c.kind == _KIND).order_by(log.c.seq.desc()).limit(1)
    with store.read() as connection:
        head = connection.execute(sa.select(log_head.c.seq, log_head.c.hash)).one_or_none()
        seq = connection.execute(last).scalar()
    records, hash_ = (head.seq, head.hash) if head else (0, "")
    if seq is None:
        return State(records, hash_)
    entry = store.entries(kind=_KIND, after=seq - 1, limit=1)[0]
    told = entry.payload
    return State(
        records, hash_, entry.at, told["by"], told["records"], told["checked_files"], told["ok"],
        told["broken"],
    )  # fmt: skip


def verify(store: Store, *, by: str, now: datetime) -> State:
    """The state after every record and every file that one refers to was read and checked."""
    keep(store, store.verify(), by=by, now=now)
    return state(store)


def keep(store: Store, found: Check, *, by: str, now: datetime) -> None:
    """Write into the log what a check of the whole of it found."""
    payload = {
        "by": by, "ok": found.ok, "records": found.records, "checked_files": found.files,
        "broken": str(found.broken or ""),
    }  # fmt: skip
    with store.write() as tx:
        tx.append(_KIND, "log", payload=payload, at=now)
