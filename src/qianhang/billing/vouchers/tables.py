"""The tables of vouchers. Money is whole fen; what an account of the ledger holds stands there."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table, Text

from qianhang.billing.schema import WIDE
from qianhang.store.migrate import Part
from qianhang.store.schema import metadata

__all__ = [
    "PART",
    "batch",
    "capture",
    "case",
    "claim",
    "contract",
    "deed",
    "fund",
    "grant",
    "hold",
    "programme",
    "quota",
]

PART = Part("vouchers", "qianhang.billing.vouchers.migrations", "vouchers_0002")


def _text(name: str, length: int, *, primary_key: bool = False) -> Column[Any]:
    return Column(name, String(length), primary_key=primary_key, nullable=False)


def _fen(name: str, *, null: bool = False) -> Column[Any]:
    return Column(name, BigInteger, nullable=null)


def _year(*, primary_key: bool = False) -> Column[Any]:
    return Column("year", Integer, primary_key=primary_key, nullable=False, autoincrement=False)


def _id() -> Column[Any]:
    return Column("id", WIDE, primary_key=True)


def _signed() -> tuple[Column[Any], Column[Any]]:
    """Who wrote the row, and when."""
    return _text("by", 80), _text("at", 32)


programme = Table(
    "voucher_programme", metadata, _text("id", 64, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False), _text("digest", 64),
    Column("body", Text, nullable=False), *_signed(),
)  # fmt: skip
# What was appropriated for a year.
fund = Table(
    "voucher_fund", metadata, _text("programme", 64, primary_key=True), _year(primary_key=True),
    _fen("fen"),
)  # fmt: skip
# What an applicant was granted in a year, and gave back by letting it lapse.
quota = Table(
    "voucher_quota", metadata, _text("programme", 64, primary_key=True),
    _text("entity", 80, primary_key=True), _year(primary_key=True), _fen("granted"),
    _fen("returned"),
)  # fmt: skip
grant = Table(
    "voucher_grant", metadata, _id(), _text("programme", 64),
    Column("version", Integer, nullable=False), _text("entity", 80), _year(),
    _text("contract", 120), _fen("fen"), _fen("returned"), _text("expires", 32),
    _text("state", 12), *_signed(), Index(None, "programme", "entity"),
    Index(None, "contract"), Index(None, "state", "expires"),
)  # fmt: skip
# The facts on which a grant was made, as JSON.
case = Table(
    "voucher_case", metadata,
    Column("voucher", BigInteger, primary_key=True, autoincrement=False),
    Column("body", Text, nullable=False),
)  # fmt: skip
# What a programme gives on a contract: held and used, fen.
contract = Table(
    "voucher_contract", metadata, _text("contract", 120, primary_key=True),
    _text("programme", 64, primary_key=True), _text("entity", 80), _text("side", 8), _fen("fen"),
    _fen("given"),
)  # fmt: skip
hold = Table(
    "voucher_hold", metadata, _id(), _fen("voucher"), _text("programme", 64),
    _text("contract", 120), _text("job", 120), _text("supplier", 80), _text("payee", 80),
    Column("percent", Integer, nullable=False), _fen("fen"), _fen("captured"), _fen("released"),
    _text("state", 12), *_signed(), Index(None, "voucher"), Index(None, "job"),
)  # fmt: skip
capture = Table(
    "voucher_capture", metadata, _id(), _fen("hold"), _text("programme", 64),
    _text("contract", 120), _text("payee", 80), _fen("bill"), _fen("fen"),
    _fen("claim", null=True), _text("at", 32), Index(None, "hold"),
    Index(None, "contract", "programme"), Index(None, "claim"),
)  # fmt: skip
claim = Table(
    "voucher_claim", metadata, _id(), _text("programme", 64), _text("payee", 80),
    _text("contract", 120), _fen("fen"), _fen("clawed"), _text("state", 12),
    _fen("batch", null=True), Column("evidence", Text, nullable=False),
    Column("why", Text, nullable=False), *_signed(), Index(None, "programme", "state"),
    Index(None, "batch"),
)  # fmt: skip
batch = Table(
    "voucher_batch", metadata, _id(), _text("programme", 64), _fen("fen"), _text("state", 12),
    _text("reviewer", 80), _text("payer", 80), _text("auditor", 80), *_signed(),
)  # fmt: skip
deed = Table(
    "voucher_deed", metadata, _text("key", 160, primary_key=True), _text("what", 24),
    _text("digest", 64), _fen("number"),
)  # fmt: skip
