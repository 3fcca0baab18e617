"""Claims: what was used on a contract, asked back with its papers; and what is taken back."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.vouchers import tables
from qianhang.billing.vouchers.deeds import Act, insert, known, move, named
from qianhang.billing.vouchers.facts import Facts, yuan
from qianhang.billing.vouchers.funds import open_of
from qianhang.billing.vouchers.grants import bill_of, refuse, with_subsidies
from qianhang.billing.vouchers.holds import due_account
from qianhang.billing.vouchers.programme import Programme
from qianhang.billing.vouchers.rules import Refusal, claimable
from qianhang.billing.vouchers.worth import percent
from qianhang.core.errors import BudgetError
from qianhang.store import Transaction
from qianhang.store.log import canonical
from qianhang.store.prepared import Prepared

__all__ = ["claim", "claim_account", "claims", "owed_account", "paid_account", "recover"]


_USE = tables.capture.c
_USED = Prepared(
    sa.select(_USE.id, _USE.fen, _USE.claim).where(
        _USE.contract == sa.bindparam("contract"),
        _USE.programme == sa.bindparam("programme"),
        _USE.payee == sa.bindparam("payee"),
    )
)
_TAKE = Prepared(
    sa.update(tables.capture).where(_USE.id == sa.bindparam("of")).values(claim=sa.bindparam("now"))
)


def claim_account(number: int) -> str:
    """The account of what is asked back by a claim and not decided."""
    return f"voucher:claim:{number}"


def paid_account(programme: str) -> str:
    """The account of what a programme paid out."""
    return f"voucher:{programme}:paid"


def owed_account(programme: str, payee: str) -> str:
    """The account of what a payee has to give back after an audit."""
    return f"voucher:{programme}:owed:{payee}"


def claim(tx: Transaction, name: str, *, facts: Facts, act: Act) -> int:
    """The number of the claim for all that was used on a contract and not claimed yet.

    Raises UsageError where the rules or the papers refuse, BudgetError where nothing is due.
    """
    said = {"programme": name, "contract": facts.contract.id, "side": facts.side}
    done = known(tx, "claim", said, act=act)
    if done is not None:
        return done
    _, programme = open_of(tx, name)
    facts = with_subsidies(tx, name, facts)
    deducted = programme.settlement.payout == "deducted"
    payee = facts.supplier.id if deducted else facts.applicant.id
    numbers, fen, every = _due(tx, name, facts.contract.id, payee)
    refuse(name, (*claimable(programme, facts), *_unpaid(programme, facts, every)))
    if fen == 0:
        text = f"{name}: nothing is due to {payee} on contract {facts.contract.id}"
        raise BudgetError("QH575", text)
    values = {
        "programme": name, "payee": payee, "contract": facts.contract.id, "fen": fen, "clawed": 0,
        "state": "filed", "batch": None, "why": "", "by": act.by, "at": stamp(act.at),
        "evidence": canonical({"kinds": sorted(facts.evidence), "pflops": facts.pflops}),
    }  # fmt: skip
    number = insert(tx, tables.claim, values)
    tx.change(_TAKE, [{"of": n, "now": number} for n in numbers])
    path = (due_account(name, payee), claim_account(number))
    move(tx, fen, act=act, path=path, what="claim")
    return named(tx, "claim", number, said=said, act=act, subject=payee)


def _due(tx: Transaction, name: str, contract: str, payee: str) -> tuple[list[int], int, int]:
    """(captures not claimed, their fen, the fen of every capture) of a payee on a contract."""
    values = {"contract": contract, "programme": name, "payee": payee}
    rows = tx.fetch(_USED, values)
    due = [r for r in rows if r.claim is None]
    return [r.id for r in due], sum(r.fen for r in due), sum(r.fen for r in rows)


def _unpaid(programme: Programme, facts: Facts, every: int) -> list[Refusal]:
    """Where the share is one of what was really paid: that enough was paid by now."""
    if programme.ratio is None or programme.ratio.base != "paid":
        return []
    paid = facts.contract.paid_fen
    most = paid * percent(programme.ratio.tiers, bill_of(facts)) // 100
    if every <= most:
        return []
    found = f"{yuan(paid)} paid, worth {yuan(most)}"
    return [Refusal("not_paid", found, f"enough for {yuan(every)}")]


def recover(tx: Transaction, name: str, *, payee: str, fen: int, act: Act) -> int:
    """What a payee gave back of what it owes after an audit, fen: it returns to the budget.

    Raises BudgetError where less is owed.
    """
    said = {"programme": name, "payee": payee, "fen": fen}
    done = known(tx, "recover", said, act=act)
    if done is not None:
        return done
    path = (owed_account(name, payee), f"voucher:{name}:budget")
    move(tx, fen, act=act, path=path, what="recover")
    return named(tx, "recover", fen, said=said, act=act, subject=payee)


def claims(where: Where, *, programme: str = "", state: str = "") -> list[dict[str, Any]]:
    """Every claim, of one programme or state where given."""
    table = tables.claim
    query = sa.select(table).order_by(table.c.id)
    if programme:
        query = query.where(table.c.programme == programme)
    if state:
        query = query.where(table.c.state == state)
    with reading(where) as connection:
        return [dict(r) for r in connection.execute(query).mappings()]
