"""What the API answers of people, organisations, keys and the log; see docs/api.md."""

from __future__ import annotations

from typing import Any, TypedDict

from qianhang.client.shapes import Account

__all__ = [
    "Check",
    "Founded",
    "Invited",
    "Key",
    "LogRecord",
    "LogState",
    "MadeKey",
    "Organisation",
    "Session",
]


class Session(TypedDict):
    """One signed-in browser; its token is told to nobody."""

    id: str
    opened: str
    seen: str
    ends: str
    address: str
    agent: str
    current: bool


class Key(TypedDict):
    """A key without its secret; times in UTC."""

    id: str
    name: str
    scopes: list[str]
    made: str
    expires: str
    used: str


class MadeKey(TypedDict):
    """A key and its secret."""

    key: Key
    secret: str | None


class Invited(TypedDict):
    """A one-time link with which the person sets a password."""

    account: Account
    link: str | None


class Organisation(TypedDict):
    """One organisation."""

    id: str
    name: str
    kind: str
    parent: str | None
    sealed: bool


class Founded(TypedDict):
    """A new organisation."""

    id: str
    name: str
    kind: str
    parent: str | None
    sealed: bool
    link: str | None


class LogRecord(TypedDict):
    """One record: its hash covers all the rest and the record before."""

    seq: int
    at: str
    kind: str
    subject: str
    payload: dict[str, Any]
    prev_hash: str
    hash: str
    closed: bool


class Check(TypedDict):
    """What verifying found."""

    ok: bool
    records: int
    files: int
    anchor: str
    broken: str
    rows: list[str]


class LogState(TypedDict):
    """The log's last record, and what was found when the whole of it was last checked."""

    records: int
    head: str
    ok: bool | None
    at: str
    checked: int
    files: int
    broken: str
