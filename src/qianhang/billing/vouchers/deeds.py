"""What every change of a voucher shares: done once per key, told to the log, posted in fen."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from qianhang.billing import ledger
from qianhang.billing.ledger import Posting
from qianhang.billing.vouchers import tables
from qianhang.core.errors import UsageError
from qianhang.store import Transaction
from qianhang.store.log import canonical
from qianhang.store.prepared import Prepared

__all__ = ["Act", "insert", "known", "move", "named", "row", "year_of"]

_CHINA = ZoneInfo("Asia/Shanghai")


@functools.cache
def _by_id(table: sa.Table) -> Prepared:
    return Prepared(sa.select(table).where(table.c.id == sa.bindparam("id")))


@functools.cache
def _adding(table: sa.Table) -> Prepared:
    return Prepared.new(table, without="id")


_DEED = tables.deed.c
_NEW_DEED = Prepared.new(tables.deed)
_SEEN = Prepared(
    sa.select(_DEED.what, _DEED.digest, _DEED.number).where(_DEED.key == sa.bindparam("key"))
)


@dataclass(frozen=True, slots=True)
class Act:
    """One deed: who does it, when, and the key by which a repeat is known to be the same."""

    by: str
    at: datetime
    key: str

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise ValueError("the time of a deed needs a time zone")
        for name, most in (("by", 80), ("key", 120)):
            if not 0 < len(getattr(self, name).strip()) <= most:
                raise UsageError(
                    "QH580",
                    f"{name}: found {getattr(self, name)!r}, expected 1 to {most} characters",
                )

    @property
    def year(self) -> int:
        """The budget year in which it is done, as a clock in China has it."""
        return year_of(self.at)


def year_of(at: datetime) -> int:
    """The calendar year of a moment in China."""
    return at.astimezone(_CHINA).year


def known(tx: Transaction, what: str, said: Mapping[str, Any], *, act: Act) -> int | None:
    """The number of what was done under this key before, None where it is new; others wait.

    Raises UsageError where the key stands for something else.
    """
    tx.take_turns()
    seen = tx.fetch(_SEEN, {"key": act.key})
    if not seen:
        return None
    found = seen[0]
    if (found.what, found.digest) != (what, _digest(said)):
        raise UsageError(
            "QH579",
            f"key {act.key!r} was used for a {found.what} ({found.number}) that says something "
            f"else; expected a key of its own",
        )
    return int(found.number)


def named(
    tx: Transaction,
    what: str,
    number: int,
    *,
    said: Mapping[str, Any],
    act: Act,
    subject: str,
    **more: object,
) -> int:
    """The number, once the deed is written under its key and told to the log.

    said : what was asked, the same at each repeat; more : what came of it
    """
    row = {"key": act.key, "what": what, "digest": _digest(said), "number": number}
    tx.change(_NEW_DEED, row)
    payload = {"number": number, "key": act.key, "by": act.by, **said, **more}
    tx.append(f"voucher.{what}", subject, payload=payload, at=act.at)
    return number


def _digest(said: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(said).encode("utf8")).hexdigest()


def move(
    tx: Transaction, fen: int, *, act: Act, path: tuple[str, str], what: str, part: int = 0
) -> None:
    """Take fen from the first account of the path to the second; nothing where fen is 0.

    The first may not fall below zero unless it is a programme's budget, which is the outside.
    part : tells the entries of one deed apart
    Raises BudgetError where it would.
    """
    if fen == 0:
        return
    source, target = path
    guarded = () if source.endswith(":budget") else (source,)
    ledger.post(
        tx,
        f"voucher.{what}",
        subject=target,
        postings=(Posting(source, -fen), Posting(target, fen)),
        at=act.at,
        key=f"{what}.{part}.{act.key}" if part else f"{what}.{act.key}",
        not_below_zero=guarded,
    )


def row(tx: Transaction, table: sa.Table, number: int) -> Any:
    """The row of this number.

    Raises UsageError where there is none.
    """
    found = tx.fetch(_by_id(table), {"id": number})
    if not found:
        what = table.name.removeprefix("voucher_")
        raise UsageError("QH576", f"{what} {number} does not exist", hint="qianhang voucher list")
    return found[0]


def insert(tx: Transaction, table: sa.Table, values: Mapping[str, Any]) -> int:
    """The number that the database gives to a new row."""
    return int(tx.fetch(_adding(table), values)[0].id)
