"""What people complain of, and what was answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "safety_0001"
down_revision = None


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "safety_complaint",
        sa.Column("ref", sa.String(20), nullable=False),
        sa.Column("once", sa.String(64), nullable=False),
        sa.Column("org", sa.String(40), nullable=False),
        sa.Column("kind", sa.String(12), nullable=False),
        sa.Column("about", sa.String(120), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("contact", sa.String(160), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("received", sa.String(32), nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("answered", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("ref", name="pk_safety_complaint"),
        sa.UniqueConstraint("once", name="uq_safety_complaint_once"),
    )
    columns = ["org", "received"]
    op.create_index("ix_safety_complaint_org_received", "safety_complaint", columns)
