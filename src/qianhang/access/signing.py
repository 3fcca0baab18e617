"""Signing in with a password, and a one-time code where the account has a second factor.

Every refusal reads the same: a login that does not exist, a wrong password, a wrong code and a
locked account cannot be told apart, and cost the same work. A locked account is refused even with
the right password in the same words, since any other answer would let guessing go on under the
lock. Only "a code is needed" tells that a password is right, to whoever has just given it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.access import schema, sessions, tickets, totp
from qianhang.access.accounts import login_of, put_password, row_of
from qianhang.access.administration import has_password
from qianhang.access.attempts import Attempt, begin, give_back
from qianhang.access.passwords import (
    check_password,
    hash_password,
    needs_new_hash,
    verify_password,
)
from qianhang.access.person import Person
from qianhang.access.trail import note, take_turns
from qianhang.core.errors import AccessRefused

if TYPE_CHECKING:
    from qianhang.store import Store, Transaction

__all__ = [
    "Signed",
    "change_password",
    "confirm",
    "confirm_password",
    "sign_in",
    "sign_in_with_code",
]


@dataclass(frozen=True, slots=True)
class Signed:
    """A person who has just signed in; token : for the cookie, told this once."""

    token: str = field(repr=False)
    person: Person


class _Wrong(Exception):
    """Why a sign-in with the right password is undone; only its caller sees it."""


def sign_in(
    store: Store,
    login: str,
    *,
    password: str,
    code: str = "",
    now: datetime,
    address: str = "",
    agent: str = "",
) -> Signed:
    """The person and a new session's token.

    Raises AccessRefused: QH901 where login, password or code is wrong or the account is locked,
    QH902 where a code is needed, QH903 where the address has failed too often.
    """
    attempt = _attempt(store, login, address, now)
    hashed = _right_password(attempt, password)
    row = attempt.row
    if row is None or hashed is None:
        raise _refuse(store, attempt, why=_reason(attempt), now=now)
    if row["totp_on"] and not code.strip():
        with store.write() as tx:
            give_back(tx, attempt)
        raise AccessRefused("QH902", "the code of the second factor is needed")
    try:
        with store.write() as tx:
            take_turns(tx)
            token = _enter(tx, attempt, code=code, hashed=hashed, now=now, place=(address, agent))
    except _Wrong as cause:
        raise _refuse(store, attempt, why=str(cause), now=now) from None
    person = sessions.of(store, token, now=now)
    if person is None:
        raise _refuse(store, attempt, why="changed", now=now)
    return Signed(token, person)


def sign_in_with_code(
    store: Store, ticket: str, *, code: str, now: datetime, address: str = "", agent: str = ""
) -> str:
    """The token of a new session for whom a provider vouched and who now gives the code.

    Raises AccessRefused: QH904 where the ticket is void, QH901 where the code is wrong or the
    account is locked, QH903 where the address has failed too often; counted as at sign-in.
    """
    account = tickets.account_of_factor(store, ticket, now=now)
    with store.read() as connection:
        login = row_of(connection, account)["login"]
    attempt = _attempt(store, login, address, now)
    row = attempt.row
    if row is None or row["state"] != "active" or not row["totp_on"]:
        raise _refuse(store, attempt, why=_reason(attempt), now=now)
    try:
        with store.write() as tx:
            take_turns(tx)
            proved = tickets.use_factor(tx, ticket, now=now)
            place, hashed = (address, agent), str(row["password"])
            return _enter(
                tx, attempt, code=code, hashed=hashed, now=now, place=place, proved=proved
            )
    except _Wrong as cause:
        raise _refuse(store, attempt, why=str(cause), now=now) from None


def confirm(
    store: Store, person: Person, *, password: str, now: datetime, address: str = ""
) -> None:
    """Nothing, where it is the person again: asked for before the second factor or a key changes.

    Whoever has no password here has just given proof at the identity provider instead.
    Raises AccessRefused: as `confirm_password`, QH911 where the provider has not just asked.
    """
    if has_password(store, person.account.id):
        confirm_password(store, person, password=password, now=now, address=address)
    elif not person.session or not sessions.fresh(store, person.session, now=now):
        minutes = int(sessions.FRESH.total_seconds() / 60)
        raise AccessRefused(
            "QH911", f"the identity provider has not asked who you are within {minutes} minutes",
            hint="sign in there again",
        )  # fmt: skip


def confirm_password(
    store: Store, person: Person, *, password: str, now: datetime, address: str = ""
) -> None:
    """Nothing, where it is the person's.

    Raises AccessRefused where it is wrong, counted as at sign-in.
    """
    attempt = _attempt(store, person.account.login, address, now)
    if _right_password(attempt, password) is None:
        raise _refuse(store, attempt, why=_reason(attempt), now=now)
    with store.write() as tx:
        give_back(tx, attempt)


def change_password(
    store: Store, person: Person, *, old: str, new: str, now: datetime, address: str = ""
) -> str:
    """The token with which the person's own session goes on; the account's others have ended.

    Raises AccessRefused where the old password is wrong, counted as at sign-in, UsageError where
    the new one is not taken.
    """
    check_password(new, login=person.account.login)
    attempt = _attempt(store, person.account.login, address, now)
    if attempt.row is None or _right_password(attempt, old) is None:
        raise _refuse(store, attempt, why=_reason(attempt), now=now)
    made = hash_password(new)
    with store.write() as tx:
        take_turns(tx)
        give_back(tx, attempt)
        who = person.account.id
        put_password(tx, attempt.row, made, by=who, at=now, keep=person.session)
        return sessions.renew(tx, person.session, now=now)


def _attempt(store: Store, login: str, address: str, now: datetime) -> Attempt:
    with store.write() as tx:
        attempt = begin(tx, login_of(login), address=address, now=now)
    if not attempt.throttled:
        return attempt
    if attempt.first_throttled:
        with store.write() as tx:
            note(tx, "throttled", attempt.place or "unknown", by="", at=now)
    raise AccessRefused(
        "QH903", "too many sign-ins failed from this address", hint="wait a quarter of an hour"
    )


def _right_password(attempt: Attempt, password: str) -> str | None:
    """The hash to keep where the password is right: the same one, or one of today's parameters."""
    row = attempt.row
    usable = row is not None and row["state"] == "active"
    kept = str(row["password"]) if row is not None and usable else ""
    if not verify_password(kept, password):
        return None
    return hash_password(password) if needs_new_hash(kept) else kept


def _enter(
    tx: Transaction,
    attempt: Attempt,
    *,
    code: str,
    hashed: str,
    now: datetime,
    place: tuple[str, str],
    proved: datetime | None = None,
) -> str:
    """The token of a new session, with the attempt taken back.

    Raises _Wrong, which undoes that, for a wrong or spent code and a row that changed meanwhile.
    """
    row, table = attempt.row, schema.account
    give_back(tx, attempt)
    if row is None or (row["totp_on"] and not totp.spend(tx, row, code, now=now)):
        raise _Wrong("code")
    same = (table.c.id == row["id"]) & (table.c.password == row["password"])
    same &= (table.c.state == "active") & (table.c.totp == row["totp"])
    same &= table.c.locked_until == ""
    values = {"failures": 0, "password": hashed}
    if tx.execute(sa.update(table).where(same).values(values)).rowcount != 1:
        raise _Wrong("changed")
    address, agent = place
    made, token = sessions.open(tx, row["id"], now=now, address=address, agent=agent, proved=proved)
    facts = {"session": made.id, "address": address, "code": bool(row["totp_on"])}
    note(tx, "signed_in", row["id"], by=row["id"], at=now, **facts)
    return token


def _refuse(store: Store, attempt: Attempt, *, why: str, now: datetime) -> AccessRefused:
    """The refusal, in the log with its reason; what was typed as a login is not kept."""
    with store.write() as tx:
        subject = attempt.account or "unknown"
        until = attempt.row["locked_until"] if attempt.row is not None else ""
        facts = {"why": why, "address": attempt.place} | ({"locked": until} if until else {})
        note(tx, "refused", subject, by="", at=now, **facts)
    return AccessRefused(
        "QH901",
        "sign-in refused: the login, password or code is wrong, or there were too many attempts",
        hint="after five failures an account waits five minutes or more",
    )


def _reason(attempt: Attempt) -> str:
    if not attempt.account:
        return "unknown"
    if attempt.row is None:
        return "locked"
    return "password" if attempt.row["state"] == "active" else str(attempt.row["state"])
