"""The double-entry ledger: entries that sum to zero, written once, never changed.

A posting above zero debits its account, one below zero credits it. What belongs to somebody here
(a wallet, a fund, what is owed to us) stands above zero, what we owe to somebody below.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from qianhang.billing import schema
from qianhang.billing.audit import Fault, check
from qianhang.billing.moment import Where, moment, reading, stamp
from qianhang.core.errors import BillingError, BudgetError
from qianhang.store import Transaction
from qianhang.store.log import canonical
from qianhang.store.prepared import Prepared, fetch

__all__ = [
    "Entry",
    "Fault",
    "Posting",
    "balance",
    "balances",
    "check",
    "entries",
    "entry",
    "post",
    "reverse",
]

_ACCOUNT = re.compile(r"[\w.-]+(:[\w.-]+)*")
_MOST = 10**16
_HOLDS = Prepared(
    sa.select(schema.account.c.fen).where(schema.account.c.account == sa.bindparam("name"))
)
_SAME = Prepared(
    sa.select(schema.entry.c.number, schema.entry.c.digest).where(
        schema.entry.c.key == sa.bindparam("name")
    )
)
_LAST = Prepared(sa.select(sa.func.max(schema.entry.c.number).label("number")))
_ENTRY, _POSTING = Prepared.new(schema.entry), Prepared.new(schema.posting)
_ADD = Prepared(
    sa.text(
        "INSERT INTO billing_account (account, fen) VALUES (:account, :fen) "
        "ON CONFLICT (account) DO UPDATE SET fen = billing_account.fen + excluded.fen"
    )
)


@dataclass(frozen=True, slots=True)
class Posting:
    """One line of an entry.

    account : a path of names, `org:o1:wallet`
    fen : whole fen, above zero a debit, below zero a credit
    """

    account: str
    fen: int

    def __post_init__(self) -> None:
        if not _ACCOUNT.fullmatch(self.account) or len(self.account) > 160:
            raise ValueError(f"account {self.account!r}: expected a path such as org:o1:wallet")
        if type(self.fen) is not int or not 0 < abs(self.fen) < _MOST:
            raise ValueError(f"account {self.account}: {self.fen!r} is no amount in whole fen")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it was written; `reverses` names the entry that it takes back, 0 for none."""

    number: int
    at: datetime
    kind: str
    subject: str
    key: str
    postings: tuple[Posting, ...]
    reverses: int = 0
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Draft:
    kind: str
    subject: str
    postings: tuple[Posting, ...]
    key: str
    reverses: int = 0
    why: str = ""

    def __post_init__(self) -> None:
        for name, most in (("kind", 40), ("subject", 160), ("key", 160)):
            if not 0 < len(getattr(self, name)) <= most:
                raise ValueError(f"an entry needs a {name} of 1 to {most} characters")
        total = sum(p.fen for p in self.postings)
        if len(self.postings) < 2 or total:
            raise ValueError(f"entry {self.key}: {len(self.postings)} postings sum to {total} fen")

    def content(self) -> dict[str, Any]:
        """What is said, in one form whatever the order of the postings; the time is not part."""
        lines = sorted([p.account, p.fen] for p in self.postings)
        said: dict[str, Any] = {"kind": self.kind, "subject": self.subject, "postings": lines}
        if self.reverses:
            said |= {"reverses": self.reverses, "why": self.why}
        return said


def post(
    tx: Transaction,
    kind: str,
    *,
    subject: str,
    postings: Sequence[Posting],
    at: datetime,
    key: str,
    not_below_zero: Collection[str] = (),
) -> int:
    """The number of the entry, written once however often the same is asked for.

    key : names the deed; the same key with the same kind, subject and postings is the same entry
    not_below_zero : accounts that this entry may not take below zero, whoever else spends
    Raises ValueError where the postings do not sum to zero, BillingError where the key was used
    for another entry, BudgetError where an account holds too little.
    """
    draft = _Draft(kind, subject, tuple(postings), key)
    return _write(tx, draft, at=at, guarded=not_below_zero)


def reverse(
    tx: Transaction,
    number: int,
    *,
    at: datetime,
    key: str,
    why: str,
    not_below_zero: Collection[str] = (),
) -> int:
    """The number of the entry that takes another back, line by line; the other one stays.

    Raises BillingError where there is no such entry, or it is or has been taken back already.
    """
    if not why.strip():
        raise ValueError("taking an entry back needs a reason")
    found = entry(tx, number)
    if found.reverses:
        _refuse(number, f"takes back entry {found.reverses} itself")
    back = tuple(Posting(p.account, -p.fen) for p in found.postings)
    draft = _Draft(found.kind, found.subject, back, key, number, why)
    return _write(tx, draft, at=at, guarded=not_below_zero)


def balance(where: Where, account: str) -> int:
    """What an account holds, fen; 0 where nothing was ever posted to it."""
    with reading(where) as connection:
        found = fetch(connection, _HOLDS, {"name": account})
    return int(found[0].fen) if found else 0


def balances(where: Where, prefix: str) -> dict[str, int]:
    """Account -> fen of every account whose path begins with `prefix`, by name."""
    table = schema.account
    begins = sa.func.substr(table.c.account, 1, len(prefix)) == prefix
    query = sa.select(table.c.account, table.c.fen).where(begins)
    with reading(where) as connection:
        return dict(sorted((name, fen) for name, fen in connection.execute(query)))


def entry(where: Where, number: int) -> Entry:
    """The entry of this number.

    Raises BillingError where there is none.
    """
    found = _entries(where, schema.entry.c.number == number)
    if not found:
        raise BillingError("QH552", f"entry {number}: there is none of this number")
    return found[0]


def entries(
    where: Where, *, account: str = "", subject: str = "", after: int = 0, limit: int | None = None
) -> list[Entry]:
    """Entries after number `after`, in order, of one account or subject where given."""
    table, lines = schema.entry, schema.posting
    rules = [table.c.number > after]
    if account:
        own = sa.select(lines.c.entry).where(lines.c.account == account)
        rules.append(table.c.number.in_(own))
    if subject:
        rules.append(table.c.subject == subject)
    return _entries(where, *rules, limit=limit)


def _entries(where: Where, *rules: sa.ColumnElement[bool], limit: int | None = None) -> list[Entry]:
    table, lines = schema.entry, schema.posting
    query = sa.select(table).where(*rules).order_by(table.c.number).limit(limit)
    with reading(where) as connection:
        heads = connection.execute(query).mappings().all()
        if not heads:
            return []
        numbers = sa.select(query.subquery().c.number)
        found = connection.execute(
            sa.select(lines).where(lines.c.entry.in_(numbers)).order_by(lines.c.entry, lines.c.line)
        )
        of: dict[int, list[Posting]] = {}
        for row in found:
            of.setdefault(row.entry, []).append(Posting(row.account, row.fen))
    return [_made(head, of.get(head["number"], ())) for head in heads]


def _made(row: sa.RowMapping, postings: Sequence[Posting]) -> Entry:
    return Entry(
        row["number"], moment(row["at"]), row["kind"], row["subject"], row["key"],
        tuple(postings), row["reverses"] or 0, row["why"],
    )  # fmt: skip


def _write(tx: Transaction, draft: _Draft, *, at: datetime, guarded: Collection[str]) -> int:
    tx.take_turns()
    said = draft.content()
    digest = hashlib.sha256(canonical(said).encode("utf8")).hexdigest()
    for known in tx.fetch(_SAME, {"name": draft.key}):
        if known.digest != digest:
            text = f"key {draft.key!r} names entry {known.number}, which says something else"
            raise BillingError("QH551", text, hint="one deed, one key: choose another key")
        return int(known.number)
    if draft.reverses:
        _still_there(tx, draft.reverses)
    for name in guarded:
        _covered(tx, name, draft.postings)
    last = tx.fetch(_LAST)[0].number or 0
    return _insert(tx, draft, number=last + 1, digest=digest, at=at)


def _insert(tx: Transaction, draft: _Draft, *, number: int, digest: str, at: datetime) -> int:
    payload = {"entry": number, "key": draft.key, **draft.content()}
    record = tx.append(f"ledger.{draft.kind}", draft.subject, payload=payload, at=at)
    row = {
        "number": number, "at": stamp(at), "kind": draft.kind, "subject": draft.subject,
        "key": draft.key, "digest": digest, "reverses": draft.reverses or None,
        "why": draft.why, "record": record.seq,
    }  # fmt: skip
    tx.change(_ENTRY, row)
    lines = [
        {"entry": number, "line": n, "account": p.account, "fen": p.fen}
        for n, p in enumerate(draft.postings, 1)
    ]
    tx.change(_POSTING, lines)
    # In one order everywhere, as whoever locks several rows must.
    tx.change(_ADD, [{"account": a, "fen": f} for a, f in sorted(_sums(draft.postings).items())])
    return number


def _sums(postings: Sequence[Posting]) -> dict[str, int]:
    total: dict[str, int] = {}
    for line in postings:
        total[line.account] = total.get(line.account, 0) + line.fen
    return total


def _covered(tx: Transaction, name: str, postings: Sequence[Posting]) -> None:
    change = _sums(postings).get(name, 0)
    if change >= 0:
        return
    holds = balance(tx, name)
    if holds + change < 0:
        text = f"account {name} holds {_yuan(holds)}, {_yuan(-change)} is to be taken"
        raise BudgetError("QH550", text, hint="top it up, or ask for a voucher")


def _yuan(fen: int) -> str:
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100:,}.{abs(fen) % 100:02d} yuan"


def _still_there(tx: Transaction, number: int) -> None:
    query = sa.select(schema.entry.c.number).where(schema.entry.c.reverses == number)
    by = tx.execute(query).scalar()
    if by is not None:
        _refuse(number, f"was taken back by entry {by}")


def _refuse(number: int, why: str) -> None:
    raise BillingError("QH552", f"entry {number} {why}", hint="post a new entry instead")
