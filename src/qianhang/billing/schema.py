"""The tables of billing. Money is whole fen; moments are text in UTC: earlier ones sort first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = [
    "PART",
    "account",
    "charge",
    "entry",
    "freeze",
    "line",
    "posting",
    "price",
    "statement",
    "usage",
]

PART = Part("billing", "qianhang.billing.migrations", "billing_0001")

# A number that is the row's own must be INTEGER in SQLite, and is 64 bits wide there anyway.
WIDE = BigInteger().with_variant(Integer(), "sqlite")


def _text(name: str, length: int, *, key: bool = False) -> Column[Any]:
    return Column(name, String(length), primary_key=key, nullable=False)


def _whole(name: str) -> Column[Any]:
    return Column(name, Integer, nullable=False)


def _long(name: str) -> Column[Any]:
    return Column(name, Text, nullable=False)


def _fen(name: str) -> Column[Any]:
    return Column(name, BigInteger, nullable=False)


entry = Table(
    "billing_entry",
    metadata,
    Column("number", WIDE, primary_key=True, autoincrement=False),
    Column("at", String(32), nullable=False),
    Column("kind", String(40), nullable=False),
    Column("subject", String(160), nullable=False),
    Column("key", String(160), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("reverses", WIDE),
    Column("why", Text, nullable=False),
    Column("record", WIDE, nullable=False),
    Unique("key"),
    Unique("reverses"),
    Index(None, "subject"),
)
posting = Table(
    "billing_posting",
    metadata,
    Column("entry", WIDE, ForeignKey("billing_entry.number"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("account", String(160), nullable=False),
    Column("fen", BigInteger, nullable=False),
    Index(None, "account", "entry"),
)
account = Table(
    "billing_account",
    metadata,
    Column("account", String(160), primary_key=True),
    Column("fen", BigInteger, nullable=False),
)
usage = Table(
    "billing_usage", metadata, _text("id", 120, key=True), _text("attempt", 80), _whole("epoch"),
    _whole("sequence"), Column("corrects", String(120)), _text("job", 80), _text("org", 40),
    _text("operator", 40), _text("pool", 80), _text("flavour", 80), _text("unit", 16),
    _text("start", 32), _text("finish", 32), _long("body"), _text("digest", 64), _text("at", 32),
    Unique("attempt", "epoch", "sequence"), Unique("corrects"), Index(None, "org", "start"),
    Index(None, "job"), Index(None, "at"),
)  # fmt: skip
freeze = Table(
    "billing_freeze", metadata, _text("pool", 80, key=True), _text("since", 32, key=True),
    Column("until", String(32)), _long("why"),
)  # fmt: skip
price = Table(
    "billing_price", metadata, _text("id", 120, key=True), _text("operator", 40),
    _text("pool", 80), _text("flavour", 80), _text("unit", 16), _text("since", 32), _long("body"),
    _text("at", 32), Index(None, "operator", "flavour"),
)  # fmt: skip
charge = Table(
    "billing_charge", metadata, _text("usage", 120, key=True), Column("entry", WIDE),
    Column("back", WIDE), _fen("fen"), _fen("fee"), _text("at", 32),
)  # fmt: skip
line = Table(
    "billing_line", metadata, _text("id", 200, key=True), _text("kind", 12), _text("month", 7),
    _text("own_month", 7), _text("usage", 120), _text("org", 40), _text("project", 80),
    _text("scenario", 80), _text("operator", 40), _text("pool", 80), _text("flavour", 80),
    _text("category", 12), _text("unit", 16), _long("quantity"), _text("price", 160),
    _text("yuan", 40), _text("list_yuan", 40), _fen("fen"), _fen("fee"), _text("start", 32),
    _text("finish", 32), _long("note"), _text("payer", 160), _text("at", 32),
    Index(None, "org", "month"), Index(None, "operator", "month"), Index(None, "usage"),
    Index(None, "own_month"),
)  # fmt: skip
statement = Table(
    "billing_statement", metadata, _text("party", 80, key=True), _text("month", 7, key=True),
    _fen("fen"), _long("body"), _text("sha256", 64), _text("at", 32),
)  # fmt: skip
