"""Asks for a table to be scored, beside those for runs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "runs_0004"
down_revision = "runs_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what is to be done, by which model and how many jobs, and what came of it."""
    op.add_column("ask", sa.Column("work", sa.String(12), nullable=False, server_default="run"))
    for name in ("version", "members"):
        op.add_column("ask", sa.Column(name, sa.Integer(), nullable=False, server_default="0"))
    op.add_column("ask", sa.Column("made", sa.Text(), nullable=False, server_default="{}"))
