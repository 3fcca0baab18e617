"""How large the store is, how new its tables are, what it has to do, whether it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from qianhang.access import schema as access_schema
from qianhang.core.errors import StoreError
from qianhang.plan import schema as plan_schema
from qianhang.runs import tables
from qianhang.runs.workplace import PARTS
from qianhang.store import Settings, Store
from qianhang.store.migrate import OWN, revisions
from qianhang.store.schema import log_head

__all__ = ["Census", "Load", "census", "load", "reach"]


@dataclass(frozen=True, slots=True)
class Census:
    """The store counted; bytes are None where the database or the files lie elsewhere.

    rows : noun -> how many; revisions : part -> (where its tables are, where they would be newest)
    """

    backend: str
    database_bytes: int | None
    file_bytes: int | None
    files: int | None
    rows: Mapping[str, int]
    revisions: Mapping[str, tuple[str, str]]


def census(store: Store, settings: Settings) -> Census:
    """The store as it is now."""
    nouns = {
        "organisation": access_schema.organisation, "account": access_schema.account,
        "run": tables.run, "ask": tables.ask, "plan": plan_schema.plan,
    }  # fmt: skip
    parts = (OWN, *PARTS)
    with store.read() as connection:
        rows = {noun: _count(connection, table) for noun, table in nouns.items()}
        rows["log"] = int(connection.execute(sa.select(log_head.c.seq)).scalar_one())
        found = revisions(connection, parts)
        size = _database_bytes(connection)
        backend = connection.dialect.name
    files = _files(settings)
    return Census(
        backend, size, sum(files) if files is not None else None,
        len(files) if files is not None else None, rows,
        {p.name: (found.get(p.name, ""), p.head) for p in parts},
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Load:
    """What the store holds of work: runs and asks by state, records of the log, bytes of rows."""

    runs: Mapping[str, int]
    asks: Mapping[str, int]
    log: int
    database_bytes: int


def load(store: Store) -> Load:
    """The work in the store as it is now; an index is read, no row."""
    with store.read() as connection:
        return Load(
            _by_state(connection, tables.run),
            dict.fromkeys(("queued", "running"), 0) | _by_state(connection, tables.ask),
            int(connection.execute(sa.select(log_head.c.seq)).scalar_one()),
            _database_bytes(connection),
        )


def reach(store: Store) -> None:
    """Nothing, where the store answers and is still where it was.

    Raises StoreError otherwise.
    """
    with store.read() as connection:
        connection.execute(sa.select(log_head.c.seq)).scalar_one()
        if connection.dialect.name != "sqlite":
            return
        # An open file that was moved or deleted still answers, and what is written is lost.
        place = connection.exec_driver_sql("PRAGMA database_list").one()[2]
    if not Path(place).is_file():
        raise StoreError("QH701", "the store's file is gone", hint="put the store back")


def _by_state(connection: sa.Connection, table: sa.Table) -> dict[str, int]:
    query = sa.select(table.c.state, sa.func.count()).group_by(table.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def _count(connection: sa.Connection, table: sa.Table) -> int:
    return int(connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one())


def _database_bytes(connection: sa.Connection) -> int:
    if connection.dialect.name == "postgresql":
        query = sa.select(sa.func.pg_database_size(sa.func.current_database()))
        return int(connection.execute(query).scalar_one())
    pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    return int(pages) * int(connection.exec_driver_sql("PRAGMA page_size").scalar_one())


def _files(settings: Settings) -> list[int] | None:
    """Sizes of the files, where they lie in a folder."""
    place = settings.files_url.removeprefix("file://")
    if "://" in place:
        return None
    return [path.stat().st_size for path in Path(place).expanduser().glob("??/*")]
