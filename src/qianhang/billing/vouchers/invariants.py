"""Whether vouchers still add up: every cap, every balance, every role, worked out anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.billing import ledger
from qianhang.billing.audit import Fault
from qianhang.billing.vouchers import tables
from qianhang.billing.vouchers.funds import fund_account, installed
from qianhang.billing.vouchers.grants import grant_account
from qianhang.billing.vouchers.holds import due_account, hold_account
from qianhang.billing.vouchers.programme import Programme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from qianhang.store import Store

__all__ = ["check", "faults"]


def check(store: Store) -> list[Fault]:
    """What is wrong with the vouchers and the ledger under them, empty where nothing is."""
    with store.read() as connection:
        found = list(faults(connection))
    return [*found, *ledger.check(store)]


def faults(connection: sa.Connection) -> Iterator[Fault]:
    """What is wrong with the vouchers alone, rows against rows and against the ledger."""
    holds = ledger.balances(connection, "voucher:")
    programmes = {name: p for name, (_, p) in installed(connection).items()}
    for account, fen in holds.items():
        if fen < 0 and not account.endswith(":budget"):
            yield Fault(account, f"holds {fen} fen, expected 0 or more")
    yield from _funds(connection, holds, programmes)
    yield from _quotas(connection, programmes)
    yield from _grants(connection, holds)
    yield from _holds(connection, holds)
    yield from _contracts(connection, programmes)
    yield from _claims(connection, holds)
    yield from _batches(connection)


def _funds(
    connection: sa.Connection, held: Mapping[str, int], programmes: Mapping[str, Programme]
) -> Iterator[Fault]:
    """A year's fund: appropriated within its caps, granted within what was appropriated."""
    table, grant = tables.fund, tables.grant
    kept = sa.func.sum(grant.c.fen - grant.c.returned)
    query = sa.select(grant.c.programme, grant.c.year, kept).group_by(
        grant.c.programme, grant.c.year
    )
    granted = {(p, y): int(fen) for p, y, fen in connection.execute(query)}
    total: dict[str, int] = {}
    for name, year, fen in connection.execute(sa.select(table)):
        where, rule = f"fund {name} {year}", programmes[name].fund
        total[name] = total.get(name, 0) + fen
        out = granted.get((name, year), 0)
        if held.get(fund_account(name, year), 0) != fen - out:
            yield Fault(where, f"{fen} fen less {out} granted is not what the account holds")
        if rule.per_year_cny is not None and fen > rule.per_year_cny * 100:
            yield Fault(where, f"{fen} fen is above the cap of the year")
        if rule.total_cny is not None and total[name] > rule.total_cny * 100:
            yield Fault(where, f"{total[name]} fen is above the cap of the programme")


def _quotas(connection: sa.Connection, programmes: Mapping[str, Programme]) -> Iterator[Fault]:
    """An applicant's year: what its grants say, within its cap."""
    table, grant = tables.quota, tables.grant
    sums = (sa.func.sum(grant.c.fen), sa.func.sum(grant.c.returned))
    of = (grant.c.programme, grant.c.entity, grant.c.year)
    real = {
        (p, e, y): (int(fen), int(back))
        for p, e, y, fen, back in connection.execute(sa.select(*of, *sums).group_by(*of))
    }
    for name, entity, year, granted, returned in connection.execute(sa.select(table)):
        where, rule = f"quota {name} {entity} {year}", programmes[name].entity
        if real.get((name, entity, year)) != (granted, returned):
            yield Fault(where, f"{granted} granted, {returned} returned is not what grants say")
        counted = granted - (returned if rule.counts == "kept" else 0)
        if rule.per_year_cny is not None and counted > rule.per_year_cny * 100:
            yield Fault(where, f"{counted} fen is above the applicant's cap of the year")


def _grants(connection: sa.Connection, held: Mapping[str, int]) -> Iterator[Fault]:
    """A grant: what it gave out to holds, returned and still has."""
    table, hold = tables.grant, tables.hold
    out = sa.func.sum(hold.c.fen), sa.func.sum(hold.c.released)
    query = sa.select(hold.c.voucher, *out).group_by(hold.c.voucher)
    used = {n: (int(fen), int(back)) for n, fen, back in connection.execute(query)}
    for row in connection.execute(sa.select(table)):
        fen, back = used.get(row.id, (0, 0))
        left = held.get(grant_account(row.id), 0)
        if row.fen - row.returned - (fen - back) != left:
            yield Fault(f"grant {row.id}", f"holds {left} fen, its holds and returns say otherwise")


def _holds(connection: sa.Connection, held: Mapping[str, int]) -> Iterator[Fault]:
    """A hold is what was captured, released and is open; captures sum to the first of these."""
    table, capture = tables.hold, tables.capture
    query = sa.select(capture.c.hold, sa.func.sum(capture.c.fen)).group_by(capture.c.hold)
    captured = {n: int(fen) for n, fen in connection.execute(query)}
    for row in connection.execute(sa.select(table)):
        where, left = f"hold {row.id}", row.fen - row.captured - row.released
        if left < 0 or held.get(hold_account(row.id), 0) != left:
            yield Fault(where, f"{left} fen open is not what the account holds")
        if (row.state == "open") != (left > 0):
            yield Fault(where, f"is {row.state} with {left} fen open")
        if captured.get(row.id, 0) != row.captured:
            yield Fault(where, f"{row.captured} fen captured is not the sum of its captures")


def _contracts(connection: sa.Connection, programmes: Mapping[str, Programme]) -> Iterator[Fault]:
    """A contract: never paid for twice, never above its amount, one side, no related supplier."""
    table, hold = tables.contract, tables.hold
    kept = sa.func.sum(hold.c.fen - hold.c.released)
    of = (hold.c.contract, hold.c.programme)
    query = sa.select(*of, kept).group_by(*of)
    real = {(c, p): int(fen) for c, p, fen in connection.execute(query)}
    lines: dict[str, list[sa.Row]] = {}
    for row in connection.execute(sa.select(table)):
        if row.given != real.get((row.contract, row.programme), 0):
            yield Fault(f"contract {row.contract}", f"{row.given} fen is not what its holds say")
        if row.given:
            lines.setdefault(row.contract, []).append(row)
    for contract, rows in lines.items():
        yield from _together(contract, rows, programmes)
    same = sa.select(hold.c.id).join(tables.grant, tables.grant.c.id == hold.c.voucher)
    for number in connection.execute(
        same.where(tables.grant.c.entity == hold.c.supplier)
    ).scalars():
        yield Fault(f"hold {number}", "its applicant is its supplier")


def _together(
    contract: str, rows: list[sa.Row], programmes: Mapping[str, Programme]
) -> Iterator[Fault]:
    where, names = f"contract {contract}", {r.programme for r in rows}
    if sum(r.given for r in rows) > max(r.fen for r in rows):
        yield Fault(where, "vouchers are above its amount")
    if len({r.side for r in rows}) > 1:
        yield Fault(where, "both sides have a voucher")
    for name in names:
        rule = programmes[name]
        if rule.checks.same_contract == "may_repeat" or rule.checks.other_subsidies == "allowed":
            continue
        mates = names - {name}
        if any(
            name not in programmes[m].stacking.beside and m not in rule.stacking.beside
            for m in mates
        ):
            yield Fault(where, f"{' and '.join(sorted(names))} pay on it together")


def _claims(connection: sa.Connection, held: Mapping[str, int]) -> Iterator[Fault]:
    """A claim is the sum of its captures; what is due is the sum of those in no claim."""
    table, capture = tables.claim, tables.capture
    query = sa.select(capture.c.claim, sa.func.sum(capture.c.fen)).group_by(capture.c.claim)
    real = {n: int(fen) for n, fen in connection.execute(query)}
    for row in connection.execute(sa.select(table)):
        expected = 0 if row.state == "refused" else row.fen
        if real.get(row.id, 0) != expected:
            yield Fault(f"claim {row.id}", f"{row.fen} fen is not the sum of its captures")
        if not 0 <= row.clawed <= row.fen:
            yield Fault(f"claim {row.id}", f"{row.clawed} fen of {row.fen} taken back")
    of = (capture.c.programme, capture.c.payee)
    due = sa.select(*of, sa.func.sum(capture.c.fen)).where(capture.c.claim.is_(None)).group_by(*of)
    expected_due = {due_account(p, e): int(fen) for p, e, fen in connection.execute(due)}
    accounts = {a for a in held if ":due:" in a} | expected_due.keys()
    for account in sorted(accounts):
        if held.get(account, 0) != expected_due.get(account, 0):
            yield Fault(account, "is not the sum of what was captured and not claimed")


def _batches(connection: sa.Connection) -> Iterator[Fault]:
    """A batch: three roles, three people."""
    for row in connection.execute(sa.select(tables.batch)):
        people = [p for p in (row.reviewer, row.payer, row.auditor) if p]
        if len(set(people)) != len(people):
            yield Fault(f"batch {row.id}", "one person has two roles")
