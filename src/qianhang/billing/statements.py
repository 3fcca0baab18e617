"""Monthly statements of organisations and operators, frozen with their hash once issued."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.billing.lines import Line, lines
from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.month import ends
from qianhang.core.errors import BillingError
from qianhang.store import Transaction
from qianhang.store.log import canonical

__all__ = ["Statement", "damaged", "draft", "issue", "issued", "parties", "statement"]

_BY = ("project", "scenario", "flavour")


@dataclass(frozen=True, slots=True)
class Statement:
    """What one party owes, or is owed, for one month; fen.

    party : `org:o1` or `operator:p1`
    charges, corrections, credits : sums of lines by kind; fee : the platform's share, an operator's
    due : all of it, what an organisation pays or an operator receives
    sums : project, scenario, flavour -> name -> fen
    sha256 : of the body, "" for a draft
    """

    party: str
    month: str
    lines: tuple[dict[str, Any], ...]
    charges: int
    corrections: int
    credits: int
    fee: int
    due: int
    sums: dict[str, dict[str, int]]
    sha256: str = ""

    def told(self) -> dict[str, Any]:
        """The statement as JSON, without its hash."""
        return {n: getattr(self, n) for n in self.__slots__ if n not in ("sha256", "lines")} | {
            "lines": list(self.lines)
        }


def draft(where: Where, party: str, month: str) -> Statement:
    """The statement as it would be issued now."""
    ends(month)
    kind, name = _party(party)
    found = lines(where, month=month, **{kind: name})
    if kind == "operator":
        # A voucher's payer makes it good to the operator; only what it bears itself counts.
        found = [n for n in found if n.kind != "credit" or n.payer == f"operator:{name}:payable"]
    fee = sum(n.fee for n in found) if kind == "operator" else 0
    of = {k: sum(n.fen for n in found if n.kind == k) for k in ("usage", "back", "credit")}
    late = sum(n.fen for n in found if n.kind == "usage" and n.month != n.own_month)
    return Statement(
        party, month, tuple(n.told() for n in found), of["usage"] - late, of["back"] + late,
        of["credit"], fee, sum(of.values()) - fee, _sums(found),
    )  # fmt: skip


def issue(tx: Transaction, party: str, month: str, *, at: datetime) -> Statement:
    """The month's statement, frozen; the same one however often it is issued.

    Raises BillingError where the month has not ended.
    """
    tx.take_turns()
    known = issued(tx, party, month)
    if known is not None:
        return known
    if at < ends(month):
        text = f"month {month} lasts until {stamp(ends(month))}, it is {stamp(at)}"
        raise BillingError("QH558", text, hint="issue the statement when the month is over")
    made = draft(tx, party, month)
    body = canonical(made.told())
    sha = hashlib.sha256(body.encode("utf8")).hexdigest()
    row = {"party": party, "month": month, "fen": made.due, "body": body, "sha256": sha}
    tx.execute(sa.insert(schema.statement), row | {"at": stamp(at)})
    payload = {"month": month, "fen": made.due, "sha256": sha}
    tx.append("billing.statement", party, payload=payload, at=at)
    return _made(body, sha)


def issued(where: Where, party: str, month: str) -> Statement | None:
    """The frozen statement, None where it is not issued."""
    _party(party)
    table = schema.statement
    query = sa.select(table).where(table.c.party == party, table.c.month == month)
    with reading(where) as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else _made(row.body, row.sha256)


def statement(where: Where, party: str, month: str) -> Statement:
    """The frozen statement where it is issued, else the draft."""
    return issued(where, party, month) or draft(where, party, month)


def parties(where: Where, month: str) -> list[str]:
    """Who has lines in the month: organisations, then operators."""
    table = schema.line
    found = []
    with reading(where) as connection:
        for kind, column in (("org", table.c.org), ("operator", table.c.operator)):
            query = sa.select(column).where(table.c.month == month, column != "").distinct()
            found += sorted(f"{kind}:{name}" for name in connection.execute(query).scalars())
    return found


def damaged(where: Where) -> list[str]:
    """Statements whose body is not what was frozen, `org:o1 2026-03`."""
    table = schema.statement
    with reading(where) as connection:
        rows = connection.execute(sa.select(table)).all()
    return [
        f"{r.party} {r.month}"
        for r in rows
        if hashlib.sha256(r.body.encode("utf8")).hexdigest() != r.sha256
        or json.loads(r.body)["due"] != r.fen
    ]


def _party(party: str) -> tuple[str, str]:
    kind, _, name = party.partition(":")
    if kind not in ("org", "operator") or not name:
        raise BillingError("QH559", f"party {party!r}: expected org:NAME or operator:NAME")
    return kind, name


def _sums(found: Sequence[Line]) -> dict[str, dict[str, int]]:
    total: dict[str, dict[str, int]] = {by: {} for by in _BY}
    for line in found:
        for by in _BY:
            name = getattr(line, by)
            total[by][name] = total[by].get(name, 0) + line.fen
    return total


def _made(body: str, sha: str) -> Statement:
    said = json.loads(body)
    return Statement(**said | {"lines": tuple(said["lines"])}, sha256=sha)
