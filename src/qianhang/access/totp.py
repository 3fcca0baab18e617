"""The second factor: one-time codes by RFC 6238, each used once, and recovery codes."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa

from qianhang.access import schema
from qianhang.access.accounts import end_sessions, row_of
from qianhang.access.tokens import digest
from qianhang.access.trail import note, signed, take_turns
from qianhang.core.errors import MissingExtra, UsageError

if TYPE_CHECKING:
    from pyotp import TOTP

    from qianhang.store import Transaction

__all__ = ["Enrolment", "confirm", "enrol", "recovery_codes_left", "remove", "spend"]

_STEP_S, _CODES = 30, 10
# Base 32 without the letters that are read as others.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a person is shown once: secret and URI for the app, recovery codes for the drawer."""

    secret: str = field(repr=False)
    uri: str = field(repr=False)
    codes: tuple[str, ...] = field(repr=False)


def enrol(
    tx: Transaction, account: str, *, issuer: str = "qianhang", by: str, at: datetime
) -> Enrolment:
    """A new secret and recovery codes; nothing is asked for until a first code confirms them.

    Raises UsageError where the account has a second factor: it is removed first.
    """
    import_totp()
    import pyotp

    take_turns(tx)
    row = row_of(tx.connection, account)
    if row["totp_on"]:
        raise UsageError("QH866", f"{row['login']} has a second factor: remove it first")
    secret = pyotp.random_base32()
    codes = tuple(_recovery_code() for _ in range(_CODES))
    _write(tx, row["id"], totp=secret, totp_on=False, totp_used=0)
    _keep_codes(tx, row["id"], codes)
    note(tx, "totp", row["id"], by=signed(by), at=at, what="enrolled")
    uri = pyotp.TOTP(secret).provisioning_uri(name=row["login"], issuer_name=issuer)
    return Enrolment(secret, uri, codes)


def confirm(
    tx: Transaction, account: str, *, code: str, by: str, at: datetime, keep: str = ""
) -> None:
    """From now on a code is asked for; every session but `keep` ends.

    Raises UsageError where the code is not the app's, or nothing was enrolled.
    """
    take_turns(tx)
    row = row_of(tx.connection, account)
    counter = _counter(row["totp"], code, at) if row["totp"] and not row["totp_on"] else None
    if counter is None:
        raise UsageError(
            "QH866", "this is not the code that the app shows now", hint="is its clock right?"
        )
    _write(tx, row["id"], totp_on=True, totp_used=counter)
    end_sessions(tx, row["id"], keep=keep)
    note(tx, "totp", row["id"], by=signed(by), at=at, what="confirmed")


def remove(tx: Transaction, account: str, *, by: str, at: datetime, keep: str = "") -> None:
    """No code is asked for any more, and the recovery codes are void; sessions but `keep` end."""
    take_turns(tx)
    row = row_of(tx.connection, account)
    _write(tx, row["id"], totp="", totp_on=False, totp_used=0)
    _keep_codes(tx, row["id"], ())
    end_sessions(tx, row["id"], keep=keep)
    note(tx, "totp", row["id"], by=signed(by), at=at, what="removed")


def spend(tx: Transaction, row: sa.RowMapping, code: str, *, now: datetime) -> bool:
    """Whether the code opens, now and never again; row : the account's, read before.

    A code of the app counts where its step is later than that of the last one that was used.
    """
    table = schema.account
    counter = _counter(row["totp"], code, now)
    if counter is not None:
        fresh = (table.c.id == row["id"]) & (table.c.totp_used < counter)
        fresh &= table.c.totp == row["totp"]
        return tx.execute(sa.update(table).where(fresh).values(totp_used=counter)).rowcount == 1
    spare = schema.recovery
    one = (spare.c.account == row["id"]) & (spare.c.code == _spare_digest(row["id"], code))
    return tx.execute(sa.delete(spare).where(one)).rowcount == 1


def recovery_codes_left(connection: sa.Connection, account: str) -> int:
    """How many recovery codes of the account are unused."""
    table = schema.recovery
    query = sa.select(sa.func.count()).select_from(table).where(table.c.account == account)
    return int(connection.execute(query).scalar_one())


def import_totp() -> type[TOTP]:
    """pyotp's TOTP.

    Raises MissingExtra where pyotp is not installed.
    """
    try:
        from pyotp import TOTP
    except ModuleNotFoundError:
        raise MissingExtra(
            "QH810", "one-time codes need the library pyotp", hint='pip install "qianhang[web]"'
        ) from None
    return TOTP


def _counter(secret: str, code: str, now: datetime) -> int | None:
    """The step, this one or a neighbour, of which this is the code."""
    said = "".join(code.split())
    if not (len(said) == 6 and said.isascii() and said.isdigit()):
        return None
    made, step = import_totp()(secret), int(now.timestamp()) // _STEP_S
    fits = [n for n in (step - 1, step, step + 1)
            if hmac.compare_digest(made.generate_otp(n), said)]  # fmt: skip
    return fits[0] if fits else None


def _recovery_code() -> str:
    """50 bits that a person can type: five letters, a stroke, five letters."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(10))
    return f"{letters[:5]}-{letters[5:]}"


def _spare_digest(account: str, code: str) -> str:
    plain = "".join(c for c in code.casefold() if c.isalnum())
    return digest(f"{account} {plain}")


def _keep_codes(tx: Transaction, account: str, codes: tuple[str, ...]) -> None:
    table = schema.recovery
    tx.execute(sa.delete(table).where(table.c.account == account))
    rows = [{"account": account, "code": _spare_digest(account, code)} for code in codes]
    if rows:
        tx.execute(sa.insert(table), rows)


def _write(tx: Transaction, account: str, **values: object) -> None:
    tx.execute(sa.update(schema.account).where(schema.account.c.id == account).values(values))
