"""Whose a run is, and the queue of runs that people ask for."""

from __future__ import annotations

import json

import sqlalchemy as sa
from alembic import op

revision = "runs_0002"
down_revision = "runs_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the organisation of a run, the indexes of its lists, the queue and what is told of it."""
    op.add_column("run", sa.Column("org", sa.String(40), nullable=False, server_default="root"))
    op.add_column("run", sa.Column("own", sa.Boolean, nullable=False, server_default=sa.false()))
    _fill_own()
    op.drop_index("ix_run_scenario", "run")
    op.drop_index("ix_run_state", "run")
    op.create_index("ix_run_started", "run", ["started", "id", "org", "own", "state"])
    op.create_index("ix_run_scenario", "run", ["scenario", "started", "id", "org", "own"])
    op.create_index("ix_run_state", "run", ["state", "started", "id", "org", "own"])
    op.create_index("ix_run_org", "run", ["org", "started", "id", "own"])
    op.create_index("ix_run_org_scenario", "run", ["org", "scenario", "started", "id", "own"])
    op.create_index("ix_run_org_state", "run", ["org", "state", "started", "id", "own"])
    _create_ask()
    op.create_table(
        "ask_event",
        sa.Column("ask", sa.String(40), nullable=False),
        sa.Column("seq", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("at", sa.String(32), nullable=False),
        sa.Column("step", sa.String(40), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("done", sa.Integer, nullable=False),
        sa.Column("total", sa.Integer, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("facts", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("ask", "seq", name="pk_ask_event"),
    )


def _create_ask() -> None:
    op.create_table(
        "ask",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("org", sa.String(40), nullable=False),
        sa.Column("account", sa.String(80), nullable=False),
        sa.Column("scenario", sa.String(120), nullable=False),
        sa.Column("case", sa.String(80), nullable=False),
        sa.Column("seed", sa.Integer, nullable=False),
        sa.Column("pool", sa.String(40), nullable=False),
        sa.Column("params", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.Column("again", sa.Boolean, nullable=False),
        sa.Column("token", sa.String(80), nullable=True),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("run", sa.String(40), nullable=False),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("asked", sa.String(32), nullable=False),
        sa.Column("claimed", sa.String(32), nullable=False),
        sa.Column("started", sa.String(32), nullable=False),
        sa.Column("ended", sa.String(32), nullable=False),
        sa.Column("heartbeat", sa.String(32), nullable=False),
        sa.Column("host", sa.String(120), nullable=False),
        sa.Column("process", sa.String(200), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("stop", sa.String(80), nullable=False),
        sa.Column("error", sa.Text, nullable=False),
    )
    op.create_index("ix_ask_asked", "ask", ["asked", "id", "org"])
    op.create_index("ix_ask_state", "ask", ["state", "asked", "id", "org"])
    op.create_index("ix_ask_org", "ask", ["org", "asked", "id"])
    op.create_index("ix_ask_org_claimed", "ask", ["org", "claimed"])
    op.create_index("ix_ask_run", "ask", ["run"])
    # Asks without a token have none (NULL), and any number of those may stand side by side.
    op.create_index("uq_ask_token", "ask", ["org", "account", "token"], unique=True)


def _fill_own() -> None:
    """Runs made before this revision say in their request whether the data were the user's own."""
    table = sa.table(
        "run", sa.column("id", sa.String), sa.column("own", sa.Boolean), sa.column("request")
    )
    bind = op.get_bind()
    rows = bind.execute(sa.select(table.c.id, table.c.request)).yield_per(1000)
    own = [{"of": row.id} for row in rows if json.loads(row.request).get("own_data")]
    if own:
        change = sa.update(table).where(table.c.id == sa.bindparam("of")).values(own=True)
        bind.execute(change, own)
