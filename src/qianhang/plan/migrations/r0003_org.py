"""Which organisation keeps a plan."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "plan_0003"
down_revision = "plan_0002"


def upgrade() -> None:
    """Plans that are there belong to the platform's own organisation."""
    column = sa.Column("org", sa.String(40), nullable=False, server_default="root")
    op.add_column("plan", column)
