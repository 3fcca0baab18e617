"""Applications for compute and their steps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "applications_0001"
down_revision = None

# A word a column: name:type, with * where it is (part of) the key.
_TABLES = {
    "application": (
        "id:s40* org:s40 project:s80 chips:i card_hours:i first:s10 last:s10 flavours:t pool:s60 "
        "voucher:s80 purpose:t contact:s200 state:s12 granted:t base:i reason:t by:s80 at:s32 "
        "answered_by:s80 answered:s32"
    ),
    "application_step": "application:s40* number:i* act:s12 words:t by:s80 at:s32",
}
_TYPES = {"i": sa.Integer, "t": sa.Text}


def upgrade() -> None:
    """Create the tables."""
    for name, words in _TABLES.items():
        op.create_table(name, *(_column(word) for word in words.split()))
    op.create_index("ix_application_state", "application", ["state"])
    op.create_index("ix_application_org_project", "application", ["org", "project"])


def _column(word: str) -> sa.Column:
    name, _, kind = word.partition(":")
    bare = kind.rstrip("*")
    type_ = sa.String(int(bare[1:])) if bare[0] == "s" else _TYPES[bare]()
    return sa.Column(name, type_, primary_key="*" in kind, nullable=False, autoincrement=False)
