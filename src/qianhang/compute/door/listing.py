"""Jobs as lists show them: filtered, newest first, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.store.prepared import Prepared, among, fetch, spread, width

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Filter", "Line", "lines"]

_JOB = schema.job
# In the order of a line's fields, then what is read out of their JSON.
_COLUMNS = (
    _JOB.c.id, _JOB.c.org, _JOB.c.project, _JOB.c.account, _JOB.c.name, _JOB.c.tier, _JOB.c.state,
    _JOB.c.epoch, _JOB.c.submitted, _JOB.c.started, _JOB.c.ended, _JOB.c.cancel, _JOB.c.reason,
    _JOB.c.ask, _JOB.c.why,
)  # fmt: skip


class Line(NamedTuple):  # a thousand a second are made, compared and looked up by value
    """A job as a list shows it.

    chips : of all replicas; flavours : that will do, empty for any
    pool : where it runs or last ran, "" before; cancel : whether it was told to stop
    """

    id: str
    org: str
    project: str
    account: str
    name: str
    tier: int
    state: str
    epoch: int
    submitted: str
    started: str
    ended: str
    cancel: bool
    reason: str
    chips: float
    flavours: tuple[str, ...]
    pool: str

    @property
    def cursor(self) -> tuple[str, str]:
        """Its place in the list."""
        return self.submitted, self.id


@dataclass(frozen=True, slots=True)
class Filter:
    """What a list holds; an empty field leaves out nothing.

    pool : on which an attempt at it was made; account : of whoever submitted it
    """

    states: tuple[str, ...] = ()
    org: str = ""
    project: str = ""
    account: str = ""
    pool: str = ""


def lines(
    store: Store,
    orgs: Collection[str],
    wanted: Filter = Filter(),
    *,
    before: tuple[str, str] | None = None,
    limit: int = 50,
) -> tuple[Line, ...]:
    """The newest jobs of these organisations, newest first.

    before : the cursor of a line, after which the list goes on
    """
    names, states = sorted(orgs), sorted(wanted.states)
    plain = {name: getattr(wanted, name) for name in ("org", "project", "account", "pool")}
    values = {f"the_{name}": value for name, value in plain.items() if value}
    query = _query(width(names), width(states), tuple(values), before is not None)
    values |= spread("orgs", names) | spread("states", states) | {"most": limit}
    if before is not None:
        values |= {"at": before[0], "id": before[1]}
    with store.read() as connection:
        return tuple(_line(row) for row in fetch(connection, query, values))


@lru_cache(256)
def _query(orgs: int, states: int, filters: tuple[str, ...], continued: bool) -> Prepared:
    """The statement of a list; orgs, states : how many of them it takes, no state for any."""
    query = sa.select(*_COLUMNS).where(among(_JOB.c.org, "orgs", orgs))
    if states:
        query = query.where(among(_JOB.c.state, "states", states))
    for name in filters:
        value = sa.bindparam(name)
        query = query.where(
            _tried(value) if name == "the_pool" else _JOB.c[name.removeprefix("the_")] == value
        )
    if continued:
        at, last = sa.bindparam("at"), sa.bindparam("id")
        earlier = (_JOB.c.submitted == at) & (_JOB.c.id < last)
        query = query.where((_JOB.c.submitted < at) | earlier)
    order = (_JOB.c.submitted.desc(), _JOB.c.id.desc())
    return Prepared(query.order_by(*order).limit(sa.bindparam("most")))


def _tried(pool: sa.BindParameter[Any]) -> sa.ColumnElement[bool]:
    """The job was given to this pool at least once."""
    there = (schema.attempt.c.job == _JOB.c.id) & (schema.attempt.c.pool == pool)
    return sa.exists().where(there)


def _line(row: Any) -> Line:
    *plain, ask, why = row
    values: list[Any] = [*plain, *_asked(ask), _placed(why)]
    return Line(*values)


@lru_cache(4096)
def _asked(text: str) -> tuple[float, tuple[str, ...]]:
    """Chips of all replicas and the flavours that will do; arrays repeat the same text."""
    want = json.loads(text)["want"]
    return want["chips"] * want["replicas"], tuple(want["flavours"])


@lru_cache(4096)
def _placed(text: str) -> str:
    return str(json.loads(text or "{}").get("pool", ""))
