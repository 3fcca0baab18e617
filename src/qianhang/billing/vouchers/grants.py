"""Grants: a share of a programme's fund promised to an applicant, for a time."""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from qianhang.billing import ledger, schema
from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.vouchers import cases, tables
from qianhang.billing.vouchers.deeds import Act, insert, known, move, named, row
from qianhang.billing.vouchers.facts import Bill, Facts, Line, Spent, yuan
from qianhang.billing.vouchers.funds import fund_account, open_of
from qianhang.billing.vouchers.programme import Programme
from qianhang.billing.vouchers.rules import Refusal, eligible
from qianhang.billing.vouchers.worth import worth
from qianhang.core.errors import BudgetError, UsageError
from qianhang.store import Transaction
from qianhang.store.kept import Kept
from qianhang.store.prepared import Prepared

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = [
    "ON_CONTRACT",
    "bill_of",
    "expire",
    "give_back",
    "grant",
    "grant_account",
    "grants",
    "lapsed",
    "newest",
    "refuse",
    "with_subsidies",
]


_QUOTA, _GRANT, _LINE = tables.quota.c, tables.grant.c, tables.contract.c
ON_CONTRACT = Prepared(
    sa.select(_LINE.programme, _LINE.side, _LINE.given).where(
        _LINE.contract == sa.bindparam("contract")
    )
)
_YEARS = Prepared(
    sa.select(_QUOTA.year, _QUOTA.granted, _QUOTA.returned).where(
        _QUOTA.programme == sa.bindparam("programme"), _QUOTA.entity == sa.bindparam("entity")
    )
)
_PROMISED = Prepared(
    sa.select(sa.func.sum(_GRANT.fen - _GRANT.returned).label("fen")).where(
        _GRANT.contract == sa.bindparam("contract"), _GRANT.programme == sa.bindparam("programme")
    )
)
_BEFORE = Prepared(
    sa.select(_GRANT.id).where(
        _GRANT.contract == sa.bindparam("contract"), _GRANT.programme == sa.bindparam("programme")
    )
)
_COUNT = Prepared(
    sa.update(tables.quota)
    .where(
        _QUOTA.programme == sa.bindparam("of_programme"),
        _QUOTA.entity == sa.bindparam("of_entity"),
        _QUOTA.year == sa.bindparam("of_year"),
    )
    .values(
        granted=_QUOTA.granted + sa.bindparam("more"),
        returned=_QUOTA.returned + sa.bindparam("back"),
    )
)


_RETURN = Prepared(
    sa.update(tables.grant)
    .where(_GRANT.id == sa.bindparam("of"))
    .values(returned=_GRANT.returned + sa.bindparam("back"))
)


_ACCOUNT = "voucher:grant:"


def grant_account(number: int) -> str:
    """The account that holds what a grant may still pay."""
    return f"{_ACCOUNT}{number}"


def refuse(name: str, refusals: Iterable[Refusal]) -> None:
    """Raises UsageError with every reason, where there is one."""
    reasons = "; ".join(map(str, refusals))
    if reasons:
        raise UsageError("QH574", f"programme {name} refuses: {reasons}")


def bill_of(facts: Facts) -> Bill:
    """The whole contract as one bill of the kinds of charge that it is about."""
    return Bill(
        (Line(facts.charges[0], facts.contract.fen),),
        contract_fen=facts.contract.fen,
        paid_fen=facts.contract.paid_fen or facts.contract.fen,
        chips=facts.chips,
        use=facts.use,
        kind=facts.applicant.kind,
        size=facts.applicant.size,
        classes=facts.classes,
        year_fen=facts.year_fen,
    )


def grant(tx: Transaction, name: str, *, facts: Facts, fen: int | None = None, act: Act) -> int:
    """The number of the grant: fen, or all that the contract is worth under the programme.

    Raises UsageError where the rules refuse, BudgetError where the fund, the applicant's year or
    the contract leaves less than what is asked.
    """
    entity, contract = facts.applicant.id, facts.contract.id
    said = {"programme": name, "entity": entity, "contract": contract, "asked": fen}
    done = known(tx, "grant", said, act=act)
    if done is not None:
        return done
    version, programme = open_of(tx, name)
    facts = with_subsidies(tx, name, facts)
    refuse(name, eligible(programme, facts))
    _once(tx, programme, contract)
    spent = _spent(tx, programme, facts, act)
    free = ledger.balance(tx, fund_account(name, act.year))
    most = min(worth(programme, bill_of(facts), spent), free)
    asked = most if fen is None else fen
    if not 0 < asked <= most:
        text = f"grant of {name} to {entity}: {yuan(asked)} asked, {yuan(most)} left"
        raise BudgetError("QH575", f"{text} for contract {contract}")
    least = programme.entity.minimum_cny or 0
    if asked < least * 100:
        found = f"{yuan(asked)}"
        refuse(name, [Refusal("below_minimum", found, f"{least:,} yuan")])
    values = {
        "programme": name, "version": version, "entity": entity, "year": act.year,
        "contract": contract, "fen": asked, "returned": 0,
        "expires": _expires(programme, act.at), "state": "open", "by": act.by, "at": stamp(act.at),
    }  # fmt: skip
    number = insert(tx, tables.grant, values)
    cases.keep(tx, number, facts)
    _count(tx, (name, entity, act.year), granted=asked)
    path = (fund_account(name, act.year), grant_account(number))
    move(tx, asked, act=act, path=path, what="grant")
    return named(tx, "grant", number, said=said, act=act, subject=entity, fen=asked)


def _once(tx: Transaction, programme: Programme, contract: str) -> None:
    if not programme.apply.once_per_contract:
        return
    for before in tx.fetch(_BEFORE, {"contract": contract, "programme": programme.id}):
        found = f"grant {before.id} on {contract}"
        refuse(programme.id, [Refusal("again", found, "one a contract")])


def with_subsidies(tx: Transaction, name: str, facts: Facts) -> Facts:
    """The facts, the contract also bearing the programmes that pay on it here.

    Raises UsageError where the other side of the contract has a voucher on it already.
    """
    rows = [r for r in tx.fetch(ON_CONTRACT, {"contract": facts.contract.id}) if r.given > 0]
    other = [r.programme for r in rows if r.side != facts.side]
    refuse(name, [Refusal("side_taken", p, f"the side {facts.side} only") for p in other])
    found = tuple(r.programme for r in rows if r.programme != name)
    if not found:
        return facts
    contract = replace(facts.contract, subsidies=(*facts.contract.subsidies, *found))
    return replace(facts, contract=contract)


def _spent(tx: Transaction, programme: Programme, facts: Facts, act: Act) -> Spent:
    """What is gone of the caps of the applicant's year and of the contract."""
    name, contract = programme.id, facts.contract.id
    rows = tx.fetch(_YEARS, {"programme": name, "entity": facts.applicant.id})
    kept = programme.entity.counts == "kept"
    gone = {r.year: r.granted - (r.returned if kept else 0) for r in rows}
    years = programme.entity.years
    if years and act.year not in gone and len(gone) >= years:
        refuse(name, [Refusal("years", f"{len(gone)} years", f"at most {years}")])
    given = tx.fetch(_PROMISED, {"contract": contract, "programme": name})[0].fen or 0
    return Spent(gone.get(act.year, 0), sum(gone.values()), int(given))


def _count(
    tx: Transaction, of: tuple[str, str, int], *, granted: int = 0, returned: int = 0
) -> None:
    names = ("of_programme", "of_entity", "of_year")
    values = {**dict(zip(names, of, strict=True)), "more": granted, "back": returned}
    if tx.change(_COUNT, values) == 0:
        row = dict(zip(("programme", "entity", "year"), of, strict=True))
        tx.execute(sa.insert(tables.quota), row | {"granted": granted, "returned": returned})


def _expires(programme: Programme, at: datetime) -> str:
    """The moment until which a grant holds, "" where the text sets none."""
    months = programme.validity.months
    if months is None:
        return ""
    year, month = divmod(at.month - 1 + months, 12)
    day = min(at.day, calendar.monthrange(at.year + year, month + 1)[1])
    return stamp(at.replace(year=at.year + year, month=month + 1, day=day))


def expire(tx: Transaction, number: int, *, act: Act) -> int:
    """What goes back to the fund from a grant whose time is over, fen; open holds stay.

    Raises UsageError where its time is not over yet.
    """
    said = {"grant": number}
    done = known(tx, "expire", said, act=act)
    if done is not None:
        return done
    found = row(tx, tables.grant, number)
    if found.state != "open" or not found.expires or found.expires > stamp(act.at):
        until = found.expires or "no end"
        raise UsageError("QH577", f"grant {number} is {found.state} and holds until {until}")
    left = ledger.balance(tx, grant_account(number))
    own = tables.grant.c.id == number
    tx.execute(sa.update(tables.grant).where(own).values(state="expired"))
    give_back(tx, found, left)
    path = (grant_account(number), fund_account(found.programme, found.year))
    move(tx, left, act=act, path=path, what="expire")
    return named(tx, "expire", left, said=said, act=act, subject=found.entity)


def give_back(tx: Transaction, found: Any, fen: int) -> None:
    """Count what a lapsed grant returns to its fund."""
    tx.change(_RETURN, {"of": found.id, "back": fen})
    _count(tx, (found.programme, found.entity, found.year), returned=fen)


def lapsed(where: Where, at: datetime) -> list[int]:
    """The numbers of the grants whose time is over and that still stand open."""
    table = tables.grant
    rule = (table.c.state == "open") & (table.c.expires != "") & (table.c.expires <= stamp(at))
    with reading(where) as connection:
        return list(connection.execute(sa.select(table.c.id).where(rule)).scalars())


def grants(where: Where, *, entity: str = "", programme: str = "") -> list[dict[str, Any]]:
    """Every grant, of one applicant or programme where given, with what it may still pay."""
    table, held = tables.grant, schema.account
    own = held.c.account == sa.literal(_ACCOUNT) + sa.cast(table.c.id, sa.String)
    query = sa.select(table, sa.func.coalesce(held.c.fen, 0).label("left"))
    query = query.join_from(table, held, own, isouter=True).order_by(table.c.id)
    if entity:
        query = query.where(table.c.entity == entity)
    if programme:
        query = query.where(table.c.programme == programme)
    with reading(where) as connection:
        return [dict(r) for r in connection.execute(query).mappings()]


def newest(store: Store) -> tuple[Mapping[str, Any], ...]:
    """Every grant as `grants` has it, the newest first; kept in memory until one is another."""
    return _NEWEST.of(store)


def _newest(connection: sa.Connection) -> tuple[Mapping[str, Any], ...]:
    return tuple(MappingProxyType(one) for one in reversed(grants(connection)))


# What is granted and given back is in the log, and so is what a grant pays.
_NEWEST = Kept(_newest, "voucher.", "ledger.")
