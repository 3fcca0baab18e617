"""Lists of runs and asks, newest first: cheap for whoever covers few organisations or nearly all.

A list for few organisations is merged from one short walk of an index for each of them; a list for
many walks one index from its newest entry and passes over what is not to be seen. The queries are
built once and kept: building one costs more than the walk.
"""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from qianhang.runs import process, tables
from qianhang.store import Store
from qianhang.store.prepared import Prepared, among, fetch, spread

__all__ = ["ROOT", "Cursor", "Line", "Listed", "counts", "hidden", "lines", "newest", "seen"]

Cursor = tuple[str, str]
ROOT = "root"

_FEW = 24


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list shows of a table that has columns id and org.

    columns : names of what is read
    at : the column with the time by which it is ordered, newest first
    """

    table: sa.Table
    columns: tuple[str, ...]
    at: str


class Line(NamedTuple):  # a thousand a second are made, compared and looked up by value
    """One run as a list shows it; its request and result are not read."""

    id: str
    scenario: str
    case: str
    state: str
    verdict: str
    started: str
    ended: str
    process: str
    org: str
    own: bool

    @property
    def state_now(self) -> str:
        """The state as a reader should see it: a running run whose process died is interrupted."""
        dead = self.state == "running" and not process.alive(self.process)
        return "interrupted" if dead else self.state

    @property
    def cursor(self) -> Cursor:
        """What to give as `before` for the lines that follow this one."""
        return (self.started, self.id)

    @property
    def wall_s(self) -> float | None:
        """Seconds from start to end, None before the end."""
        if not self.ended:
            return None
        began, ended = map(datetime.fromisoformat, (self.started, self.ended))
        return (ended - began).total_seconds()


_RUNS = Listed(tables.run, Line._fields, "started")


def lines(
    store: Store,
    *,
    orgs: Collection[str] | None,
    shared: bool = True,
    scenario: str = "",
    state: str = "",
    before: Cursor | None = None,
    limit: int = 50,
) -> list[Line]:
    """The newest runs that whoever covers `orgs` may see; None covers everything.

    shared : the runs of the platform on registered data too, which everybody may see
    before : the cursor of the last line of the page before
    """
    where = {"scenario": scenario, "state": state}
    found = newest(store, _RUNS, orgs=orgs, shared=shared, where=where, before=before, limit=limit)
    return [Line._make(row) for row in found]


def counts(
    store: Store, *, orgs: Collection[str] | None, shared: bool = True, since: datetime
) -> dict[str, int]:
    """State -> how many of the runs begun at or after `since` those who cover `orgs` may see."""
    run = tables.run
    begun = run.c.started >= since.astimezone(UTC).isoformat(timespec="milliseconds")
    where = begun & seen(orgs, shared=shared)
    query = sa.select(run.c.state, sa.func.count()).where(where).group_by(run.c.state)
    with store.read() as connection:
        return {row[0]: row[1] for row in connection.execute(query)}


def seen(orgs: Collection[str] | None, *, shared: bool = True) -> sa.ColumnElement[bool]:
    """Which runs those who cover `orgs` may see; the index of another column is walked for it."""
    if orgs is None:
        return sa.true()
    mine = hidden(tables.run.c.org).in_(sorted(orgs))
    return mine | _shared(hide=True) if shared else mine


def newest(
    store: Store,
    listed: Listed,
    *,
    orgs: Collection[str] | None,
    shared: bool = False,
    where: Mapping[str, str],
    before: Cursor | None,
    limit: int,
) -> list[Any]:
    """The newest rows of these organisations, at most `limit`, newest first.

    where : column -> value, no condition where that is empty; the first is looked up in an index
    """
    wanted = {name: value for name, value in where.items() if value}
    values: dict[str, Any] = {**wanted, "limit": limit}
    if before is not None:
        values |= {"at": before[0], "id": before[1]}
    found: list[Any] = []
    streams = _streams(orgs, shared=shared and ROOT not in (orgs or ()))
    with store.read() as connection:
        for kind, more in streams:
            query = _query(listed, kind, tuple(wanted), before is not None, len(more))
            found += fetch(connection, query, values | more)
    if len(streams) > 1 or streams[0][0] == "few":
        at, last = listed.columns.index(listed.at), listed.columns.index("id")
        found.sort(key=lambda row: (row[at], row[last]), reverse=True)
    return found[:limit]


def _streams(orgs: Collection[str] | None, *, shared: bool) -> list[tuple[str, dict[str, Any]]]:
    """Kinds of queries and their values, which together find each row once."""
    if orgs is None:
        return [("all", {})]
    if len(orgs) > _FEW:
        return [("many and shared" if shared else "many", spread("orgs", sorted(orgs)))]
    few = {f"org_{n}": name for n, name in enumerate(sorted(orgs))}
    return [("few", few), ("shared", {})] if shared else [("few", few)]


@functools.lru_cache(maxsize=256)
def _query(
    listed: Listed, kind: str, filters: tuple[str, ...], continued: bool, width: int
) -> Prepared:
    """The statement of a kind; width : how many organisations it takes."""
    org = listed.table.c.org
    if kind == "few":
        walks = [
            _walk(listed, org == sa.bindparam(f"org_{n}"), filters, continued=continued)
            for n in range(width)
        ]
        if not walks:
            return Prepared(_walk(listed, sa.false(), filters, continued=continued))
        return Prepared(sa.union_all(*(one.subquery().select() for one in walks)))
    many = among(hidden(org), "orgs", width)
    kinds: dict[str, sa.ColumnElement[bool]] = {
        "all": sa.true(),
        "many": many,
        "shared": _shared(),
        "many and shared": many | _shared(hide=True),
    }
    return Prepared(_walk(listed, kinds[kind], filters, continued=continued))


def _walk(
    listed: Listed, seen: sa.ColumnElement[bool], filters: tuple[str, ...], *, continued: bool
) -> sa.Select[Any]:
    """One walk of an index, newest first."""
    table = listed.table
    at = table.c[listed.at]
    query = sa.select(*(table.c[name] for name in listed.columns)).where(seen)
    for number, name in enumerate(filters):
        column = hidden(table.c[name]) if number else table.c[name]
        query = query.where(column == sa.bindparam(name))
    if continued:
        last = sa.tuple_(sa.bindparam("at", type_=sa.String), sa.bindparam("id", type_=sa.String))
        query = query.where(sa.tuple_(at, table.c.id) < last)
    return query.order_by(at.desc(), table.c.id.desc()).limit(sa.bindparam("limit"))


def _shared(*, hide: bool = False) -> sa.ColumnElement[bool]:
    org = hidden(tables.run.c.org) if hide else tables.run.c.org
    return (org == ROOT) & ~tables.run.c.own


def hidden(column: sa.Column[str]) -> sa.ColumnElement[str]:
    """The same text as an expression, which no planner takes as a reason to leave the order."""
    return column.concat("")
