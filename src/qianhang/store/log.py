"""The append-only log: each record carries the hash of the one before it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

import sqlalchemy as sa

from qianhang.core.errors import StoreError
from qianhang.store.files import Files
from qianhang.store.prepared import Prepared, change, fetch
from qianhang.store.schema import GENESIS, log, log_head

__all__ = [
    "Broken",
    "Check",
    "LogEntry",
    "append",
    "canonical",
    "entries",
    "stamp",
    "take_turns",
    "verify",
]


# Made once: to build a statement costs more than to carry it out.
_HEAD = Prepared(sa.select(log_head).with_for_update())
_NEW = Prepared.new(log)
_MOVED = Prepared(sa.update(log_head).values(seq=sa.bindparam("seq"), hash=sa.bindparam("hash")))


def _plain(value: object) -> object:
    """JSON has no numpy scalars and no read-only mappings."""
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"a log record cannot hold {type(value).__name__}")


_RULES: dict[str, Any] = {"ensure_ascii": False, "separators": (",", ":")}
_PARTS = json.JSONEncoder(**_RULES)
_CANONICAL = json.JSONEncoder(**_RULES, sort_keys=True, allow_nan=False, default=_plain)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One record of the log, as it was written."""

    seq: int
    at: str
    kind: str
    subject: str
    payload: Mapping[str, Any]
    prev_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Broken:
    """The first record that is not as it was written."""

    seq: int
    what: str
    found: str = ""
    expected: str = ""

    def __str__(self) -> str:
        detail = f": found {self.found}, expected {self.expected}" if self.expected else ""
        return f"record {self.seq} {self.what}{detail}"


@dataclass(frozen=True, slots=True)
class Check:
    """What verifying the log found: whole, or where it breaks first."""

    records: int
    files: int
    head: str
    broken: Broken | None = None

    @property
    def ok(self) -> bool:
        """Whether every record and every file is as it was written."""
        return self.broken is None

    @property
    def anchor(self) -> str:
        """The text to keep outside: with it a log that was rewritten whole is found out too."""
        return f"{self.records}:{self.head}"


def canonical(payload: Mapping[str, Any]) -> str:
    """`payload` as the one JSON text that stands for it: keys sorted, no spaces, no NaN.

    Raises ValueError for NaN or infinity, TypeError for what is not JSON.
    """
    return _CANONICAL.encode(payload)


def stamp(at: datetime) -> str:
    """A moment as the log keeps it: ISO, UTC, microseconds; earlier moments sort first.

    Raises ValueError for a time without a zone.
    """
    if at.tzinfo is None:
        raise ValueError("the time of a log record needs a time zone")
    return f"{at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec='microseconds')}Z"


def take_turns(connection: sa.Connection) -> None:
    """Wait until nobody else writes.

    SQLite gave us the whole file already; PostgreSQL's writers take turns at the head of the log.
    """
    if connection.dialect.name == "postgresql":
        fetch(connection, _HEAD)


def append(
    connection: sa.Connection, kind: str, subject: str, *, payload: Mapping[str, Any], at: datetime
) -> LogEntry:
    """The new last record, written in the caller's transaction."""
    if not kind or len(kind) > 80 or len(subject) > 200:
        raise ValueError("kind holds 1 to 80 characters, subject at most 200")
    # The row's lock makes writers take turns on PostgreSQL.
    found = fetch(connection, _HEAD)
    if not found:
        raise StoreError("QH704", "the head of the log is absent", hint="run qianhang verify")
    head = found[0]
    row = {
        "seq": head.seq + 1,
        "at": stamp(at),
        "kind": kind,
        "subject": subject,
        "payload": canonical(payload),
        "prev_hash": head.hash,
    }
    row["hash"] = digest(row)
    change(connection, _NEW, row)
    change(connection, _MOVED, {"seq": row["seq"], "hash": row["hash"]})
    return _entry(row)


def digest(row: Mapping[str, Any]) -> str:
    """sha256 over everything that the record says, and the hash of the record before."""
    parts = [row[k] for k in ("seq", "at", "kind", "subject", "payload", "prev_hash")]
    text = _PARTS.encode(parts)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def entries(
    connection: sa.Connection,
    *,
    kind: str | None = None,
    subject: str | None = None,
    after: int = 0,
    limit: int | None = None,
) -> list[LogEntry]:
    """The records after number `after`, in order, of one kind and subject where given."""
    query = sa.select(log).where(log.c.seq > after).order_by(log.c.seq).limit(limit)
    if kind is not None:
        query = query.where(log.c.kind == kind)
    if subject is not None:
        query = query.where(log.c.subject == subject)
    return [_entry(row) for row in connection.execute(query).mappings()]


def verify(connection: sa.Connection, *, files: Files | None, anchor: str | None) -> Check:
    """The chain recomputed from the first record on, and the files that it refers to."""
    return _Verifier(files, anchor).run(connection)


class _Verifier:
    def __init__(self, files: Files | None, anchor: str | None) -> None:
        self.files = files
        self.seen: set[str] = set()
        self.last, self.hash = 0, GENESIS
        self.anchor: tuple[int, str] | None = None
        if anchor:
            number, _, known = anchor.partition(":")
            self.anchor = (int(number), known)

    def run(self, connection: sa.Connection) -> Check:
        broken = None
        query = sa.select(log).order_by(log.c.seq).execution_options(yield_per=1000)
        with connection.execute(query) as found:
            for row in found.mappings():
                broken = self.record(dict(row))
                if broken:
                    break
                self.last, self.hash = row["seq"], row["hash"]
        broken = broken or self.end(connection)
        return Check(self.last, len(self.seen), self.hash, broken)

    def record(self, row: Mapping[str, Any]) -> Broken | None:
        seq = row["seq"]
        if seq != self.last + 1:
            return Broken(self.last + 1, "is absent", f"record {seq}", f"record {self.last + 1}")
        found = digest(row)
        if found != row["hash"]:
            return Broken(seq, "was changed", found, row["hash"])
        if row["prev_hash"] != self.hash:
            if seq == 1:
                return Broken(1, "does not begin the log", row["prev_hash"], GENESIS)
            return Broken(
                seq - 1, f"was rewritten: record {seq} follows another", self.hash, row["prev_hash"]
            )
        if self.anchor and self.anchor[0] == seq and self.anchor[1] != found:
            return Broken(seq, "is not the one written down before", found, self.anchor[1])
        return self.damaged_file(row)

    def damaged_file(self, row: Mapping[str, Any]) -> Broken | None:
        named = json.loads(row["payload"]).get("files") if self.files else None
        for name, sha in (named or {}).items():
            if sha in self.seen or self.files is None:
                continue
            damage = self.files.damage(sha)
            if damage:
                return Broken(row["seq"], f"refers to file {name} ({sha}), which is {damage}")
            self.seen.add(sha)
        return None

    def end(self, connection: sa.Connection) -> Broken | None:
        head = connection.execute(sa.select(log_head)).one_or_none()
        if head is None:
            return Broken(self.last, "is last, but the head of the log is absent")
        if head.seq > self.last:
            return Broken(
                self.last + 1, "is cut off", f"{self.last} records", f"{head.seq} records"
            )
        if (head.seq, head.hash) != (self.last, self.hash):
            return Broken(
                min(head.seq + 1, self.last), "was added from outside", self.hash, head.hash
            )
        if self.anchor and self.anchor[0] > self.last:
            return Broken(
                self.last + 1,
                "is cut off",
                f"{self.last} records",
                f"{self.anchor[0]} records, as written down before",
            )
        return None


def _entry(row: Mapping[Any, Any]) -> LogEntry:
    values = {name: row[name] for name in ("seq", "at", "kind", "subject", "prev_hash", "hash")}
    return LogEntry(**values, payload=MappingProxyType(json.loads(row["payload"])))
