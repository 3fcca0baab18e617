"""Programmes, funds, grants, holds, captures, claims, batches, and the key of every deed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "vouchers_0001"
down_revision = None

# A word a column: name:type, with ? where it may be empty, * where it is (part of) the key, + where
# the database numbers it.
_TABLES = {
    "voucher_programme": "id:s64* version:i* digest:s64 body:t by:s80 at:s32",
    "voucher_fund": "programme:s64* year:i* fen:n",
    "voucher_quota": "programme:s64* entity:s80* year:i* granted:n returned:n",
    "voucher_grant": (
        "id:w+ programme:s64 version:i entity:s80 year:i contract:s120 fen:n "
        "returned:n expires:s32 state:s12 by:s80 at:s32"
    ),
    "voucher_contract": "contract:s120* programme:s64* entity:s80 side:s8 fen:n given:n",
    "voucher_hold": (
        "id:w+ voucher:n programme:s64 contract:s120 job:s120 supplier:s80 payee:s80 percent:i "
        "fen:n captured:n released:n state:s12 by:s80 at:s32"
    ),
    "voucher_capture": (
        "id:w+ hold:n programme:s64 contract:s120 payee:s80 bill:n fen:n claim:n? at:s32"
    ),
    "voucher_claim": (
        "id:w+ programme:s64 payee:s80 contract:s120 fen:n clawed:n state:s12 batch:n? evidence:t "
        "why:t by:s80 at:s32"
    ),
    "voucher_batch": (
        "id:w+ programme:s64 fen:n state:s12 reviewer:s80 payer:s80 auditor:s80 by:s80 at:s32"
    ),
    "voucher_deed": "key:s160* what:s24 digest:s64 number:n",
}
_INDEXES = {
    "ix_voucher_grant_programme_entity": ("voucher_grant", ["programme", "entity"]),
    "ix_voucher_grant_contract": ("voucher_grant", ["contract"]),
    "ix_voucher_grant_state_expires": ("voucher_grant", ["state", "expires"]),
    "ix_voucher_hold_voucher": ("voucher_hold", ["voucher"]),
    "ix_voucher_capture_hold": ("voucher_capture", ["hold"]),
    "ix_voucher_hold_job": ("voucher_hold", ["job"]),
    "ix_voucher_capture_contract_programme": ("voucher_capture", ["contract", "programme"]),
    "ix_voucher_capture_claim": ("voucher_capture", ["claim"]),
    "ix_voucher_claim_programme_state": ("voucher_claim", ["programme", "state"]),
    "ix_voucher_claim_batch": ("voucher_claim", ["batch"]),
}
_TYPES = {"t": sa.Text, "i": sa.Integer, "n": sa.BigInteger}


def upgrade() -> None:
    """Create the tables."""
    for name, words in _TABLES.items():
        op.create_table(name, *(_column(word) for word in words.split()))
    for name, (table, columns) in _INDEXES.items():
        op.create_index(name, table, columns)


def _column(word: str) -> sa.Column:
    name, _, kind = word.partition(":")
    bare = kind.rstrip("*?+")
    if bare == "w":
        wide = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
        return sa.Column(name, wide, primary_key=True, autoincrement=True)
    type_ = sa.String(int(bare[1:])) if bare[0] == "s" else _TYPES[bare]()
    return sa.Column(
        name, type_, primary_key="*" in kind, nullable="?" in kind, autoincrement=False
    )
