"""Jobs as lists show them: filtered, newest first, a page at a time."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple, get_args

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door.jobs import OPEN, State
from qianhang.store.prepared import Prepared, among, fetch, spread, width

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Filter", "Line", "lines"]

_JOB = schema.job
_FEW = 3
_OPEN = frozenset(OPEN)
_STATES = get_args(State)
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
    plain = {"project": wanted.project, "pool": wanted.pool}
    fixed: dict[str, Any] = {f"the_{name}": value for name, value in plain.items() if value}
    names = tuple(sorted(o for o in orgs if wanted.org in ("", o)))
    streams = _streams(names, tuple(sorted(wanted.states)), account=wanted.account)
    if not streams:
        return ()
    query = _query(streams[0].kind, tuple(fixed), before is not None)
    fixed |= (
        {"most": limit} if before is None else {"most": limit, "at": before[0], "id": before[1]}
    )
    with store.read() as connection:
        found = [
            row for one in streams for row in fetch(connection, query, {**fixed, **one.values})
        ]
    found.sort(key=lambda row: (row.submitted, row.id), reverse=True)
    return tuple(_line(row) for row in found[:limit])


@dataclass(frozen=True, slots=True)
class _Kind:
    """What one walk of an index takes: how many organisations and states; which it walks by."""

    by: str
    orgs: int
    states: int


@dataclass(frozen=True, slots=True)
class _Stream:
    """One walk of an index, newest first."""

    kind: _Kind
    values: Mapping[str, str]


def _streams(orgs: Sequence[str], states: Sequence[str], *, account: str) -> list[_Stream]:
    """Walks that together meet each job once.

    For an account one of its own jobs; for few organisations one of each one's; for many one of
    the jobs in each state, passing over what is not to be seen: so that none sorts all that there
    are.
    """
    if account:
        kind = _Kind("account", width(orgs), width(states))
        both = {**spread("orgs", orgs), **spread("states", states)}
        return [_Stream(kind, {**both, "one": account})] if orgs else []
    few = len(orgs) <= _FEW and not (states and set(states) <= _OPEN)
    by, each = ("org", orgs) if few else ("state", states or _STATES)
    rest = states if few else orgs
    kind = _Kind(by, 0 if few else width(orgs), width(states) if few else 0)
    more = spread("states" if few else "orgs", rest)
    return [_Stream(kind, {**more, "one": name}) for name in each]


@lru_cache(256)
def _query(kind: _Kind, filters: tuple[str, ...], continued: bool) -> Prepared:
    """The statement of one walk."""
    query = sa.select(*_COLUMNS).where(_JOB.c[kind.by] == sa.bindparam("one"))
    if kind.by != "org":
        query = query.where(among(_hidden(_JOB.c.org), "orgs", kind.orgs))
    if kind.states:
        query = query.where(among(_hidden(_JOB.c.state), "states", kind.states))
    for name in filters:
        value: sa.BindParameter[Any] = sa.bindparam(name)
        query = query.where(
            _tried(value) if name == "the_pool" else _JOB.c[name.removeprefix("the_")] == value
        )
    if continued:
        last = sa.tuple_(sa.bindparam("at", type_=sa.String), sa.bindparam("id", type_=sa.String))
        query = query.where(sa.tuple_(_JOB.c.submitted, _JOB.c.id) < last)
    order = (_JOB.c.submitted.desc(), _JOB.c.id.desc())
    return Prepared(query.order_by(*order).limit(sa.bindparam("most")))


def _hidden(column: sa.Column[str]) -> sa.ColumnElement[str]:
    """The same text as an expression, which no planner takes as a reason to leave the order."""
    return column.concat("")


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
