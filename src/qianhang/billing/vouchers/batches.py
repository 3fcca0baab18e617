"""Settlement: claims gathered, reviewed by one, paid by another, audited by a third."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.vouchers import tables
from qianhang.billing.vouchers.claims import claim_account, owed_account, paid_account
from qianhang.billing.vouchers.deeds import Act, insert, known, move, named, row
from qianhang.billing.vouchers.facts import yuan
from qianhang.billing.vouchers.holds import due_account
from qianhang.core.errors import BudgetError, UsageError
from qianhang.store import Transaction

__all__ = ["audit", "batches", "gather", "pay", "review"]


def gather(tx: Transaction, name: str, *, act: Act) -> int:
    """The number of the batch that now holds every filed claim of a programme.

    Raises BudgetError where no claim is filed.
    """
    said = {"programme": name}
    done = known(tx, "batch", said, act=act)
    if done is not None:
        return done
    table = tables.claim
    filed = (table.c.programme == name) & (table.c.state == "filed") & table.c.batch.is_(None)
    total = tx.execute(sa.select(sa.func.sum(table.c.fen)).where(filed)).scalar()
    if not total:
        raise BudgetError("QH575", f"{name}: no filed claim waits for settlement")
    values = {
        "programme": name, "fen": int(total), "state": "open", "reviewer": "", "payer": "",
        "auditor": "", "by": act.by, "at": stamp(act.at),
    }  # fmt: skip
    number = insert(tx, tables.batch, values)
    tx.execute(sa.update(table).where(filed).values(batch=number))
    return named(tx, "batch", number, said=said, act=act, subject=name)


def review(
    tx: Transaction, number: int, *, refused: Mapping[int, str] | None = None, act: Act
) -> int:
    """What is approved of a batch, fen; refused claims (number -> reason) are due again.

    Raises UsageError where a claim is not of the batch, or the reviewer has another role in it.
    """
    refused = dict(refused or {})
    said = {"batch": number, "refused": {str(n): why for n, why in sorted(refused.items())}}
    done = known(tx, "review", said, act=act)
    if done is not None:
        return done
    found, own = _step(tx, number, act, ("open", "reviewer"))
    _expect_of(number, own, refused)
    for each in own:
        if each.id not in refused:
            _claim(tx, each, state="approved")
            continue
        _claim(tx, each, state="refused", why=refused[each.id])
        of = tables.capture.c.claim == each.id
        tx.execute(sa.update(tables.capture).where(of).values(claim=None))
        path = (claim_account(each.id), due_account(each.programme, each.payee))
        move(tx, each.fen, act=act, path=path, what="refuse", part=each.id)
    total = sum(each.fen for each in own if each.id not in refused)
    _batch(tx, number, state="reviewed", reviewer=act.by, fen=total)
    return named(tx, "review", total, said=said, act=act, subject=found.programme)


def pay(tx: Transaction, number: int, *, act: Act) -> int:
    """What was paid out for a reviewed batch, fen.

    Raises UsageError where the payer has another role in it.
    """
    said = {"batch": number}
    done = known(tx, "pay", said, act=act)
    if done is not None:
        return done
    found, own = _step(tx, number, act, ("reviewed", "payer"))
    for each in own:
        _claim(tx, each, state="paid")
        path = (claim_account(each.id), paid_account(each.programme))
        move(tx, each.fen, act=act, path=path, what="pay", part=each.id)
    _batch(tx, number, state="paid", payer=act.by)
    return named(tx, "pay", found.fen, said=said, act=act, subject=found.programme)


def audit(
    tx: Transaction,
    number: int,
    *,
    clawed: Mapping[int, tuple[int, str]] | None = None,
    act: Act,
) -> int:
    """What is to be taken back of a paid batch, fen: claim -> (fen, reason); its payee owes it.

    Raises UsageError where the auditor has another role, BudgetError above what was paid.
    """
    clawed = dict(clawed or {})
    said = {"batch": number, "clawed": {str(n): list(v) for n, v in sorted(clawed.items())}}
    done = known(tx, "audit", said, act=act)
    if done is not None:
        return done
    found, own = _step(tx, number, act, ("paid", "auditor"))
    _expect_of(number, own, clawed)
    for each in own:
        fen, why = clawed.get(each.id, (0, ""))
        if not 0 <= fen <= each.fen:
            text = f"claim {each.id}: {yuan(fen)} to take back, {yuan(each.fen)} paid"
            raise BudgetError("QH575", text)
        _claim(tx, each, state="clawed" if fen else "audited", why=why, clawed=fen)
        path = (paid_account(each.programme), owed_account(each.programme, each.payee))
        move(tx, fen, act=act, path=path, what="claw", part=each.id)
    total = sum(fen for fen, _ in clawed.values())
    _batch(tx, number, state="audited", auditor=act.by)
    return named(tx, "audit", total, said=said, act=act, subject=found.programme)


def _step(
    tx: Transaction, number: int, act: Act, step: tuple[str, str]
) -> tuple[Any, Sequence[Any]]:
    """The batch and its live claims, once it is in the state and nobody holds two roles.

    step : the state that the batch has to be in, the role that is taken now
    """
    found = row(tx, tables.batch, number)
    state, role = step
    if found.state != state:
        raise UsageError("QH577", f"batch {number} is {found.state}, expected {state}")
    table = tables.claim
    rows = tx.execute(sa.select(table).where(table.c.batch == number).order_by(table.c.id)).all()
    roles = ("reviewer", "payer", "auditor")
    held = {getattr(found, r): f"is its {r}" for r in roles if getattr(found, r)}
    held |= {r.by: f"filed claim {r.id}" for r in rows}
    if act.by in held:
        raise UsageError(
            "QH578",
            f"batch {number}: {act.by} {held[act.by]} already and cannot be its {role} too; "
            f"expected three different people, none of whom filed a claim of it",
        )
    return found, [r for r in rows if r.state != "refused"]


def _expect_of(number: int, own: Sequence[Any], named_ones: Mapping[int, Any]) -> None:
    strange = sorted(set(named_ones) - {each.id for each in own})
    if strange:
        text = f"claim {strange[0]} is not of batch {number}"
        raise UsageError("QH576", text, hint="qianhang voucher list")


def _claim(tx: Transaction, found: Any, **values: Any) -> None:
    tx.execute(sa.update(tables.claim).where(tables.claim.c.id == found.id).values(values))


def _batch(tx: Transaction, number: int, **values: Any) -> None:
    tx.execute(sa.update(tables.batch).where(tables.batch.c.id == number).values(values))


def batches(where: Where, *, programme: str = "") -> list[dict[str, Any]]:
    """Every batch, of one programme where given."""
    table = tables.batch
    query = sa.select(table).order_by(table.c.id)
    if programme:
        query = query.where(table.c.programme == programme)
    with reading(where) as connection:
        return [dict(r) for r in connection.execute(query).mappings()]
