"""The tables of billing. Money is whole fen; moments are text in UTC: earlier ones sort first."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = ["PART", "account", "entry", "posting"]

PART = Part("billing", "qianhang.billing.migrations", "billing_0001")

# A number that is the row's own must be INTEGER in SQLite, and is 64 bits wide there anyway.
WIDE = BigInteger().with_variant(Integer(), "sqlite")

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
