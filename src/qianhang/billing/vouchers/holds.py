"""Holds: part of a grant set aside when a job is admitted, used up by what it really uses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from qianhang.billing import ledger
from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.vouchers import cases, tables
from qianhang.billing.vouchers.deeds import Act, insert, known, move, named, row
from qianhang.billing.vouchers.facts import Bill, Facts, Spent, yuan
from qianhang.billing.vouchers.funds import fund_account, open_of
from qianhang.billing.vouchers.grants import (
    ON_CONTRACT,
    bill_of,
    give_back,
    grant_account,
    refuse,
    with_subsidies,
)
from qianhang.billing.vouchers.programme import Programme
from qianhang.billing.vouchers.rules import Refusal, eligible
from qianhang.billing.vouchers.worth import counted, percent, worth
from qianhang.core.errors import BudgetError, UsageError
from qianhang.store import Transaction
from qianhang.store.prepared import Prepared, fetch

__all__ = ["capture", "due_account", "hold", "hold_account", "holds", "release"]


_HOLD, _LINE = tables.hold.c, tables.contract.c
_OF = (
    _LINE.contract == sa.bindparam("of_contract"), _LINE.programme == sa.bindparam("of_programme"),
)  # fmt: skip
_GIVE = Prepared(
    sa.update(tables.contract)
    .where(*_OF)
    .values(given=_LINE.given + sa.bindparam("more"), side=sa.bindparam("of_side"))
)
_NEW_LINE = Prepared.new(tables.contract)
_OF_JOB = Prepared(
    sa.select(tables.hold)
    .where(tables.hold.c.job == sa.bindparam("name"))
    .order_by(tables.hold.c.id)
)
_TAKE = Prepared(
    sa.update(tables.contract).where(*_OF).values(given=_LINE.given - sa.bindparam("less"))
)
_CHANGE = Prepared(
    sa.update(tables.hold)
    .where(_HOLD.id == sa.bindparam("of"))
    .values({n: sa.bindparam(f"now_{n}") for n in ("captured", "released", "state")})
)


def hold_account(number: int) -> str:
    """The account that holds what is set aside."""
    return f"voucher:hold:{number}"


def due_account(programme: str, payee: str) -> str:
    """The account of what was used and not claimed yet."""
    return f"voucher:{programme}:due:{payee}"


def hold(
    tx: Transaction,
    number: int,
    *,
    facts: Facts,
    bill: Bill,
    act: Act,
    job: str = "",
    others_fen: int = 0,
) -> int:
    """The number of the hold on a grant for what a job is expected to cost.

    bill : the expected cost; its conditions (chips, use ...) are taken from the facts
    others_fen : what other programmes bear of the same bill
    Raises UsageError where the rules refuse, BudgetError where nothing is left to hold.
    """
    said = {"grant": number, "contract": facts.contract.id, "job": job, "bill": _lines(bill)}
    said |= {"others": others_fen}
    done = known(tx, "hold", said, act=act)
    if done is not None:
        return done
    found = row(tx, tables.grant, number)
    _, programme = open_of(tx, found.programme, found.version)
    facts = with_subsidies(tx, programme.id, facts)
    refuse(programme.id, (*_of_grant(found, programme, facts, act), *eligible(programme, facts)))
    bill = replace(bill_of(facts), lines=bill.lines)
    fen = min(_worth(tx, programme, facts, bill, others_fen), _left(tx, number))
    if fen <= 0:
        text = f"grant {number} of {programme.id}: nothing left to hold for {facts.contract.id}"
        raise BudgetError("QH575", text)
    share = percent(programme.ratio.tiers if programme.ratio else (), bill)
    values = _values(found, facts, act, programme, job=job, percent=share, fen=fen)
    made = insert(tx, tables.hold, values)
    if found.contract == facts.contract.id:
        cases.learn(tx, number, facts)
    _give(tx, programme.id, facts, fen)
    move(tx, fen, act=act, path=(grant_account(number), hold_account(made)), what="hold")
    more = {"fen": fen, "supplier": facts.supplier.id}
    return named(tx, "hold", made, said=said, act=act, subject=found.entity, **more)


def _lines(bill: Bill) -> list[list[Any]]:
    return [[line.charge, line.fen] for line in bill.lines]


def _left(tx: Transaction, grant: int) -> int:
    return ledger.balance(tx, grant_account(grant))


def _of_grant(found: Any, programme: Programme, facts: Facts, act: Act) -> list[Refusal]:
    """What stands against using this grant for these facts."""
    reasons = []
    if found.entity != facts.applicant.id:
        reasons.append(Refusal("other_entity", facts.applicant.id, found.entity))
    if found.state != "open" or (found.expires and found.expires <= stamp(act.at)):
        reasons.append(Refusal("expired", found.state, f"used before {found.expires or 'now'}"))
    if programme.apply.once_per_contract and found.contract != facts.contract.id:
        reasons.append(Refusal("other_contract", facts.contract.id, found.contract))
    return reasons


def _worth(tx: Transaction, programme: Programme, facts: Facts, bill: Bill, others_fen: int) -> int:
    """What may be held on the bill: its worth, kept below the contract with all that is on it."""
    rows = tx.fetch(ON_CONTRACT, {"contract": facts.contract.id})
    own = sum(r.given for r in rows if r.programme == programme.id)
    every = sum(r.given for r in rows)
    fen = worth(programme, bill, Spent(contract_fen=own, others_fen=others_fen))
    ceiling = (percent(programme.stacking.ceilings, bill) if every > own else 0) or 100
    room: int = facts.contract.fen * ceiling // 100 - every
    return min(fen, room)


def _values(
    found: Any, facts: Facts, act: Act, programme: Programme, **more: object
) -> dict[str, Any]:
    deducted = programme.settlement.payout == "deducted"
    payee = facts.supplier.id if deducted else facts.applicant.id
    return {
        "voucher": found.id, "programme": found.programme, "contract": facts.contract.id,
        "supplier": facts.supplier.id, "payee": payee, "captured": 0, "released": 0,
        "state": "open", "by": act.by, "at": stamp(act.at), **more,
    }  # fmt: skip


def _give(tx: Transaction, name: str, facts: Facts, fen: int) -> None:
    """Add to what the programme gives on the contract."""
    change = {
        "of_contract": facts.contract.id, "of_programme": name, "more": fen, "of_side": facts.side
    }  # fmt: skip
    if tx.change(_GIVE, change) == 0:
        values = {"contract": facts.contract.id, "programme": name, "given": fen}
        values |= {"entity": facts.applicant.id, "side": facts.side, "fen": facts.contract.fen}
        tx.change(_NEW_LINE, values)


def capture(tx: Transaction, number: int, *, bill: Bill, act: Act, last: bool = False) -> int:
    """What the voucher bears of a bill for real use, fen: its share, at most what is still held.

    The share is the one of the moment of the hold; a price that rose meanwhile is borne as far as
    the hold reaches, one that fell leaves the rest. Several captures may follow each other.
    last : the job is over, what is left of the hold goes back to the grant
    Raises UsageError where the hold is closed.
    """
    said = {"hold": number, "bill": _lines(bill), "last": last}
    done = known(tx, "capture", said, act=act)
    if done is not None:
        return done
    found = row(tx, tables.hold, number)
    _expect_open(found)
    voucher = row(tx, tables.grant, found.voucher)
    _, programme = open_of(tx, found.programme, voucher.version)
    base, left = counted(programme, bill), found.fen - found.captured - found.released
    fen = max(0, min(base * found.percent // 100, left))
    if fen:
        values = {
            "hold": number, "programme": found.programme, "contract": found.contract,
            "payee": found.payee, "bill": base, "fen": fen, "claim": None, "at": stamp(act.at),
        }  # fmt: skip
        insert(tx, tables.capture, values)
        path = (hold_account(number), due_account(found.programme, found.payee))
        move(tx, fen, act=act, path=path, what="capture")
    back = left - fen if last else 0
    closed = last or left == fen
    _change(tx, found, captured=fen, released=back, closed=closed)
    _back(tx, found, voucher, back, act)
    return named(tx, "capture", fen, said=said, act=act, subject=voucher.entity)


def release(tx: Transaction, number: int, *, fen: int | None = None, act: Act) -> int:
    """What goes back from a hold, fen: all that is left, or the part given.

    It goes to the grant, or to the fund where the grant's time is over.
    Raises UsageError where the hold is closed, BudgetError where it holds less.
    """
    said = {"hold": number, "fen": fen}
    done = known(tx, "release", said, act=act)
    if done is not None:
        return done
    found = row(tx, tables.hold, number)
    _expect_open(found)
    voucher = row(tx, tables.grant, found.voucher)
    left = found.fen - found.captured - found.released
    back = left if fen is None else fen
    if not 0 < back <= left:
        text = f"hold {number}: {yuan(back)} to release, {yuan(left)} held"
        raise BudgetError("QH575", text)
    _change(tx, found, captured=0, released=back, closed=back == left)
    _back(tx, found, voucher, back, act)
    return named(tx, "release", back, said=said, act=act, subject=voucher.entity)


def _expect_open(found: Any) -> None:
    if found.state != "open":
        raise UsageError("QH577", f"hold {found.id} is {found.state}, expected open")


def _change(tx: Transaction, found: Any, *, captured: int, released: int, closed: bool) -> None:
    values = {
        "of": found.id, "now_captured": found.captured + captured,
        "now_released": found.released + released, "now_state": "closed" if closed else "open",
    }  # fmt: skip
    tx.change(_CHANGE, values)


def _back(tx: Transaction, found: Any, voucher: Any, fen: int, act: Act) -> None:
    """Return fen of a hold to its grant, or to the fund where the grant has lapsed."""
    if fen == 0:
        return
    of = {"of_contract": found.contract, "of_programme": found.programme}
    tx.change(_TAKE, {**of, "less": fen})
    target = grant_account(voucher.id)
    if voucher.state != "open":
        target = fund_account(voucher.programme, voucher.year)
        give_back(tx, voucher, fen)
    move(tx, fen, act=act, path=(hold_account(found.id), target), what="release")


def holds(where: Where, *, job: str = "", grant: int = 0) -> list[dict[str, Any]]:
    """Every hold, of one job or grant where given."""
    table = tables.hold
    if job and not grant:
        with reading(where) as connection:
            return [r._asdict() for r in fetch(connection, _OF_JOB, {"name": job})]
    query = sa.select(table).order_by(table.c.id)
    if job:
        query = query.where(table.c.job == job)
    if grant:
        query = query.where(table.c.voucher == grant)
    with reading(where) as connection:
        return [dict(r) for r in connection.execute(query).mappings()]
