"""The units that the ledger knows: one row for each, however it is printed; its other names."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.core.day import day_of
from qianhang.core.errors import UsageError
from qianhang.plan import directory, schema
from qianhang.plan.author import signed

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = ["Place", "Unit", "add_alias", "aliases", "canonical", "know_units", "same_as", "units"]


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit; valid_from, valid_to : ISO days, "" where open (units are reorganised)."""

    id: int
    name: str
    level: str
    region: str
    valid_from: str
    valid_to: str


@dataclass(frozen=True, slots=True)
class Place:
    """Where and when a name is printed, by which a bare 发展改革委 is told from its neighbours'.

    region, level : the plan's own; aliases : other name -> unit, as people have said
    """

    region: str
    level: str
    on: date
    aliases: Mapping[str, str]

    def key(self, name: str) -> str:
        """What all printed names of one unit share, and no other unit's."""
        meant = self.aliases.get(name, name)
        found = directory.find(meant, region=self.region, on=self.on)
        if found is None:
            return "".join(unicodedata.normalize("NFKC", meant).split())
        # Where no region is known, a bare name is of the plan's own level.
        bare = not found.region and found.alias == meant
        level = self.level if bare and self.level else found.level
        return f"{level} {found.id.rpartition('/')[2]} {found.region}"

    def name(self, printed: str) -> str:
        """The unit's whole name."""
        meant = self.aliases.get(printed, printed)
        found = directory.find(meant, region=self.region, on=self.on)
        return found.name if found and found.region else meant


def units(store: Store) -> tuple[Unit, ...]:
    """Every unit that a plan or a person has named, each once."""
    with store.read() as connection:
        rows = connection.execute(sa.select(schema.unit).order_by(schema.unit.c.id)).mappings()
        return tuple(Unit(**row) for row in rows)


def same_as(names: Iterable[str], key: Callable[[str], str]) -> dict[str, str]:
    """Printed name -> the name under which the same unit is printed first."""
    first: dict[str, str] = {}
    return {name: first.setdefault(key(name), name) for name in names}


def aliases(connection: sa.Connection, *, region: str, on: date) -> dict[str, str]:
    """Other name -> unit, as people have said for this region and day."""
    table = schema.alias
    query = sa.select(
        table.c.name, table.c.valid_from, table.c.valid_to, schema.unit.c.name.label("unit")
    ).join_from(table, schema.unit, table.c.unit == schema.unit.c.id)
    here = schema.unit.c.region.in_(("", region)) if region else sa.true()
    day = on.isoformat()
    return {
        row.name: row.unit
        for row in connection.execute(query.where(here).order_by(table.c.id))
        if (row.valid_from or day) <= day <= (row.valid_to or day)
    }


def know_units(tx: Transaction, names: Iterable[str], place: Place) -> None:
    """Rows for the units that have none yet, under their whole names."""
    table = schema.unit
    known = {(r.name, r.region) for r in tx.execute(sa.select(table.c.name, table.c.region))}
    rows = []
    for printed in dict.fromkeys(names):
        meant = place.aliases.get(printed, printed)
        found = directory.find(meant, region=place.region, on=place.on)
        region = found.region if found and found.region else place.region
        name, level = place.name(printed), found.level if found else place.level
        if (name, region) not in known:
            known.add((name, region))
            rows.append(
                {"name": name, "level": level, "region": region, "valid_from": "", "valid_to": ""}
            )
    if rows:
        tx.execute(sa.insert(table), rows)


def add_alias(
    store: Store,
    unit: str,
    name: str,
    *,
    region: str,
    by: str,
    at: datetime,
    since: date | None = None,
    until: date | None = None,
) -> None:
    """Another name of a unit, between two days where given.

    unit : its whole name, or as a plan of this region prints it
    Raises UsageError where no unit is called so, or nobody is named.
    """
    table = schema.unit
    whole = canonical(store, unit, on=day_of(at), region=region)
    row = {
        "name": name.strip(),
        "valid_from": since.isoformat() if since else "",
        "valid_to": until.isoformat() if until else "",
    }
    with store.write() as tx:
        found = tx.execute(sa.select(table.c.id).where(table.c.name.in_((unit, whole)))).scalar()
        if found is None or not row["name"]:
            message = (
                f"unit {unit!r}, other name {name!r}: expected a unit of the ledger and a name"
            )
            raise UsageError("QH826", message, hint="qianhang plan directory PLAN")
        tx.execute(sa.insert(schema.alias).values(row | {"unit": found}))
        payload = {**row, "unit": whole, "by": signed(by)}
        tx.append("plan.alias", whole[:200], payload=payload, at=at)


def canonical(store: Store, name: str, *, on: date, region: str = "") -> str:
    """What the unit with this name is called on a day; the name itself where it is not known.

    region : of the plan that prints the name
    """
    with store.read() as connection:
        known = aliases(connection, region=region, on=on)
    return Place(region, "", on, known).name(name)
