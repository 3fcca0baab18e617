"""What parties' months come to: sums of lines, without the lines."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.store.kept import Kept

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["Turnover", "turnover"]

Kind = Literal["org", "operator"]
_T = schema.line


@dataclass(frozen=True, slots=True)
class Turnover:
    """One party's month as its statement has it; fen.

    party : `org:o1` or `operator:p1`; issued : whether its statement is frozen
    """

    party: str
    month: str
    charges: int
    corrections: int
    credits: int
    fee: int
    due: int
    issued: bool

    @property
    def who(self) -> tuple[str, str]:
        """Kind and id of the party."""
        kind, _, name = self.party.partition(":")
        return kind, name


def turnover(
    store: Store,
    kind: Kind,
    *,
    names: Collection[str] | None = None,
    month: str = "",
) -> list[Turnover]:
    """The months of organisations or operators (None for all), by month, newest first, and name."""
    parties = None if names is None else {f"{kind}:{name}" for name in names}
    return [
        one
        for one in _KEPT[kind].of(store)
        if (parties is None or one.party in parties) and month in ("", one.month)
    ]


def _every(connection: sa.Connection, kind: Kind) -> tuple[Turnover, ...]:
    party = _T.c[kind]
    query = sa.select(party, _T.c.month, *_sums(kind)).where(party != "")
    query = query.group_by(party, _T.c.month).order_by(_T.c.month.desc(), party)
    frozen = {(p, m) for p, m in connection.execute(_frozen(kind))}
    return tuple(_made(kind, row, frozen) for row in connection.execute(query))


def _sums(kind: str) -> list[sa.ColumnElement[Any]]:
    """Charges, charges come late, taken back, credits, fee."""
    late = _T.c.month != _T.c.own_month
    is_usage, back = _T.c.kind == "usage", _T.c.kind == "back"
    credit = _T.c.kind == "credit"
    if kind == "operator":
        # A voucher's payer makes it good to the operator; only what it bears itself counts.
        credit = credit & (_T.c.payer == sa.literal("operator:") + _T.c.operator + ":payable")
    parts = (is_usage & ~late, is_usage & late, back, credit)
    found = [sa.func.sum(sa.case((part, _T.c.fen), else_=0)) for part in parts]
    counted = sa.or_(is_usage, back, credit)
    return [*found, sa.func.sum(sa.case((counted, _T.c.fee), else_=0))]


def _frozen(kind: str) -> sa.Select[Any]:
    table = schema.statement
    return sa.select(table.c.party, table.c.month).where(table.c.party.like(f"{kind}:%"))


def _made(kind: str, row: Sequence[Any], frozen: Collection[tuple[str, str]]) -> Turnover:
    name, month = row[0], row[1]
    charges, late, back, credits_, fees = (int(part) for part in row[2:])
    fee = fees if kind == "operator" else 0
    party = f"{kind}:{name}"
    return Turnover(
        party, month, charges, late + back, credits_, fee, charges + late + back + credits_ - fee,
        (party, month) in frozen,
    )  # fmt: skip


# Every charge, credit and statement is in the log.
_KEPT: Mapping[Kind, Kept[tuple[Turnover, ...]]] = {
    "org": Kept(functools.partial(_every, kind="org"), "ledger.", "billing."),
    "operator": Kept(functools.partial(_every, kind="operator"), "ledger.", "billing."),
}
