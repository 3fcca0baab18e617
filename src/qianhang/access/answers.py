"""Answers kept under idempotency keys, so that a request sent twice is carried out once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.access.attempts import new_row
from qianhang.access.tokens import new_id
from qianhang.access.trail import stamp
from qianhang.core.errors import UsageError

if TYPE_CHECKING:
    from qianhang.store import Store

__all__ = ["KEPT", "Answer", "Claim", "claim", "finish", "lookup", "release"]

KEPT = timedelta(hours=24)
# Whoever has not answered by then is dead; a later request may try again.
_LONGEST = timedelta(minutes=10)
_KEY = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered the first time."""

    status: int
    media: str
    response: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Claim:
    """A request that its holder carries out, nobody else; answer : where it was done before."""

    account: str
    key: str
    route: str
    token: str
    answer: Answer | None = None


def claim(store: Store, account: str, *, key: str, route: str, body: str, now: datetime) -> Claim:
    """The right to carry out a request, or what was answered to the same one before.

    body : sha256 of what was sent
    Raises UsageError where the key came with another body (QH867), or the first request is still
    being carried out (QH868).
    """
    if not _KEY.fullmatch(key) or len(route) > 200:
        raise UsageError("QH867", "an idempotency key has 1 to 128 visible ASCII characters")
    table, token = schema.answer, new_id()
    row = {
        "account": account, "key": key, "route": route, "body": body, "claim": token, "status": 0,
        "media": "", "response": "", "at": stamp(now),
    }  # fmt: skip
    late = (table.c.status == 0) & (table.c.at <= stamp(now - _LONGEST))
    with store.write() as tx:
        tx.execute(sa.delete(table).where((table.c.at <= stamp(now - KEPT)) | late))
        insert = new_row(tx, table).values(row).on_conflict_do_nothing()
        mine = insert.returning(table.c.claim)
        if tx.execute(mine).first() is not None:
            return Claim(account, key, route, token)
        same = (table.c.account == account) & (table.c.key == key) & (table.c.route == route)
        found = tx.execute(sa.select(table).where(same)).mappings().first()
    return Claim(account, key, route, "", _answer(found, key, body))


def finish(store: Store, held: Claim, *, status: int, media: str, response: str) -> None:
    """Keep the answer to a claimed request; a secret that it tells must not be in `response`."""
    values = {"status": status, "media": media, "response": response}
    with store.write() as tx:
        tx.execute(sa.update(schema.answer).where(_held(held)).values(values))


def release(store: Store, held: Claim) -> None:
    """Forget a claimed request that came to nothing, so that it may be sent again."""
    with store.write() as tx:
        tx.execute(sa.delete(schema.answer).where(_held(held)))


def lookup(store: Store, account: str, *, key: str, route: str, now: datetime) -> Answer | None:
    """What was answered under the key within the last day, if it was."""
    table = schema.answer
    same = (table.c.account == account) & (table.c.key == key) & (table.c.route == route)
    query = sa.select(table).where(same, table.c.status > 0, table.c.at > stamp(now - KEPT))
    with store.read() as connection:
        row = connection.execute(query).mappings().first()
    return Answer(row["status"], row["media"], row["response"]) if row is not None else None


def _held(held: Claim) -> sa.ColumnElement[bool]:
    table = schema.answer
    same = (table.c.account == held.account) & (table.c.key == held.key)
    return same & (table.c.route == held.route) & (table.c.claim == held.token)


def _answer(row: sa.RowMapping | None, key: str, body: str) -> Answer:
    if row is not None and row["body"] != body:
        raise UsageError(
            "QH867", f"idempotency key {key} was used for another request", hint="take a new key"
        )
    if row is None or row["status"] == 0:
        raise UsageError(
            "QH868", f"the request with idempotency key {key} is being carried out",
            hint="ask again in a moment",
        )  # fmt: skip
    return Answer(row["status"], row["media"], row["response"])
