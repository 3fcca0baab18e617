"""Quick reads for start-up paths: the standard library's SQLite, no SQLAlchemy."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from qianhang.core.errors import StoreError
from qianhang.store.settings import Settings

__all__ = ["glance"]

_SQLITE = "sqlite:///"


def glance(
    settings: Settings, sql: str, values: Mapping[str, Any] | None = None
) -> list[tuple[Any, ...]]:
    """The rows of a query with :named values; none where the store or the table is not there yet.

    Importing SQLAlchemy costs more than the whole budget of `qianhang list`; PostgreSQL needs it.
    """
    url = settings.database_url
    if not url.startswith(_SQLITE):
        return _through_engine(url, sql, values or {})
    path = Path(url.removeprefix(_SQLITE))
    if not path.is_file():
        return []
    try:
        place = f"file:{quote(str(path))}?mode=ro"
        with closing(sqlite3.connect(place, uri=True, timeout=5.0)) as connection:
            return connection.execute(sql, values or {}).fetchall()
    except sqlite3.OperationalError as cause:
        if "no such table" in str(cause) or "unable to open" in str(cause):
            return []
        raise StoreError("QH704", f"store {path}: {cause}") from cause
    except sqlite3.DatabaseError as cause:
        raise StoreError("QH704", f"store {path}: {cause}") from cause


def _through_engine(url: str, sql: str, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    import sqlalchemy as sa

    from qianhang.store.engine import named_errors, open_engine

    engine = open_engine(url, read_only=True)
    try:
        with named_errors(url), engine.connect() as connection:
            return [tuple(row) for row in connection.execute(sa.text(sql), values)]
    except sa.exc.ProgrammingError:
        return []
    finally:
        engine.dispose()
