"""Meters by month, probes of lines, benchmark jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "green_0001"
down_revision = None

# A word a column: name:type, with * where it is (part of) the key.
_TABLES = {
    "green_meter": "site:s40* month:s7* total_kwh:f it_kwh:f source:s200 file:s64 by:s80 at:s32",
    "green_line": "a:s40* b:s40* at:s32* gbps:f ms:f method:s80 body:t by:s80",
    "green_bench": (
        "job:s40* pool:s40 flavour:s40 node:s120 chips:i precision:s8 tflops:f nameplate:f "
        "body:t by:s80 at:s32"
    ),
}
_TYPES = {"i": sa.Integer, "f": sa.Float, "t": sa.Text}


def upgrade() -> None:
    """Create the tables."""
    for name, words in _TABLES.items():
        op.create_table(name, *(_column(word) for word in words.split()))
    op.create_index("ix_green_bench_pool_flavour", "green_bench", ["pool", "flavour"])


def _column(word: str) -> sa.Column:
    name, _, kind = word.partition(":")
    bare = kind.rstrip("*")
    type_ = sa.String(int(bare[1:])) if bare[0] == "s" else _TYPES[bare]()
    return sa.Column(name, type_, primary_key="*" in kind, nullable=False, autoincrement=False)
