"""The run and conformance tables."""

import sqlalchemy as sa
from alembic import op

revision = "runs_0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create both tables and the indexes of runs."""
    op.create_table(
        "run",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("scenario", sa.String(120), nullable=False),
        sa.Column("case", sa.String(80), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("verdict", sa.String(20), nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32), nullable=False),
        sa.Column("process", sa.String(120), nullable=False),
        sa.Column("request", sa.Text, nullable=False),
        sa.Column("result", sa.Text, nullable=False),
    )
    op.create_index("ix_run_key", "run", ["key"])
    op.create_index("ix_run_scenario", "run", ["scenario", "started"])
    op.create_index("ix_run_state", "run", ["state"])
    op.create_table(
        "conformance",
        sa.Column("scenario", sa.String(120), primary_key=True),
        sa.Column("pack_hash", sa.String(64), nullable=False),
        sa.Column("tier", sa.String(20), nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("result", sa.Text, nullable=False),
    )
