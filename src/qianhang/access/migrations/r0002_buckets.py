"""How many requests are left to an account or an address, for all processes of a platform."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "access_0002"
down_revision = "access_0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "access_bucket",
        sa.Column("name", sa.String(120), primary_key=True),
        sa.Column("level", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
    )
    op.create_index("ix_access_bucket_at", "access_bucket", ["at"])
