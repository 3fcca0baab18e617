"""The facts on which a grant was made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "vouchers_0002"
down_revision = "vouchers_0001"


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "voucher_case",
        sa.Column("voucher", sa.BigInteger(), primary_key=True, autoincrement=False),
        sa.Column("body", sa.Text(), nullable=False),
    )
