"""Who attends to an item, and what was reported on it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "plan_0002"
down_revision = "plan_0001"


def upgrade() -> None:
    """Create the tables of the office."""
    op.create_table(
        "plan_owner",
        sa.Column("plan", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("item", sa.String(16), nullable=False),
        sa.Column("person", sa.String(80), nullable=False),
        sa.Column("unit", sa.String(160), nullable=False),
        sa.Column("contact", sa.String(160), nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("plan", "item", name="pk_plan_owner"),
    )
    op.create_table(
        "plan_note",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("plan", sa.Integer, nullable=False),
        sa.Column("item", sa.String(16), nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("by", sa.String(80), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_plan_note"),
    )
    op.create_index("ix_plan_note_plan_item", "plan_note", ["plan", "item"])
