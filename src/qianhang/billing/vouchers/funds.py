"""Programmes put to work in a store, and the money appropriated for them year by year."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
import tomli

from qianhang.billing import ledger
from qianhang.billing.moment import Where, reading, stamp
from qianhang.billing.vouchers import tables
from qianhang.billing.vouchers.deeds import Act, known, move, named
from qianhang.billing.vouchers.facts import yuan
from qianhang.billing.vouchers.programme import Programme
from qianhang.core.errors import BudgetError, ContractError, UsageError
from qianhang.core.schema import nearest, read
from qianhang.store import Transaction
from qianhang.store.prepared import Prepared

__all__ = [
    "Fund",
    "appropriate",
    "fund_account",
    "funds",
    "install",
    "installed",
    "open_of",
    "version_of",
]


_TABLE = tables.programme.c
_BODY = sa.select(_TABLE.version, _TABLE.body).where(_TABLE.id == sa.bindparam("id"))
_VERSION = Prepared(_BODY.where(_TABLE.version == sa.bindparam("version")))
_NEWEST = Prepared(_BODY.order_by(_TABLE.version.desc()).limit(1))


@dataclass(frozen=True, slots=True)
class Fund:
    """A year of a programme: what was appropriated, and what may still be granted, fen."""

    programme: str
    year: int
    fen: int
    free_fen: int


def fund_account(programme: str, year: int) -> str:
    """The account that holds what may still be granted in a year."""
    return f"voucher:{programme}:fund:{year}"


def install(tx: Transaction, text: str, *, act: Act) -> int:
    """The version under which the programme of this TOML text works here from now on.

    The same text is the same version; a grant keeps to the version that it was made under.
    Raises ContractError naming field, what was found and what is expected.
    """
    programme = _parsed(text)
    digest = hashlib.sha256(text.encode("utf8")).hexdigest()
    said = {"programme": programme.id, "digest": digest}
    done = known(tx, "install", said, act=act)
    if done is not None:
        return done
    table = tables.programme
    query = sa.select(table.c.version, table.c.digest).where(table.c.id == programme.id)
    newest = tx.execute(query.order_by(table.c.version.desc())).first()
    if newest and newest.digest == digest:
        return int(newest.version)
    version = newest.version + 1 if newest else 1
    values = {"id": programme.id, "version": version, "digest": digest, "body": text}
    tx.execute(sa.insert(table), values | {"by": act.by, "at": stamp(act.at)})
    return named(tx, "install", version, said=said, act=act, subject=programme.id)


@functools.lru_cache(maxsize=256)
def _parsed(text: str) -> Programme:
    try:
        data = tomli.loads(text)
    except tomli.TOMLDecodeError as cause:
        message = f"voucher programme: not readable as TOML: {cause}"
        raise ContractError("QH570", message) from None
    where = f"{data.get('id', '?')}.toml"
    return read(Programme, data, where=where, error=ContractError, code="QH571")


def installed(where: Where) -> Mapping[str, tuple[int, Programme]]:
    """id -> (version, programme) of the newest version of each that works here."""
    table = tables.programme
    query = sa.select(table.c.id, table.c.version, table.c.body)
    with reading(where) as connection:
        found = connection.execute(query.order_by(table.c.id, table.c.version)).all()
    return {r.id: (r.version, _parsed(r.body)) for r in found}


def version_of(where: Where, name: str, version: int) -> Programme:
    """The rules of a programme as they were in one version, which is there."""
    query = sa.select(_TABLE.body).where(_TABLE.id == name, _TABLE.version == version)
    with reading(where) as connection:
        return _parsed(connection.execute(query).scalar_one())


def open_of(tx: Transaction, name: str, version: int | None = None) -> tuple[int, Programme]:
    """(version, programme) of an installed programme; the newest where no version is given.

    Raises UsageError where it does not work here.
    """
    table = tables.programme
    query = _NEWEST if version is None else _VERSION
    found = tx.fetch(query, {"id": name, "version": version})
    if not found:
        every = tuple(tx.execute(sa.select(table.c.id).distinct()).scalars())
        guess = nearest(name, every)
        text = f"voucher programme {name!r} has no fund here; programmes: {', '.join(every) or '-'}"
        raise UsageError("QH572", text, hint=f"did you mean {guess}?" if guess else "")
    return found[0].version, _parsed(found[0].body)


def appropriate(tx: Transaction, name: str, *, year: int, fen: int, act: Act) -> int:
    """What the programme has for that year in all, fen, once this much more is appropriated.

    Raises BudgetError where that is more than the text allows for a year, or in all.
    """
    said = {"programme": name, "year": year, "fen": fen}
    done = known(tx, "appropriate", said, act=act)
    if done is not None:
        return done
    _, programme = open_of(tx, name)
    if fen <= 0:
        raise UsageError("QH580", f"appropriation: found {fen} fen, expected more than 0")
    table = tables.fund
    rows = tx.execute(sa.select(table.c.year, table.c.fen).where(table.c.programme == name)).all()
    had = {r.year: r.fen for r in rows}
    now = had.get(year, 0) + fen
    caps = ((programme.fund.per_year_cny, now), (programme.fund.total_cny, sum(had.values()) + fen))
    for cap, amount in caps:
        if cap is not None and amount > cap * 100:
            raise BudgetError(
                "QH575",
                f"fund of {name} for {year}: {yuan(amount)} would be appropriated, "
                f"the programme allows {cap:,}",
            )
    if year in had:
        own = (table.c.programme == name) & (table.c.year == year)
        tx.execute(sa.update(table).where(own).values(fen=now))
    else:
        tx.execute(sa.insert(table), {"programme": name, "year": year, "fen": now})
    path = (f"voucher:{name}:budget", fund_account(name, year))
    move(tx, fen, act=act, path=path, what="appropriate")
    return named(tx, "appropriate", now, said=said, act=act, subject=name)


def funds(where: Where) -> list[Fund]:
    """Every year of every programme that has money, by programme and year."""
    table = tables.fund
    with reading(where) as connection:
        rows = connection.execute(sa.select(table).order_by(table.c.programme, table.c.year)).all()
        free = [ledger.balance(connection, fund_account(r.programme, r.year)) for r in rows]
    return [Fund(r.programme, r.year, r.fen, f) for r, f in zip(rows, free, strict=True)]
