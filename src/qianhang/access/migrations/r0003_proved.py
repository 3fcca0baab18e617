"""When an identity provider last asked for proof: of sessions, and of sign-ins short of a code."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "access_0003"
down_revision = "access_0002"


def upgrade() -> None:
    """Nobody has said so of what is there."""
    for table in ("access_session", "access_ticket"):
        op.add_column(table, sa.Column("proved", sa.String(32), nullable=False, server_default=""))
