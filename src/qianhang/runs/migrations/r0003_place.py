"""Of what the data of an ask tell, and where it lies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "runs_0003"
down_revision = "runs_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add subject and region to what is asked for."""
    op.add_column("ask", sa.Column("subject", sa.String(200), nullable=False, server_default=""))
    op.add_column("ask", sa.Column("region", sa.String(80), nullable=False, server_default=""))
