"""Bringing a store's tables up to date: one linear Alembic history for each part."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.core.errors import StoreError

if TYPE_CHECKING:
    from alembic.runtime.migration import RevisionStep

__all__ = ["OWN", "Part", "pending", "revisions", "upgrade"]

# Any fixed number will do: it names the lock under which one process migrates and others wait.
_LOCK = 7_241_001


@dataclass(frozen=True, slots=True)
class Part:
    """The tables of one service: the package of its Alembic revisions and the newest of them.

    Each part keeps its own history in its own version table, so that a store opened with fewer
    parts, or by a service alone, never meets a revision that it does not know.
    """

    name: str
    package: str
    head: str

    @property
    def version_table(self) -> str:
        """The table that holds the part's current revision."""
        return f"version_{self.name}"

    @property
    def folder(self) -> Path:
        """Where the part's revisions lie."""
        spec = importlib.util.find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise ValueError(f"{self.package} is not a package of revisions")
        return Path(next(iter(spec.submodule_search_locations)))


OWN = Part("store", "qianhang.store.migrations", "store_0001")


def pending(connection: sa.Connection, parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts whose tables are not at their newest revision; Alembic is not imported."""
    known = set(sa.inspect(connection).get_table_names())
    return tuple(p for p in parts if _version(connection, p, known) != p.head)


def _version(connection: sa.Connection, part: Part, known: set[str]) -> str | None:
    if part.version_table not in known:
        return None
    table = sa.table(part.version_table, sa.column("version_num"))
    return connection.execute(sa.select(table.c.version_num)).scalar()


def revisions(connection: sa.Connection, parts: Sequence[Part]) -> dict[str, str]:
    """Name -> revision of the parts whose tables are there."""
    known = set(sa.inspect(connection).get_table_names())
    found = {p.name: _version(connection, p, known) for p in parts}
    return {name: revision for name, revision in found.items() if revision}


def upgrade(
    connection: sa.Connection, parts: Sequence[Part], *, to: Mapping[str, str] | None = None
) -> None:
    """Migrate every pending part inside the caller's write transaction; all of them, or none.

    to : name -> revision at which to stop, for parts that are to be as they once were
    Raises StoreError where the store was written by a newer version of the software.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
    for part in pending(connection, parts):
        if to is None or part.name in to:
            _upgrade(connection, part, "head" if to is None else to[part.name])


def _upgrade(connection: sa.Connection, part: Part, target: str) -> None:
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory
    from alembic.util import CommandError

    folder = str(part.folder)
    script = ScriptDirectory(folder, version_locations=[folder])

    def steps(revision: str | tuple[str, ...], _context: object) -> list[RevisionStep]:
        return script._upgrade_revs(target, revision)  # type: ignore[arg-type]  # a tuple only with several heads

    try:
        with EnvironmentContext(Config(), script, fn=steps) as context:
            context.configure(
                connection=connection,
                version_table=part.version_table,
                transactional_ddl=True,
            )
            context.run_migrations()
    except CommandError as cause:
        raise StoreError(
            "QH707",
            f"tables of part {part.name!r}: {cause}",
            hint="the store was written by a newer version: upgrade qianhang",
        ) from cause
