"""Lines of bills: what a charge or a credit adds to the bill of one month."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.billing.moment import Where, moment, reading, stamp
from qianhang.store import Transaction
from qianhang.store.prepared import Prepared, fetch

__all__ = ["Line", "Spent", "keep", "lines", "spending"]

_PLAIN = (
    "id", "kind", "month", "own_month", "usage", "org", "project", "scenario", "operator", "pool",
    "flavour", "category", "unit", "price", "fen", "fee", "note", "payer",
)  # fmt: skip
_INSERT = Prepared.new(schema.line)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a bill.

    kind : usage, back (a charge taken back) or credit
    month : the bill that it stands on; own_month : the month that it is about
    quantity : of `unit`, exact; yuan, list_yuan : a unit; price : id, or a credit's source
    fen : what the organisation owes by it; fee : the platform's share of that
    payer : of a credit, the account that bears it
    """

    id: str
    kind: str
    month: str
    own_month: str
    usage: str
    org: str
    project: str
    scenario: str
    operator: str
    pool: str
    flavour: str
    category: str
    unit: str
    quantity: Fraction | int
    price: str
    yuan: Decimal
    list_yuan: Decimal
    fen: int
    fee: int
    start: datetime
    end: datetime
    note: str = ""
    payer: str = ""

    @property
    def contract_fen(self) -> Fraction:
        """Cost before rounding, fen; a credit's amount."""
        return (
            Fraction(self.quantity) * Fraction(self.yuan) * 100 if self.unit else Fraction(self.fen)
        )

    @property
    def list_fen(self) -> Fraction:
        """Cost by the list without discount or hours, fen, exact; 0 for a credit."""
        return Fraction(self.quantity) * Fraction(self.list_yuan) * 100

    def told(self) -> dict[str, Any]:
        """The line as JSON."""
        said: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        exact = {"quantity": str(Fraction(self.quantity))}
        rates = {"yuan": str(self.yuan), "list_yuan": str(self.list_yuan)}
        return said | exact | rates | {"start": stamp(self.start), "end": stamp(self.end)}


@dataclass(frozen=True, slots=True)
class Spent:
    """What an organisation spent on a scenario in a month, credits taken off; fen."""

    org: str
    scenario: str
    month: str
    fen: int


def keep(tx: Transaction, every: Sequence[Line], *, at: datetime) -> None:
    """Write lines; each once, as their ids are."""
    if every:
        tx.change(_INSERT, [_row(line, at) for line in every])


def lines(
    where: Where, *, month: str = "", org: str = "", operator: str = "", usage: str = ""
) -> list[Line]:
    """Lines of a month, organisation, operator or usage record, in order of time."""
    given = {"month": month, "org": org, "operator": operator, "usage": usage}
    values = {f"its_{name}": value for name, value in given.items() if value}
    with reading(where) as connection:
        found = fetch(connection, _some(tuple(values)), values)
    return [_made(row._asdict()) for row in found]


@functools.cache
def _some(wanted: tuple[str, ...]) -> Prepared:
    """The statement that finds lines by these values."""
    table = schema.line
    rules = [table.c[name.removeprefix("its_")] == sa.bindparam(name) for name in wanted]
    return Prepared(sa.select(table).where(*rules).order_by(table.c.start, table.c.id))


def spending(
    where: Where, *, orgs: Sequence[str] | None = None, since: str = "", until: str = ""
) -> list[Spent]:
    """What was spent by organisation, scenario and month that it is about, in that order.

    orgs : None for all; since, until : months, both part, "" for no end
    """
    table = schema.line
    rules: list[sa.ColumnElement[bool]] = []
    rules += [table.c.org.in_(orgs)] if orgs is not None else []
    rules += [table.c.own_month >= since] if since else []
    rules += [table.c.own_month <= until] if until else []
    by = (table.c.org, table.c.scenario, table.c.own_month)
    query = sa.select(*by, sa.func.sum(table.c.fen)).where(*rules).group_by(*by).order_by(*by)
    with reading(where) as connection:
        return [Spent(o, s, m, int(fen)) for o, s, m, fen in connection.execute(query)]


def _row(line: Line, at: datetime) -> dict[str, Any]:
    said = line.told()
    return said | {"finish": said.pop("end"), "at": stamp(at)}


def _made(row: Mapping[str, Any]) -> Line:
    made: dict[str, Any] = {name: row[name] for name in _PLAIN}
    made |= {name: Decimal(row[name]) for name in ("yuan", "list_yuan")}
    made |= {"start": moment(row["start"]), "end": moment(row["finish"])}
    return Line(**made, quantity=Fraction(row["quantity"]))
