"""The tables of access. Of whatever opens a door only the sha256 is kept, of passwords argon2id."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = [
    "PART",
    "account",
    "address",
    "answer",
    "bucket",
    "grant",
    "key",
    "organisation",
    "recovery",
    "session",
    "ticket",
    "tree",
]

PART = Part("access", "qianhang.access.migrations", "access_0003")


def _text(name: str, length: int, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, String(length), primary_key=primary_key, nullable=False)


def _whole(name: str, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, Integer, primary_key=primary_key, nullable=False, autoincrement=False)


def _yes_no(name: str) -> Column[Any]:
    return Column(name, Boolean, nullable=False)


def _signed() -> tuple[Column[Any], Column[Any]]:
    """Who wrote the row, and when."""
    return _text("by", 80), _text("at", 32)


# One row; its stamp is another after each change of the tree, so that a process knows when its
# copy is old.
tree = Table("access_tree", metadata, _whole("one", primary_key=True), _text("stamp", 32))
organisation = Table(
    "access_organisation", metadata, _text("id", 40, primary_key=True), _text("name", 160),
    _text("kind", 12), Column("parent", String(40)), _yes_no("sealed"), *_signed(),
    Index(None, "parent"),
)  # fmt: skip
account = Table(
    "access_account", metadata, _text("id", 40, primary_key=True), _text("login", 80),
    _text("name", 80), _text("org", 40), _text("state", 12), _text("lang", 2),
    Column("password", Text, nullable=False), Column("issuer", String(300)),
    Column("subject", String(300)), _text("totp", 64), _yes_no("totp_on"), _whole("totp_used"),
    _whole("failures"), _text("locked_until", 32), *_signed(),
    UniqueConstraint("login"), UniqueConstraint("issuer", "subject"),
    Index(None, "org"),
)  # fmt: skip
grant = Table(
    "access_grant", metadata, _text("account", 40, primary_key=True),
    _text("org", 40, primary_key=True), _text("role", 24, primary_key=True), *_signed(),
    Index(None, "org"),
)  # fmt: skip
recovery = Table(
    "access_recovery", metadata, _text("account", 40, primary_key=True),
    _text("code", 64, primary_key=True),
)  # fmt: skip
# proved : when an identity provider asked the person for proof, "" where it did not say.
session = Table(
    "access_session", metadata, _text("token", 64, primary_key=True), _text("id", 40),
    _text("account", 40), _text("opened", 32), _text("seen", 32), _text("ends", 32),
    _text("address", 64), _text("agent", 200), _text("proved", 32), UniqueConstraint("id"),
    Index(None, "account"),
)  # fmt: skip
key = Table(
    "access_key", metadata, _text("id", 40, primary_key=True), _text("secret", 64),
    _text("account", 40), _text("name", 160), _text("scopes", 200), _text("made", 32),
    _text("expires", 32), _text("used", 32), Index(None, "account"),
)  # fmt: skip
ticket = Table(
    "access_ticket", metadata, _text("id", 40, primary_key=True), _text("secret", 64),
    _text("kind", 12), _text("account", 40), _text("expires", 32), _text("used", 32),
    _text("proved", 32), *_signed(), UniqueConstraint("secret"), Index(None, "account"),
)  # fmt: skip
# What is left to an account or address, in thousandths of a request; at : ms since 1970.
bucket = Table(
    "access_bucket", metadata, _text("name", 120, primary_key=True),
    Column("level", BigInteger, nullable=False), Column("at", BigInteger, nullable=False),
    Index(None, "at"),
)  # fmt: skip
address = Table(
    "access_address", metadata, _text("address", 64, primary_key=True), _text("since", 32),
    _whole("failures"),
)  # fmt: skip
answer = Table(
    "access_answer", metadata, _text("account", 40, primary_key=True),
    _text("key", 128, primary_key=True), _text("route", 200, primary_key=True), _text("body", 64),
    _text("claim", 32), _whole("status"), _text("media", 80),
    Column("response", Text, nullable=False), _text("at", 32), Index(None, "at"),
)  # fmt: skip
