"""Studies: what was asked, what came of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "studies_0001"
down_revision = None

_TEXTS = {"org": 40, "account": 80, "title": 160, "state": 20, "process": 200, "asked": 32}


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "study",
        sa.Column("id", sa.String(40), primary_key=True),
        *(sa.Column(name, sa.String(size), nullable=False) for name, size in _TEXTS.items()),
        sa.Column("ended", sa.String(32), nullable=False),
        *(sa.Column(name, sa.Text, nullable=False) for name in ("spec", "result", "error")),
    )
    op.create_index("ix_study_org", "study", ["org", "asked"])
