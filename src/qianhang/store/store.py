"""One store: rows in transactions, files, and the log that binds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from qianhang.core.errors import StoreError
from qianhang.store import log, migrate, prepared
from qianhang.store.engine import named_errors, open_engine, write_protected
from qianhang.store.files import Files
from qianhang.store.log import Check, LogEntry
from qianhang.store.migrate import Part
from qianhang.store.prepared import Prepared, Rows
from qianhang.store.settings import Settings, masked

__all__ = ["Store", "Transaction"]


@dataclass(frozen=True, slots=True)
class Transaction:
    """One write: rows and log records that all come to be, or none of them."""

    connection: sa.Connection
    files: Files

    def execute(self, statement: sa.Executable, values: Rows | None = None) -> sa.CursorResult[Any]:
        """What the statement returns; `values` is one row or several."""
        return self.connection.execute(statement, values)

    def fetch(self, statement: Prepared, values: Mapping[str, Any] | None = None) -> list[Any]:
        """The rows of a statement made ready, each a tuple with its columns' names."""
        return prepared.fetch(self.connection, statement, values)

    def change(self, statement: Prepared, values: Rows) -> int:
        """How many rows a statement made ready wrote; `values` is one row or several."""
        return prepared.change(self.connection, statement, values)

    def take_turns(self) -> None:
        """Wait until nobody else writes: for what is looked up first and written after."""
        log.take_turns(self.connection)

    def append(
        self, kind: str, subject: str, *, payload: Mapping[str, Any], at: datetime
    ) -> LogEntry:
        """The new last record of the log; `payload["files"]` (name -> sha256) is verified later."""
        return log.append(self.connection, kind, subject, payload=payload, at=at)


class Store:
    """An open store; a context manager that closes its connections."""

    def __init__(self, url: str, engine: sa.Engine, files: Files, *, read_only: bool) -> None:
        self._url, self._engine = url, engine
        self.files, self.read_only = files, read_only

    @classmethod
    def open(
        cls, settings: Settings, *, parts: Sequence[Part] = (), read_only: bool = False
    ) -> Self:
        """The store at `settings`, created or brought up to date where that is needed.

        parts : the services' tables, in the order in which they may refer to each other
        Raises StoreError where it cannot be opened, or is read-only and not up to date.
        """
        url = settings.database_url
        protected = _prepare(url)
        if read_only and not protected:
            # Whoever only looks may be the first to come, or the first after an upgrade.
            cls.open(settings, parts=parts).close()
        read_only = read_only or protected
        with named_errors(url):
            engine = open_engine(url, read_only=read_only)
            files = Files(settings.files_url, read_only=read_only)
            store = cls(url, engine, files, read_only=read_only)
            try:
                store._bring_up_to_date((migrate.OWN, *parts))
            except BaseException:
                store.close()
                raise
        return store

    def _bring_up_to_date(self, parts: Sequence[Part]) -> None:
        with self.read() as connection:
            pending = migrate.pending(connection, parts)
        if not pending:
            return
        if self.read_only:
            names = ", ".join(p.name for p in pending)
            raise StoreError(
                "QH702",
                f"store {masked(self._url)} is read-only, but the tables of {names} are not there",
                hint="open it once with write permission",
            )
        with self.write() as tx:
            migrate.upgrade(tx.connection, parts)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the store until it is given back."""
        with named_errors(self._url), self._engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ")
            yield connection

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """A transaction, committed at the end of the block and undone by any exception.

        Raises StoreError where the store is read-only, full, or held too long by others.
        """
        if self.read_only:
            raise StoreError(
                "QH702",
                f"store {masked(self._url)} is read-only",
                hint="run as its owner, or set QIANHANG_HOME to another folder",
            )
        with named_errors(self._url), self._engine.connect() as connection:
            connection.execution_options(write=True)
            with connection.begin():
                yield Transaction(connection, self.files)

    def entries(
        self,
        *,
        kind: str | None = None,
        subject: str | None = None,
        after: int = 0,
        limit: int | None = None,
    ) -> list[LogEntry]:
        """The log's records after number `after`, in order, of one kind and subject where given."""
        with self.read() as connection:
            return log.entries(connection, kind=kind, subject=subject, after=after, limit=limit)

    def verify(self, *, files: bool = True, anchor: str | None = None) -> Check:
        """The log recomputed from its first record: whole, or the first record that is broken.

        files : whether the files that records refer to are read and checked too
        anchor : `Check.anchor` of an earlier day, kept outside the store
        """
        with self.read() as connection:
            return log.verify(connection, files=self.files if files else None, anchor=anchor)

    def close(self) -> None:
        """Give back every connection."""
        self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _prepare(url: str) -> bool:
    """Whether the SQLite file is read-only; its folder is made where there is none."""
    try:
        parsed = make_url(url)
    except sa.exc.ArgumentError:
        return False
    if parsed.get_backend_name() != "sqlite":
        return False
    if not parsed.database or parsed.database == ":memory:":
        raise StoreError("QH708", "a store in memory cannot be shared by processes: give a file")
    path = Path(parsed.database)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        message = f"folder {path.parent}: {cause.strerror}"
        raise StoreError("QH701", message, hint="set QIANHANG_HOME to another folder") from cause
    return write_protected(path)
