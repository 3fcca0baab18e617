"""Statements made ready once and handed straight to the driver, for what is done a million times.

SQLAlchemy's layers cost some ten times what SQLite takes for a row by its key.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

__all__ = ["Prepared", "change", "fetch"]

Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Prepared:
    """A statement as text for each kind of database, its values given by name.

    statement : over columns whose values the drivers take and give as they are: numbers, text
    """

    __slots__ = ("_made", "statement")

    def __init__(self, statement: sa.ClauseElement) -> None:
        self.statement = statement
        self._made: dict[str, _Made] = {}

    @classmethod
    def new(cls, table: sa.Table, *, without: str = "") -> Self:
        """A new row of the table; where its number is left out, that is what comes back.

        without : the column that the database fills
        """
        names = [column.name for column in table.columns if column.name != without]
        into = sa.insert(table).values({name: sa.bindparam(name) for name in names})
        return cls(into.returning(table.c[without]) if without else into)

    def on(self, connection: sa.Connection) -> _Made:
        """The text for this connection's database."""
        name = connection.dialect.name
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = _Made(self.statement, connection.dialect)
        return made


class _Made:
    """The text for one kind of database, the values that stand in it, what its rows look like."""

    __slots__ = ("fixed", "row", "text")

    def __init__(self, statement: sa.ClauseElement, dialect: sa.Dialect) -> None:
        if dialect.name == "sqlite":  # whose driver takes names too, but is not asked for them
            dialect = sqlite.dialect(paramstyle="named")
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        if "POSTCOMPILE" in self.text:
            raise ValueError(f"a list of values cannot be made ready: {self.text}")
        self.fixed = {name: one for name, one in compiled.params.items() if one is not None}
        self.row: Callable[[Iterable[Any]], Any] | None = None

    def values(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self.fixed, **given} if self.fixed else given


def fetch(
    connection: sa.Connection, statement: Prepared, values: Mapping[str, Any] | None = None
) -> list[Any]:
    """The rows, each a tuple with its columns' names."""
    made = statement.on(connection)
    cursor = _run(connection, made, values or {})
    if made.row is None:
        made.row = _row([one[0] for one in cursor.description])
    return [made.row(row) for row in cursor.fetchall()]


def _row(names: list[str]) -> Callable[[Iterable[Any]], Any]:
    kind = namedtuple("Row", names, rename=True)  # type: ignore[misc]  # known only now
    return kind._make


def change(connection: sa.Connection, statement: Prepared, values: Rows) -> int:
    """How many rows were written; `values` is one row or several."""
    return int(_run(connection, statement.on(connection), values).rowcount)


def _run(connection: sa.Connection, made: _Made, values: Rows) -> Any:
    if not connection.in_transaction():
        connection.begin()
    cursor = connection.connection.cursor()
    try:
        if isinstance(values, Mapping):
            cursor.execute(made.text, made.values(values))
        else:
            cursor.executemany(made.text, [made.values(one) for one in values])
    except connection.dialect.loaded_dbapi.Error as cause:
        raise DBAPIError.instance(
            made.text, None, cause, connection.dialect.loaded_dbapi.Error,
            dialect=connection.dialect,
        ) from cause  # fmt: skip
    return cursor
