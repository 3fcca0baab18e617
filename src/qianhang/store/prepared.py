"""Statements made ready once and handed straight to the driver, for what is done a million times.

SQLAlchemy's layers cost some ten times what SQLite takes for a row by its key.
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Mapping, Sequence, Sized
from typing import Any, Self

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

__all__ = ["Prepared", "among", "change", "fetch", "spread", "width"]

Rows = Mapping[str, Any] | Sequence[Mapping[str, Any]]


class Prepared:
    """A statement as text for each kind of database, its values given by name.

    statement : over columns whose values the drivers take as they are: numbers, text
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

    __slots__ = ("_given", "_row", "fixed", "text")

    def __init__(self, statement: sa.ClauseElement, dialect: sa.Dialect) -> None:
        if dialect.name == "sqlite":  # whose driver takes names too, but is not asked for them
            dialect = sqlite.dialect(paramstyle="named")
        compiled = statement.compile(dialect=dialect)
        self.text = str(compiled)
        if "POSTCOMPILE" in self.text:
            raise ValueError(f"a list of values cannot be made ready: {self.text}")
        self.fixed = {name: one for name, one in compiled.params.items() if one is not None}
        self._row: Callable[[Iterable[Any]], Any] | None = None
        self._given = _translated(statement, dialect)

    def values(self, given: Mapping[str, Any]) -> Mapping[str, Any]:
        return {**self.fixed, **given} if self.fixed else given

    def rows(self, cursor: Any) -> list[Any]:
        """The cursor's rows by their columns' names, as Python has them: truth values are bools."""
        make = self._row
        if make is None:
            make = self._row = _row([one[0] for one in cursor.description])
        if not self._given:
            return [make(row) for row in cursor.fetchall()]
        return [make(self._read(row)) for row in cursor.fetchall()]

    def _read(self, row: Iterable[Any]) -> list[Any]:
        read = list(row)
        for at, translate in self._given:
            read[at] = translate(read[at])
        return read


def _translated(
    statement: sa.ClauseElement, dialect: sa.Dialect
) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """Where in a row stands what the driver gives in another form than SQLAlchemy, and what to do.

    statement : of its columns those that it selects
    """
    columns = getattr(statement, "selected_columns", ())
    found = [(at, c.type.result_processor(dialect, None)) for at, c in enumerate(columns)]
    return tuple((at, translate) for at, translate in found if translate is not None)


def width(values: Sized) -> int:
    """How many values a condition on these should take: a power of two, so that few serve all."""
    return 1 << (len(values) - 1).bit_length() if values else 0


def among(column: sa.ColumnElement[Any], name: str, count: int) -> sa.ColumnElement[bool]:
    """Whether the column holds one of `count` values, which `spread` gives under this name."""
    return column.in_([sa.bindparam(f"{name}_{n}") for n in range(count)]) if count else sa.false()


def spread(name: str, values: Sequence[Any]) -> dict[str, Any]:
    """The values for `among` of their width, the last as often as it takes."""
    filled = [*values, *([values[-1]] * (width(values) - len(values)) if values else ())]
    return {f"{name}_{n}": value for n, value in enumerate(filled)}


def fetch(
    connection: sa.Connection, statement: Prepared, values: Mapping[str, Any] | None = None
) -> list[Any]:
    """The rows, each a tuple with its columns' names."""
    made = statement.on(connection)
    return made.rows(_run(connection, made, values or {}))


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
