"""The units that the ledger knows, with other names and the dates between which they hold."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.core.errors import UsageError
from qianhang.plan import schema

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Unit", "add_alias", "canonical", "know_units", "units"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit; valid_from, valid_to : ISO days, "" where open (units are reorganised)."""

    id: int
    name: str
    level: str
    region: str
    valid_from: str
    valid_to: str


def units(store: Store) -> tuple[Unit, ...]:
    """Every unit that a plan or a person has named."""
    with store.read() as connection:
        rows = connection.execute(sa.select(schema.unit).order_by(schema.unit.c.id)).mappings()
        return tuple(Unit(**row) for row in rows)


def know_units(tx: Transaction, names: Iterable[str], *, region: str = "", level: str = "") -> None:
    """Rows for the names that are neither a unit's nor an alias yet."""
    table = schema.unit
    known = set(tx.execute(sa.select(table.c.name)).scalars())
    known |= set(tx.execute(sa.select(schema.alias.c.name)).scalars())
    fresh = [n for n in dict.fromkeys(names) if n not in known]
    rows = [
        {"name": n, "level": level, "region": region, "valid_from": "", "valid_to": ""}
        for n in fresh
    ]
    if rows:
        tx.execute(sa.insert(table), rows)


def add_alias(
    tx: Transaction, unit: str, name: str, *, since: date | None = None, until: date | None = None
) -> None:
    """Another name of a unit, between two days where given.

    Raises UsageError where no unit is called so.
    """
    found = tx.execute(sa.select(schema.unit.c.id).where(schema.unit.c.name == unit)).scalar()
    if found is None:
        raise UsageError("QH826", f"unit {unit!r} is not known", hint="qianhang plan show PLAN")
    row = {
        "unit": found,
        "name": name,
        "valid_from": since.isoformat() if since else "",
        "valid_to": until.isoformat() if until else "",
    }
    tx.execute(sa.insert(schema.alias).values(row))


def canonical(store: Store, name: str, *, on: date) -> str:
    """What the unit with this name or alias is called on a day; the name itself where unknown."""
    table = schema.alias
    query = sa.select(schema.unit.c.name, table.c.valid_from, table.c.valid_to).join_from(
        table, schema.unit, table.c.unit == schema.unit.c.id
    )
    day = on.isoformat()
    with store.read() as connection:
        for row in connection.execute(query.where(table.c.name == name)):
            if (row.valid_from or day) <= day <= (row.valid_to or day):
                return str(row.name)
    return name
