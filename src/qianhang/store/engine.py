"""Connections: SQLite set up for several processes, PostgreSQL by URL, errors with names."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, ProgrammingError

from qianhang.core.errors import MissingExtra, StoreError
from qianhang.store.settings import masked

__all__ = ["named_errors", "open_engine", "write_protected"]

_BUSY_S = 30.0
_WRITE_BITS = 0o222
_SIGNS = (
    ("QH703", ("database or disk is full", "no space left", "disk i/o error"), "free some space"),
    ("QH702", ("readonly", "read-only"), "run as the owner of the store, or choose another"),
    ("QH705", ("locked", "lock timeout"), "another process holds the store: try again"),
    ("QH704", ("malformed", "not a database", "corrupt"), "restore the store from a copy"),
    ("QH701", ("unable to open", "could not connect", "connection", "authentication"), ""),
)


def open_engine(url: str, *, read_only: bool = False) -> sa.Engine:
    """An engine for the database at `url`; writers of SQLite take turns, readers never wait.

    Raises StoreError where the URL is not one of SQLite or PostgreSQL.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError("QH708", f"database URL {masked(url)!r} is not readable") from None
    backend = parsed.get_backend_name()
    if backend == "sqlite":
        return _sqlite(Path(parsed.database or ""), read_only)
    if backend != "postgresql":
        message = f"database {backend!r}: expected sqlite or postgresql"
        raise StoreError("QH708", message)
    if parsed.drivername == "postgresql":
        parsed = parsed.set(drivername="postgresql+psycopg")
        if importlib.util.find_spec("psycopg") is None:
            how = 'pip install "qianhang[postgres]"'
            raise MissingExtra("QH810", "a PostgreSQL store needs the library psycopg", hint=how)
    options = "-c default_transaction_read_only=on" if read_only else ""
    return sa.create_engine(parsed, connect_args={"options": options}, pool_pre_ping=True)


def write_protected(path: Path) -> bool:
    """Whether the SQLite file is there but not to be written; root too respects missing bits."""
    if not path.exists():
        return False
    return not os.access(path, os.W_OK) or not path.stat().st_mode & _WRITE_BITS


@contextmanager
def named_errors(url: str) -> Iterator[None]:
    """Turn what the database or the disk reports into a StoreError that says what to do.

    What a programmer got wrong (a broken constraint, a wrong statement) passes through.
    """
    try:
        yield
    except (DBAPIError, sqlite3.Error) as cause:
        error = _named(url, cause)
        if error is None:
            raise
        raise error from cause


def _named(url: str, cause: Exception) -> StoreError | None:
    if isinstance(cause, IntegrityError | ProgrammingError | sqlite3.IntegrityError):
        return None
    said = str(getattr(cause, "orig", cause)).strip()
    for code, signs, hint in _SIGNS:
        if any(sign in said.lower() for sign in signs):
            return StoreError(code, f"store {masked(url)}: {said.splitlines()[0]}", hint=hint)
    return None


def _sqlite(path: Path, read_only: bool) -> sa.Engine:
    def connect() -> sqlite3.Connection:
        place = f"file:{quote(str(path))}"
        if read_only:
            place += "?mode=ro" + ("&immutable=1" if _settled(path) else "")
        raw = sqlite3.connect(
            place, uri=True, timeout=_BUSY_S, isolation_level=None, check_same_thread=False
        )
        raw.execute("PRAGMA foreign_keys = ON")
        if not read_only:
            _use_wal(raw)
            raw.execute("PRAGMA synchronous = FULL")
        return raw

    engine = sa.create_engine("sqlite://", creator=connect, poolclass=sa.QueuePool)

    @sa.event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        if connection.get_execution_options().get("write", False):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:  # which never waits or fails: straight to the driver, at a tenth of the cost
            connection.connection.driver_connection.execute("BEGIN")  # type: ignore[union-attr]  # it is there

    return engine


def _settled(path: Path) -> bool:
    """Whether a read-only folder holds a database with no pending journal, safe to open as is."""
    journal = path.with_name(f"{path.name}-wal")
    empty = not journal.exists() or journal.stat().st_size == 0
    return empty and not os.access(path.parent, os.W_OK)


def _use_wal(raw: sqlite3.Connection) -> None:
    """Switch to WAL; SQLite does not wait by itself when two processes do so at once."""
    until = time.monotonic() + _BUSY_S
    while True:
        try:
            raw.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as cause:
            if "locked" not in str(cause) or time.monotonic() > until:
                raise
            time.sleep(0.01)
