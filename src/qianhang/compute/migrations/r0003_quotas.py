"""Quotas without applications of their own: what is applied for is an application, with days."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "compute_0003"
down_revision = "compute_0002"
branch_labels = None
depends_on = None


_QUOTA = sa.table("compute_quota", *map(sa.column, ("chips", "state", "by", "at")),
                  *map(sa.column, ("answered_by", "answered")))  # fmt: skip


def upgrade() -> None:
    """Keep what was approved, signed by who approved it; drop what was only asked for."""
    op.execute(sa.delete(_QUOTA).where(_QUOTA.c.chips == 0))
    state = sa.case((_QUOTA.c.chips > 0, "approved"), else_="ended")
    values = {"by": _QUOTA.c.answered_by, "at": _QUOTA.c.answered, "state": state}
    op.execute(sa.update(_QUOTA).values(values))
    for name in ("asked", "answered_by", "answered"):
        op.drop_column("compute_quota", name)
