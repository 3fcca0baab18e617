"""The plant behind the door: operators and their pools, joined, drained, watched, left."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from qianhang.compute import schema
from qianhang.compute.door.attempts import LIVE
from qianhang.compute.door.moments import stamp
from qianhang.compute.network import Link, Network, Operator, Pool, PueReading
from qianhang.core import schema as closed
from qianhang.core.errors import PoolUnavailable, UsageError
from qianhang.core.manifest import Words
from qianhang.store.prepared import Prepared, fetch

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "Held",
    "add",
    "choice",
    "held",
    "join",
    "names",
    "network",
    "operators",
    "pools",
    "set_lines",
    "set_pue",
    "turn",
]

State = Literal["open", "draining", "left"]
_PUE, _LINES = "metered", "measured"  # names of settings
_SECRET = ("password", "token", "secret", "key")
_ROWS = sa.select(schema.pool)
_POOL = Prepared(_ROWS.where(schema.pool.c.id == sa.bindparam("its_id")))
_THERE = Prepared(_ROWS.where(schema.pool.c.state != "left").order_by(schema.pool.c.id))
_OPERATORS = Prepared(sa.select(schema.operator.c.spec).order_by(schema.operator.c.id))
_SETTING = Prepared(
    sa.select(schema.setting.c.name, schema.setting.c.value).where(
        schema.setting.c.name == sa.bindparam("its_name")
    )
)


@dataclass(frozen=True, slots=True)
class Held:
    """A pool as the door knows it.

    state : open; draining where what runs may end but nothing starts; left
    health : up, suspect where it does not answer, lost where it has not for long
    seen, silent : when it last answered, and since when it does not; "" where never, or it does
    clock_s : its clock minus ours, None where it does not tell
    """

    pool: Pool
    settings: Mapping[str, Any]
    state: State
    health: Literal["up", "suspect", "lost"]
    seen: str
    silent: str
    clock_s: float | None
    detail: str

    @property
    def open(self) -> bool:
        """Whether something may start there."""
        return self.state == "open" and self.health == "up"


def add(store: Store, network: Network, *, by: str, at: datetime) -> None:
    """The operators and pools of a file, with the settings of their drivers, joined or renewed."""
    with store.write() as tx:
        tx.take_turns()
        for operator in network.operators:
            row = {"id": operator.id, "spec": _told(operator), "by": by, "at": stamp(at)}
            _put(tx, schema.operator, row)
            tx.append("compute.operator", operator.id, payload=row, at=at)
        for pool in network.pools:
            join(tx, pool, network.engines.get(pool.id, {}), by=by, at=at)
        for name, value in (("links", _links(network)), ("shares", dict(network.shares))):
            if value:
                row = {"id": name, "value": json.dumps(value), "by": by, "at": stamp(at)}
                _set(tx, row)


def join(
    tx: Transaction, pool: Pool, settings: Mapping[str, Any], *, by: str, at: datetime
) -> None:
    """The pool open, or what is known of it renewed.

    Raises UsageError where a setting holds a secret itself instead of the file that does.
    """
    for name, value in settings.items():
        if name.endswith(_SECRET) and value:
            raise UsageError(
                "QH590", f"pool {pool.id}: the setting {name} would keep a secret in the store",
                hint=f"give {name}_file, the path of a file that holds it",
            )  # fmt: skip
    known = tx.execute(sa.select(schema.pool).where(schema.pool.c.id == pool.id)).mappings().first()
    row = {
        "id": pool.id, "operator": pool.operator, "spec": _told(pool),
        "settings": json.dumps(dict(settings), ensure_ascii=False), "state": "open",
        "by": by, "at": stamp(at),
    }  # fmt: skip
    fresh = {"health": "suspect", "seen": "", "silent": stamp(at), "clock_s": None, "detail": ""}
    _put(tx, schema.pool, (fresh if known is None else {n: known[n] for n in fresh}) | row)
    tx.append("compute.pool", pool.id, payload={n: row[n] for n in ("operator", "spec")}, at=at)


def turn(store: Store, pool_id: str, state: State, *, by: str, at: datetime) -> None:
    """The pool opened, drained, or gone.

    Raises UsageError where there is none, or where it would leave with tasks running.
    """
    with store.write() as tx:
        tx.take_turns()
        if _row(tx.connection, pool_id) is None:
            raise _unknown(pool_id)
        busy = sa.select(sa.func.count()).where(
            schema.attempt.c.pool == pool_id,
            schema.attempt.c.state.in_(LIVE),
        )
        count = int(tx.execute(busy).scalar_one())
        if state == "left" and count:
            raise UsageError(
                "QH591", f"pool {pool_id} holds {count} tasks that have not ended",
                hint="drain it first, and cancel what shall not end by itself",
            )  # fmt: skip
        where = schema.pool.c.id == pool_id
        tx.execute(sa.update(schema.pool).where(where).values(state=state))
        tx.append("compute.pool", pool_id, payload={"state": state, "by": by}, at=at)


def set_pue(tx: Transaction, told: Mapping[str, Any], *, by: str, at: datetime) -> None:
    """What the meters of sites tell from now on: site -> a PUE reading as plain values."""
    _set(tx, {"id": _PUE, "value": json.dumps(told, ensure_ascii=False), "by": by, "at": stamp(at)})


def set_lines(tx: Transaction, links: Sequence[Link], *, by: str, at: datetime) -> None:
    """The lines as they were measured last; they go before those that somebody declared."""
    value = json.dumps([dataclasses.asdict(one) for one in links], ensure_ascii=False)
    _set(tx, {"id": _LINES, "value": value, "by": by, "at": stamp(at)})


def pools(store: Store) -> tuple[Held, ...]:
    """Every pool that has not left, by id, with the PUE that the meters of its site tell."""
    with store.read() as connection:
        metered = _settings(connection, _PUE).get(_PUE, {})
        return tuple(_held(row, metered) for row in fetch(connection, _THERE))


def names(store: Store) -> Mapping[str, Words | None]:
    """Pool that has not left -> its name, where it has one."""
    with store.read() as connection:
        return {row.id: _read(Pool, row.spec).name for row in fetch(connection, _THERE)}


def network(store: Store, held: Sequence[Held]) -> Network:
    """These pools with the lines between them and the organisations' shares."""
    with store.read() as connection:
        known = _settings(connection, "links", "shares", _LINES)
    told = [Link(**one) for name in ("links", _LINES) for one in known.get(name, ())]
    links = {frozenset((one.a, one.b)): one for one in told}
    shares = known.get("shares", {})
    return Network(tuple(one.pool for one in held), links=tuple(links.values()), shares=shares)


def choice(store: Store, name: str) -> tuple[str, ...]:
    """The pools on which our own runs may go: all that see our folders for `auto`, else the named.

    Raises PoolUnavailable naming the pools that there are.
    """
    known = pools(store)
    fit = [one.pool.id for one in known if one.pool.driver != "kubernetes"]
    if name == "auto" and fit:
        return tuple(fit)
    if name in fit:
        return (name,)
    there = ", ".join(["local", *(["auto"] if fit else ()), *fit])
    if name == "auto":
        message = "no pool has joined the network that sees our folders"
    elif name in {one.pool.id for one in known}:
        message = f"pool {name} is a cluster's that does not see our folders"
    else:
        message = f"pool {name[:40]!r} does not exist"
    raise PoolUnavailable("QH501", message, hint=f"pools: {there}")


def held(store: Store, pool_id: str) -> Held:
    """The pool of this id.

    Raises UsageError where there is none.
    """
    with store.read() as connection:
        row = _row(connection, pool_id)
        metered = _settings(connection, _PUE).get(_PUE, {})
    if row is None:
        raise _unknown(pool_id)
    return _held(row, metered)


def operators(store: Store) -> tuple[Operator, ...]:
    """Every operator, by id."""
    with store.read() as connection:
        return tuple(_read(Operator, row.spec) for row in fetch(connection, _OPERATORS))


def _links(network: Network) -> list[dict[str, Any]]:
    return [dataclasses.asdict(link) for link in network.links]


def _set(tx: Transaction, row: Mapping[str, Any]) -> None:
    values = {n: row[n] for n in ("value", "by", "at")}
    where = schema.setting.c.name == row["id"]
    if not tx.execute(sa.update(schema.setting).where(where).values(values)).rowcount:
        tx.execute(sa.insert(schema.setting).values(name=row["id"], **values))


def _put(tx: Transaction, table: sa.Table, row: Mapping[str, Any]) -> None:
    where = table.c.id == row["id"]
    if not tx.execute(sa.update(table).where(where).values(**row)).rowcount:
        tx.execute(sa.insert(table).values(**row))


def _row(connection: sa.Connection, pool_id: str) -> Any:
    return next(iter(fetch(connection, _POOL, {"its_id": pool_id})), None)


def _settings(connection: sa.Connection, *names: str) -> dict[str, Any]:
    return {
        row.name: json.loads(row.value)
        for name in names
        for row in fetch(connection, _SETTING, {"its_name": name})
    }


def _held(row: Any, metered: Mapping[str, Any]) -> Held:
    pool = _read(Pool, row.spec)
    told = metered.get(pool.place)
    if told is not None:
        pool = dataclasses.replace(pool, pue=PueReading(**told))
    return Held(
        pool, json.loads(row.settings), row.state, row.health, row.seen, row.silent, row.clock_s,
        row.detail,
    )  # fmt: skip


def _told(value: Any) -> str:
    return json.dumps(dataclasses.asdict(value), ensure_ascii=False, sort_keys=True)


@cache
def _read(kind: type[Any], text: str) -> Any:
    found = {name: value for name, value in json.loads(text).items() if value is not None}
    return closed.read(kind, found, where=kind.__name__, error=UsageError, code="QH532")


def _unknown(pool_id: str) -> UsageError:
    return UsageError(
        "QH592", f"pool {pool_id[:40]!r} does not exist", hint="qianhang compute pools lists them"
    )
