"""Whoever submitted a job finds it among all the others."""

from __future__ import annotations

from alembic import op

revision = "compute_0002"
down_revision = "compute_0001"


def upgrade() -> None:
    """Add the index."""
    op.create_index("ix_compute_job_account_submitted", "compute_job", ["account", "submitted"])
